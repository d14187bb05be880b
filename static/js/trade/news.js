// What is worth a word while one looks elsewhere: fills, orders that ended by themselves, a position
// that comes near its liquidation. Many at once are told as one, so that nobody is shouted at.
import { reasonOf } from "./failures.js";

const TOGETHER_MS = 900;
const WARNED_AT_BP = 6_667n;
const SAFE_AT_BP = 5_000n;
const EXPECTED = new Set(["USER_REQUEST", null]);

export function createNews({ notify }) {
  let waiting = [];
  let timer = null;
  const base = (symbol) => symbol.split("-")[0];

  function flush() {
    timer = null;
    const fills = waiting;
    waiting = [];
    const isOne = fills.length === 1;
    const [{ side, size, symbol, price }] = fills;
    const title = isOne ? `${side === "BUY" ? "Bought" : "Sold"} ${size} ${base(symbol)}` : `${fills.length} fills`;
    const markets = [...new Set(fills.map((fill) => base(fill.symbol)))].join(", ");
    notify({ title, text: isOne ? `at ${price}` : markets, tone: "good" });
  }

  return {
    fill(fill) {
      waiting.push(fill);
      timer ??= setTimeout(flush, TOGETHER_MS);
    },
    order(order) {
      const hasEnded = ["CANCELED", "EXPIRED", "REJECTED"].includes(order.status);
      if (!hasEnded || EXPECTED.has(order.reject_code) || order.time_in_force === "IOC" || order.time_in_force === "FOK") return;
      const what = `${order.side === "BUY" ? "Buy" : "Sell"} ${order.leaves_size} ${base(order.symbol)}`;
      notify({ title: `${what} ended`, text: reasonOf(order.reject_code), tone: "warn" });
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
