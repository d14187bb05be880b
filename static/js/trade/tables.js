// The tables at the bottom: which rows each has, which is open, filter and CSV. Lists of the past
// are asked for when their table is opened, not before.
import { attachCloseAll } from "./close-all.js";
import { columnsOf } from "./columns.js";
import { element, remember, remembered, say } from "./dom.js";
import { createGrid } from "./grid.js";
import { ownOrders } from "./own-orders.js";
import { attachPositionDialog } from "./position-dialog.js";
import { newestMark, termsOf, valueOf } from "./positions.js";
import { readAll } from "./rest.js";
import { isOnItsWay } from "./sending.js";
import { clockTime, compareDecimals } from "../notation.js";

const ENDED = "FILLED,CANCELED,REJECTED,EXPIRED";
const TABLES = {
  positions: { name: "Positions", empty: "No open position. The first fill opens one." },
  orders: { name: "Orders", empty: "No open order. What you place rests here, and nobody else sees it." },
  triggers: { name: "Triggers", empty: "No stop or take-profit is waiting." },
  fills: { name: "Fills", empty: "Nothing of yours has been filled yet.", path: "/fills", most: 2_000 },
  funding: { name: "Funding", empty: "No funding has been paid yet.", path: "/funding-payments", most: 1_000 },
  history: { name: "History", empty: "No order has ended yet.", path: "/orders", query: { status: ENDED }, most: 1_000 },
  transfers: { name: "Transfers", empty: "No deposit or withdrawal yet.", path: "/vault/transfers", most: 500 },
};

export function attachTables({ root, store, isKnown, notify }) {
  if (!isKnown) return null;
  const orders = ownOrders({ store, notify });
  const dialog = attachPositionDialog({ store, notify });
  const columns = columnsOf({ marketOf: (symbol) => store.values.markets.get(symbol), open: dialog.open, orders });
  const tables = {
    store,
    orders,
    body: root.querySelector("[data-table-body]"),
    tabs: new Map(),
    grids: new Map(),
    past: new Map(),
    open: null,
    isHere: remembered("here", false),
    words: "",
    columns,
  };
  makeTabs(root.querySelector("[data-table-tabs]"), tables);
  makeTools(root.querySelector("[data-table-tools]"), tables);
  openTable(tables, remembered("table", "positions"));
  store.on(["positions", "orders", "tickers", "ticker", "old", "fills", "ended", "markets"], () => show(tables));
  return { orders, openPosition: dialog.open, openTable: (name) => openTable(tables, name) };
}

