// Keys. Those that send or cancel work only while the safety switch is on, and none while one types.
import { element, remember, remembered, say } from "./dom.js";

export function attachHotkeys({ root, store, isKnown, ticket, tables, search, leverage }) {
  const button = root.querySelector("[data-hotkeys]");
  const list = document.querySelector("[data-keys-list]");
  const help = document.getElementById("keys");
  let isOn = isKnown && remembered("hotkeys", false);

  const keys = [
    { key: "/", name: "Find a market", run: () => search.open() },
    { key: "?", name: "Show these keys", run: () => help.showModal() },
    { key: "b", name: "Buy", run: () => ticket.chooseSide("BUY") },
    { key: "s", name: "Sell", run: () => ticket.chooseSide("SELL") },
    { key: "q", name: "Go to the size", run: () => ticket.focusSize() },
    { key: "l", name: "Limit", run: () => ticket.chooseKind("LIMIT") },
    { key: "m", name: "Market", run: () => ticket.chooseKind("MARKET") },
    { key: "p", name: "Peg", run: () => ticket.chooseKind("PEG") },
    { key: "v", name: "Leverage", run: () => leverage.open() },
    ...["25", "50", "75", "100"].map((share, place) => ({ key: String(place + 1), name: share === "100" ? "The largest size" : `${share}% of your free balance`, run: () => ticket.chooseShare(share) })),
    { key: "Enter", hasShift: true, name: "Send the order", isGuarded: true, run: () => ticket.send() },
    { key: "x", hasShift: true, name: "Cancel all orders of this market", isGuarded: true, run: () => tables?.orders.cancelAll(store.values.symbol) },
    { key: "c", hasShift: true, name: "Close this market's position", isGuarded: true, run: () => store.values.positions.has(store.values.symbol) && tables?.openPosition(store.values.symbol, "close") },
  ];

  for (const { key, hasShift, name, isGuarded } of keys) {
    const shown = hasShift ? [element("kbd", {}, "Shift"), " ", element("kbd", {}, key)] : [element("kbd", {}, key)];
    list.append(element("div", {}, element("dt", {}, ...shown), element("dd", {}, name, isGuarded ? element("span", { class: "faint" }, " (safety switch)") : null)));
  }

  const show = () => {
    button.setAttribute("aria-pressed", String(isOn));
    say(button, isOn ? "Hotkeys on" : "Hotkeys off");
  };
  button.addEventListener("click", () => {
    isOn = !isOn;
    remember("hotkeys", isOn);
    show();
  });
  show();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isBusyElsewhere(event.target)) return;
    const found = keys.find(({ key, hasShift }) => key.toLowerCase() === event.key.toLowerCase() && (key === "?" || Boolean(hasShift) === event.shiftKey));
    if (!found || (found.isGuarded && !isOn)) return;
    event.preventDefault();
    found.run();
  });
}

// While one types, or a dialog is open, keys are letters. A checkbox or a slider is not typing.
function isBusyElsewhere(target) {
  if (document.querySelector("dialog[open]")) return true;
  return target.matches('input:not([type="checkbox"], [type="radio"], [type="range"]), select, textarea, [contenteditable]');
}
