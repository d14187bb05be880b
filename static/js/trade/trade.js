// The terminal: puts its parts together. Each finds its own elements; what they know is in the
// store, what they want of the venue goes through rest.js and socket.js.
import { attachBasic } from "./basic.js";
import { attachChange } from "./change.js";
import { attachChart } from "./chart.js";
import { attachClosing } from "./closing.js";
import { attachConnection } from "./connection.js";
import { channelsOf, hearInto, takePosition, takeRanks, totalsOf } from "./feed.js";
import { watchFreshness } from "./freshness.js";
import { attachHotkeys } from "./hotkeys.js";
import { attachLeverage } from "./leverage.js";
import { createNews, watchMargins } from "./news.js";
import { attachPanes } from "./panes.js";
import { termsOf, valueOf } from "./positions.js";
import { attachPrices } from "./prices.js";
import { read } from "./rest.js";
import { attachSearch } from "./search.js";
import { openSocket } from "./socket.js";
import { createStore } from "./store.js";
import { attachAccount, attachStrip } from "./strip.js";
import { attachTables } from "./tables.js";
import { attachTicket } from "./ticket.js";
import { showToast } from "../toasts.js";

const VENUES_EVERY_MS = 5_000;
const MARKET_EVERY_MS = 60_000;
const RANKS_EVERY_MS = 60_000;

const root = document.querySelector("[data-trade]");
const { symbol } = root.dataset;
const isKnown = "isKnown" in root.dataset;

const store = createStore({
  symbol,
  isKnown,
  market: null,
  markets: new Map(),
  ticker: null,
  tickers: new Map(),
  pricedAt: new Map(),
  old: new Set([symbol]),
  trades: [],
  venues: [],
  venuesAt: null,
  status: null,
  orders: new Map(),
  sending: new Map(),
  ended: [],
  fills: [],
  positions: new Map(),
  settings: new Map(),
  balance: null,
  mode: "advanced",
  isLive: false,
  skewMs: 0,
  connection: { state: "connecting", wasLive: false },
  totals: () => totalsOf(store.values),
});

const parts = { store, root, isKnown };
watchFreshness(store);
attachStrip(root, store);
attachChange(root, store);
attachAccount(store);
attachConnection(root, store);
attachPanes({ ...parts, onShown: (pane) => pane === "prices" && loadVenues() });
const ticket = attachTicket({ ...parts, onSent: ({ isMismatch }) => isMismatch && loadLeverage() });
const leverage = attachLeverage(parts);
attachPrices(root, store, { choosePrice: ticket.choosePrice });
const tables = attachTables({ ...parts, notify: showToast });
const search = attachSearch(parts);
attachHotkeys({ ...parts, ticket, tables, search, leverage });
attachChart(root, store);
attachBasic({ ...parts, ticket, notify: showToast });
attachClosing({ ...parts, notify: showToast });

async function loadMarkets() {
  const page = await read("/markets", { limit: 500 }).catch(() => null);
  if (!page) return;
  const markets = new Map(page.results.map((market) => [market.symbol, market]));
  store.set({ markets, market: markets.get(symbol) });
}

// Seen is asked for; a page in the background, or a pane that is away, asks for nothing.
async function loadVenues() {
  if (document.visibilityState !== "visible" || !root.querySelector("[data-ladder]").checkVisibility()) return;
  const page = await read(`/markets/${symbol}/reference`).catch(() => null);
  if (page?.results.length) store.set({ venues: page.results, venuesAt: Date.now() });
  else store.set({ venues: store.values.venues.map((venue) => ({ ...venue, is_used: false })) });
}

async function loadLeverage() {
  const page = await read("/positions", { symbol }).catch(() => null);
  if (page?.results.length) takePosition(store, page.results[0]);
}

// Places in line change with what others do, of which no news come.
async function loadRanks() {
  if (document.visibilityState !== "visible" || !store.values.positions.size) return;
  const page = await read("/positions").catch(() => null);
  if (page) takeRanks(store, page.results);
}

const news = createNews({ notify: showToast });
watchMargins({
  store,
  notify: showToast,
  worthOf: ({ markets, tickers }, position) => {
    const market = markets.get(position.symbol);
    return market && valueOf(position, termsOf(market), tickers.get(position.symbol)?.mark_price);
  },
});

const connection = openSocket({
  channels: channelsOf({ symbol, isKnown }),
  onMessage: hearInto(store, { onFill: news.fill, onOrder: news.order }),
  onState: (told) => {
    const before = store.values.connection;
    const isLive = told.state === "live";
    const lostAt = isLive ? null : (before.lostAt ?? Date.now());
    const wasLive = before.wasLive || isLive;
    const skewMs = told.skewMs ?? store.values.skewMs;
    store.set({ isLive, skewMs, connection: { ...before, ...told, lostAt, wasLive } });
    if (isLive && before.state !== "live" && before.wasLive) loadMarkets();
  },
});

loadMarkets();
loadVenues();
setInterval(loadMarkets, MARKET_EVERY_MS);
setInterval(loadVenues, VENUES_EVERY_MS);
if (isKnown) {
  loadLeverage();
  setInterval(loadRanks, RANKS_EVERY_MS);
}
document.documentElement.dataset.terminal = "ready";

// For tests, which cut the connection as a network would.
window.godarkTerminal = { drop: () => connection.feed.socket?.close() };
