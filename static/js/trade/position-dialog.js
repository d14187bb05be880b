// What one does with a position: close it, move its margin, protect it.
import { say } from "./dom.js";
import { abs, decimalOf } from "./exact.js";
import { takeOrder, takePosition } from "./feed.js";
import { withoutNulls } from "./own-orders.js";
import { lotsOf, termsOf } from "./positions.js";
import { post, remove } from "./rest.js";

const TITLES = { close: "Close", margin: "Margin of", protect: "Take profit and stop loss of" };

export function attachPositionDialog({ store, notify }) {
  const dialog = document.getElementById("position");
  const form = dialog.querySelector("form");
  const fault = dialog.querySelector("[data-position-fault]");
  const fields = form.elements;
  let [symbol, what] = [null, null];

  const position = () => store.values.positions.get(symbol);
  const plain = (name) => fields[name].value.trim().replaceAll(",", "");

  function open(of, wanted) {
    [symbol, what] = [of, wanted];
    form.reset();
    say(fault, "");
    say(dialog.querySelector("h2"), `${TITLES[what]} ${symbol.split("-")[0]}`);
    for (const part of form.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== what;
    const held = position();
    if (!held) return;
    fields.close_size.value = held.size.replace("-", "");
    const legs = { tp: held.take_profit, sl: held.stop_loss };
    for (const [leg, { trigger_price: trigger, limit_price: limit } = {}] of Object.entries(legs).map(([name, one]) => [name, one ?? {}])) {
      fields[`${leg}_trigger`].value = trigger ?? "";
      fields[`${leg}_limit`].value = limit ?? "";
    }
    dialog.showModal();
  }

  for (const button of form.querySelectorAll("[data-share]")) {
    button.addEventListener("click", () => {
      const market = store.values.markets.get(symbol);
      if (!market || !position()) return;
      const terms = termsOf(market);
      const lots = (abs(lotsOf(position().size, terms)) * BigInt(button.dataset.share)) / 100n;
      fields.close_size.value = decimalOf(lots, terms.lot);
    });
  }

  const doers = {
    close: async () => {
      const body = { size: plain("close_size"), limit_price: plain("close_price") };
      const isWhole = body.size === position()?.size.replace("-", "");
      const given = Object.fromEntries(Object.entries(body).filter(([name, value]) => value && !(name === "size" && isWhole)));
      const order = await post(`/positions/${symbol}/close`, given);
      takeOrder(store, order);
      notify({ title: order.status === "FILLED" ? `Closed at ${order.average_price}` : `Close order ${order.status.toLowerCase()}`, tone: order.status === "FILLED" ? "good" : "" });
    },
    margin: async () => {
      const amount = plain("amount");
      takePosition(store, await post(`/positions/${symbol}/margin`, { amount: fields.way.value === "out" ? `-${amount}` : amount }));
      notify({ title: fields.way.value === "out" ? "Margin taken out" : "Margin added", tone: "good" });
    },
    protect: async () => {
      const leg = (name) => (plain(`${name}_trigger`) ? withoutNulls({ trigger_price: plain(`${name}_trigger`), limit_price: plain(`${name}_limit`) || null }) : null);
      const legs = withoutNulls({ take_profit: leg("tp"), stop_loss: leg("sl") });
      const path = `/positions/${symbol}/triggers`;
      takePosition(store, await (Object.keys(legs).length ? post(path, legs) : remove(path)));
      notify({ title: Object.keys(legs).length ? "Protection set" : "Protection removed", tone: "good" });
    },
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(fault, "");
    const button = form.querySelector("[data-position-send]");
    button.setAttribute("aria-busy", "true");
    try {
      await doers[what]();
      dialog.close();
    } catch (refused) {
      say(fault, refused.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return { open };
}
