// The engine's margin arithmetic, formula by formula, on BigInt: brackets, reservation, what a fill
// does to a position, liquidation price, the largest size. Its vectors come from the engine itself.
//
// Prices are half ticks except bid, ask and limits, which are ticks; sizes are lots; money is
// micro-USDT. `terms` is made in positions.js.
import { PPB, abs, ceilDiv, floorDiv, larger, smaller } from "./exact.js";

export const UNBOUNDED = 1n << 200n;
const UNCAPPED_PERCENT = 101n;

export const bracketOf = (notional, brackets) => brackets.find(({ upTo }) => notional <= upTo);

export function maintenanceCeil(notional, brackets) {
  const { maintenancePpb, deduction } = bracketOf(notional, brackets);
  return ceilDiv(notional * maintenancePpb, PPB) - deduction;
}

export const initialCeil = (notional, leverage) => ceilDiv(notional, leverage);
export const feeCeil = (notional, ppb) => ceilDiv(notional * ppb, PPB);

// The last half tick at which equity is below maintenance; null if none is above zero.
export function liquidationOf({ size, cost, collateral }, { unit, brackets }) {
  if (size === 0n) return null;
  const towardsProfit = size > 0n ? 1n : -1n;
  const lotValue = abs(size) * unit;
  const base = collateral - cost;
  const triggers = (at) => {
    const notional = lotValue * at;
    return base + towardsProfit * notional < maintenanceCeil(notional, brackets);
  };
  let price = larger(1n, floorDiv(estimate(size, base, brackets), lotValue));
  while (!triggers(price)) {
    price -= towardsProfit;
    if (price <= 0n) return null;
  }
  while (price + towardsProfit > 0n && triggers(price + towardsProfit)) price += towardsProfit;
  return price;
}

function estimate(size, base, brackets) {
  for (const { upTo, maintenancePpb, deduction } of brackets) {
    const notional =
      size > 0n
        ? floorDiv(-(base + deduction) * PPB, PPB - maintenancePpb)
        : floorDiv((base + deduction) * PPB, PPB + maintenancePpb);
    if (notional <= upTo) return notional;
  }
  return 0n;
}

const uncappedOf = ({ index }) => ceilDiv((index ?? 0n) * UNCAPPED_PERCENT, 100n);
const isFar = ({ ask }, uncapped) => ask !== null && 2n * ask > uncapped;

// What an order can trade at, in half ticks: its limit, or the reference's point within its cap.
function effectiveOf({ isBuy, type, limit }, { bid, ask }) {
  const capped = limit === null ? null : 2n * limit;
  if (type === "MARKET") return null;
  if (type === "LIMIT") return capped;
  if (bid === null || ask === null) return capped;
  const point = { PEG_BID: 2n * bid, PEG_ASK: 2n * ask, PEG_MID: bid + ask }[type];
  if (capped === null) return point;
  return isBuy ? smaller(point, capped) : larger(point, capped);
}

// The half tick at which an order reserves.
export function worstOf(order, prices) {
  const uncapped = uncappedOf(prices);
  if (order.limit !== null && order.isBuy) return 2n * order.limit;
  const worst = order.limit === null ? uncapped : larger(2n * order.limit, uncapped);
  return isFar(prices, uncapped) ? larger(worst, effectiveOf(order, prices) ?? 0n) : worst;
}

// What one side's orders, the youngest first, reserve beside a position.
export function reserveCeil({ orders, isBuy, held, prices, terms }) {
  const own = orders.filter((order) => order.isBuy === isBuy && !order.isReduceOnly);
  const open = own.reduce((lots, order) => lots + order.lots, 0n);
  const opposite = larger(0n, isBuy ? -held.size : held.size);
  let left = open - opposite;
  if (left <= 0n) return 0n;
  const mark = prices.mark ?? prices.index ?? 0n;
  let [value, loss] = [0n, 0n];
  for (const order of own) {
    if (left <= 0n) break;
    const taken = smaller(left, order.lots);
    const worst = worstOf(order, prices);
    loss += larger(0n, isBuy ? worst - mark : mark - worst) * taken;
    value += worst * taken;
    left -= taken;
  }
  const notional = value * terms.unit;
  return initialCeil(notional, held.leverage) + feeCeil(notional, terms.takerPpb) + loss * terms.unit;
}

