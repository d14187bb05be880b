// The ticket as an order: what is typed becomes a body for the contract, its preview, and each
// refusal that can be known before sending. Nothing of the page's elements is known here.
import { abs, countOf, decimalOf, larger, microOf, ppbOf, wholeCountOf } from "./exact.js";
import { feeCeil, fillOf, liquidationOf, maxLotsOf, refusalOf, reserveCeil } from "./margin.js";
import { beyondText, isBeyond, priceFault, priceText } from "./position-rules.js";
import { halfTicksOf, heldOf, lotsOf, termsOf } from "./positions.js";
import { explain } from "./failures.js";
import { plainOf } from "../notation.js";

const HUNDRED = 100n;

// What an account can know of a market when it decides: prices, position, own open orders.
export function worldOf({ market, ticker, positions, settings, orders, balance }) {
  if (!market) return null;
  const terms = termsOf(market);
  const told = { ...market, ...ticker };
  const ticks = (price) => (price ? countOf(price, terms.tick) : null);
  const prices = {
    index: halfTicksOf(told.index_price, terms),
    mark: halfTicksOf(told.mark_price, terms),
    bid: ticks(told.bid),
    ask: ticks(told.ask),
  };
  const held = heldOf(positions.get(market.symbol) ?? settings.get(market.symbol), terms);
  const own = [...orders.values()]
    .filter((order) => order.symbol === market.symbol && !order.trigger && order.status !== "PENDING")
    .sort((one, other) => other.created_at - one.created_at || (other.account_sequence ?? 0) - (one.account_sequence ?? 0))
    .map((order) => engineOrder(order, terms));
  return { terms, prices, held, orders: own, free: balance ? microOf(balance.free) : null, state: market.state };
}

function engineOrder(order, terms) {
  return {
    isBuy: order.side === "BUY",
    type: order.type,
    limit: order.limit_price ? countOf(order.limit_price, terms.tick) : null,
    lots: lotsOf(order.leaves_size, terms),
    isReduceOnly: order.reduce_only,
  };
}

// The type that goes to the venue, from the ticket's four kinds.
export const typeOf = ({ kind, peg, then }) => ({ PEG: peg, TRIGGER: then })[kind] ?? kind;
const hasPrice = (fields) => typeOf(fields) !== "MARKET";

export function draftOf(fields, world) {
  const { terms, prices, state } = world;
  const type = typeOf(fields);
  const limit = hasPrice(fields) && fields.limit_price ? countOf(fields.limit_price, terms.tick) : null;
  const isTrigger = fields.kind === "TRIGGER";
  const order = { isBuy: fields.side === "BUY", type, limit, lots: 0n, isReduceOnly: fields.reduce_only || state === "REDUCE_ONLY" };
  const most = maxLotsOf({ order, ...world, free: world.free ?? 0n });
  const price = expectedPrice({ ...order, isTrigger, trigger: halfTicksOf(fields.trigger_price, terms) }, prices);
  const sized = sizeOf(fields, { order, world, most, price });
  return { order: { ...order, lots: sized.lots ?? 0n }, most, price, sized, type, isTrigger };
}

// Where the order would most likely trade: at the mid if its limit admits it, else at its limit.
function expectedPrice({ isBuy, limit, type, isTrigger, trigger }, { bid, ask, mark, index }) {
  if (isTrigger) return limit === null ? trigger : 2n * limit;
  const mid = bid !== null && ask !== null ? bid + ask : (mark ?? index);
  if (mid === null) return limit === null ? null : 2n * limit;
  const point = { PEG_BID: bid === null ? mid : 2n * bid, PEG_ASK: ask === null ? mid : 2n * ask }[type] ?? mid;
  if (limit === null) return point;
  const admits = isBuy ? point <= 2n * limit : point >= 2n * limit;
  return admits ? point : 2n * limit;
}

// The size in lots, from an amount of the base or of USDT, a share of the free balance, or a risk.
function sizeOf(fields, { order, world, most, price }) {
  const { size, unit, risk_stop: stop } = fields;
  const { terms } = world;
  if (!size) return { lots: null, fault: null };
  if (unit === "base") {
    const lots = countOf(size, terms.lot);
    return lots === null ? { lots: null, fault: `Sizes are multiples of ${terms.lot}.` } : { lots, fault: null };
  }
  if (unit === "percent") {
    const share = wholeCountOf(size, "0.01");
    return share === null ? notNumber() : { lots: lotsOfShare(share, { order, world, most }), fault: null };
  }
  const amount = wholeCountOf(size, "0.000001");
  if (amount === null) return notNumber();
  if (price === null || price <= 0n) return { lots: null, fault: "There is no price to reckon with." };
  if (unit === "quote") return { lots: amount / (price * terms.unit), fault: null };
  if (stopFault(fields, price, terms)) return { lots: null, fault: null };
  return { lots: amount / (abs(price - halfTicksOf(stop, terms)) * terms.unit), fault: null };
}

