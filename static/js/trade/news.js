// What is worth a word while one looks elsewhere: fills, orders that ended by themselves, a position
// that comes near its liquidation. Many at once are told as one, so that nobody is shouted at.
import { countOf, decimalOf } from "./exact.js";
import { explain } from "./failures.js";
import { grouped } from "../notation.js";

const TOGETHER_MS = 900;
const WARNED_AT_BP = 6_667n;
const SAFE_AT_BP = 5_000n;
const EXPECTED = new Set(["USER_REQUEST", null]);
const FINEST = "0.000000000001";
const NO_MARGIN = "Its equity no longer covered its maintenance margin.";

// What the venue does to a position by itself, and why.
const FORCED = {
  LIQUIDATION: { what: "liquidated", why: `${NO_MARGIN} The venue closed it in the market.` },
  BACKSTOP: { what: "liquidated", why: `${NO_MARGIN} The market did not take it, so the backstop did.` },
  DELEVERAGE_TAKER: { what: "liquidated", why: `${NO_MARGIN} Neither market nor backstop took it: it was closed against winning positions.` },
  DELEVERAGE_MAKER: { what: "auto-deleveraged", why: "A bankrupt position on the other side could not be paid. Yours was first in line by gain and leverage, and this much of it was closed." },
  HAND_OVER: { what: "handed over to the backstop", why: "Your exit was forced on chain, and the market had not closed this in time." },
};

// Who rests in the market and meets a liquidation has traded by an order of their own.
export function forcedOf({ kind, liquidity, order_id: order }) {
  if (kind === "DELEVERAGE") return FORCED[`DELEVERAGE_${liquidity}`];
  return kind === "HAND_OVER" || !order ? FORCED[kind] : undefined;
}

export function createNews({ notify }) {
  let waiting = [];
  let timer = null;
  const base = (symbol) => symbol.split("-")[0];

  function flush() {
    timer = null;
    const [told, forced] = [waiting.filter((fill) => !forcedOf(fill)), waiting.filter(forcedOf)];
    waiting = [];
    if (told.length) tellFills(told);
    for (const fills of Map.groupBy(forced, ({ symbol, kind, liquidity }) => `${symbol} ${kind} ${liquidity}`).values()) tellForced(fills);
  }

  function tellFills(fills) {
    const isOne = fills.length === 1;
    const [{ side, size, symbol, price }] = fills;
    const title = isOne ? `${side === "BUY" ? "Bought" : "Sold"} ${size} ${base(symbol)}` : `${fills.length} fills`;
    const markets = [...new Set(fills.map((fill) => base(fill.symbol)))].join(", ");
    notify({ title, text: isOne ? `at ${grouped(price)}` : markets, tone: "good" });
  }

  // Nobody asked for it, so it is told in full, by itself, until it is closed.
  function tellForced(fills) {
    const [{ side, symbol, price }] = fills;
    const { what, why } = forcedOf(fills[0]);
    const size = decimalOf(fills.reduce((sum, fill) => sum + countOf(fill.size, FINEST), 0n), FINEST);
    const at = fills.length === 1 ? ` at ${grouped(price)}` : ` in ${fills.length} parts`;
    notify({ title: `${base(symbol)} ${what}`, text: `${side === "BUY" ? "Bought" : "Sold"} ${size}${at}. ${why}`, tone: "bad", staysOpen: true });
  }

  return {
    fill(fill) {
      waiting.push(fill);
      timer ??= setTimeout(flush, TOGETHER_MS);
    },
    order(order) {
      const hasEnded = ["CANCELED", "EXPIRED", "REJECTED"].includes(order.status);
      if (!hasEnded || EXPECTED.has(order.reject_code) || order.time_in_force === "IOC" || order.time_in_force === "FOK") return;
      const what = `${order.side === "BUY" ? "Buy" : "Sell"} ${order.size} ${base(order.symbol)}`;
      notify({ title: `${what} ended`, text: explain(order.reject_code), tone: "warn" });
    },
  };
}

// Once per crossing, and it stays until it is closed.
export function watchMargins({ store, notify, worthOf }) {
  const warned = new Set();
  store.on(["positions", "tickers", "ticker"], (values) => {
    for (const position of values.positions.values()) {
      const worth = worthOf(values, position);
      if (!worth) continue;
      if (worth.usedBp < SAFE_AT_BP) warned.delete(position.symbol);
      if (worth.usedBp < WARNED_AT_BP || warned.has(position.symbol)) continue;
      warned.add(position.symbol);
      notify({ title: `${position.symbol} is near its liquidation`, text: "Add margin, or close a part of it.", tone: "bad", staysOpen: true });
    }
  });
}
