// What one does with a position: close it, move its margin, protect it.
import { say } from "./dom.js";
import { abs, decimalOf, microOf } from "./exact.js";
import { takeOrder, takePosition } from "./feed.js";
import { liquidationOf } from "./margin.js";
import { withoutNulls } from "./own-orders.js";
import { closeFaults, closeWords, marginFaults, protectFaults, protectWarnings } from "./position-rules.js";
import { halfTicksOf, lotsOf, newestMark, termsOf, valueOf } from "./positions.js";
import { post, remove } from "./rest.js";
import { plainOf } from "../notation.js";

// Which input a fault is told beside, by the venue's name of the field.
const INPUTS = { size: "close_size", limit_price: "close_price", amount: "amount", take_profit: "tp_trigger", stop_loss: "sl_trigger" };
const TYPED = [...Object.values(INPUTS), "tp_limit", "sl_limit"];
const RULES = { close: closeFaults, margin: marginFaults, protect: protectFaults };
const KEEPS_MARGIN = "So much cannot be taken out: the initial margin has to stay. Take out less.";
const TITLES = { close: "Close", margin: "Margin of", protect: "Take profit and stop loss of" };

export function attachPositionDialog({ store, notify }) {
  const dialog = document.getElementById("position");
  const form = dialog.querySelector("form");
  const fault = dialog.querySelector("[data-position-fault]");
  const fields = form.elements;
  let [symbol, what] = [null, null];

  const position = () => store.values.positions.get(symbol);
  const plain = (name) => plainOf(fields[name].value);

  function open(of, wanted) {
    [symbol, what] = [of, wanted];
    form.reset();
    isTried = false;
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
    tell({});
    dialog.showModal();
  }

  const typed = () => ({ ...Object.fromEntries(TYPED.map((name) => [name, plain(name)])), way: fields.way.value });
  const worldNow = () => worldOf(store.values, symbol);

  function faultsNow() {
    const world = worldNow();
    return world ? RULES[what](typed(), world) : {};
  }

  // Says each sentence beside its field, and a warning where there is no fault; returns the first input at fault.
  function tell(faults) {
    const world = what === "protect" ? worldNow() : null;
    const warnings = world ? protectWarnings(typed(), world) : {};
    for (const [field, name] of Object.entries(INPUTS)) tellBeside(dialog, fields[name], field, faults[field], warnings[field]);
    say(fault, faults.all ?? "");
    const first = Object.keys(INPUTS).find((field) => faults[field]);
    return first ? fields[INPUTS[first]] : null;
  }

  let isTried = false;
  const judge = () => tell(isTried ? faultsNow() : {});
  form.addEventListener("input", judge);

  function tellRefusal({ code, field, message, detail }) {
    const sentence = code === "INSUFFICIENT_COLLATERAL" && what === "margin" && fields.way.value === "out" ? KEEPS_MARGIN : code === "VALIDATION_ERROR" ? detail : message;
    const isSeen = field in INPUTS && fields[INPUTS[field]].checkVisibility();
    tell({ [isSeen ? field : "all"]: sentence })?.focus();
  }

  for (const button of form.querySelectorAll("[data-share]")) {
    button.addEventListener("click", () => {
      const market = store.values.markets.get(symbol);
      if (!market || !position()) return;
      const terms = termsOf(market);
      const lots = (abs(lotsOf(position().size, terms)) * BigInt(button.dataset.share)) / 100n;
      fields.close_size.value = decimalOf(lots, terms.lot);
      judge();
    });
  }

  const doers = {
    close: async () => {
      const body = { size: plain("close_size"), limit_price: plain("close_price") };
      const isWhole = body.size === position()?.size.replace("-", "");
      const given = Object.fromEntries(Object.entries(body).filter(([name, value]) => value && !(name === "size" && isWhole)));
      const order = await post(`/positions/${symbol}/close`, given);
      takeOrder(store, order);
      notify(closeWords(order));
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
    isTried = true;
    const faulty = tell(faultsNow());
    if (faulty) {
      faulty.focus();
      return;
    }
    const button = form.querySelector("[data-position-send]");
    button.setAttribute("aria-busy", "true");
    try {
      await doers[what]();
      dialog.close();
    } catch (refused) {
      tellRefusal(refused);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return { open };
}

// A position as it is worth at this moment, with its market's terms; null while that is not known.
function worldOf(values, symbol) {
  const { positions, markets, balance } = values;
  const [market, position] = [markets.get(symbol), positions.get(symbol)];
  if (!market || !position) return null;
  const terms = termsOf(market);
  const newest = newestMark(values, symbol) ?? position.mark_price;
  const worth = valueOf(position, terms, newest);
  if (!worth) return null;
  return {
    terms,
    held: { ...worth, liquidation: liquidationOf(worth, terms) },
    mark: halfTicksOf(newest, terms),
    free: balance ? microOf(balance.free) : 0n,
    waiting: { take_profit: position.take_profit?.trigger_price, stop_loss: position.stop_loss?.trigger_price },
  };
}

function tellBeside(dialog, input, field, sentence = "", warning = "") {
  const place = dialog.querySelector(`[data-fault-of="${field}"]`);
  place.dataset.tone = sentence ? "" : "warn";
  say(place, sentence || warning);
  input.setAttribute("aria-invalid", String(Boolean(sentence)));
  input.setAttribute("aria-describedby", place.id);
}
