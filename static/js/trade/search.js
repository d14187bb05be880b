// All markets, found by keyboard: what is typed narrows, arrows choose, Enter opens. Favorites stand
// first and are kept on this machine.
import { element, remember, remembered, say } from "./dom.js";
import { signedPercent, stepped } from "../notation.js";

const KINDS = { all: "All", favorites: "Favorites", CRYPTO: "Crypto", FX: "FX" };
const NO_VALUE = "\u2013";

export function attachSearch({ root, store }) {
  const dialog = document.getElementById("search");
  const search = {
    store,
    dialog,
    input: dialog.querySelector("input"),
    list: dialog.querySelector("[role=listbox]"),
    kinds: dialog.querySelector("[data-search-kinds]"),
    favorites: new Set(remembered("favorites", [])),
    kind: "all",
    empty: dialog.querySelector("[data-search-empty]"),
    chosen: null,
    rows: new Map(),
  };
  for (const [kind, text] of Object.entries(KINDS)) {
    const press = () => {
      search.kind = kind;
      search.chosen = null;
      show(search);
      search.input.focus();
    };
    search.kinds.append(element("button", { type: "button", class: "chip", "data-kind": kind, onclick: press }, text));
  }
  search.input.addEventListener("input", () => {
    search.chosen = null;
    show(search);
  });
  search.input.addEventListener("keydown", (event) => press(search, event));
  root.querySelector("[data-search-opens]").addEventListener("click", () => open(search));
  store.on(["tickers", "markets"], () => dialog.open && show(search));
  return { open: () => open(search) };
}

function open(search) {
  if (search.dialog.open) return;
  search.input.value = "";
  search.chosen = null;
  search.dialog.showModal();
  search.input.focus();
  show(search);
}

// By the base from its start first, then anywhere in the symbol; favorites before the others.
function found({ store, input, kind, favorites }) {
  const words = input.value.trim().toUpperCase();
  const meant = [...store.values.markets.values()].filter((market) => {
    if (kind === "favorites" && !favorites.has(market.symbol)) return false;
    if ((kind === "CRYPTO" || kind === "FX") && market.kind !== kind) return false;
    return market.symbol.includes(words);
  });
  const rank = (market) => (favorites.has(market.symbol) ? 0 : 2) + (market.base.startsWith(words) ? 0 : 1);
  return meant.map((market, place) => [rank(market), place, market]).sort(([a, x], [b, y]) => a - b || x - y).map(([, , market]) => market);
}

function show(search) {
  const { list, input, store, kinds, kind } = search;
  search.shown = found(search);
  // The chosen one is kept by its name: a favorite that moves to the front takes the choice along.
  const place = search.shown.findIndex(({ symbol }) => symbol === search.chosen);
  search.place = Math.max(0, place);
  search.chosen = search.shown[search.place]?.symbol ?? null;
  search.empty.hidden = search.shown.length > 0;
  say(search.empty, emptyText(search));
  for (const chip of kinds.children) chip.setAttribute("aria-pressed", String(chip.dataset.kind === kind));
  const rows = search.shown.map((market) => rowOf(search, market));
  if (rows.length !== list.children.length || rows.some((row, index) => list.children[index] !== row)) list.replaceChildren(...rows);
  search.shown.forEach((market, index) => {
    const row = rows[index];
    row.setAttribute("aria-selected", String(index === search.place));
    const told = { ...market, ...store.values.tickers.get(market.symbol) };
    say(row.querySelector("[data-price]"), told.index_price ? stepped(told.index_price, market.tick_size, { half: true }) : NO_VALUE);
    say(row.querySelector("[data-rate]"), told.funding_rate ? signedPercent(told.funding_rate) : NO_VALUE);
    const isFavorite = search.favorites.has(market.symbol);
    say(row.querySelector("[data-star]"), isFavorite ? "\u2605" : "\u2606");
    row.setAttribute("aria-label", `${market.symbol}${isFavorite ? ", favorite" : ""}`);
  });
  const chosen = rows[search.place];
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
}

function emptyText({ input, kind, favorites, store }) {
  const words = input.value.trim();
  if (!store.values.markets.size) return "The markets have not arrived yet.";
  if (kind === "favorites" && !favorites.size) return "No favorite yet. Mark one with its star, or with Ctrl F.";
  const among = kind === "all" ? "market" : `market among ${KINDS[kind]}`;
  return `No ${among} matches \u201c${words}\u201d. Try its base, like BTC or EUR.`;
}

function rowOf(search, market) {
  let row = search.rows.get(market.symbol);
  if (row) return row;
  const star = element("span", { class: "search-star", "data-star": "", "aria-hidden": "true" });
  row = element(
    "li",
    { role: "option", id: `market-${market.symbol}`, class: "search-row" },
    element("span", { class: "search-name" }, star, element("strong", {}, market.base), element("span", { class: "market-quote" }, `-${market.quote}-PERP`)),
    element("span", { class: "number", "data-price": "" }),
    element("span", { class: "number faint", "data-rate": "" }),
    element("span", { class: "number faint" }, `${market.max_leverage}x`),
  );
  row.addEventListener("click", (event) => {
    if (event.target === star) toggle(search, market.symbol);
    else go(market.symbol);
  });
  search.rows.set(market.symbol, row);
  return row;
}

function press(search, event) {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (step) {
    event.preventDefault();
    choose(search, Math.max(0, Math.min(search.shown.length - 1, search.place + step)));
  } else if (event.key === "Enter" && search.chosen) {
    event.preventDefault();
    go(search.chosen);
  } else if (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (search.chosen) toggle(search, search.chosen);
  }
}

function choose(search, place) {
  search.chosen = search.shown[place]?.symbol ?? null;
  show(search);
  search.list.children[search.place]?.scrollIntoView({ block: "nearest" });
}

function toggle(search, symbol) {
  const { favorites } = search;
  if (!favorites.delete(symbol)) favorites.add(symbol);
  remember("favorites", [...favorites]);
  // Where it is no favorite any more and only those are shown, its neighbor is chosen.
  const place = search.place;
  search.chosen = symbol;
  show(search);
  if (search.chosen !== symbol) choose(search, Math.min(place, search.shown.length - 1));
  else search.list.children[search.place]?.scrollIntoView({ block: "nearest" });
}

const go = (symbol) => location.assign(`/trade/${symbol}`);
