// What can be known to be wrong with a change of a position before it is sent, by field, and what is
// worth a warning. Nothing of the page's elements is known here.
//
// `held` is { size, collateral, equity, notional, leverage, liquidation } in integers, as of now; `mark` and
// `liquidation` are half ticks or null.
import { abs, centsText, countOf, decimalOf, digitsOf, larger, microOf, smaller } from "./exact.js";
import { explain } from "./failures.js";
import { bracketOf, initialCeil } from "./margin.js";
import { grouped } from "../notation.js";

const NOBODY = "Nobody's order in the dark met it. Try again, or close with a price, which rests.";

export const priceText = (halfTicks, { tick }) => grouped(decimalOf(halfTicks, tick, 2n));
const usdt = (micro) => `${centsText(micro)} USDT`;
const sideOf = (isLong) => (isLong ? "long" : "short");

// Why a text is no price of this market; empty where it is one, or nothing was typed.
export function priceFault(text, { tick }) {
  if (!text) return "";
  if (!digitsOf(text)) return "This is not a number.";
  const ticks = countOf(text, tick);
  return ticks === null || ticks <= 0n ? `Prices are multiples of ${tick}, above zero.` : "";
}

// Whether the liquidation comes before a stop does.
export function isBeyond(stop, { size, liquidation }) {
  if (stop === null || liquidation === null || size === 0n) return false;
  return size > 0n ? stop <= liquidation : stop >= liquidation;
}

export const beyondText = (liquidation, terms) => `The position would be liquidated at ${priceText(liquidation, terms)}, before this stop.`;

export function protectFaults({ tp_trigger: profit, tp_limit: profitLimit, sl_trigger: loss, sl_limit: lossLimit }, { held, mark, terms, waiting = {} }) {
  const isLong = held.size > 0n;
  // One that is set already may have been crossed, and waits for somebody to trade with.
  const side = (trigger, isAbove, does, set) => {
    if (!trigger || mark === null || trigger === set) return "";
    const at = countOf(trigger, terms.tick, 2n);
    return (isAbove ? at > mark : at < mark) ? "" : `A ${sideOf(isLong)} ${does} ${isAbove ? "above" : "below"} the mark, which is at ${priceText(mark, terms)}: this would fire at once.`;
  };
  const lone = (trigger, limit) => (limit && !trigger ? "A limit needs the mark at which it is sent." : "");
  return told({
    take_profit: priceFault(profit, terms) || priceFault(profitLimit, terms) || lone(profit, profitLimit) || side(profit, isLong, "takes profit", waiting.take_profit),
    stop_loss: priceFault(loss, terms) || priceFault(lossLimit, terms) || lone(loss, lossLimit) || side(loss, !isLong, "stops its loss", waiting.stop_loss),
  });
}

export function protectWarnings({ sl_trigger: loss }, { held, terms }) {
  const stop = loss ? countOf(loss, terms.tick, 2n) : null;
  return told({ stop_loss: isBeyond(stop, held) ? beyondText(held.liquidation, terms) : "" });
}

// What may leave: as far as collateral and equity stay above the initial margin.
export function removableOf({ collateral, equity, notional, leverage }, { brackets }) {
  const most = smaller(leverage, bracketOf(notional, brackets).maxLeverage);
  return larger(0n, smaller(collateral, equity) - initialCeil(notional, most));
}

export function marginFaults({ amount, way }, { held, free, terms }) {
  if (!amount) return { amount: "How much?" };
  const micro = microOf(amount);
  if (micro === null || micro <= 0n) return { amount: "An amount above zero, with at most six decimals." };
  const most = way === "out" ? removableOf(held, terms) : free;
  if (micro <= most) return {};
  return { amount: way === "out" ? `At most ${usdt(most)} can be taken out: the rest is the initial margin.` : `Your free balance is ${usdt(most)}. Add less, or deposit.` };
}

export function closeFaults({ close_size: size, close_price: price }, { held, terms }) {
  const lots = countOf(size, terms.lot);
  const most = abs(held.size);
  const sized = () => {
    if (!size) return "How much?";
    if (!digitsOf(size)) return "This is not a number.";
    if (lots === null || lots <= 0n) return `Sizes are multiples of ${terms.lot}, above zero.`;
    return lots > most ? `The position holds ${decimalOf(most, terms.lot)}.` : "";
  };
  return told({ size: sized(), limit_price: priceFault(price, terms) });
}

const told = (sentences) => Object.fromEntries(Object.entries(sentences).filter(([, sentence]) => sentence));

// How a close has ended, or goes on: what was filled, and why not the rest.
export function closeWords({ status, filled_size: filled, size, average_price: price, reject_code: code }) {
  const at = price ? ` at ${grouped(price)}` : "";
  if (status === "FILLED") return { title: `Closed${at}`, tone: "good" };
  if (status === "OPEN") return { title: "The close is resting", text: "It is among your open orders." };
  if (status === "PENDING") return { title: "The close is sent", text: "The venue has not answered yet." };
  if (status === "PARTIALLY_FILLED") return { title: `Closed ${filled} of ${size}${at}`, text: "The rest is resting.", tone: "good" };
  const isNone = /^0(\.0+)?$/.test(filled);
  return {
    title: isNone ? "Nothing was closed" : `Closed ${filled} of ${size}${at}`,
    text: isNone && code === "UNFILLED_REMAINDER" ? NOBODY : explain(code),
    tone: "warn",
  };
}
