// What a person sees of the connection: its state, how old the prices are, how far the clocks are
// apart. And what the venue says of itself.
import { say } from "./dom.js";
import { clockTime } from "../notation.js";

const SKEW_SHOWN_MS = 1_000;
const SENTENCES = {
  4401: "Your session has ended. Reload the page and log in again.",
  4429: "Too many connections of yours are open. Close another tab.",
};
const LOST_FOR_LONG_MS = 3_000;
const LOST = [
  "Connection lost, trying again. What was filled, canceled or liquidated since is not known here; prices are old.",
  "Orders that rest stay and may be filled; only cancel-all-after, if you armed it by API, cancels them.",
  "Check your network, then reload; what you send goes another way and may still arrive.",
].join(" ");

export function attachConnection(root, store) {
  const place = root.querySelector("[data-connection]");
  const words = root.querySelector("[data-connection-text]");
  const freshness = root.querySelector("[data-freshness]");
  const skew = root.querySelector("[data-skew]");
  const alarm = root.querySelector("[data-alarm]");

  store.on(["connection", "old"], (values) => {
    const { connection, isLive } = values;
    place.dataset.state = isLive ? "live" : connection.state === "connecting" ? "connecting" : "lost";
    say(words, isLive ? "Live" : connection.wasLive ? "Connection lost, reconnecting" : "Connecting");
    say(freshness, freshnessOf(values));
    const apart = connection.skewMs ?? 0;
    skew.hidden = Math.abs(apart) < SKEW_SHOWN_MS;
    say(skew, `Your clock is ${(Math.abs(apart) / 1000).toFixed(1)} s ${apart > 0 ? "ahead" : "behind"}`);
  });
  store.on(["connection", "status", "market", "old"], (values) => {
    const sentence = alarmOf(values);
    alarm.hidden = !sentence;
    say(alarm, sentence);
  });
  setInterval(() => store.touch("connection"), 1000);
}

function freshnessOf({ connection: { tripMs }, old, pricedAt, symbol }) {
  if (old.has(symbol)) return pricedAt.has(symbol) ? `Prices are from ${clockTime(pricedAt.get(symbol))}` : "";
  return tripMs === undefined ? "" : `${Math.max(1, Math.round(tripMs))} ms there and back`;
}

function alarmOf({ connection, isLive, status, market, old, pricedAt, symbol }) {
  if (!isLive && SENTENCES[connection.code]) return SENTENCES[connection.code];
  if (!isLive && connection.wasLive && lastedMs(connection, pricedAt.get(symbol)) > LOST_FOR_LONG_MS) return LOST;
  if (status?.pause_level > 0) {
    const until = status.resumes_at ? ` until ${clockTime(status.resumes_at)}` : "";
    return `The venue is paused (level ${status.pause_level})${until}. ${status.reason ?? ""}`.trim();
  }
  if (market && market.state !== "ACTIVE") return STATES[market.state] + because(market);
  if (isLive && old.has(symbol) && pricedAt.has(symbol)) {
    return `No price of this market has come since ${clockTime(pricedAt.get(symbol))}: the venue has none, or your line is down. What you see is old; the venue trades at no old price.`;
  }
  return "";
}

// A line may be dead for a while before the browser says so: the last price tells better.
const lastedMs = ({ lostAt }, pricedAt) => Date.now() - Math.min(lostAt, pricedAt ?? lostAt);

const because = ({ state_reason: reason }) => (reason ? ` ${reason}` : "");

const STATES = {
  POST_ONLY: "This market opens in a moment: orders may rest, nothing trades yet.",
  REDUCE_ONLY: "This market only reduces: what would raise a position is not taken.",
  CANCEL_ONLY: "This market takes no orders now; canceling works.",
  HALTED: "This market is halted: nothing trades, and marks, funding and triggers stand still.",
  DELISTED: "This market is delisted.",
};
