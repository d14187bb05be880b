// How old a market's prices are. Frames of other channels say nothing of it, only its own ticker,
// which the venue repeats every two seconds while somebody prices the market.

const OLD_AFTER_MS = 6_000;
const LOOK_EVERY_MS = 1_000;

export const isOld = ({ isLive, pricedAt }, symbol, now = Date.now()) =>
  !isLive || now - (pricedAt.get(symbol) ?? 0) > OLD_AFTER_MS;

// Keeps `old`, the markets on this page whose prices may not pass for those of now.
export function watchFreshness(store) {
  const look = () => {
    const { values } = store;
    const seen = new Set([values.symbol, ...values.positions.keys()]);
    const old = new Set([...seen].filter((symbol) => isOld(values, symbol)));
    if ([...old].join() !== [...values.old].join()) store.set({ old });
  };
  store.on(["isLive", "ticker", "tickers", "positions"], look);
  setInterval(look, LOOK_EVERY_MS);
}
