// By how much the index has moved in 24 hours: sign, arrow and color agree. Where fewer hours have
// been kept, it is told since when.
import { say, tone } from "./dom.js";
import { decimalOf, ppbOf } from "./exact.js";
import { read } from "./rest.js";
import { clockTime, signedPercent } from "../notation.js";

const DAY_MS = 86_400_000;
const EVERY_MS = 300_000;
const UNTIL_KEPT_MS = 20_000;
const BASIS_POINT = "0.0001";
const QUERY = { interval: "15m", source: "index", limit: 98 };

export function attachChange(root, store) {
  const name = root.querySelector("[data-change-name]");
  const place = root.querySelector("[data-change]");
  let before = null;

  async function load() {
    setTimeout(load, before ? EVERY_MS : UNTIL_KEPT_MS);
    if (document.visibilityState !== "visible") return;
    const page = await read(`/markets/${store.values.symbol}/candles`, QUERY).catch(() => null);
    if (!page?.results.length) return;
    const dayAgo = Date.now() - (store.values.skewMs ?? 0) - DAY_MS;
    const found = page.results.find((candle) => candle.opened_at <= dayAgo);
    before = found ?? page.results.at(-1);
    say(name, found ? "24 h" : `Since ${clockTime(before.opened_at).slice(0, 5)}`);
    show(store.values);
  }

  function show({ ticker, market }) {
    const now = ticker ? ticker.index_price : market?.index_price;
    const moved = before && now && basisPointsOf(before.open, now);
    if (typeof moved !== "bigint") return;
    const way = Number(moved > 0n) - Number(moved < 0n);
    const arrow = ["\u25bc ", "", "\u25b2 "][way + 1];
    say(place, `${arrow}${signedPercent(decimalOf(moved, BASIS_POINT), 2)}`);
    tone(place, way);
  }

  store.on(["ticker", "market"], show);
  load();
}

function basisPointsOf(before, now) {
  const [from, to] = [ppbOf(before), ppbOf(now)];
  return from > 0n ? ((to - from) * 10_000n) / from : null;
}