// As much as a share of the free balance carries, fee included; of an order that only reduces, a
// share of the position.
function lotsOfShare(share, { order, world, most }) {
  const whole = HUNDRED * HUNDRED;
  if (order.isReduceOnly) return (most * share) / whole;
  return maxLotsOf({ order, ...world, free: ((world.free ?? 0n) * share) / whole });
}

// A risk is the loss from the entry to the stop, so the stop has to be where the loss is.
function stopFault({ side, risk_stop: stop }, price, terms) {
  if (!stop) return "At which price would you stop?";
  if (priceFault(stop, terms)) return priceFault(stop, terms);
  if (price === null) return "";
  const isLong = side === "BUY";
  const at = halfTicksOf(stop, terms);
  if (isLong ? at < price : at > price) return "";
  return `A ${isLong ? "long" : "short"} stops its loss ${isLong ? "below" : "above"} its entry, near ${priceText(price, terms)}.`;
}

const notNumber = () => ({ lots: null, fault: "This is not a number." });

// Every reason that can be known now, by field. Empty where the venue is expected to say yes.
export function faultsOf(fields, draft, world) {
  const { terms, prices, state } = world;
  const faults = {};
  const add = (field, sentence) => (faults[field] ??= sentence);
  const needsTick = (field, price) => {
    const sentence = priceFault(price, terms);
    if (sentence) add(field, sentence);
  };
  if (hasPrice(fields)) needsTick("limit_price", fields.limit_price);
  if (draft.type === "LIMIT" && !fields.limit_price) add("limit_price", "A limit order needs a price.");
  if (draft.isTrigger) {
    needsTick("trigger_price", fields.trigger_price);
    if (!fields.trigger_price) add("trigger_price", "At which mark?");
  }
  if (draft.sized.fault) add("size", draft.sized.fault);
  const risky = fields.unit === "risk" && stopFault(fields, draft.price, terms);
  if (risky) add("risk_stop", risky);
  const { lots } = draft.order;
  if (!fields.size) add("size", "How much?");
  else if (draft.sized.lots !== null && lots < terms.minLots) add("size", `At least ${decimalOf(terms.minLots, terms.lot)}.`);
  else if (lots > terms.maxLots) add("size", `At most ${decimalOf(terms.maxLots, terms.lot)} in one order.`);
  timeFaults(fields, add);
  minimumFaults(fields, lots, terms, add);
  if (fields.protects) protectionFaults(fields, draft, prices, needsTick, add);
  if (["CANCEL_ONLY", "HALTED", "DELISTED"].includes(state)) add("size", explain("MARKET_CLOSED"));
  if (!draft.isTrigger && isImmediate(fields) && prices.bid === null) add("size", explain("NO_REFERENCE_PRICE"));
  if (!Object.keys(faults).length && !draft.isTrigger && world.free !== null) riskFault(fields, draft, world, add);
  return faults;
}

const isImmediate = (fields) => ["IOC", "FOK"].includes(fields.time_in_force);

function timeFaults(fields, add) {
  if (fields.time_in_force !== "GTD") return;
  const at = Date.parse(`${fields.expires_at}Z`);
  if (Number.isNaN(at)) add("expires_at", "Until when, in UTC?");
  else if (at <= Date.now()) add("expires_at", "That moment has passed.");
}

function minimumFaults({ min_quantity: least }, lots, terms, add) {
  if (!least) return;
  const count = countOf(least, terms.lot);
  if (count === null || count <= 0n) add("min_quantity", `A multiple of ${terms.lot}, above zero.`);
  else if (count > lots) add("min_quantity", "Not more than the size.");
}

function protectionFaults(fields, { order, price }, prices, needsTick, add) {
  needsTick("take_profit", fields.tp_trigger);
  needsTick("take_profit", fields.tp_limit);
  needsTick("stop_loss", fields.sl_trigger);
  needsTick("stop_loss", fields.sl_limit);
  if (!fields.tp_trigger && !fields.sl_trigger) add("take_profit", "Give at least one of the two.");
  if (!price) return;
  const at = (text) => (text ? halfTicksOf(text, fields.terms) : null);
  const [profit, loss] = [at(fields.tp_trigger), at(fields.sl_trigger)];
  if (profit !== null && profit > price !== order.isBuy) add("take_profit", `A ${order.isBuy ? "long" : "short"} takes profit ${order.isBuy ? "above" : "below"} its entry.`);
  if (loss !== null && loss < price !== order.isBuy) add("stop_loss", `A ${order.isBuy ? "long" : "short"} stops its loss ${order.isBuy ? "below" : "above"} its entry.`);
}

// What the venue would take and a person may not mean, by field. It is told, and holds nothing back.
export function warningsOf(fields, draft, { terms, prices }, preview) {
  const warnings = {};
  if (draft.isTrigger && firesNow(fields, prices, terms)) warnings.trigger_price = `The mark is at ${priceText(prices.mark, terms)} already: this fires at once.`;
  const stops = { stop_loss: fields.protects && fields.sl_trigger, risk_stop: fields.unit === "risk" && fields.risk_stop };
  if (preview && preview.liquidation !== null && preview.after.size > 0n === draft.order.isBuy) {
    const held = { size: preview.after.size, liquidation: preview.liquidation };
    for (const [field, stop] of Object.entries(stops)) {
      if (stop && isBeyond(halfTicksOf(stop, terms), held)) warnings[field] = beyondText(preview.liquidation, terms);
    }
  }
  return warnings;
}

