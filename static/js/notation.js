// Decimals as people read them. They come and stay as strings: nothing is rounded through a float.

export function grouped(decimal) {
  const [whole, fraction] = decimal.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;

// What somebody typed as the venue writes it: thousands in whole groups lose their commas. Any other
// comma stays, and is no number: "0,01" must never become 1.
export function plainOf(typed) {
  const text = typed.trim();
  return GROUPED.test(text) ? text.replaceAll(",", "") : text;
}

// A price with as many decimals as its step has, or the half of its step: on a step of "0.01",
// "97112.5" is "97,112.50", and index and mark, which lie on half steps, are "97,112.500".
export function stepped(decimal, step, { half = false } = {}) {
  const [, decimals = ""] = step.split(".");
  const isOdd = Number(step.at(-1)) % 2 === 1;
  const places = decimals.length + (half && isOdd ? 1 : 0);
  const [whole, fraction = ""] = decimal.split(".");
  return grouped(places ? `${whole}.${fraction.padEnd(places, "0")}` : whole);
}

// A fraction as a percentage with its sign and at least `places` decimals: "-0.000125" is
// "−0.0125%".
export function signedPercent(fraction, places = 4) {
  const isNegative = fraction.startsWith("-");
  const [whole, decimals = ""] = fraction.replace(/^[+-]/, "").split(".");
  const digits = decimals.padEnd(places + 2, "0");
  const shifted = `${whole}${digits.slice(0, 2)}`.replace(/^0+(?=\d)/, "");
  const rest = digits.slice(2).replace(/0+$/, "").padEnd(places, "0");
  const isZero = /^0*$/.test(shifted + rest);
  const sign = isZero ? "" : isNegative ? "\u2212" : "+";
  return `${sign}${shifted}.${rest}%`;
}

// -1, 0 or 1: which of two decimal strings is greater, exactly.
export function compareDecimals(left, right) {
  const [a, b] = [parts(left), parts(right)];
  if (a.sign !== b.sign) return a.sign < b.sign ? -1 : 1;
  const places = Math.max(a.fraction.length, b.fraction.length);
  const [x, y] = [a, b].map(({ whole, fraction }) => BigInt(whole + fraction.padEnd(places, "0")));
  return x === y ? 0 : (x < y ? -1 : 1) * a.sign;
}

export function clockTime(milliseconds) {
  return `${new Date(milliseconds).toISOString().slice(11, 19)} UTC`;
}

function parts(decimal) {
  const [whole, fraction = ""] = decimal.replace(/^[+-]/, "").split(".");
  const isZero = /^0*$/.test(whole + fraction);
  return { sign: decimal.startsWith("-") && !isZero ? -1 : 1, whole, fraction };
}
