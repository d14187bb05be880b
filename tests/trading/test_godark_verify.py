"""`godark-verify proof`: by the kept file and a node of Solana alone; any change is seen."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from solders.pubkey import Pubkey

from chain.addresses import token_account
from godark_client import solana
from godark_client.keeping import keep
from tests.chain.conftest import chain
from tests.trading.leaving import Change, Verifier, proof_of, verifier
from tests.trading.test_checkpoints import landed, two_traders
from tests.trading.test_settlement import Venue, venue
from trading.models import Deposit

__all__ = ["chain", "venue", "verifier"]


def bump(told: dict[str, Any], name: str) -> None:
    told[name] = str(int(told[name]) + 1)


LIES: dict[str, Change] = {
    "cash": lambda proof: bump(proof["leaf"], "cash_micro"),
    "path": lambda proof: proof["path"].reverse(),
    "claim": lambda proof: bump(proof["checkpoint"]["leaf"], "claim_micro"),
    "claim's path": lambda proof: proof["checkpoint"]["path"].reverse(),
    "sum": lambda proof: bump(proof["checkpoint"]["sum_path"][0], "sum_micro"),
    "salt key": lambda proof: proof.update(salt_key="00" * 32),
    "mark": lambda proof: bump(proof["checkpoint"]["markets"][0], "mark_half_ticks"),
    "state": lambda proof: bump(proof["checkpoint"]["state"], "cash_micro"),
}


def test_a_kept_proof_holds_and_each_lie_in_it_does_not(
    venue: Venue, client: Client, verifier: Verifier
) -> None:
    alice, _bob = two_traders(venue)
    landed(venue)
    proof = proof_of(client, alice, venue.devchain)
    said = verifier("proof", verifier.keep("proof.json", proof))
    assert said[0] == "0", said
    assert len(said) == 6
    claim = int(proof["checkpoint"]["leaf"]["claim_micro"])
    assert f"claim of {claim // 10**6:,}" in said[3]
    for name, lie in LIES.items():
        told = deepcopy(proof)
        lie(told)
        said = verifier("proof", verifier.keep("lie.json", told))
        assert said[0] == "1", name
        assert said[-1].startswith("FALSE: "), name


def test_a_program_of_somebody_else_is_not_believed(
    venue: Venue, client: Client, verifier: Verifier
) -> None:
    alice, _bob = two_traders(venue)
    landed(venue)
    proof = proof_of(client, alice, venue.devchain)
    proof["program"] = str(venue.door.mint)
    assert verifier("proof", verifier.keep("proof.json", proof))[0] == "1"


def test_the_clients_addresses_and_accounts_are_the_chains_own(
    venue: Venue, verifier: Verifier
) -> None:
    two_traders(venue)
    addresses = venue.door.addresses
    program = bytes(addresses.program)
    assert solana.derived(program, b"exchange") == bytes(addresses.exchange)
    for deposit in Deposit.objects.all():
        owner = solana.from_base58(deposit.address)
        mint = bytes(venue.door.mint)
        wanted = token_account(owner=Pubkey(owner), mint=venue.door.mint)
        assert solana.token_account(owner, mint) == bytes(wanted)
        assert solana.derived(program, b"vault", owner) == bytes(addresses.vault(Pubkey(owner)))
    with pytest.raises(ValueError, match="no address"):
        solana.from_base58("z" * 45)


def test_the_newest_proof_is_kept_whole_and_never_by_an_older(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "proof.json"
    assert keep(path, {"number": 7})
    assert path.stat().st_mode & 0o077 == 0
    assert not keep(path, {"number": 6})
    assert keep(path, {"number": 8})
    assert json.loads(path.read_text()) == {"number": 8}
    path.write_text("{")
    assert keep(path, {"number": 1})
