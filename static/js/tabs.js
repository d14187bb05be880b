// Tabs as the ARIA practices describe them: one tab stop, arrows, Home and End, panels follow.

const MOVES = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

export function attachTabs(root) {
  for (const list of root.querySelectorAll('[role="tablist"]')) {
    const tabs = [...list.querySelectorAll('[role="tab"]')];
    for (const tab of tabs) tab.addEventListener("click", () => select(tabs, tab));
    list.addEventListener("keydown", (event) => move(tabs, event));
  }
}

function move(tabs, event) {
  const target = MOVES[event.key]?.(tabs.indexOf(document.activeElement), tabs.length);
  if (target === undefined) return;
  event.preventDefault();
  tabs[target].focus();
  select(tabs, tabs[target]);
}

function select(tabs, chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
}
