// The reference and the tape. The book is dark, so there is none to show: what stands here are the
// outside venues' quotes, the three points at which anything may trade, and one's own orders.
import { element, say } from "./dom.js";
import { countOf, decimalOf, wholeCountOf } from "./exact.js";
import { clockTime, compareDecimals, stepped } from "../notation.js";

const MOST_PRINTS = 60;
const VENUES_OLD_MS = 12_000;
const NO_VALUE = "\u2013";
const UNCROSSED = "bold: the best that counts";
const CROSSED = "they cross: their median counts";

export function attachPrices(root, store, { choosePrice }) {
  const points = new Map();
  for (const button of root.querySelectorAll("[data-point]")) {
    points.set(button.dataset.point, button.querySelector("[data-point-price]"));
    button.addEventListener("click", () => {
      const price = pricesOf(store.values)[button.dataset.point];
      if (price) choosePrice(price, button.dataset.point);
    });
  }
  store.on(["market", "ticker"], (values) => {
    const prices = pricesOf(values);
    const tick = values.market?.tick_size;
    for (const [name, place] of points) {
      const half = name === "mid";
      say(place, prices[name] ? stepped(prices[name], tick, { half }) : NO_VALUE);
    }
  });
  attachLadder(root, store);
  attachOwnOrders(root, store, choosePrice);
  attachTape(root, store);
}

// Bid, ask, and the mid between them, which may be a half tick.
export function pricesOf({ market, ticker }) {
  const { bid, ask } = { ...market, ...ticker };
  if (!market || !bid || !ask) return {};
  const tick = market.tick_size;
  const mid = decimalOf(countOf(bid, tick) + countOf(ask, tick), tick, 2n);
  return { bid, ask, mid };
}

function attachLadder(root, store) {
  const rows = root.querySelector("[data-ladder-rows]");
  setInterval(() => showLadderAge(root, store.values), 1000);
  store.on(["venues", "market"], ({ venues, market }) => {
    if (!venues?.length || !market) return;
    const used = venues.filter((venue) => venue.is_used && venue.bid && venue.ask);
    const best = (field, wanted) =>
      used.reduce((one, { [field]: price }) => (one && compareDecimals(price, one) !== wanted ? one : price), null);
    const [highest, lowest] = [best("bid", 1), best("ask", -1)];
    // Where venues cross, no single quote makes the reference, but the median of all that count.
    const isCrossed = Boolean(highest && lowest) && compareDecimals(highest, lowest) >= 0;
    const [bid, ask] = isCrossed ? [null, null] : [highest, lowest];
    root.querySelector("[data-ladder-rule]")?.replaceChildren(isCrossed ? CROSSED : UNCROSSED);
    rows.replaceChildren(...venues.map((venue) => ladderRow(venue, { bid, ask, tick: market.tick_size })));
    showLadderAge(root, store.values);
  });
}

// The quotes are asked for now and then, while the points below them move at once.
function showLadderAge(root, { venues, venuesAt }) {
  if (!venuesAt) return;
  const ageMs = Date.now() - venuesAt + youngestMs(venues);
  const isOld = ageMs > VENUES_OLD_MS;
  root.querySelector("[data-ladder]").toggleAttribute("data-old", isOld);
  say(root.querySelector("[data-ladder-age]"), isOld ? `Old quotes, of ${clockTime(Date.now() - ageMs)}` : `Quotes ${Math.round(ageMs / 1000)} s old`);
}

// A quote was so old already when it was asked for.
function youngestMs(venues) {
  const ages = (venues ?? []).map((one) => one.age_ms).filter((age) => age !== null && age !== undefined);
  return ages.length ? Math.min(...ages) : 0;
}

const quoteAge = ({ age_ms: ageMs }) => (ageMs === null ? "No quote" : `Quoted ${(ageMs / 1000).toFixed(1)} s before we looked`);

function ladderRow(venue, { bid, ask, tick }) {
  const cell = (price, isBest, side) =>
    element(
      "td",
      { class: `numeric ${side} ${isBest ? "is-best" : ""}`, title: isBest ? `The best ${side === "down" ? "ask" : "bid"} of the venues that count now` : null },
      price ? onTicks(price, tick, side === "down") : NO_VALUE,
      isBest ? element("span", { class: "visually-hidden" }, ", best") : null,
    );
  const name = element("th", { scope: "row" }, venue.name);
  if (!venue.is_used) name.append(element("span", { class: "visually-hidden" }, ", not counted now"));
  return element(
    "tr",
    { class: venue.is_used ? "" : "is-out", title: venue.is_used ? quoteAge(venue) : `${quoteAge(venue)}; not counted now` },
    name,
    cell(venue.bid, venue.is_used && venue.bid === bid, "up"),
    cell(venue.ask, venue.is_used && venue.ask === ask, "down"),
  );
}

// A venue's quote may be finer than our tick: a bid is rounded down to it and an ask up, as for the
// reference itself.
function onTicks(price, tick, isAsk) {
  const ticks = wholeCountOf(price, tick);
  const isExact = countOf(price, tick) !== null;
  return stepped(decimalOf(isAsk && !isExact ? ticks + 1n : ticks, tick), tick);
}

function attachOwnOrders(root, store, choosePrice) {
  const place = root.querySelector("[data-own-orders]");
  store.on(["orders", "market", "ticker"], ({ orders, market, ticker }) => {
    const own = [...orders.values()].filter((order) => order.symbol === market?.symbol && !order.trigger);
    place.hidden = own.length === 0;
    const reach = { ...market, ...ticker };
    const sorted = own.sort((one, other) => compareDecimals(other.limit_price ?? "0", one.limit_price ?? "0"));
    const key = JSON.stringify(sorted.map((order) => [order.id, order.leaves_size, order.limit_price])) + (reach.bid ?? "");
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...sorted.slice(0, 40).map((order) => ownOrder(order, market)));
  });
}

function ownOrder(order, { tick_size: tick, base }) {
  const isBuy = order.side === "BUY";
  const price = order.limit_price ? stepped(order.limit_price, tick) : order.type.replace("_", " ").toLowerCase();
  const text = `${isBuy ? "Buy" : "Sell"} ${order.leaves_size} ${base}`;
  return element("div", { class: "own-order" }, element("span", { class: isBuy ? "up" : "down" }, text), element("span", {}, price));
}

function attachTape(root, store) {
  const place = root.querySelector("[data-tape]");
  const empty = root.querySelector("[data-tape-empty]");
  store.on(["trades", "market"], ({ trades, market }) => {
    empty.hidden = trades.length > 0;
    if (!market) return;
    place.replaceChildren(
      ...trades.slice(0, MOST_PRINTS).map((trade, index) => printRow(trade, trades[index + 1], market)),
    );
  });
}

// The tape keeps the side of a print to itself; the color tells only whether the price rose.
function printRow(trade, before, { tick_size: tick }) {
  const move = before ? compareDecimals(trade.price, before.price) : 0;
  const arrow = move > 0 ? "\u2191" : move < 0 ? "\u2193" : "";
  const price = element("td", { class: `numeric ${move > 0 ? "up" : move < 0 ? "down" : ""}` }, `${arrow} ${stepped(trade.price, tick, { half: true })}`);
  return element(
    "tr",
    {},
    price,
    element("td", { class: "numeric" }, trade.size),
    element("td", { class: "numeric faint" }, clockTime(trade.executed_at).slice(0, 8)),
  );
}
