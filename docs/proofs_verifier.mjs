// A second implementation of docs/PROOFS.md, written from that page alone. It needs node and nothing else.
//
//   node docs/proofs_verifier.mjs vectors docs/PROOFS.md     the page's own test vectors
//   node docs/proofs_verifier.mjs receipt RECEIPT.json KEY   a receipt against the venue's public key (hex)
//   node docs/proofs_verifier.mjs proof PROOF.json           what GET /proofs/account gave; look its roots up on chain
//
// Money is micro-USDT in BigInt; hashes are Buffers of 32 bytes. Exits with 1 when something does not hold.
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const EMPTY = Buffer.alloc(32);
const U64_MAX = (1n << 64n) - 1n;

const tag = (name) => Buffer.concat([Buffer.from(name, "ascii"), Buffer.alloc(16)]).subarray(0, 16);
const unsigned = (value, size) => {
  const bytes = Buffer.alloc(size);
  for (let rest = BigInt(value), at = 0; at < size; at += 1, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
};
const u16 = (value) => unsigned(value, 2);
const u32 = (value) => unsigned(value, 4);
const u64 = (value) => unsigned(value, 8);
const i64 = (value) => unsigned(BigInt.asUintN(64, BigInt(value)), 8);
export const sha256 = (...fields) => createHash("sha256").update(Buffer.concat(fields)).digest();
const hash = (name, ...fields) => sha256(tag(`godark:${name}:v1`), ...fields);
const derived = (key, name, ...fields) =>
  createHmac("sha256", key).update(Buffer.concat([tag(`godark:${name}:v1`), ...fields])).digest();

export const ownerKey = (master, owner) => derived(master, "salt", owner);
export const leafSalt = (key, change) => derived(key, "salt", u64(change));
export const claimSalt = (key, number) => derived(key, "claim", u64(number));
export const orderSecret = (master, number) => derived(master, "order", u64(number));

const totals = ({ vault, deposits, released }) => [u64(vault), u64(deposits), u64(released)];
export const head = (leaf) => hash("head", leaf.owner, ...totals(leaf));
export const body = ({ salt, cash, positions }) =>
  hash("body", salt, i64(cash), u16(positions.length),
    ...positions.flatMap(([market, size, cost, collateral]) => [u16(market), i64(size), i64(cost), i64(collateral)]));
export const leafHash = (leaf) => hash("leaf", head(leaf), body(leaf));
export const node = (left, right) => hash("node", left, right);
export const marksRoot = (marks) => hash("marks", ...marks.map(u64));
export const tradeHash = ({ id, market, price, size, at }) =>
  hash("trade", id, u16(market), u64(price), u64(size), i64(at));
export const claimHash = (claim) => hash("claim", claim.salt, claim.owner, ...totals(claim), u64(claim.claim));

/** The owed sum of one leaf: cash - cost + withdrawals released. */
export const owed = ({ cash, positions, released }) =>
  positions.reduce((sum, [, , cost]) => sum - BigInt(cost), BigInt(cash)) + BigInt(released);

/** The levels of a tree, places first; `join` makes a node of two. */
const levels = (places, empty, join) => {
  let depth = 0;
  while (2 ** depth < places.length) depth += 1;
  const all = [[...places, ...Array(2 ** depth - places.length).fill(empty)]];
  for (let level = 0; level < depth; level += 1) {
    const below = all[level];
    all.push(Array.from({ length: below.length / 2 }, (_, at) => join(below[2 * at], below[2 * at + 1])));
  }
  return all;
};
const rootOf = (all) => all.at(-1)[0];
const pathOf = (all, place) => all.slice(0, -1).map((level, depth) => level[(place >> depth) ^ 1]);
const plainTree = (places) => levels(places, EMPTY, node);
const climb = (start, place, path, join) =>
  path.reduce((at, sibling, depth) => ((place >> depth) & 1 ? join(sibling, at) : join(at, sibling)), start);

export const climbPlain = (start, place, path) => climb(start, place, path, node);
export const sumNode = ([left, leftSum], [right, rightSum]) => {
  const sum = BigInt(leftSum) + BigInt(rightSum);
  if (sum > U64_MAX) throw new Error("a sum leaves 64 bits");
  return [hash("sum", left, u64(leftSum), right, u64(rightSum)), sum];
};
export const climbSum = (start, place, path) => climb(start, place, path, sumNode);

const largest = (one, other) => (one > other ? one : other);
const least = (one, other) => (one < other ? one : other);

/** What an account of a user is paid at the marks (half ticks), by the units of the markets. */
export const userClaim = (cash, positions, marks, units) =>
  largest(0n, positions.reduce((sum, [market, size, cost, collateral]) => {
    const worth = BigInt(size) * BigInt(marks[market]) * BigInt(units[market]);
    return sum - BigInt(collateral) + largest(0n, BigInt(collateral) + worth - BigInt(cost));
  }, BigInt(cash)));

/** The lower median, market by market, of the marks at the moment and at each of the 29 minutes before. */
export const medianMarks = (standing, at) =>
  standing[0][1].map((_, market) => {
    const seen = [];
    for (let minute = 0; minute < 30; minute += 1) {
      const before = standing.filter(([moment]) => moment <= at - minute * 60_000);
      if (before.length && before.at(-1)[1][market]) seen.push(before.at(-1)[1][market]);
    }
    seen.sort((one, other) => one - other);
    return seen.length ? seen[(seen.length - 1) >> 1] : 0;
  });

const reserveOf = (frozen) =>
  largest(0n, frozen.everDeposited - frozen.deposits) + largest(0n, frozen.released - frozen.paidUnder);
/** What is left for the venue, when all users' claims are covered. */
export const venueExit = (frozen, claims) =>
  least(claims, largest(0n, largest(0n, frozen.treasury - reserveOf(frozen)) - frozen.claims));

/** What one exit pays from the frozen exchange; all sums in micro-USDT. */
export const exitOf = (frozen, vault, claim) => {
  const reserve = reserveOf(frozen);
  const free = largest(0n, frozen.treasury - reserve);
  const backed = least(frozen.treasury, reserve);
  const beside = vault.deposits - claim.deposits + claim.released - vault.paid;
  const left = largest(0n, claim.claim + least(0n, beside));
  const ofClaim = free >= frozen.claims ? left : (left * free) / frozen.claims;
  const owedBeside = largest(0n, beside);
  const ofReserve = backed >= reserve ? owedBeside : (owedBeside * backed) / reserve;
  return ofClaim + ofReserve;
};

/** JSON in the page's one form: keys in alphabetical order, no spaces. */
export const oneForm = (value) => {
  if (Array.isArray(value)) return `[${value.map(oneForm).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${oneForm(value[key])}`).join(",")}}`;
};
export const termsDigest = (terms) => hash("terms", Buffer.from(oneForm(terms)));
export const commitment = ({ salt, sequence, head: standing }) =>
  hash("place", Buffer.from(salt, "hex"), u64(sequence), Buffer.from(standing, "hex"));
export const receiptHolds = ({ signature, ...receipt }, key) => {
  const raw = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(key, "hex")]);
  const signer = createPublicKey({ key: raw, format: "der", type: "spki" });
  const signed = Buffer.concat([tag("godark:rcpt:v1"), Buffer.from(oneForm(receipt))]);
  return receipt.key === key && verify(null, signed, signer, Buffer.from(signature, "hex"));
};

const MASTER = Buffer.alloc(32, "m");
const owner = (byte) => Buffer.alloc(32, byte);
const MARKS = [1_000_000, 50_000, 3_000];

function stateVectors() {
  const micro = 1_000_000;
  const first = {
    owner: owner(1), vault: 1, deposits: 50_000 * micro, released: 700 * micro, cash: 49_000 * micro,
    positions: [[0, -3, -300 * micro, 30 * micro], [7, 10, 250 * micro, 25 * micro]],
    salt: leafSalt(ownerKey(MASTER, owner(1)), 4),
  };
  const second = { owner: owner(2), vault: 2, deposits: 0, released: 0, cash: 0, positions: [], salt: owner(0x22) };
  const tree = plainTree([leafHash(first), leafHash(second), owner(0x33)]);
  const trade = tradeHash({ id: Buffer.alloc(16, 0x0f), market: 7, price: 50_000, size: 10, at: 1_750_000_000_123 });
  return {
    salt: first.salt, head: head(first), body: body(first), leaf: leafHash(first), owed_micro: owed(first),
    leaf_of_the_second: leafHash(second), root_of_three: rootOf(tree), path_of_the_first: pathOf(tree, 0),
    path_of_the_third: pathOf(tree, 2), node_of_two_empty: node(EMPTY, EMPTY), marks_root: marksRoot(MARKS),
    trade_leaf: trade, trades_root: rootOf(plainTree([trade])),
  };
}

function vaultMap(ids) {
  const chunks = Array.from({ length: Math.floor(Math.max(0, ...ids) / 256) + 1 }, () => Buffer.alloc(32));
  for (const id of ids) chunks[id >> 8][(id & 255) >> 3] |= 1 << (id & 7);
  return chunks;
}

function checkpointVectors() {
  const number = 9;
  const micro = 1_000_000;
  const made = (byte, vault, deposits, released, claim) => ({
    owner: owner(byte), vault, deposits: deposits * micro, released: released * micro, claim: claim * micro,
    salt: claimSalt(ownerKey(MASTER, owner(byte)), number),
  });
  const claims = [made(1, 1, 50_000, 700, 48_955), made(2, 300, 20, 0, 21), made(0, 0, 0, 0, 5)];
  const [first, second, venue] = claims.map(claimHash);
  const secret = orderSecret(MASTER, number);
  const placed = claims.map((claim) => ({ claim, rank: sha256(secret, claimHash(claim)) }))
    .sort((one, other) => Buffer.compare(one.rank, other.rank)).map(({ claim }) => claim);
  const place = placed.indexOf(claims[0]);
  const tree = plainTree(placed.map(claimHash));
  const sums = levels(placed.map((claim) => [claimHash(claim), claim.claim]), [EMPTY, 0], sumNode);
  const chunks = vaultMap([1, 300]);
  const file = Buffer.concat([tag("godark:claims:v1"), u64(number), u64(1_234), u16(MARKS.length),
    u32(chunks.length), u32(claims.length), ...MARKS.map(u64), ...chunks, ...placed.map(claimHash)]);
  return {
    salt: claims[0].salt, claim_of_the_first: first, claim_of_the_second: second, claim_of_the_venue: venue,
    secret_of_the_order: secret, owners_in_their_places: placed.map((claim) => claim.owner[0]),
    plain_root: rootOf(tree), path_of_the_first: pathOf(tree, place), sum_root: rootOf(sums)[0],
    sum_of_all_micro: rootOf(sums)[1], sum_path_of_the_first: pathOf(sums, place), map_of_vaults: chunks,
    map_root: rootOf(plainTree(chunks)), file_bytes: file.length, file_hash: sha256(file),
  };
}

function claimVectors(given) {
  return {
    claim_micro: userClaim(given.cash_micro, given.positions, given.marks_half_ticks, given.units_micro),
    median_half_ticks: medianMarks(given.standing, given.at_ms),
  };
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const address = (text) => {
  const value = [...text].reduce((sum, letter) => sum * 58n + BigInt(BASE58.indexOf(letter)), 0n);
  return unsigned(value, 32).reverse();
};
const hex = (text) => Buffer.from(text, "hex");
const numbers = (positions) => positions.map(([market, ...rest]) => [Number(market), ...rest.map(BigInt)]);
const leafOf = ({ owner: wallet, vault_id, deposits_micro, released_micro }, salt) =>
  ({ owner: address(wallet), vault: vault_id, deposits: deposits_micro, released: released_micro, salt: hex(salt) });

/** What of `GET /proofs/account` follows from the rest of it; the roots are then looked up on the chain. */
export const proven = (proof) => {
  const held = { cash: proof.leaf.cash_micro, positions: numbers(proof.leaf.positions) };
  const leaf = { ...leafOf(proof.leaf, proof.salt), ...held };
  const told = { root: climbPlain(leafHash(leaf), proof.index, proof.path.map(hex)) };
  const { checkpoint } = proof;
  if (checkpoint === null) return { ...told, checkpoint };
  const marks = checkpoint.markets.map((market) => market.mark_half_ticks);
  const units = checkpoint.markets.map((market) => market.unit_micro);
  const amount = userClaim(checkpoint.state.cash_micro, numbers(checkpoint.state.positions), marks, units);
  const salt = claimSalt(hex(proof.salt_key), checkpoint.number);
  const claim = claimHash({ ...leafOf(checkpoint.leaf, salt.toString("hex")), claim: amount });
  const sums = checkpoint.sum_path.map((sibling) => [hex(sibling.hash), BigInt(sibling.sum_micro)]);
  return {
    ...told,
    checkpoint: {
      ...checkpoint, salt, leaf: { ...checkpoint.leaf, claim_micro: String(amount) },
      plain_root: climbPlain(claim, checkpoint.index, checkpoint.path.map(hex)),
      sum_root: climbSum([claim, amount], checkpoint.index, sums)[0],
    },
  };
};

function exitVectors(given) {
  const vaults = given.vaults.map(({ deposited_micro, paid_micro, claim }) => {
    const [deposits, released, amount] = (claim ?? [0, 0, 0]).map(BigInt);
    return [{ deposits: BigInt(deposited_micro), paid: BigInt(paid_micro) }, { deposits, released, claim: amount }];
  });
  return {
    cases: given.cases.map(({ treasury_micro }) => {
      const frozen = {
        treasury: BigInt(treasury_micro), everDeposited: BigInt(given.deposited_ever_micro),
        deposits: BigInt(given.deposits_micro), released: BigInt(given.released_micro),
        paidUnder: BigInt(given.paid_under_micro), claims: BigInt(given.claims_micro),
      };
      return {
        treasury_micro, exits_micro: vaults.map(([vault, claim]) => exitOf(frozen, vault, claim)),
        venue_micro: venueExit(frozen, BigInt(given.venue_claims_micro)),
      };
    }),
  };
}

function receiptVectors({ terms, opening, receipt }) {
  if (!receiptHolds(receipt, receipt.key)) throw new Error("the signature of the receipt does not hold");
  return { receipt: { ...receipt, digest: termsDigest(terms), commitment: commitment(opening) } };
}

const plain = (value) => {
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
};

const unlike = (reckoned, given) =>
  Object.entries(reckoned)
    .filter(([name, value]) => oneForm(plain(value)) !== oneForm(given[name]))
    .map(([name]) => name);

/** The JSON blocks of the page, in its order, beside what is reckoned here; gives the names that differ. */
export function differences(page) {
  const blocks = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text));
  const reckoned = [stateVectors(), checkpointVectors(), claimVectors(blocks[2]),
    exitVectors(blocks[3]), proven(blocks[4]), receiptVectors(blocks[5])];
  return reckoned.flatMap((values, block) =>
    unlike(values, blocks[block]).map((name) => `block ${block + 1}: ${name}`));
}

const KINDS = {
  vectors: (text) => differences(text),
  receipt: (text, key) => (receiptHolds(JSON.parse(text), key) ? [] : ["the receipt's signature"]),
  proof: (text) => unlike(proven(JSON.parse(text)), JSON.parse(text)),
};

function main([what, path, key]) {
  const wrong = KINDS[what](readFileSync(path, "utf8"), key);
  console.log(wrong.length ? `does not hold: ${wrong.join(", ")}` : "all of it holds");
  process.exitCode = wrong.length ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
