//! SHA-256 with a tag of 16 bytes before everything, so that no leaf can pass for a node, nor a
//! hash of one purpose for another. Formats and test vectors: `docs/PROOFS.md`.

use crate::state::Told;

/// A 32-byte digest.
pub type Hash = [u8; 32];

const HEAD: &[u8; 16] = b"godark:head:v1\0\0";
const BODY: &[u8; 16] = b"godark:body:v1\0\0";
const LEAF: &[u8; 16] = b"godark:leaf:v1\0\0";
const NODE: &[u8; 16] = b"godark:node:v1\0\0";
const CLAIM: &[u8; 16] = b"godark:claim:v1\0";
const MARKS: &[u8; 16] = b"godark:marks:v1\0";

/// The longest path that a proof may have: 16,777,216 leaves.
pub const MAX_DEPTH: usize = 24;

/// Hash the concatenation of `parts`.
#[cfg(any(target_os = "solana", target_arch = "bpf"))]
fn sha256(parts: &[&[u8]]) -> Hash {
    let mut digest = [0u8; 32];
    // SAFETY: `parts` is a slice of slices, whose layout (pointer, length) the syscall shares.
    unsafe {
        pinocchio::syscalls::sol_sha256(
            parts.as_ptr().cast(),
            parts.len() as u64,
            digest.as_mut_ptr(),
        );
    }
    digest
}

/// Off the chain the program is only checked and linted, never run.
#[cfg(not(any(target_os = "solana", target_arch = "bpf")))]
fn sha256(_parts: &[&[u8]]) -> Hash {
    unreachable!("the program runs on the chain only")
}

/// Hash the public half of a leaf: what the chain shows anyway.
pub fn head(owner: &[u8; 32], vault_id: u64, deposits_micro: u64, released_micro: u64) -> Hash {
    sha256(&[
        HEAD,
        owner,
        &vault_id.to_le_bytes(),
        &deposits_micro.to_le_bytes(),
        &released_micro.to_le_bytes(),
    ])
}

/// Hash the hidden half of a leaf without cash and positions.
pub fn empty_body(salt: &[u8; 32]) -> Hash {
    sha256(&[BODY, salt, &0i64.to_le_bytes(), &0u16.to_le_bytes()])
}

/// Hash the marks of all markets, in half ticks, in the markets' order.
pub fn marks(half_ticks: &[u8]) -> Hash {
    sha256(&[MARKS, half_ticks])
}

/// Join the two halves of a leaf.
pub fn leaf(head: &Hash, body: &Hash) -> Hash {
    sha256(&[LEAF, head, body])
}

/// Hash a claim of a checkpoint.
pub fn claim(salt: &[u8; 32], owner: &[u8; 32], vault_id: u64, told: &Told) -> Hash {
    sha256(&[
        CLAIM,
        salt,
        owner,
        &vault_id.to_le_bytes(),
        &told.deposits_micro.to_le_bytes(),
        &told.released_micro.to_le_bytes(),
        &told.claim_micro.to_le_bytes(),
    ])
}

/// Climb from a leaf to its root: bit k of `index` says whether the k-th sibling stands left.
pub fn root_of(leaf: Hash, index: u32, path: &[Hash]) -> Hash {
    let mut hash = leaf;
    let mut bits = index;
    for sibling in path {
        hash = if bits & 1 == 0 {
            sha256(&[NODE, &hash, sibling])
        } else {
            sha256(&[NODE, sibling, &hash])
        };
        bits >>= 1;
    }
    hash
}
