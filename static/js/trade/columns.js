// The columns of each table. A row of positions is { position, market, terms, worth }; of the others
// it is the venue's own object, and its market is looked up.
import { element, say } from "./dom.js";
import { centsText, decimalOf, microOf, ppbOf, wholeCountOf } from "./exact.js";
import { reasonOf } from "./failures.js";
import { liquidationOf } from "./margin.js";
import { wayText } from "./sending.js";
import { clockTime, grouped, signedPercent, stepped } from "../notation.js";

const NO_VALUE = "\u2013";
const LIGHTS = 5;

const base = (symbol) => symbol.split("-")[0];
const words = (code) => (code ?? "").toLowerCase().replaceAll("_", " ");
const when = (at) => `${new Date(at).toISOString().slice(5, 10)} ${clockTime(at).slice(0, 8)}`;
const iso = (at) => new Date(at).toISOString();
const signed = (micro, places = 2) => `${micro > 0n ? "+" : ""}${centsText(micro, places)}`;
const sideTone = ({ side }) => (side === "BUY" ? 1 : -1);
const sizeValue = (field) => (row) => ppbOf(row[field]);
const number = (decimal) => (decimal === null || decimal === undefined ? NO_VALUE : grouped(decimal).replace(/^-/, "\u2212"));

export function columnsOf({ marketOf, open, orders }) {
  const onTick = (price, symbol, half = false) => {
    const market = marketOf(symbol);
    return price === null || price === undefined ? NO_VALUE : market ? stepped(price, market.tick_size, { half }) : number(price);
  };
  const link = (symbol) => element("a", { href: `/trade/${symbol}` }, base(symbol));
  const market = (of = (row) => row) => ({ id: "symbol", name: "Market", value: (row) => of(row).symbol, make: (row) => link(of(row).symbol), text: (row) => of(row).symbol });
  const at = (field, name = "Time, UTC") => ({ id: field, name, value: (row) => row[field], text: (row) => when(row[field]), csv: (row) => iso(row[field]) });
  const side = { id: "side", name: "Side", value: (row) => row.side, text: (row) => (row.side === "BUY" ? "Buy" : "Sell"), tone: sideTone };
  const type = { id: "type", name: "Type", value: (row) => row.type, text: (row) => typeText(row) };
  const amount = (field, name) => ({ id: field, name, numeric: true, value: sizeValue(field), text: (row) => number(row[field]), csv: (row) => row[field] });
  const price = (field, name, half) => ({ id: field, name, numeric: true, value: (row) => (row[field] ? ppbOf(row[field]) : null), text: (row) => onTick(row[field], row.symbol, half), csv: (row) => row[field] ?? "" });
  return {
    positions: positionColumns({ market, open, onTick }),
    orders: [
      market(), side, type,
      editable("size", "Size", orders, amount("size", "Size")),
      amount("filled_size", "Filled"),
      editable("limit_price", "Price", orders, price("limit_price", "Price")),
      { id: "options", name: "Options", moves: true, text: optionsText },
      at("created_at"),
      { id: "actions", name: "", make: (order) => orders.actions(order), update: (cell, order) => orders.update(cell, order) },
    ],
    triggers: [
      market(), side,
      { id: "trigger", name: "When", moves: true, value: (row) => row.trigger, text: (row) => `${row.trigger === "STOP" ? "Stop" : "Take profit"}${row.isReached ? ", reached: nobody to trade with yet" : ""}` },
      price("trigger_price", "Mark reaches"),
      type, amount("size", "Size"), price("limit_price", "Limit"),
      { id: "of", name: "Of", moves: true, text: (row) => (row.isOfPosition ? "position" : ["order", optionsText(row)].filter(Boolean).join(", ")) },
      { id: "actions", name: "", make: (order) => orders.triggerActions(order) },
    ],
    fills: [
      at("executed_at"), market(), side, price("price", "Price", true), amount("size", "Size"),
      money("fee", "Fee, USDT", 4, -1n), money("realized_pnl", "Realized, USDT"),
      { id: "liquidity", name: "Role", value: (row) => row.liquidity, text: (row) => words(row.liquidity) },
      { id: "kind", name: "Kind", value: (row) => row.kind, text: (row) => words(row.kind) },
    ],
    funding: [
      at("paid_at"), market(),
      money("amount", "Payment, USDT", 6),
    ],
    history: [
      at("updated_at", "Ended, UTC"), market(), side, type, amount("size", "Size"), amount("filled_size", "Filled"),
      price("limit_price", "Price"), price("average_price", "Average", true),
      { id: "status", name: "Status", value: (row) => row.status, text: (row) => words(row.status) },
      { id: "reason", name: "Why", text: (row) => reasonOf(row.reject_code) },
    ],
    transfers: [
      at("created_at"),
      { id: "kind", name: "What", value: (row) => row.kind, text: (row) => words(row.kind) },
      money("amount", "USDT"),
      { id: "status", name: "Status", value: (row) => row.status, text: (row) => words(row.status) },
    ],
  };
}

