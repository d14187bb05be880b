// Own orders, entry, liquidation and protection as lines across the chart; a line that lies off the
// scale is told at the edge beyond which it lies. A pegged order stands where it would trade now.
import * as charts from "../../vendor/lightweight-charts/lightweight-charts.js";
import { typeText } from "./columns.js";
import { element } from "./dom.js";
import { decimalOf, wholeCountOf } from "./exact.js";
import { liquidationOf } from "./margin.js";
import { heldOf, termsOf } from "./positions.js";
import { pricesOf } from "./prices.js";
import { compareDecimals, stepped } from "../notation.js";

const INK = { text: "#8a9494", up: "#4cc9a6", down: "#ff8270", warn: "#f0b45c" };
const MARGIN_PX = 6;

export function attachLines({ box, chart, series, store, isWanted }) {
  const edges = Object.fromEntries(["above", "below"].map((side) => [side, element("div", { class: "chart-edges", "data-edge": side, "aria-hidden": "true" })]));
  box.append(edges.above, edges.below);
  const view = { chart, series, edges, drawn: new Map(), key: "" };
  const show = () => {
    const lines = isWanted() ? linesOf(store.values) : new Map();
    draw(view, lines);
    showEdges(view, lines, store.values);
  };
  store.on(["orders", "positions", "market", "ticker", "trades"], show);
  chart.timeScale().subscribeVisibleLogicalRangeChange(() => requestAnimationFrame(show));
  return { show };
}

// Only what has changed is drawn anew; a line that only moved is moved.
function draw({ series, drawn }, lines) {
  for (const [name, { line, title, color }] of drawn) {
    const wanted = lines.get(name);
    if (wanted?.title === title && wanted.color === color) continue;
    series.removePriceLine(line);
    drawn.delete(name);
  }
  for (const [name, { price, color, title }] of lines) {
    const known = drawn.get(name);
    if (known?.price === price) continue;
    if (known) known.line.applyOptions({ price: Number(price) });
    const lineStyle = name.startsWith("order") ? charts.LineStyle.Dashed : charts.LineStyle.Solid;
    const line = known?.line ?? series.createPriceLine({ price: Number(price), color, title, lineStyle, lineWidth: 1, axisLabelVisible: true });
    drawn.set(name, { line, price, title, color });
  }
}

// What matters most is told by its name; of orders the nearest, and how many lie beyond it.
function showEdges(view, lines, { market, ticker }) {
  const { chart, series, edges } = view;
  const height = chart.panes()[0].getHeight();
  const beyond = { above: [], below: [] };
  for (const [name, line] of lines) {
    const place = series.priceToCoordinate(Number(line.price));
    if (place !== null && place >= 0 && place <= height) continue;
    // Before there is a candle there is no scale: a line lies above or below the mark then.
    const isAbove = place === null ? compareDecimals(line.price, ticker?.mark_price ?? line.price) > 0 : place < 0;
    beyond[isAbove ? "above" : "below"].push({ ...line, isOrder: name.startsWith("order ") && !line.isLeg });
  }
  const key = JSON.stringify([beyond, market?.tick_size]);
  if (view.key === key) return;
  view.key = key;
  for (const [side, place] of Object.entries(edges)) {
    if (side === "below") place.style.bottom = `${chart.timeScale().height() + MARGIN_PX}px`;
    place.replaceChildren(...edgesOf(beyond[side], side).map((edge) => edgeOf(edge, side, market)));
  }
}

function edgesOf(lines, side) {
  const nearest = side === "above" ? 1 : -1;
  const sorted = lines.sort((one, other) => nearest * compareDecimals(one.price, other.price));
  const orders = sorted.filter(({ isOrder }) => isOrder);
  const kept = sorted.filter((line) => !line.isOrder || line === orders[0]).map((line) => (line.isOrder ? { ...line, more: orders.length - 1 } : line));
  return side === "above" ? kept.reverse() : kept;
}

function edgeOf({ title, price, color, more }, side, market) {
  const arrow = side === "above" ? "\u2191" : "\u2193";
  const made = element("span", { class: "chart-edge" }, `${arrow} ${title} ${stepped(price, market.tick_size, { half: true })}${more ? ` and ${more} more` : ""}`);
  made.style.color = color;
  return made;
}

function linesOf(values) {
  const { orders, positions, market } = values;
  const lines = new Map();
  if (!market) return lines;
  const add = (name, price, color, title, isLeg = false) => price && lines.set(name, { price, color, title, isLeg });
  for (const order of orders.values()) {
    if (order.symbol !== market.symbol) continue;
    const isBuy = order.side === "BUY";
    const { price, prefix } = placeOf(order, values);
    add(`order ${order.id}`, price, isBuy ? INK.up : INK.down, `${prefix}${isBuy ? "Buy" : "Sell"} ${order.leaves_size}`);
  }
  const position = positions.get(market.symbol);
  if (!position) return lines;
  const terms = termsOf(market);
  const liquidation = liquidationOf(heldOf(position, terms), terms);
  // A mean price is finer than any tick; a person reads it to the half tick.
  add("entry", decimalOf(wholeCountOf(position.entry_price, market.tick_size, 2n), market.tick_size, 2n), INK.text, "Entry");
  add("liquidation", liquidation && decimalOf(liquidation, market.tick_size, 2n), INK.warn, "Liquidation");
  add("order tp", position.take_profit?.trigger_price, INK.up, "Take profit", true);
  add("order sl", position.stop_loss?.trigger_price, INK.down, "Stop loss", true);
  return lines;
}

// Where an order would act, and what kind of one it is.
function placeOf(order, values) {
  if (order.trigger) return { price: order.trigger_price, prefix: order.trigger === "STOP" ? "Stop " : "TP " };
  if (!order.type.startsWith("PEG")) return { price: order.limit_price, prefix: "" };
  const { limit_price: cap, side, type } = order;
  const followed = pricesOf(values)[type.slice(4).toLowerCase()] ?? null;
  const isAtCap = Boolean(cap) && (!followed || compareDecimals(followed, cap) === (side === "BUY" ? 1 : -1));
  return { price: isAtCap ? cap : followed, prefix: `${typeText({ type })}${isAtCap ? " at its cap" : ""} ` };
}
