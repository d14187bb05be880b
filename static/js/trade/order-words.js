// What has become of an order, in a sentence for whoever has just sent it.
import { explain } from "./failures.js";
import { grouped } from "../notation.js";

// For these reasons only what has fired already ends.
const AFTER_FIRING = new Set(["UNFILLED_REMAINDER", "WOULD_NOT_FILL", "SELF_TRADE", "BELOW_MINIMUM", "FILL_WORSENS_POSITION"]);

export function outcomeOf(order) {
  const { sentence, tone } = (OUTCOMES[order.status] ?? ended)(order);
  return { sentence: hasFired(order) ? `Triggered. ${sentence}` : sentence, tone };
}

const OUTCOMES = {
  FILLED: ({ average_price: price }) => ({ sentence: `Filled at ${grouped(price)}.`, tone: "good" }),
  OPEN: () => ({ sentence: "Resting in the dark.", tone: "good" }),
  PARTIALLY_FILLED: ({ filled_size: filled }) => ({ sentence: `Filled ${grouped(filled)}, the rest is resting.`, tone: "good" }),
  PENDING: pending,
};

function pending({ trigger, account_sequence: sequence }) {
  if (trigger) return { sentence: "Waiting for its trigger.", tone: "good" };
  return { sentence: sequence ? "Waiting for your deposit." : "Sent; the venue has not answered yet.", tone: "good" };
}

function ended({ status, filled_size: filled, size, average_price: price, reject_code: code }) {
  const isNone = /^0(\.0+)?$/.test(filled);
  const what = isNone ? (status === "REJECTED" ? "Not taken." : "Ended with nothing filled.") : `Filled ${grouped(filled)} of ${grouped(size)} at ${grouped(price)}; the rest has ended.`;
  return { sentence: code ? `${what} ${explain(code)}` : what, tone: status === "REJECTED" ? "bad" : "" };
}

function hasFired({ trigger, status, filled_size: filled, reject_code: code }) {
  if (!trigger || status === "PENDING") return false;
  return !["CANCELED", "EXPIRED"].includes(status) || !/^0(\.0+)?$/.test(filled) || AFTER_FIRING.has(code);
}