function money(field, name, places = 2, good = 1n) {
  const micro = (row) => microOf(row[field] ?? "0") ?? 0n;
  const tone = (row) => (micro(row) === 0n ? 0 : micro(row) * good > 0n ? 1 : -1);
  return { id: field, name, numeric: true, value: micro, text: (row) => signed(micro(row), places), csv: (row) => row[field] ?? "", tone };
}

function positionColumns({ market, open, onTick }) {
  const worth = (name) => (row) => row.worth?.[name] ?? null;
  const liquidation = (row) => liquidationOf(row.worth ?? { size: 0n }, row.terms);
  return [
    market((row) => row.position),
    { id: "size", name: "Size", numeric: true, value: (row) => row.worth?.size ?? null, text: ({ position }) => number(position.size), csv: ({ position }) => position.size, tone: ({ position }) => (position.size.startsWith("-") ? -1 : 1) },
    { id: "notional", moves: true, name: "Value, USDT", numeric: true, value: worth("notional"), text: (row) => (row.worth ? centsText(row.worth.notional) : NO_VALUE) },
    { id: "entry", name: "Entry", numeric: true, value: ({ position }) => ppbOf(position.entry_price), text: ({ position, terms }) => onTick(toHalfTick(position.entry_price, terms), position.symbol, true), csv: ({ position }) => position.entry_price },
    { id: "mark", moves: true, name: "Mark", numeric: true, value: (row) => (row.mark ? ppbOf(row.mark) : null), text: ({ mark, position }) => onTick(mark, position.symbol, true) },
    { id: "liquidation", name: "Liquidation", numeric: true, value: liquidation, text: (row) => (row.worth && liquidation(row) !== null ? onTick(decimalOf(liquidation(row), row.terms.tick, 2n), row.position.symbol, true) : "none") },
    { id: "margin", name: "Margin, USDT", numeric: true, value: ({ position }) => microOf(position.collateral), text: ({ position }) => `${centsText(microOf(position.collateral))} · ${position.leverage}x` },
    { id: "ratio", moves: true, name: "Used up", value: worth("usedBp"), make: () => meter(), update: showMeter, text: (row) => (row.worth ? `${centsText(row.worth.usedBp * 10_000n, 1)}%` : NO_VALUE) },
    { id: "pnl", moves: true, name: "Unrealized, USDT", numeric: true, value: worth("unrealized"), text: (row) => (row.worth ? `${signed(row.worth.unrealized)} (${signed(row.worth.shareBp * 10_000n, 1)}%)` : NO_VALUE), tone: (row) => (row.worth ? Number(row.worth.unrealized > 0n) - Number(row.worth.unrealized < 0n) : 0) },
    { id: "funding", name: "Funding", numeric: true, value: ({ position }) => microOf(position.funding), text: ({ position }) => signed(microOf(position.funding), 4) },
    { id: "adl", name: "ADL", value: ({ position }) => position.adl_rank, make: () => lights(), update: showLights, text: ({ position }) => String(position.adl_rank ?? "") },
    { id: "protects", name: "TP / SL", make: () => element("span", { class: "legs" }), update: (cell, { position }) => showLegs(cell.firstChild, position, onTick), text: ({ position }) => protectionText(position, onTick) },
    { id: "actions", name: "", make: (row) => actions(row, open) },
  ];
}