// What a fill of a whole order at one price leads to, as a taker: the position afterwards, what
// leaves the free balance (negative: comes back), the fee and the gain that becomes real.
export function fillOf({ held, isBuy, lots, price, mark, terms, feePpb = terms.takerPpb }) {
  const { unit } = terms;
  const fee = feeCeil(lots * price * unit, feePpb);
  const signed = isBuy ? lots : -lots;
  const isReducing = held.size !== 0n && held.size > 0n !== isBuy;
  if (!isReducing) return { ...opened(held, signed, { price, mark, unit, fee }), realized: 0n };
  const closed = smaller(lots, abs(held.size));
  const isWhole = closed === lots;
  const first = reduced(held, closed, { price, unit, fee: isWhole ? fee : 0n });
  if (isWhole) return first;
  const rest = isBuy ? lots - closed : closed - lots;
  const second = opened(first.held, rest, { price, mark, unit, fee });
  return { ...second, spent: first.spent + second.spent, realized: first.realized };
}

function opened(held, signed, { price, mark, unit, fee }) {
  const size = held.size + signed;
  const cost = held.cost + signed * price * unit;
  const value = size * mark * unit;
  const equity = held.collateral + value - cost;
  const margin = initialCeil(abs(signed) * price * unit, held.leverage);
  const posted = larger(margin, initialCeil(abs(value), held.leverage) - equity);
  return { held: { ...held, size, cost, collateral: held.collateral + posted }, spent: posted + fee, posted, fee };
}

function reduced(held, closed, { price, unit, fee }) {
  const whole = abs(held.size);
  const isLong = held.size > 0n;
  const cost = (held.cost * closed) / whole;
  const released = (held.collateral * closed) / whole;
  const notional = closed * price * unit;
  const realized = (isLong ? notional : -notional) - cost;
  const paid = smaller(fee, larger(0n, released + realized));
  const credit = released + realized - paid;
  const after = {
    ...held,
    size: held.size - (isLong ? closed : -closed),
    cost: held.cost - cost,
    collateral: held.collateral - released + smaller(0n, credit),
  };
  return { held: after, spent: -larger(0n, credit), posted: 0n, fee: paid, realized };
}

// The first reason for which the engine would not take an order now, as far as an account can
// know: null, or the code, the field at fault and the numbers.
export function refusalOf({ order, orders, held, free, prices, terms }) {
  if (order.isReduceOnly) {
    const isOpposite = held.size !== 0n && held.size > 0n !== order.isBuy;
    return isOpposite ? null : { code: "REDUCE_ONLY_REJECTED", field: "reduce_only" };
  }
  const mine = orders.filter((one) => one.isBuy === order.isBuy);
  const towards = order.isBuy ? held.size : -held.size;
  const reach = towards + mine.reduce((lots, one) => lots + one.lots, 0n) + order.lots;
  if (reach > 0n) {
    if (reach > terms.positionLots) return { code: "POSITION_SIZE_EXCEEDED", field: "size", limit: terms.positionLots };
    if (terms.publishedLots + reach - larger(0n, towards) > terms.interestLots) {
      return { code: "OPEN_INTEREST_EXCEEDED", field: "size", limit: terms.interestLots };
    }
    const notional = reach * (prices.mark ?? prices.index ?? 0n) * terms.unit;
    const most = smaller(terms.maxLeverage, bracketOf(notional, terms.brackets).maxLeverage);
    if (held.leverage > most) return { code: "LEVERAGE_TOO_HIGH", field: "leverage", limit: most };
  }
  const beside = { isBuy: order.isBuy, held, prices, terms };
  const now = reserveCeil({ orders, ...beside });
  const needed = reserveCeil({ orders: [order, ...orders], ...beside }) - now;
  return needed <= larger(0n, free) ? null : { code: "INSUFFICIENT_COLLATERAL", field: "size", needed };
}

// The most lots of an order like this one that the engine would take now; zero where not one.
export function maxLotsOf({ order, held, terms, ...world }) {
  if (order.isReduceOnly) return order.isBuy ? larger(0n, -held.size) : larger(0n, held.size);
  const isTaken = (lots) => refusalOf({ order: { ...order, lots }, held, terms, ...world }) === null;
  let [low, high] = [0n, terms.maxLots + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isTaken(middle)) low = middle;
    else high = middle;
  }
  return low;
}
