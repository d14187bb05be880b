// What the socket says becomes what the page knows. Private lists are kept by id; an order that has
// ended leaves the open ones and is told once.
import { microOf } from "./exact.js";
import { newestMark, termsOf, valueOf } from "./positions.js";
import { arrived } from "./sending.js";

const OPEN = new Set(["PENDING", "OPEN", "PARTIALLY_FILLED"]);
const MOST_KEPT = 2_000;
const MOST_TRADES = 200;

export const channelsOf = ({ symbol, isKnown }) => [
  "tickers",
  `ticker:${symbol}`,
  `trades:${symbol}`,
  "system:status",
  ...(isKnown ? ["orders", "fills", "positions", "wallet"] : []),
];

export function hearInto(store, { onOrder = () => {}, onFill = () => {} }) {
  const { values } = store;
  let hasFills = false;
  const takes = {
    tickers: ({ data }) => {
      for (const ticker of data) takeTicker(values, ticker);
      store.touch("tickers");
    },
    ticker: ({ data }) => {
      takeTicker(values, data);
      store.set({ ticker: data });
    },
    trades: ({ type, data }) => {
      const trades = type === "snapshot" ? data : [data, ...values.trades];
      store.set({ trades: trades.slice(0, MOST_TRADES) });
    },
    "system:status": ({ type, data }) => {
      takeStatus(store, data, type === "snapshot");
    },
    orders: ({ type, data }) => {
      if (type === "snapshot") {
        for (const order of data) arrived(store, order);
        store.set({ orders: new Map(data.map((order) => [order.id, order])) });
        return;
      }
      takeOrder(store, data);
      onOrder(data);
    },
    fills: ({ type, data }) => {
      const heard = type === "snapshot" ? data : [data];
      const known = new Set(values.fills.map((fill) => fill.id));
      const fresh = heard.filter((fill) => !known.has(fill.id));
      // A later snapshot holds what was missed: that is news, too.
      const isNews = type !== "snapshot" || hasFills;
      hasFills = true;
      if (!fresh.length && values.fills.length) return;
      const fills = [...fresh, ...values.fills].sort((one, other) => other.executed_at - one.executed_at);
      store.set({ fills: fills.slice(0, MOST_KEPT) });
      if (isNews) for (const fill of fresh) onFill(fill);
    },
    positions: ({ type, data }) => {
      if (type === "snapshot") {
        const kept = [...values.settings].map(([symbol, flat]) => [symbol, flat]);
        const held = data.map((position) => [position.symbol, position]);
        store.set({ positions: new Map(held), settings: new Map([...kept, ...held]) });
      } else takePosition(store, data);
    },
    wallet: ({ data }) => store.set({ balance: data }),
    errors: ({ data }) => store.set({ socketError: data }),
  };
  return (frame) => {
    const take = takes[frame.channel] ?? takes[frame.channel.split(":")[0]];
    take?.(frame);
  };
}

function takeTicker({ tickers, pricedAt }, ticker) {
  tickers.set(ticker.symbol, ticker);
  pricedAt.set(ticker.symbol, Date.now());
}

function takeStatus(store, data, isWhole) {
  const { values } = store;
  const { markets = [], ...venue } = data;
  if (venue.mode !== undefined || isWhole) store.set({ status: { ...values.status, ...venue } });
  const own = markets.find(({ symbol }) => symbol === values.symbol);
  if (own && values.market) store.set({ market: { ...values.market, state: own.state, state_reason: own.state_reason } });
}

export function takeOrder(store, order) {
  const { orders, ended } = store.values;
  arrived(store, order);
  const known = orders.get(order.id);
  if (known && known.updated_at > order.updated_at) return;
  if (OPEN.has(order.status)) {
    // An answer may be older than what the socket has told meanwhile.
    if (ended.some(({ id, updated_at: at }) => id === order.id && at >= order.updated_at)) return;
    orders.set(order.id, order);
  } else {
    orders.delete(order.id);
    store.set({ ended: [order, ...ended.filter(({ id }) => id !== order.id)].slice(0, MOST_KEPT) });
  }
  store.touch("orders");
}

export function takePosition(store, position) {
  const { positions, settings } = store.values;
  const ranked = { ...position, adl_rank: position.adl_rank ?? rankBefore(positions, position) };
  settings.set(position.symbol, ranked);
  if (/^-?0(\.0+)?$/.test(position.size)) positions.delete(position.symbol);
  else positions.set(position.symbol, ranked);
  store.touch("positions", "settings");
}

// News of a position leave its place in line out: the one that is known holds until a newer one
// comes, as long as the position is on the same side.
function rankBefore(positions, { symbol, size }) {
  const known = positions.get(symbol);
  return known && known.size.startsWith("-") === size.startsWith("-") ? known.adl_rank : null;
}

export function takeRanks(store, ranked) {
  const { positions } = store.values;
  for (const { symbol, adl_rank: rank } of ranked) {
    const known = positions.get(symbol);
    if (known && rank !== null) positions.set(symbol, { ...known, adl_rank: rank });
  }
  store.touch("positions");
}

// What all positions come to at the marks of this moment.
export function totalsOf(values) {
  const { positions, markets } = values;
  let unrealized = 0n;
  for (const position of positions.values()) {
    const market = markets.get(position.symbol);
    const valued = market && valueOf(position, termsOf(market), newestMark(values, position.symbol) ?? position.mark_price);
    unrealized += valued ? valued.unrealized : (microOf(position.unrealized_pnl) ?? 0n);
  }
  return { unrealized };
}