// An entry is a mean price with four more places than a tick; a person reads it to the half tick.
const toHalfTick = (price, terms) => (terms ? decimalOf(wholeCountOf(price, terms.tick, 2n), terms.tick, 2n) : price);

function protectionText({ take_profit: profit, stop_loss: loss, symbol }, onTick) {
  if (!profit && !loss) return NO_VALUE;
  return [profit, loss].map((leg) => (leg ? onTick(leg.trigger_price, symbol) : NO_VALUE)).join(" / ");
}

// One above the other: side by side, prices of six digits do not fit.
function showLegs(place, { take_profit: profit, stop_loss: loss, symbol }, onTick) {
  const told = [["TP", profit], ["SL", loss]].filter(([, leg]) => leg).map(([name, leg]) => `${name} ${onTick(leg.trigger_price, symbol)}`);
  const key = told.join();
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...(told.length ? told : [NO_VALUE]).map((text) => element("span", {}, text)));
}

function actions({ position }, open) {
  const button = (text, what) => element("button", { type: "button", class: "row-button", "aria-label": `${text} ${base(position.symbol)}`, onclick: () => open(position.symbol, what) }, text);
  return element("span", { class: "row-actions" }, button("Close", "close"), button("Margin", "margin"), button("TP/SL", "protect"));
}

function meter() {
  return element("span", { class: "used" }, element("meter", { min: "0", max: "100", high: "67", value: "0", "aria-label": "Maintenance margin as a share of equity" }), element("span", { class: "used-text" }));
}

function showMeter(cell, row) {
  const used = row.worth ? row.worth.usedBp : 0n;
  cell.querySelector("meter").value = Number(used) / 100;
  say(cell.querySelector(".used-text"), row.position.is_liquidation_pending ? "pending" : row.worth ? `${centsText(used * 10_000n, 1)}%` : NO_VALUE);
}

function lights() {
  return element("span", { class: "lights", role: "img" }, ...Array.from({ length: LIGHTS }, () => element("i")));
}

// One light: last in line; five: the first to be taken when others cannot be paid.
function showLights(cell, { position }) {
  const lit = position.adl_rank ?? 0;
  const place = cell.firstChild;
  const label = position.adl_rank === null ? "Place in line for auto-deleveraging not known yet" : `${lit} of ${LIGHTS} in line for auto-deleveraging`;
  place.setAttribute("aria-label", label);
  place.title = label;
  [...place.children].forEach((light, index) => light.classList.toggle("is-lit", index < lit));
}

function editable(field, name, orders, column) {
  return { ...column, update: (cell, order) => orders.showEditable(cell, order, field, column.text(order), name) };
}

export function typeText({ type, limit_price: limit }) {
  return type.startsWith("PEG") ? `Peg ${type.slice(4).toLowerCase()}${limit ? ", capped" : ""}` : type[0] + type.slice(1).toLowerCase();
}

function optionsText(order) {
  const flags = [
    wayText(order),
    order.time_in_force === "GTD" ? `until ${when(order.expires_at)}` : order.time_in_force,
    order.post_only && "post-only",
    order.reduce_only && "reduce-only",
    order.all_or_none && "all or none",
    order.min_quantity && `min ${order.min_quantity} ${order.min_quantity_mode.toLowerCase()}`,
    order.nbbo_protection && "NBBO",
    order.take_profit && "TP",
    order.stop_loss && "SL",
    order.status === "PENDING" && "pending",
  ];
  return flags.filter(Boolean).join(", ");
}
