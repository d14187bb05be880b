// What one does with open orders in their table: amend in place, cancel, cancel all.
import { element, say } from "./dom.js";
import { digitsOf } from "./exact.js";
import { takeOrder } from "./feed.js";
import { patch, post, remove } from "./rest.js";
import { isOnItsWay } from "./sending.js";
import { plainOf } from "../notation.js";

const SURE_MS = 4_000;
const NAMES = { size: "Size", limit_price: "Price" };

export function ownOrders({ store, notify }) {
  const editing = new Map();
  const leaving = new Set();

  const tell = (refused, title = "The venue said no") => notify({ title, text: refused.message, tone: "bad" });
  const redraw = () => store.touch("orders");

  async function cancel(order, button) {
    button?.setAttribute("aria-busy", "true");
    try {
      takeOrder(store, await remove(`/orders/${order.id}`));
    } catch (refused) {
      tell(refused);
      button?.removeAttribute("aria-busy");
    }
  }

  async function save(order) {
    const wanted = editing.get(order.id);
    const body = {};
    for (const field of ["size", "limit_price"]) {
      const text = plainOf(wanted?.[field] ?? "");
      if (text && !digitsOf(text)) return notify({ title: "Not amended", text: `${NAMES[field]}: this is not a number.`, tone: "bad" });
      if (text && text !== order[field]) body[field] = text;
    }
    if (!Object.keys(body).length) return stop(order);
    try {
      takeOrder(store, await patch(`/orders/${order.id}`, body));
      stop(order);
    } catch (refused) {
      tell(refused, "Not amended");
    }
  }

  function start(order) {
    editing.set(order.id, { size: order.size, limit_price: order.limit_price ?? "" });
    redraw();
  }

  // Whoever amended is back at the button that began it: its field has gone.
  function stop(order) {
    editing.delete(order.id);
    leaving.add(order.id);
    redraw();
  }

  // A cell that is typed into keeps what is typed while the order is told of again.
  function showEditable(cell, order, field, text, name) {
    const wanted = editing.get(order.id);
    const input = cell.querySelector("input");
    const isOpen = wanted && (field !== "limit_price" || order.limit_price !== null);
    if (!isOpen) {
      if (input) cell.replaceChildren();
      say(cell, text);
    } else if (!input) {
      const typed = element("input", {
        class: "cell-input",
        inputmode: "decimal",
        value: wanted[field],
        "aria-label": `New ${name.toLowerCase()}`,
        oninput: (event) => (wanted[field] = event.target.value),
        onkeydown: (event) => {
          if (event.key === "Enter") save(order);
          if (event.key === "Escape") stop(order);
        },
      });
      cell.replaceChildren(typed);
      if (field === "size") typed.focus();
    }
  }

  // What the venue has not told of cannot be amended or canceled by its id.
  function actions(order) {
    if (isOnItsWay(order)) return element("span");
    const current = () => store.values.orders.get(order.id) ?? order;
    const button = (text, kind, press) => element("button", { type: "button", class: "row-button", "data-kind": kind, "aria-label": `${text} ${order.side.toLowerCase()} order`, onclick: ({ currentTarget }) => press(current(), currentTarget) }, text);
    return element("span", { class: "row-actions" }, button("Amend", "amend", start), button("Save", "save", save), button("Undo", "undo", stop), button("Cancel", "cancel", cancel));
  }

  function update(cell, order) {
    const isEditing = editing.has(order.id);
    for (const button of cell.querySelectorAll("[data-kind]")) button.hidden = ["save", "undo"].includes(button.dataset.kind) !== isEditing;
    if (leaving.delete(order.id)) cell.querySelector('[data-kind="amend"]')?.focus();
  }

  function triggerActions(order) {
    if (isOnItsWay(order)) return element("span");
    const press = ({ currentTarget }) => (order.isOfPosition ? clearLeg(order) : cancel(order, currentTarget));
    return element("span", { class: "row-actions" }, element("button", { type: "button", class: "row-button", "aria-label": "Cancel trigger", onclick: press }, "Cancel"));
  }

  async function clearLeg({ symbol, leg }) {
    const position = store.values.positions.get(symbol);
    const other = leg === "take_profit" ? "stop_loss" : "take_profit";
    const kept = position?.[other];
    try {
      await (kept ? post(`/positions/${symbol}/triggers`, { [other]: withoutNulls(kept) }) : remove(`/positions/${symbol}/triggers`));
    } catch (refused) {
      tell(refused);
    }
  }

  async function cancelAll(symbol) {
    try {
      const { results } = await remove(`/orders${symbol ? `?symbol=${symbol}` : ""}`);
      for (const order of results) takeOrder(store, order);
      notify({ title: `${results.length} canceled`, tone: "good" });
    } catch (refused) {
      tell(refused);
    }
  }

  // What cannot be undone is asked for twice, on the same button.
  function cancelAllButton(symbolOf) {
    let sureUntil = 0;
    const button = element("button", { type: "button", class: "chip chip-danger" }, "Cancel all");
    const settle = () => {
      sureUntil = 0;
      say(button, "Cancel all");
    };
    button.addEventListener("click", async () => {
      if (Date.now() < sureUntil) {
        settle();
        await cancelAll(symbolOf());
        return;
      }
      sureUntil = Date.now() + SURE_MS;
      say(button, "Sure? Cancel all");
      setTimeout(() => Date.now() >= sureUntil && settle(), SURE_MS + 50);
    });
    return button;
  }

  return { actions, update, showEditable, triggerActions, cancel, cancelAll, cancelAllButton };
}

export const withoutNulls = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
