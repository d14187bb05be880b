// One market's page: its figures every three seconds while it is seen, slower after a failure,
// and its line once a minute.
import { clockTime, signedPercent, stepped } from "./notation.js";

const EVERY_MS = 3_000;
const CHART_EVERY_MS = 60_000;
const AT_MOST_MS = 60_000;
const MINUTE_MS = 60_000;
const NO_VALUE = "\u2013";
const page = document.querySelector("[data-market]");
const { market: symbol, tick } = page.dataset;
const status = page.querySelector("[data-live-status]");
const shown = {
  index_price: (price) => stepped(price, tick, { half: true }),
  mark_price: (price) => stepped(price, tick, { half: true }),
  bid: (price) => stepped(price, tick),
  ask: (price) => stepped(price, tick),
  funding_rate: (rate) => signedPercent(rate),
  next_funding_at: (at) => clockTime(at),
  state: (state) => state.toLowerCase().replaceAll("_", " "),
};
const feed = { wait: EVERY_MS, timer: null, chartAt: 0, candles: [], index: null };

async function read(address) {
  const answer = await fetch(address).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  return { said, askedMs: Number(answer?.headers.get("Retry-After") ?? 0) * 1000 };
}

function showFigures(market) {
  for (const [field, write] of Object.entries(shown)) {
    const value = market[field];
    const place = page.querySelector(`[data-live="${field}"]`);
    place.textContent = value === null ? NO_VALUE : write(value);
  }
  const age = market.index_price === null ? "No price now" : `Updated ${clockTime(Date.now())}`;
  status.textContent = [market.state_reason, age].filter(Boolean).join(" ");
}

// The kept minutes, and at the right edge the index as it stands: the line ends where the figure is.
function showChart() {
  const chart = page.querySelector("[data-chart]");
  const minutes = Number(chart.dataset.minutes);
  const thisMinute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const { index } = feed;
  const candles = feed.candles.filter(({ opened_at: at }) => thisMinute - at <= minutes * MINUTE_MS);
  page.querySelector("[data-chart-empty]").hidden = candles.length > 0;
  if (!candles.length) return;
  const { width, height } = chart.viewBox.baseVal;
  const opened = Math.max(thisMinute, candles[0].opened_at + MINUTE_MS);
  const now = { opened_at: opened, low: index, high: index, close: index };
  const drawn = index === null ? candles : [now, ...candles.slice(0, minutes - 1)];
  // Places on a screen, not money: floats will do.
  const lowest = drawn.reduce((one, other) => (Number(other.low) < Number(one.low) ? other : one));
  const highest = drawn.reduce((one, other) => (Number(other.high) > Number(one.high) ? other : one));
  const low = Number(lowest.low);
  const span = Number(highest.high) - low || 1;
  const newest = index === null ? thisMinute : opened;
  // The newest minute may not be kept yet; where more are missing, the line breaks off.
  const steps = drawn.toReversed().map(({ opened_at: at, close }, place, all) => {
    const follows = place > 0 && at - all[place - 1].opened_at <= 2 * MINUTE_MS;
    const x = width - ((newest - at) / MINUTE_MS) * (width / (minutes - 1));
    const y = height - ((Number(close) - low) / span) * height;
    return `${follows ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`;
  });
  chart.querySelector("path").setAttribute("d", steps.join(" "));
  page.querySelector("[data-chart-low]").textContent = stepped(lowest.low, tick, { half: true });
  page.querySelector("[data-chart-high]").textContent = stepped(highest.high, tick, { half: true });
}

async function refresh() {
  const { said, askedMs } = await read(`/api/v1/markets/${symbol}`);
  if (said) {
    feed.wait = EVERY_MS;
    showFigures(said);
  } else {
    feed.wait = Math.max(askedMs, Math.min(AT_MOST_MS, feed.wait * 2));
    status.textContent = "Not updated; trying again";
  }
  if (said && Date.now() - feed.chartAt >= CHART_EVERY_MS) {
    feed.chartAt = Date.now();
    const minutes = page.querySelector("[data-chart]").dataset.minutes;
    const candles = await read(`/api/v1/markets/${symbol}/candles?interval=1m&source=index&limit=${minutes}`);
    if (candles.said) feed.candles = candles.said.results;
  }
  if (said) {
    feed.index = said.index_price;
    showChart();
  }
  schedule(feed.wait);
}

function schedule(wait) {
  clearTimeout(feed.timer);
  if (document.visibilityState === "visible") feed.timer = setTimeout(refresh, wait);
}

document.addEventListener("visibilitychange", () => schedule(0));
schedule(0);
