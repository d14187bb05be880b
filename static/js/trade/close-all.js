// Close every position at the market, one after the other: asked first, each result told. Who leaves
// the dialog stops it after the one that is under way.
import { element, say } from "./dom.js";
import { centsText } from "./exact.js";
import { takeOrder } from "./feed.js";
import { newestMark, termsOf, valueOf } from "./positions.js";
import { post } from "./rest.js";

const base = (symbol) => symbol.split("-")[0];
const counted = (number) => `${number} position${number === 1 ? "" : "s"}`;

export function attachCloseAll({ store }) {
  const dialog = document.getElementById("close-all");
  const list = dialog.querySelector("[data-close-list]");
  const told = dialog.querySelector("[data-close-told]");
  const sure = dialog.querySelector("[data-close-sure]");
  const opener = element("button", { type: "button", class: "chip chip-danger", onclick: open }, "Close all");
  let [places, isStopped] = [new Map(), false];

  function open() {
    if (!store.values.positions.size) return;
    prepare();
    dialog.showModal();
    dialog.querySelector("[data-closes]").focus();
  }

  function prepare() {
    const held = [...store.values.positions.values()];
    places = new Map(held.map(({ symbol }) => [symbol, element("span", { class: "close-result" })]));
    list.replaceChildren(...held.map((position) => element("li", {}, element("strong", {}, base(position.symbol)), element("span", { class: "number" }, position.size.replace("-", "\u2212")), element("span", { class: "number" }, gainOf(store.values, position)), places.get(position.symbol))));
    say(told, "");
    say(sure, `Close ${counted(held.length)}`);
    sure.disabled = false;
    isStopped = false;
  }

  async function closeEach() {
    sure.disabled = true;
    sure.setAttribute("aria-busy", "true");
    let closed = 0;
    for (const [symbol, place] of places) {
      if (isStopped) break;
      say(place, "closing");
      const result = await closeOne(symbol);
      say(place, result.text);
      place.dataset.tone = result.isClosed ? "good" : "bad";
      closed += Number(result.isClosed);
    }
    sure.removeAttribute("aria-busy");
    const left = places.size - closed;
    say(told, left ? `${closed} closed, ${left} not. What is left stays as it is.` : `All ${counted(closed)} closed.`.replace("All 1", "1"));
    say(sure, left ? "Look again" : "Closed");
    sure.disabled = !left;
    if (left) places = new Map();
  }

  async function closeOne(symbol) {
    try {
      const order = await post(`/positions/${symbol}/close`);
      takeOrder(store, order);
      if (order.status === "FILLED") return { isClosed: true, text: `closed at ${order.average_price}` };
      if (order.status === "PENDING") return { isClosed: false, text: "sent; the venue has not answered yet" };
      return { isClosed: false, text: `${order.filled_size} of ${order.size} closed; nothing more rests in the dark` };
    } catch (refused) {
      return { isClosed: false, text: refused.message };
    }
  }

  sure.addEventListener("click", () => {
    if (places.size) closeEach();
    else if (store.values.positions.size) prepare();
    else dialog.close();
  });
  dialog.addEventListener("close", () => {
    isStopped = true;
  });
  store.on(["positions"], ({ positions }) => {
    opener.disabled = positions.size === 0;
  });
  return opener;
}

function gainOf(values, position) {
  const market = values.markets.get(position.symbol);
  const worth = market && valueOf(position, termsOf(market), newestMark(values, position.symbol) ?? position.mark_price);
  return worth ? `${worth.unrealized > 0n ? "+" : ""}${centsText(worth.unrealized)} USDT` : "\u2013";
}