function makeTabs(place, tables) {
  for (const [name, { name: text }] of Object.entries(TABLES)) {
    const count = element("span", { class: "tab-count" });
    const tab = element("button", { type: "button", class: "tab", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => openTable(tables, name) }, text, " ", count);
    const grid = createGrid({ label: text, columns: tables.columns[name], keyOf: keyOf[name] ?? ((row) => row.id), empty: TABLES[name].empty, ageOf: ageOf[name] });
    const panel = element("div", { class: "grid-panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true }, grid.element);
    tables.tabs.set(name, { tab, count, panel });
    tables.grids.set(name, grid);
    place.append(tab);
    tables.body.append(panel);
  }
  place.addEventListener("keydown", (event) => walk(event, tables));
}

const keyOf = { positions: ({ position }) => position.symbol };
const notAnswered = (order) => (isOnItsWay(order) ? "The venue has not told of this order yet" : "");
const ageOf = { positions: ({ age }) => age, orders: notAnswered, triggers: notAnswered };

function walk(event, tables) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = [...tables.tabs.keys()];
  const next = names[(names.indexOf(tables.open) + step + names.length) % names.length];
  event.preventDefault();
  openTable(tables, next);
  tables.tabs.get(next).tab.focus();
}

function makeTools(place, tables) {
  const here = element("button", { type: "button", class: "chip", "aria-pressed": String(tables.isHere) }, "This market");
  here.addEventListener("click", () => {
    tables.isHere = !tables.isHere;
    remember("here", tables.isHere);
    here.setAttribute("aria-pressed", String(tables.isHere));
    show(tables);
  });
  const filter = element("input", { class: "filter-input", type: "search", placeholder: "Filter", "aria-label": "Filter the table", oninput: ({ target }) => {
    tables.words = target.value.trim().toLowerCase();
    show(tables);
  } });
  const csv = element("button", { type: "button", class: "chip", onclick: () => download(tables) }, "CSV");
  const cancelAll = tables.orders.cancelAllButton(() => (tables.isHere ? tables.store.values.symbol : null));
  tables.cancelAll = cancelAll;
  tables.closeAll = attachCloseAll(tables);
  place.append(cancelAll, tables.closeAll, here, filter, csv);
}

function openTable(tables, wanted) {
  const name = TABLES[wanted] ? wanted : "positions";
  tables.open = name;
  remember("table", name);
  for (const [each, { tab, panel }] of tables.tabs) {
    tab.setAttribute("aria-selected", String(each === name));
    tab.tabIndex = each === name ? 0 : -1;
    panel.hidden = each !== name;
  }
  tables.cancelAll?.toggleAttribute("hidden", !["orders", "triggers"].includes(name));
  tables.closeAll?.toggleAttribute("hidden", name !== "positions");
  load(tables, name);
  show(tables);
}

async function load(tables, name) {
  const { path, query, most } = TABLES[name];
  if (!path) return;
  const rows = await readAll(path, query, most).catch(() => null);
  if (!rows) return;
  tables.past.set(name, rows);
  show(tables);
}

const rowsOf = {
  positions: (values) =>
    [...values.positions.values()].map((position) => {
      const { markets, old, pricedAt } = values;
      const market = markets.get(position.symbol);
      const terms = market && termsOf(market);
      const mark = newestMark(values, position.symbol) ?? position.mark_price;
      const age = old.has(position.symbol) ? oldWords(pricedAt.get(position.symbol)) : "";
      return { position, market, terms, mark, age, worth: terms ? valueOf(position, terms, mark) : null };
    }),
  orders: (values) => openOrders(values).filter((order) => !order.trigger).sort((one, other) => other.created_at - one.created_at),
  triggers: (values) => [...openOrders(values).filter((order) => order.trigger), ...[...values.positions.values()].flatMap(legsOf)].map((row) => ({ ...row, isReached: isReached(row, values) })),
  fills: ({ fills }, past) => merged(fills, past),
  funding: (_, past) => past,
  history: ({ ended }, past) => merged(ended, past),
  transfers: (_, past) => past,
};

// Those on their way stand among the open ones, and say so.
const openOrders = ({ orders, sending }) => [...sending.values(), ...orders.values()];

const oldWords = (at) => (at ? `Reckoned with prices of ${clockTime(at)}` : "Reckoned with old prices");

const merged = (fresh, past) => {
  const known = new Set(fresh.map(({ id }) => id));
  return [...fresh, ...past.filter(({ id }) => !known.has(id))];
};

// What only reduces waits on beyond its price while nobody trades with it: it is not used up in vain.
export function isReached({ symbol, side, trigger, trigger_price: price }, values) {
  const mark = newestMark(values, symbol);
  if (!mark || values.old.has(symbol)) return false;
  const isBelow = (side === "SELL") === (trigger === "STOP");
  return compareDecimals(mark, price) * (isBelow ? 1 : -1) <= 0;
}

function legsOf(position) {
  const { symbol, size } = position;
  const isLong = !size.startsWith("-");
  return ["take_profit", "stop_loss"].filter((leg) => position[leg]).map((leg) => ({
    id: `${symbol} ${leg}`,
    symbol,
    leg,
    side: isLong ? "SELL" : "BUY",
    trigger: leg === "stop_loss" ? "STOP" : "TAKE_PROFIT",
    type: position[leg].limit_price ? "LIMIT" : "MARKET",
    size: size.replace("-", ""),
    isOfPosition: true,
    ...position[leg],
  }));
}

function show(tables) {
  const { values } = tables.store;
  for (const name of ["positions", "orders", "triggers"]) {
    const count = rowsOf[name](values).length;
    say(tables.tabs.get(name).count, count ? String(count) : "");
  }
  const { open, words, isHere } = tables;
  const rows = rowsOf[open](values, tables.past.get(open) ?? []);
  const symbolOf = (row) => row.symbol ?? row.position?.symbol ?? "";
  const texts = tables.columns[open].filter((column) => column.text);
  const isMeant = (row) => (!isHere || !symbolOf(row) || symbolOf(row) === values.symbol) && (!words || texts.some((column) => column.text(row).toLowerCase().includes(words)));
  tables.grids.get(open).show(rows, isHere || words ? isMeant : undefined);
}

function download({ grids, open }) {
  const address = URL.createObjectURL(new Blob([grids.get(open).csv()], { type: "text/csv" }));
  element("a", { href: address, download: `godark-${open}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
