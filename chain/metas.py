"""How an instruction of the program and its accounts are put together.

What lives here: the four kinds of account that an instruction names. What does not: the
instructions (instructions, exit_instructions).
"""

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chain.addresses import Addresses


def instruction(
    addresses: Addresses, number: int, data: bytes, accounts: list[AccountMeta], /
) -> Instruction:
    """Put the number before the data."""
    return Instruction(addresses.program, bytes([number]) + data, accounts)


def reads(key: Pubkey, /) -> AccountMeta:
    """Name an account that is only read."""
    return AccountMeta(key, is_signer=False, is_writable=False)


def writes(key: Pubkey, /) -> AccountMeta:
    """Name an account that changes."""
    return AccountMeta(key, is_signer=False, is_writable=True)


def signs(key: Pubkey, /) -> AccountMeta:
    """Name a key that signs."""
    return AccountMeta(key, is_signer=True, is_writable=False)


def pays(key: Pubkey, /) -> AccountMeta:
    """Name a key that signs and whose lamports change."""
    return AccountMeta(key, is_signer=True, is_writable=True)
