// On a phone one part of the terminal is seen at a time, and the ticket comes up as a sheet.

export function attachPanes({ root, onShown = () => {} }) {
  const tabs = [...document.querySelectorAll("[data-shows]")];
  for (const tab of tabs) {
    tab.addEventListener("click", () => {
      root.dataset.pane = tab.dataset.shows;
      for (const each of tabs) each.setAttribute("aria-pressed", String(each === tab));
      onShown(tab.dataset.shows);
    });
  }
  const ticket = root.querySelector("[data-ticket]");
  const isPhone = matchMedia("(max-width: 63.99rem)");
  let opener = null;

  function open(button) {
    opener = button;
    root.dataset.sheet = "open";
    ticket.dispatchEvent(new CustomEvent("side-chosen", { detail: button.dataset.sheetSide }));
    ticket.querySelector("[data-sheet-closes]")?.focus();
  }

  function close() {
    if (root.dataset.sheet !== "open") return;
    delete root.dataset.sheet;
    opener?.focus();
  }

  for (const button of document.querySelectorAll("[data-sheet-side]")) {
    button.addEventListener("click", () => open(button));
  }
  ticket.addEventListener("click", (event) => event.target.closest("[data-sheet-closes]") && close());
  document.addEventListener("keydown", (event) => event.key === "Escape" && isPhone.matches && !document.querySelector("dialog[open]") && close());
  return { close };
}
