//! One event per change, written to the transaction's log as `Program data:`.
//!
//! The first byte is the number of the instruction that caused it, the fields follow, little
//! endian; `chain/events.py` reads them.

#[cfg(any(target_os = "solana", target_arch = "bpf"))]
fn log_data(parts: &[&[u8]]) {
    // SAFETY: `parts` is a slice of slices, whose layout (pointer, length) the syscall shares.
    unsafe { pinocchio::syscalls::sol_log_data(parts.as_ptr().cast(), parts.len() as u64) }
}

#[cfg(not(any(target_os = "solana", target_arch = "bpf")))]
fn log_data(_parts: &[&[u8]]) {}

/// Write an event of one owner: his key, then numbers.
pub fn of_owner<const N: usize>(kind: u8, owner: &[u8; 32], numbers: [u64; N]) {
    let mut bytes = [[0u8; 8]; N];
    for (slot, number) in bytes.iter_mut().zip(numbers) {
        *slot = number.to_le_bytes();
    }
    log_data(&[concat(&[kind], owner, bytes.as_flattened()).bytes()]);
}

/// Write an event of the exchange: numbers, then any bytes.
pub fn of_exchange<const N: usize>(kind: u8, numbers: [u64; N], rest: &[u8]) {
    let mut bytes = [[0u8; 8]; N];
    for (slot, number) in bytes.iter_mut().zip(numbers) {
        *slot = number.to_le_bytes();
    }
    log_data(&[concat(&[kind], bytes.as_flattened(), rest).bytes()]);
}

/// The joined bytes of one event; longer ones than the room would be cut, so none may be.
struct Joined {
    room: [u8; 256],
    length: usize,
}

impl Joined {
    fn bytes(&self) -> &[u8] {
        &self.room[..self.length]
    }
}

fn concat(first: &[u8], second: &[u8], third: &[u8]) -> Joined {
    let mut joined = Joined { room: [0; 256], length: 0 };
    for part in [first, second, third] {
        joined.room[joined.length..joined.length + part.len()].copy_from_slice(part);
        joined.length += part.len();
    }
    joined
}
