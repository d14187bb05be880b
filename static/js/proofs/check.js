// What a proof shows: each part by itself, against what the chain's own accounts hold.

import { hex } from "./bytes.js";
import { recentCheckpoints, recentRoots } from "./chain.js";
import { claimHash, claimOf, claimSalt, climb, climbSums, leafHash, marksRoot } from "./formats.js";

const held = (name, isHeld, detail = {}) => ({ name, isHeld, detail });

// Returns the findings about the newest state root; `null` as root: the chain keeps it no more.
export async function checkState(proof, roots) {
  const root = await climb(await leafHash(proof.leaf, proof.salt), proof.index, proof.path);
  const known = roots.get(String(proof.number)) ?? null;
  return [held("state", known === null ? null : known === hex(root), { number: proof.number })];
}

// Returns the findings about a checkpoint, one for each thing that could be false by itself.
export async function checkClaim(proof, saltKey, checkpoints) {
  const known = checkpoints.get(String(proof.number));
  if (!known) return [held("plain", null, { number: proof.number })];
  const leaf = await claimHash(proof.leaf, proof.salt);
  const plain = await climb(leaf, proof.index, proof.path);
  const sums = await climbSums(leaf, proof.leaf.claim_micro, proof.index, proof.sum_path);
  const salt = await claimSalt(saltKey, proof.number);
  const marks = hex(await marksRoot(proof.markets));
  const claim = claimOf(proof.state, proof.markets);
  const isOfMarks = marks === known.marksRoot && claim === BigInt(proof.leaf.claim_micro);
  return [
    held("plain", hex(plain) === known.plainRoot, { number: proof.number, ...known }),
    held("sums", hex(sums.hash) === known.sumRoot && sums.sum === known.users + known.venue, known),
    held("salt", hex(salt) === proof.salt),
    held("claim", isOfMarks, { claim }),
  ];
}

// Asks the chain and checks everything in an answer of `/api/v1/proofs/account`.
export async function check(kept, place) {
  const [roots, checkpoints] = await Promise.all([
    recentRoots(place.node, place),
    recentCheckpoints(place.node, place).catch((error) => {
      if (kept.checkpoint) throw error;
      return new Map();
    }),
  ]);
  const claim = kept.checkpoint
    ? await checkClaim(kept.checkpoint, kept.salt_key, checkpoints)
    : [];
  return [...(await checkState(kept, roots)), ...claim];
}
