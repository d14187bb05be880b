"""The door to Solana: node, program, currency and keys as the settings name them.

One client per process. What is not here: what is said through it (`trading.settlement`,
`trading.deposits`, `trading.withdrawals`) and how the chain works (`chain`).
"""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from solders.pubkey import Pubkey

from chain.addresses import Addresses
from chain.client import ChainClient, Level
from chain.devchain.genesis import Genesis, development_key
from chain.records import Records
from chain.signer import KeypairSigner, Signer, SignerError, open_signer
from chain.transactions import Fee

FEE = Fee(compute_units=60_000)


@dataclass(frozen=True)
class Solana:
    """Everything that the venue needs of the chain."""

    client: ChainClient
    addresses: Addresses
    mint: Pubkey
    operator: Signer
    salt_master: bytes

    @property
    def records(self) -> Records:
        """Return the reader of the program's accounts."""
        return Records(self.client, self.addresses)


@cache
def solana() -> Solana:
    """Return this process's door."""
    return Solana(
        client=ChainClient(settings.SOLANA_RPC_URL),
        addresses=program_addresses(),
        mint=mint(),
        operator=signer("operator"),
        salt_master=salt_master(),
    )


def program_addresses() -> Addresses:
    """Return the addresses of the program's accounts."""
    return Addresses(program_id())


def program_id() -> Pubkey:
    """Return the program's address; in development the well-known one."""
    named = settings.SOLANA["program_id"]
    return Pubkey.from_string(named) if named else Genesis().addresses.program


def mint() -> Pubkey:
    """Return the mint of USDT; in development test USDT."""
    named = settings.SOLANA["usdt_mint"]
    return Pubkey.from_string(named) if named else Genesis().mint


def own_vaults(records: Records, /) -> list[int]:
    """Return the numbers of the vaults into which the venue pays its own money, such as seeds."""
    named = settings.SOLANA["venue_wallet"]
    wallet = Pubkey.from_string(named) if named else development_key("venue").pubkey()
    return [vault.vault_id for vault in records.vaults([wallet], level=Level.CONFIRMED) if vault]


def signer(duty: str, /) -> Signer:
    """Return who signs for a duty of the venue; in development a well-known key."""
    location = settings.SOLANA.get(f"{duty}_key", "")
    if location:
        return open_signer(location)
    if settings.IN_PRODUCTION:
        raise SignerError(f"Production names the key of its {duty}.")
    return KeypairSigner(development_key(duty))


def salt_master() -> bytes:
    """Return the 32 bytes from which all salts of the state tree come."""
    return bytes.fromhex(settings.SOLANA["salt_master"])
