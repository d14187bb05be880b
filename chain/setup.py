"""Brings an exchange on chain to what the venue wants it to be, once and again.

What lives here: creating the exchange and its checkpoints, listing markets, setting the witness;
each only where it is missing, so that it may run at every start. What does not: which markets
there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from chain import instructions
from chain.client import ChainClient, Level
from chain.instructions import ExitTerms, Keys, MarketTerms, Parameters
from chain.records import Records
from chain.signer import Signer
from chain.transactions import sign

# So many listings fit one packet.
MARKETS_AT_ONCE: Final = 12
# Checkpoints come every quarter of an hour, and may come again soon after one that failed.
EXIT_TERMS: Final = ExitTerms(interval_seconds=60, bond_lamports=50_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the exchange on chain should be."""

    mint: Pubkey
    keys: Keys
    parameters: Parameters
    markets: Sequence[MarketTerms]
    exit_terms: ExitTerms = EXIT_TERMS


def ensure_exchange(
    records: Records, *, plan: Plan, upgrade_authority: Signer, authority: Signer
) -> int:
    """Create and list what is missing, and give the number of transactions that it took."""
    client, sent = records.client, 0
    if records.exchange(level=Level.CONFIRMED) is None:
        built = instructions.initialize_exchange(
            records.addresses,
            payer=upgrade_authority.public_key,
            mint=plan.mint,
            keys=plan.keys,
            parameters=plan.parameters,
        )
        sent += _submit(client, built, signers=(upgrade_authority,))
    sent += _ensure_checkpoints(records, plan=plan, signers=(upgrade_authority, authority))
    sent += _ensure_witness(records, plan=plan, signers=(upgrade_authority, authority))
    known = records.markets(level=Level.CONFIRMED)
    missing = plan.markets[len(known) :]
    for start in range(0, len(missing), MARKETS_AT_ONCE):
        listed = [
            instructions.set_market(records.addresses, authority=authority.public_key, terms=terms)
            for terms in missing[start : start + MARKETS_AT_ONCE]
        ]
        sent += _submit(client, *listed, signers=(upgrade_authority, authority))
    return sent


def _ensure_checkpoints(records: Records, *, plan: Plan, signers: tuple[Signer, Signer]) -> int:
    """Open the checkpoints of an exchange that has none."""
    if records.checkpoints(level=Level.CONFIRMED) is not None:
        return 0
    payer, authority = signers
    built = instructions.open_checkpoints(
        records.addresses,
        payer=payer.public_key,
        authority=authority.public_key,
        terms=plan.exit_terms,
    )
    return _submit(records.client, built, signers=signers)


def _ensure_witness(records: Records, *, plan: Plan, signers: tuple[Signer, Signer]) -> int:
    """Set the witness of an exchange that was created without one."""
    exchange = records.exchange(level=Level.CONFIRMED)
    if exchange is None or exchange.witness is not None or plan.keys.witness is None:
        return 0
    built = instructions.set_key(
        records.addresses,
        authority=signers[1].public_key,
        duty="witness",
        key=plan.keys.witness,
    )
    return _submit(records.client, built, signers=signers)


def _submit(client: ChainClient, *built: Instruction, signers: Sequence[Signer]) -> int:
    client.submit(sign(built, signers=signers, blockhash=client.latest_blockhash()))
    return 1
