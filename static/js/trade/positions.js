// A market's terms and a position's worth as integers: half ticks, lots, micro-USDT.
import { abs, countOf, microOf, ppbOf } from "./exact.js";
import { UNBOUNDED, initialCeil, maintenanceCeil } from "./margin.js";

const remembered = new WeakMap();

// `unit` is what a half tick of a lot is worth.
export function termsOf(market) {
  const known = remembered.get(market);
  if (known) return known;
  const { tick_size: tick, lot_size: lot } = market;
  const worth = countOf(tick, "0.000000000000000001") * countOf(lot, "0.000000000000000001");
  const terms = {
    tick,
    lot,
    unit: worth / (2n * 10n ** 30n),
    takerPpb: ppbOf(market.fees.taker),
    makerPpb: ppbOf(market.fees.maker),
    maxLeverage: BigInt(market.max_leverage),
    minLots: countOf(market.min_size, lot),
    maxLots: countOf(market.max_size, lot),
    positionLots: countOf(market.position_limit, lot),
    interestLots: countOf(market.open_interest_limit, lot),
    publishedLots: countOf(market.open_interest ?? "0", lot) ?? 0n,
    brackets: market.brackets.map((bracket) => ({
      upTo: bracket.notional_up_to === null ? UNBOUNDED : microOf(bracket.notional_up_to),
      maxLeverage: BigInt(bracket.max_leverage),
      maintenancePpb: ppbOf(bracket.maintenance_margin_rate),
      deduction: microOf(bracket.deduction),
    })),
  };
  remembered.set(market, terms);
  return terms;
}

export const halfTicksOf = (price, { tick }) => (price ? countOf(price, tick, 2n) : null);
export const lotsOf = (size, { lot }) => countOf(size, lot);

// Size, cost, collateral and leverage as the engine keeps them. What it cost follows exactly from
// the gain that the venue told at the mark that it told it for.
export function heldOf(position, terms) {
  if (!position) return { size: 0n, cost: 0n, collateral: 0n, leverage: 10n };
  const size = lotsOf(position.size, terms) ?? 0n;
  const leverage = BigInt(position.leverage);
  const collateral = microOf(position.collateral) ?? 0n;
  if (size === 0n) return { size, cost: 0n, collateral: 0n, leverage };
  const mark = halfTicksOf(position.mark_price, terms);
  if (mark !== null) {
    const cost = size * mark * terms.unit - microOf(position.unrealized_pnl);
    return { size, cost, collateral, leverage };
  }
  const entry = countOf(position.entry_price, terms.tick, 20_000n) ?? 0n;
  return { size, cost: (size * entry * terms.unit) / 10_000n, collateral, leverage };
}

// The newest mark told of a market: the open one's own ticker comes more often than all together.
export const newestMark = ({ ticker, tickers, symbol: own }, symbol) => (symbol === own && ticker ? ticker : tickers.get(symbol))?.mark_price;

// What a position is worth at a mark.
export function valueOf(position, terms, markPrice) {
  const held = heldOf(position, terms);
  const mark = halfTicksOf(markPrice, terms);
  if (mark === null || held.size === 0n) return null;
  const value = held.size * mark * terms.unit;
  const notional = abs(value);
  const unrealized = value - held.cost;
  const equity = held.collateral + unrealized;
  const maintenance = maintenanceCeil(notional, terms.brackets);
  return {
    ...held,
    notional,
    unrealized,
    equity,
    maintenance,
    initial: initialCeil(notional, held.leverage),
    ratioBp: maintenance > 0n ? (equity * 10_000n) / maintenance : null,
    usedBp: equity > 0n ? (maintenance * 10_000n) / equity : 10_000n,
    shareBp: held.collateral > 0n ? (unrealized * 10_000n) / held.collateral : 0n,
  };
}
