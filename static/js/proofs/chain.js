// The program's own accounts, as a node of Solana gives them: no word of the venue is in between.

import { fromBase64, hex, readU64 } from "./bytes.js";

const ROOTS = { kind: "GDROOTS1", begins: 16, size: 48 };
const CHECKPOINTS = { kind: "GDCHECK1", begins: 192, size: 232 };
const HASH = 32;

export class ChainError extends Error {}

async function account(node, address, program, kind) {
  const params = [address, { encoding: "base64", commitment: "confirmed" }];
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getAccountInfo", params });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(node, { method: "POST", headers, body }).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  if (!said || said.error) throw new ChainError("The node of Solana does not answer.");
  const found = said.result.value;
  if (!found) throw new ChainError("The program has no such account yet.");
  const bytes = fromBase64(found.data[0]);
  const name = new TextDecoder().decode(bytes.subarray(0, 8));
  if (found.owner !== program || name !== kind) {
    throw new ChainError("What lies at this address is not the program's.");
  }
  return bytes;
}

function* rows(bytes, { begins, size }) {
  for (let at = begins; at + size <= bytes.length; at += size) {
    const row = bytes.slice(at, at + size);
    if (readU64(row, 0)) yield row;
  }
}

// The recent state roots: number (as text) to root (as hex).
export async function recentRoots(node, { program, roots }) {
  const bytes = await account(node, roots, program, ROOTS.kind);
  const found = Array.from(rows(bytes, ROOTS), (row) => [
    String(readU64(row, 0)),
    hex(row.subarray(16, 16 + HASH)),
  ]);
  return new Map(found);
}

// The recent checkpoints: number (as text) to what the chain has of each.
export async function recentCheckpoints(node, { program, checkpoints }) {
  const bytes = await account(node, checkpoints, program, CHECKPOINTS.kind);
  const found = Array.from(rows(bytes, CHECKPOINTS), (row) => {
    const root = (at) => hex(row.subarray(at, at + HASH));
    const told = {
      committedAt: Number(readU64(row, 8)) * 1000,
      rootNumber: String(readU64(row, 16)),
      users: readU64(row, 24),
      venue: readU64(row, 32),
      plainRoot: root(72),
      sumRoot: root(104),
      marksRoot: root(168),
      fileHash: root(200),
    };
    return [String(readU64(row, 0)), told];
  });
  return new Map(found);
}
