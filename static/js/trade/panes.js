// On a phone one part of the terminal is seen at a time, and the ticket comes up as a sheet: a dialog
// in all that a screen reader and a keyboard know of one, though on a desktop it is a part like others.

const FOCUSABLE = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]';

export function attachPanes({ root, store, onShown = () => {} }) {
  const tabs = [...document.querySelectorAll("[data-shows]")];
  const show = (pane) => {
    root.dataset.pane = pane;
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.shows === pane));
    onShown(pane);
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.shows));
  // Basic mode has no prices: whoever looked at them looks at the chart now.
  store.on(["mode"], ({ mode }) => mode === "basic" && root.dataset.pane === "prices" && show("chart"));
  return attachSheet(root);
}

function attachSheet(root) {
  const sheet = root.querySelector("[data-ticket]");
  const isPhone = matchMedia("(max-width: 63.99rem)");
  const isOpen = () => root.dataset.sheet === "open";
  let opener = null;

  // All but the sheet, and but the dialogs that may be opened from it.
  const others = () => [...root.children, ...document.querySelectorAll("body > header, .skip-link")].filter((part) => part !== sheet);

  function open(button) {
    opener = button;
    root.dataset.sheet = "open";
    for (const [name, value] of Object.entries({ role: "dialog", "aria-modal": "true" })) sheet.setAttribute(name, value);
    for (const part of others()) part.inert = true;
    sheet.dispatchEvent(new CustomEvent("side-chosen", { detail: button.dataset.sheetSide }));
    sheet.querySelector("[data-sheet-closes]").focus();
  }

  function close() {
    if (!isOpen()) return;
    delete root.dataset.sheet;
    for (const name of ["role", "aria-modal"]) sheet.removeAttribute(name);
    for (const part of others()) part.inert = false;
    opener?.focus();
  }

  for (const button of document.querySelectorAll("[data-sheet-side]")) button.addEventListener("click", () => open(button));
  sheet.addEventListener("click", (event) => event.target.closest("[data-sheet-closes]") && close());
  // What lies beside the sheet is inert, so that a press on it is one on the terminal itself.
  root.addEventListener("pointerdown", (event) => event.target === root && close());
  isPhone.addEventListener("change", close);
  document.addEventListener("keydown", (event) => {
    if (!isOpen() || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") close();
    if (event.key === "Tab") keepInside(sheet, event);
  });
  return { close };
}

// From the last place to the first, and back.
function keepInside(sheet, event) {
  const places = [...sheet.querySelectorAll(FOCUSABLE)].filter((place) => place.tabIndex >= 0 && !place.disabled && place.checkVisibility({ visibilityProperty: true }));
  const [first, last] = [places[0], places.at(-1)];
  const here = document.activeElement;
  if (event.shiftKey ? here === first || !sheet.contains(here) : here === last || !sheet.contains(here)) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}
