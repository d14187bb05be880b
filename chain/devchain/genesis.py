"""What a development chain begins with: the program, test USDT, a faucet.

What lives here: keys that everybody knows, and the accounts laid before the first slot. What does
not: the exchange itself, which is created by transactions as on any cluster (setup).
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.token.state import Mint

from chain.addresses import LOADER_PROGRAM, TOKEN_PROGRAM, Addresses

PROGRAM_FILE: Final = Path(__file__).resolve().parents[2] / "programs/godark/godark.so"
_PROGRAM_DATA: Final = 3
_PROGRAM: Final = 2
_FAUCET_LAMPORTS: Final = 5 * 10**17
_WALLET_LAMPORTS: Final = 10**13
_RENT: Final = 10**9
_PROGRAM_DATA_RENT: Final = 10**10
_MINT_DECIMALS: Final = 6


def development_key(name: str) -> Keypair:
    """Derive a key that everybody knows: worth nothing outside a development chain."""
    return Keypair.from_seed(sha256(f"godark development {name}".encode()).digest())


@dataclass(frozen=True)
class Genesis:
    """The well-known keys and addresses of a development chain."""

    program_file: Path = PROGRAM_FILE

    @cached_property
    def upgrade_authority(self) -> Keypair:
        """Who may create the exchange and upgrade the program."""
        return development_key("upgrade authority")

    @cached_property
    def faucet(self) -> Keypair:
        """Who gives lamports and mints test USDT."""
        return development_key("faucet")

    @cached_property
    def mint(self) -> Pubkey:
        """Test USDT."""
        return development_key("test USDT").pubkey()

    @cached_property
    def addresses(self) -> Addresses:
        """The program and its accounts."""
        return Addresses(development_key("program").pubkey())

    def accounts(self) -> list[tuple[Pubkey, Account]]:
        """List what is laid before the first slot."""
        elf = self.program_file.read_bytes()
        head = struct.pack("<IQB32s", _PROGRAM_DATA, 0, 1, bytes(self.upgrade_authority.pubkey()))
        pointer = struct.pack("<I32s", _PROGRAM, bytes(self.addresses.program_data))
        mint = Mint(self.faucet.pubkey(), 0, _MINT_DECIMALS, is_initialized=True)
        return [
            (self.addresses.program_data, Account(_PROGRAM_DATA_RENT, head + elf, LOADER_PROGRAM)),
            (self.addresses.program, Account(_RENT, pointer, LOADER_PROGRAM, executable=True)),
            (self.mint, Account(_RENT, bytes(mint), TOKEN_PROGRAM)),
            (self.faucet.pubkey(), Account(_FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM)),
            (self.upgrade_authority.pubkey(), Account(_WALLET_LAMPORTS, b"", SYSTEM_PROGRAM)),
        ]
