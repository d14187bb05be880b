// The market's figures at the top, the countdown to funding, the tab's title, and the account's
// money. Numbers are strings all the way.
import { abs, centsText, microOf } from "./exact.js";
import { say, tone } from "./dom.js";
import { clockTime, compareDecimals, grouped, signedPercent, stepped } from "../notation.js";

const NO_VALUE = "\u2013";
const STATE_TONES = { ACTIVE: "badge-open", HALTED: "badge-hollow", DELISTED: "badge-hollow" };

export function attachStrip(root, store) {
  const place = (name) => root.querySelector(`[data-shown="${name}"]`);
  let markBefore = null;
  store.on(["old"], (values) => showAge(root, values));
  store.on(["market", "ticker", "old"], ({ market, ticker, old, symbol }) => {
    if (!market) return;
    const told = { ...market, ...ticker };
    const tick = market.tick_size;
    const onHalves = (price) => stepped(price, tick, { half: true });
    const shown = {
      mark_price: onHalves,
      index_price: onHalves,
      bid: (price) => stepped(price, tick),
      ask: (price) => stepped(price, tick),
      funding_rate: (rate) => signedPercent(rate),
      volume_24h: (volume) => centsText(microOf(volume) ?? 0n, 0),
      open_interest: (size) => grouped(size),
    };
    for (const [name, write] of Object.entries(shown)) {
      const value = told[name];
      say(place(name), value === null || value === undefined ? NO_VALUE : write(value));
    }
    const mark = told.mark_price;
    if (mark && markBefore && mark !== markBefore) tone(place("mark_price"), compareDecimals(mark, markBefore));
    markBefore = mark ?? markBefore;
    showState(place("state"), told.state);
    const title = mark ? `${onHalves(mark)} ${market.base}` : market.symbol;
    document.title = `${old.has(symbol) ? "(old) " : ""}${title} · GoDark`;
  });
  attachCountdown(root.querySelector("[data-countdown]"), store);
}

// Old prices say of when they are, beside the mark as in the tab's title.
function showAge(root, { old, pricedAt, symbol }) {
  const isStale = old.has(symbol);
  root.toggleAttribute("data-stale", isStale);
  const isDated = isStale && pricedAt.has(symbol);
  say(root.querySelector("[data-mark-label]"), isDated ? `Mark of ${clockTime(pricedAt.get(symbol))}` : "Mark, USDT");
}

function showState(place, state) {
  say(place, state.toLowerCase().replaceAll("_", " "));
  place.className = `badge badge-quiet badge-dot ${STATE_TONES[state] ?? "badge-between"}`;
}

// By the venue's clock: this machine's is corrected by what the socket measured.
function attachCountdown(place, store) {
  const show = () => {
    const now = Date.now() - (store.values.skewMs ?? 0);
    const seconds = Math.ceil(3600 - (now / 1000) % 3600);
    const two = (number) => String(number).padStart(2, "0");
    say(place, `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`);
  };
  show();
  setInterval(show, 1000);
}

export function attachAccount(store) {
  const strip = document.querySelector(".account-strip");
  if (!strip) return;
  store.on(["balance", "positions", "tickers", "isLive", "old"], ({ balance, totals, isLive, old, positions }) => {
    strip.toggleAttribute("data-stale", !isLive || [...positions.keys()].some((symbol) => old.has(symbol)));
    if (!balance) return;
    const unrealized = totals().unrealized;
    const wallet = microOf(balance.wallet);
    const equity = wallet + unrealized;
    const used = microOf(balance.in_positions) + microOf(balance.reserved);
    const written = {
      equity: centsText(equity),
      free: centsText(microOf(balance.free)),
      reserved: centsText(microOf(balance.reserved)),
      unrealized_pnl: `${unrealized > 0n ? "+" : ""}${centsText(unrealized)}`,
      risk: equity > 0n ? `${centsText((used * 100_000_000n) / equity, 1)}%` : NO_VALUE,
    };
    for (const [name, text] of Object.entries(written)) {
      say(strip.querySelector(`[data-money="${name}"]`), text);
    }
    const direction = abs(unrealized) < 10_000n ? 0 : unrealized > 0n ? 1 : -1;
    tone(strip.querySelector('[data-money="unrealized_pnl"]'), direction);
  });
}
