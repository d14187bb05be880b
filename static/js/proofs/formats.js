// What leaves, claims, nodes and roots are made of (docs/PROOFS.md). Sums and sizes are BigInt.

import { fromBase58, fromHex, hmac, join, sha256, tag, u64, whole } from "./bytes.js";

const HEAD = tag("godark:head:v1");
const BODY = tag("godark:body:v1");
const LEAF = tag("godark:leaf:v1");
const NODE = tag("godark:node:v1");
const MARKS = tag("godark:marks:v1");
const CLAIM = tag("godark:claim:v1");
const SUM = tag("godark:sum:v1");
const LARGEST_SUM = (1n << 64n) - 1n;

const headOf = (leaf) => [
  fromBase58(leaf.owner),
  u64(leaf.vault_id),
  u64(leaf.deposits_micro),
  u64(leaf.released_micro),
];

export async function leafHash(leaf, salt) {
  const rows = leaf.positions.map(([market, ...numbers]) =>
    join(whole(market, 2), ...numbers.map((number) => u64(number))),
  );
  const body = [fromHex(salt), u64(leaf.cash_micro), whole(leaf.positions.length, 2), ...rows];
  const halves = [await sha256(HEAD, ...headOf(leaf)), await sha256(BODY, ...body)];
  return sha256(LEAF, ...halves);
}

export const claimHash = (leaf, salt) =>
  sha256(CLAIM, fromHex(salt), ...headOf(leaf), u64(leaf.claim_micro));

export const claimSalt = (saltKey, number) => hmac(fromHex(saltKey), CLAIM, u64(number));

export async function climb(leaf, index, path) {
  let [value, bits] = [leaf, index];
  for (const text of path) {
    const sibling = fromHex(text);
    value = await (bits % 2 ? sha256(NODE, sibling, value) : sha256(NODE, value, sibling));
    bits = Math.floor(bits / 2);
  }
  return value;
}

// The root and the sum that a claim's path leads to; a sum that leaves 64 bits is none.
export async function climbSums(leaf, claim, index, path) {
  let [value, sum, bits] = [leaf, BigInt(claim), index];
  for (const sibling of path) {
    const other = BigInt(sibling.sum_micro);
    const [mine, its] = [join(value, u64(sum)), join(fromHex(sibling.hash), u64(other))];
    value = await (bits % 2 ? sha256(SUM, its, mine) : sha256(SUM, mine, its));
    sum += other;
    if (other < 0n || sum > LARGEST_SUM) throw new Error("The sums of this path leave 64 bits.");
    bits = Math.floor(bits / 2);
  }
  return { hash: value, sum };
}

export const marksRoot = (markets) =>
  sha256(MARKS, ...markets.map((market) => u64(market.mark_half_ticks)));

// What an account can claim at these marks: margin is isolated, so no position takes from the rest.
export function claimOf(state, markets) {
  let [claim, collaterals] = [0n, 0n];
  for (const [number, size, cost, collateral] of state.positions) {
    const market = markets[Number(number)];
    const worth = BigInt(size) * BigInt(market.mark_half_ticks) * BigInt(market.unit_micro);
    const left = BigInt(collateral) + worth - BigInt(cost);
    claim += left > 0n ? left : 0n;
    collaterals += BigInt(collateral);
  }
  claim += BigInt(state.cash_micro) - collaterals;
  return claim > 0n ? claim : 0n;
}
