"""The witness signs the checkpoints that it finds itself; each lie is refused by its name."""

from dataclasses import replace

import pytest

from chain import instructions
from chain.client import ChainClient, Level
from chain.devchain.genesis import development_key
from chain.instructions import CheckpointCommitment
from chain.transactions import build_message
from engine.vocabulary import Side
from tests.chain.conftest import PACE, chain
from tests.trading.cosigner import witness_at
from tests.trading.test_checkpoints import built, landed, two_traders
from tests.trading.test_settlement import Venue, forget_trees, order, venue
from tests.trading.test_settlement_crashes import Fate, ProcessDied
from trading import checkpoints
from trading.models import (
    Alert,
    ChainTransaction,
    Checkpoint,
    CheckpointLevel,
    LeafVersion,
    WitnessRequest,
)
from trading.services import vaults
from trading.solana import FEE
from trading.witness.checkpoints import read_checkpoint, sign_checkpoint
from trading.witness.judging import RefusedError

__all__ = ["chain", "venue"]

LIES: dict[str, tuple[str, object]] = {
    "number": ("NUMBER", 7),
    "root_number": ("ROOT_NUMBER", 999),
    "claims_micro": ("CLAIMS", 1),
    "venue_micro": ("CLAIMS", 1),
    "deposits_micro": ("DEPOSITS", 1),
    "released_micro": ("RELEASED", 1),
    "paid_micro": ("PAID", 1),
    "count": ("LEAF", 3),
    "plain_root": ("LEAF", bytes(32)),
    "sum_root": ("SUM_ROOT", bytes(32)),
    "ids_root": ("VAULTS", bytes(32)),
    "marks_root": ("MARK", bytes(32)),
    "file_hash": ("FILE", bytes(32)),
}


def asked(venue: Venue) -> WitnessRequest:
    built(venue)
    return WitnessRequest.objects.get(kind="CHECKPOINT", state="ASKED")


def message_of(venue: Venue, said: CheckpointCommitment) -> bytes:
    operator, witness = development_key("operator"), development_key("witness")
    made = instructions.commit_checkpoint(
        venue.door.addresses,
        operator=operator.pubkey(),
        witness=witness.pubkey(),
        commitment=said,
    )
    blockhash = venue.door.client.latest_blockhash().value
    return bytes(build_message([made], payer=operator.pubkey(), blockhash=blockhash, fee=FEE))


def test_a_checkpoint_that_says_anything_else_is_refused_by_its_name(venue: Venue) -> None:
    two_traders(venue)
    request = asked(venue)
    judge = venue.witness.witness
    said = read_checkpoint(bytes(request.message), judge.means)
    for field, (reason, value) in LIES.items():
        with pytest.raises(RefusedError) as refused:
            sign_checkpoint(judge, message_of(venue, replace(said, **{field: value})))  # type: ignore[arg-type]  # of each field's type
        assert refused.value.reason.value == reason, field
    for message in (b"", bytes(request.message)[:-1]):
        with pytest.raises(RefusedError, match="MESSAGE"):
            sign_checkpoint(judge, message)
    assert len(sign_checkpoint(judge, message_of(venue, said))) == 64


def test_a_leaf_that_was_changed_in_the_database_is_refused_and_mends(venue: Venue) -> None:
    alice, _bob = two_traders(venue)
    mine = LeafVersion.objects.filter(account_id=alice.pk).latest("batch_id")
    LeafVersion.objects.filter(pk=mine.pk).update(cash_micro=mine.cash_micro + 1_000_000)
    row = built(venue)
    venue.witness.step()
    checkpoints.advance(venue.door)
    assert not Checkpoint.objects.exists()
    assert Alert.objects.get(kind="WITNESS_REFUSES").detail == f"Checkpoint {row.number}: CLAIMS."
    assert checkpoints.keep_committing(venue.door) is None, "it rests after a refusal"
    LeafVersion.objects.filter(pk=mine.pk).update(cash_micro=mine.cash_micro)
    WitnessRequest.objects.update(answered_at_ms=0)
    assert landed(venue).state == "CONFIRMED"


def test_roots_go_on_while_a_checkpoint_waits_and_it_is_still_signed(venue: Venue) -> None:
    alice, bob = two_traders(venue)
    row = built(venue)
    for _ in range(3):
        venue.exchange.give(order(bob, Side.SELL), order(alice, Side.BUY))
        assert venue.settle() is not None, "roots are signed first"
    assert venue.witness.witness.book.number > row.batch_id
    venue.witness.step()
    checkpoints.advance(venue.door)
    venue.devchain.sleep(PACE.confirm_ms / 1_000)
    checkpoints.advance(venue.door)
    row.refresh_from_db()
    assert row.state == "CONFIRMED"


def test_a_witness_that_begins_anew_finds_the_same_checkpoint(venue: Venue) -> None:
    two_traders(venue)
    request = asked(venue)
    reborn = witness_at(venue.door)
    reborn.follow()
    signed = sign_checkpoint(reborn.witness, bytes(request.message))
    assert signed == sign_checkpoint(venue.witness.witness, bytes(request.message))


def test_what_is_paid_under_the_root_is_counted(venue: Venue) -> None:
    alice, _bob = two_traders(venue)
    vaults.withdraw(venue.door, user=alice, amount_micro=700_000_000)
    for _ in range(4):
        venue.pass_time(PACE.finalize_ms)
    row = landed(venue)
    assert row.state == "CONFIRMED"
    assert row.paid_micro == row.released_micro == 700_000_000


# All of a checkpoint's way has about 35 steps: what is asked of the chain, and what is written.
@pytest.mark.parametrize("point", [1, 2, 4, 6, 9, 11, 13, 15, 17, 19])
def test_after_any_death_one_checkpoint_of_a_number_lands(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    two_traders(venue)
    fate = Fate(dies_at=point)
    for owner, name in (
        (ChainClient, "_post"),
        (ChainTransaction, "save"),
        (Checkpoint, "save"),
    ):
        monkeypatch.setattr(owner, name, fate.before(getattr(owner, name)))
    for _ in range(6):
        try:
            checkpoints.keep_committing(venue.door)
            venue.witness.step()
            venue.devchain.sleep(PACE.confirm_ms / 1_000)
        except ProcessDied:
            forget_trees()
    assert fate.died
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    checkpoints.keep_committing(venue.door)
    row = Checkpoint.objects.get()
    known = venue.door.records.checkpoints(level=Level.FINALIZED)
    assert known is not None
    assert known.newest is not None
    assert (known.number, known.newest.plain_root) == (row.number, bytes(row.plain_root))
    assert row.state == "FINALIZED"
    assert CheckpointLevel.objects.filter(checkpoint=row).count() == row.depth + 1


def test_one_that_never_lands_is_made_anew_of_a_newer_root(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_traders(venue)
    first = built(venue)
    monkeypatch.setattr(ChainClient, "send", lambda *_args, **_named: None)
    for _ in range(3):
        venue.witness.step()
        checkpoints.advance(venue.door)
        venue.devchain.sleep(120)
    monkeypatch.undo()
    checkpoints.advance(venue.door)
    assert not Checkpoint.objects.exists()
    venue.pass_time(PACE.finalize_ms)
    second = landed(venue)
    assert (second.number, second.state) == (first.number, "CONFIRMED")