// A stop to buy and a take-profit to sell fire at a mark at or above their price, the others below.
function firesNow({ side, trigger, trigger_price: price }, { mark }, terms) {
  const at = halfTicksOf(price, terms);
  if (at === null || mark === null) return false;
  return (side === "BUY") === (trigger === "STOP") ? mark >= at : mark <= at;
}

// What lacks only money waits where a deposit is authorized, as the venue lets it.
const mayWait = (fields, { order }) => !isImmediate(fields) && !order.isReduceOnly;

function riskFault(fields, draft, world, add) {
  const found = refusalOf({ ...world, order: draft.order });
  if (!found) return;
  draft.lacksMoney = found.code === "INSUFFICIENT_COLLATERAL" && mayWait(fields, draft);
  if (draft.lacksMoney && world.authorized > 0n) return;
  const { terms } = world;
  const { field, limit, needed } = found;
  const code = found.code === "REDUCE_ONLY_REJECTED" && world.state === "REDUCE_ONLY" ? "MARKET_REDUCE_ONLY" : found.code;
  const told = { needed: needed && `It needs ${decimalOf(needed, "0.000001")} USDT.`, limit: limit && (field === "size" ? `The limit is ${decimalOf(limit, terms.lot)}.` : `The most is ${limit}x.`) };
  add(field === "reduce_only" ? "size" : field === "leverage" ? "size" : field, [explain(code), told.needed, told.limit].filter(Boolean).join(" "));
}

export function previewOf(draft, world) {
  const { order, price, isTrigger } = draft;
  const { terms, prices, held, orders } = world;
  if (order.lots <= 0n || price === null || price <= 0n) return null;
  const beside = { isBuy: order.isBuy, held, prices, terms };
  const margin = isTrigger ? 0n : larger(0n, reserveCeil({ orders: [order, ...orders], ...beside }) - reserveCeil({ orders, ...beside }));
  const value = order.lots * price * terms.unit;
  const mark = prices.mark ?? prices.index ?? price;
  const isOpposite = held.size !== 0n && held.size > 0n !== order.isBuy;
  const lots = order.isReduceOnly ? (isOpposite ? (order.lots < abs(held.size) ? order.lots : abs(held.size)) : 0n) : order.lots;
  const after = lots > 0n ? fillOf({ held, isBuy: order.isBuy, lots, price, mark, terms }).held : held;
  const liquidation = after.size === 0n ? null : liquidationOf(after, terms);
  return {
    value,
    margin,
    takerFee: feeCeil(value, terms.takerPpb),
    makerRebate: (value * -terms.makerPpb) / 1_000_000_000n,
    after,
    liquidation,
    distanceBp: liquidation === null || !mark ? null : (abs(liquidation - mark) * 10_000n) / mark,
    notionalAfter: abs(after.size) * mark * terms.unit,
  };
}

// What longs pay in an hour at the rate as it stands, as the account's own gain or loss.
export function fundingOf({ size }, { terms, prices }, rate) {
  if (!rate || size === 0n || prices.index === null) return null;
  return (-size * prices.index * terms.unit * ppbOf(rate)) / 1_000_000_000n;
}

// The body of POST /orders; only what differs from the venue's own defaults is said.
export function bodyOf(fields, draft, { symbol, terms, held, clientOrderId }) {
  const body = {
    symbol,
    side: fields.side,
    type: draft.type,
    size: decimalOf(draft.order.lots, terms.lot),
    time_in_force: fields.time_in_force,
    leverage: Number(held.leverage),
    client_order_id: clientOrderId,
  };
  if (hasPrice(fields) && fields.limit_price) body.limit_price = plainOf(fields.limit_price);
  if (draft.isTrigger) Object.assign(body, { trigger: fields.trigger, trigger_price: plainOf(fields.trigger_price) });
  if (fields.time_in_force === "GTD") body.expires_at = Date.parse(`${fields.expires_at}Z`);
  for (const flag of ["post_only", "reduce_only", "all_or_none", "nbbo_protection"]) if (fields[flag]) body[flag] = true;
  if (fields.min_quantity) Object.assign(body, { min_quantity: plainOf(fields.min_quantity), min_quantity_mode: fields.min_quantity_mode });
  if (fields.stp !== "EXPIRE_TAKER") body.stp = fields.stp;
  const leg = (trigger, limit) => ({ trigger_price: plainOf(trigger), ...(limit ? { limit_price: plainOf(limit) } : {}) });
  if (fields.protects && fields.tp_trigger) body.take_profit = leg(fields.tp_trigger, fields.tp_limit);
  if (fields.protects && fields.sl_trigger) body.stop_loss = leg(fields.sl_trigger, fields.sl_limit);
  return body;
}
