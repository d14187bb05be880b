// Amounts of USDT as whole micro-USDT: exact, never through a float.

const MICRO = 1_000_000n;

export function micro(text) {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole || 0) * MICRO + BigInt(fraction.padEnd(6, "0").slice(0, 6));
}

export function usdt(amount) {
  const fraction = String(amount % MICRO).padStart(6, "0").replace(/0+$/, "");
  return fraction ? `${amount / MICRO}.${fraction}` : String(amount / MICRO);
}

export const isAmount = (text) => /^\d{1,12}(\.\d{1,6})?$/.test(text) && micro(text) > 0n;
