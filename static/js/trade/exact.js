// Exact arithmetic of the venue's numbers. Decimals come and leave as strings; in between they are
// BigInt counts of a step: half ticks, lots, micro-USDT, parts per billion. No float is in here.

export const PPB = 1_000_000_000n;
export const MICRO = "0.000001";
const DECIMAL = /^[+-]?(\d+)(?:\.(\d+))?$/;

// A decimal as digits and places: "-1.50" is -150 and 2. Null for what is no decimal.
export function digitsOf(decimal) {
  const text = String(decimal).trim().replace("\u2212", "-");
  const found = DECIMAL.exec(text);
  if (!found) return null;
  const [, whole, fraction = ""] = found;
  const digits = BigInt(whole + fraction);
  return { digits: text.startsWith("-") ? -digits : digits, places: fraction.length };
}

// How many steps a decimal is; null where it is none, or lies between two steps.
export function countOf(decimal, step, parts = 1n) {
  const [value, size] = [digitsOf(decimal), digitsOf(step)];
  if (!value || !size || size.digits === 0n) return null;
  const upper = value.digits * 10n ** BigInt(size.places) * parts;
  const lower = size.digits * 10n ** BigInt(value.places);
  return upper % lower === 0n ? upper / lower : null;
}

// The same, rounded towards zero to a whole step.
export function wholeCountOf(decimal, step, parts = 1n) {
  const [value, size] = [digitsOf(decimal), digitsOf(step)];
  if (!value || !size || size.digits === 0n) return null;
  const upper = value.digits * 10n ** BigInt(size.places) * parts;
  return upper / (size.digits * 10n ** BigInt(value.places));
}

// So many steps as a decimal without idle zeros; `parts` says how many make one step.
export function decimalOf(count, step, parts = 1n) {
  const { digits, places } = digitsOf(step);
  const isHalf = parts === 2n;
  return written(count * digits * (isHalf ? 5n : 1n), places + (isHalf ? 1 : 0));
}

export function written(digits, places) {
  const sign = digits < 0n ? "-" : "";
  const text = String(digits < 0n ? -digits : digits).padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places);
  const fraction = places ? text.slice(-places).replace(/0+$/, "") : "";
  return `${sign}${whole}${fraction && "."}${fraction}`;
}

export const microOf = (decimal) => countOf(decimal, MICRO);
export const usdtOf = (micro) => decimalOf(micro, MICRO);
export const ppbOf = (decimal) => countOf(decimal, "0.000000001");

export function floorDiv(upper, lower) {
  const quotient = upper / lower;
  return upper % lower !== 0n && upper < 0n !== lower < 0n ? quotient - 1n : quotient;
}

export const ceilDiv = (upper, lower) => -floorDiv(-upper, lower);
export const abs = (number) => (number < 0n ? -number : number);
export const larger = (one, other) => (one > other ? one : other);
export const smaller = (one, other) => (one < other ? one : other);

// An amount of micro-USDT to cents, towards zero: what a person reads; never what is sent.
export function centsText(micro, places = 2) {
  const cut = abs(micro) / 10n ** BigInt(6 - places);
  const text = String(cut).padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = micro < 0n && cut !== 0n ? "\u2212" : "";
  return places ? `${sign}${whole}.${text.slice(-places)}` : `${sign}${whole}`;
}
