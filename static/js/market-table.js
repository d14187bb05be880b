// Keeps the values of a server-rendered market table current from /api/v1/markets: every ten
// seconds while the page is seen, slower after a failure, as late as the server asks.
import { clockTime, compareDecimals, signedPercent, stepped } from "./notation.js";

const ADDRESS = "/api/v1/markets?limit=500";
const EVERY_MS = 10_000;
const AT_MOST_MS = 120_000;
const onHalfTicks = (price, { tick_size: tick }) => stepped(price, tick, { half: true });
const onTicks = (price, { tick_size: tick }) => stepped(price, tick);
const SHOWN_AS = {
  index_price: onHalfTicks,
  mark_price: onHalfTicks,
  bid: onTicks,
  ask: onTicks,
  funding_rate: (rate) => signedPercent(rate),
  max_leverage: (leverage) => `${leverage}x`,
};
const NO_VALUE = "\u2013";

export function attachMarketTable(table) {
  if (!table) return;
  const feed = { table, wait: EVERY_MS, timer: null, updatedAt: null };
  document.addEventListener("visibilitychange", () => schedule(feed, 0));
  schedule(feed, 0);
}

function schedule(feed, wait) {
  clearTimeout(feed.timer);
  if (document.visibilityState === "visible") feed.timer = setTimeout(() => refresh(feed), wait);
}

async function refresh(feed) {
  const answer = await fetch(ADDRESS).catch(() => null);
  const markets = answer?.ok ? await answer.json().catch(() => null) : null;
  if (markets) {
    feed.wait = EVERY_MS;
    show(feed, markets.results);
  } else {
    const askedMs = Number(answer?.headers.get("Retry-After") ?? 0) * 1000;
    feed.wait = Math.max(askedMs, Math.min(AT_MOST_MS, feed.wait * 2));
    showStale(feed);
  }
  schedule(feed, feed.wait);
}

function show(feed, markets) {
  const bySymbol = new Map(markets.map((market) => [market.symbol, market]));
  for (const row of feed.table.tBodies[0].rows) {
    const market = bySymbol.get(row.dataset.symbol);
    if (market) showMarket(row, market);
  }
  feed.updatedAt = Date.now();
  delete feed.table.dataset.stale;
  say(feed, `Updated ${clockTime(feed.updatedAt)}`);
  feed.table.dispatchEvent(new CustomEvent("markets-updated"));
}

function showStale(feed) {
  feed.table.dataset.stale = "";
  const since = feed.updatedAt ? `since ${clockTime(feed.updatedAt)}` : "since the page was opened";
  say(feed, `Not updated ${since}; trying again`);
}

function say({ table }, sentence) {
  const place = document.getElementById(table.dataset.statusId);
  if (place) place.textContent = sentence;
}

function showMarket(row, market) {
  for (const cell of row.querySelectorAll("[data-field]")) {
    const { field } = cell.dataset;
    if (field === "state") showState(cell, market.state);
    else showValue(cell, String(market[field] ?? ""), (value) => SHOWN_AS[field](value, market));
  }
}

function showValue(cell, value, text) {
  const before = cell.dataset.value;
  if (before === value) return;
  cell.dataset.value = value;
  const place = cell.querySelector(".value");
  place.textContent = value ? text(value) : (cell.dataset.absent ?? NO_VALUE);
  place.classList.toggle("absent", !value);
  const move = cell.querySelector(".move");
  if (move) showMove(move, before && value ? compareDecimals(value, before) : 0);
}

const MOVES = {
  "-1": { sign: "\u2193", tone: "down" },
  0: { sign: "", tone: "" },
  1: { sign: "\u2191", tone: "up" },
};

function showMove(place, direction) {
  const { sign, tone } = MOVES[direction];
  place.textContent = sign;
  place.className = `move ${tone}`;
}

const STATE_TONES = { ACTIVE: "badge-open", HALTED: "badge-hollow", DELISTED: "badge-hollow" };

function showState(cell, state) {
  if (cell.dataset.value === state) return;
  cell.dataset.value = state;
  const badge = cell.querySelector(".badge");
  badge.textContent = state.toLowerCase().replaceAll("_", " ");
  badge.className = `badge badge-quiet badge-dot ${STATE_TONES[state] ?? "badge-between"}`;
}
