"""The witness signs what it finds in the log and nothing else; each lie is refused by its name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from accounts.models import User
from chain import instructions
from chain.client import Level
from chain.devchain.genesis import development_key
from chain.instructions import Commitment
from chain.transactions import build_message
from engine import commands as c
from engine.vocabulary import Side
from tests.chain.conftest import PACE, chain
from tests.trading.cosigner import witness_at
from tests.trading.test_settlement import BTC, USDT, Venue, order, venue
from trading import settlement
from trading.deposits import watch_deposits
from trading.models import (
    Alert,
    Balance,
    Batch,
    ChainTransaction,
    Deposit,
    LeafVersion,
    Market,
    Position,
    WitnessRequest,
)
from trading.services.chain_setup import deposit_test_usdt
from trading.services.settlement_delay import settlement_age_ms
from trading.solana import FEE
from trading.witness.judging import RefusedError, read_commitment
from trading.witness.process import LostError, claim_of

__all__ = ["chain", "venue"]


def rich(venue: Venue, name: str) -> tuple[User, Keypair]:
    """Return somebody with money of their own in the exchange, and in the newest root."""
    user, wallet = venue.person(name)
    venue.deposit(wallet, 10_000)
    venue.pass_time(PACE.finalize_ms)
    return user, wallet


def trade(venue: Venue, seller: User, buyer: User) -> None:
    venue.exchange.give(order(seller, Side.SELL), order(buyer, Side.BUY))


def ask(venue: Venue) -> WitnessRequest:
    """Build the next root and return what the witness is asked."""
    assert settlement.build(venue.door) is not None
    return WitnessRequest.objects.get(state="ASKED")


def answer(venue: Venue, request: WitnessRequest) -> str:
    """Let the witness answer; return the reason of its refusal, or nothing."""
    venue.witness.step()
    request.refresh_from_db()
    assert request.state in {"SIGNED", "REFUSED"}
    return request.reason


def move_money(venue: Venue) -> tuple[User, User]:
    """Let a trade be in the next root."""
    alice, _ = rich(venue, "alice")
    bob, _ = rich(venue, "bob")
    trade(venue, alice, bob)
    return alice, bob


def test_every_root_bears_the_witnesss_signature(venue: Venue) -> None:
    move_money(venue)
    venue.settle()
    key = development_key("witness").pubkey()
    for batch in Batch.objects.select_related("transaction"):
        signed = Transaction.from_bytes(bytes(batch.transaction.raw))
        assert signed.message.account_keys[1] == key
        assert signed.signatures[1].verify(key, bytes(signed.message))
    record = venue.door.records.exchange(level=Level.CONFIRMED)
    assert record is not None
    assert (record.root_number, record.root) == (
        venue.witness.witness.book.number,
        venue.witness.witness.book.root,
    )


def test_nothing_is_sent_before_the_witness_has_signed(venue: Venue) -> None:
    move_money(venue)
    request = ask(venue)
    assert settlement.advance(venue.door)
    row = ChainTransaction.objects.get(pk=request.transaction_id)
    assert (row.state, row.is_complete) == ("BUILT", False)
    assert Signature.default() in Transaction.from_bytes(bytes(row.raw)).signatures


def test_a_tampered_projection_is_refused_and_mends_once_it_is_right(venue: Venue) -> None:
    alice, _bob = move_money(venue)
    Balance.objects.filter(account_id=alice.pk).update(cash_micro=999_999 * USDT)
    number = ask(venue).number
    due_ms = Batch.objects.get(number=number).due_at_ms
    venue.witness.step()
    settlement.advance(venue.door)
    assert WitnessRequest.objects.get().reason == "LEAF"
    assert not Batch.objects.filter(number=number).exists()
    assert not LeafVersion.objects.filter(batch_id=number).exists()
    assert Alert.objects.get(kind="WITNESS_REFUSES").detail == f"Root {number}: LEAF."
    assert venue.settle() is None, "it rests after a refusal"
    true_micro = venue.exchange.runner.state.account(str(alice.pk)).cash_micro
    Balance.objects.filter(account_id=alice.pk).update(cash_micro=true_micro)
    WitnessRequest.objects.update(answered_at_ms=0, due_at_ms=due_ms - 61_000)
    built = venue.settle()
    assert built is not None
    assert (built.number, built.state) == (number, "CONFIRMED")
    assert built.due_at_ms == due_ms - 61_000, "what was refused is as late as when it was due"


def test_a_position_that_the_log_does_not_hold_is_refused(venue: Venue) -> None:
    alice, _bob = move_money(venue)
    Position.objects.filter(account_id=alice.pk, size_lots__lt=0).update(size_lots=-9)
    assert answer(venue, ask(venue)) == "LEAF"


def change_leaf(venue: Venue, request: WitnessRequest) -> None:
    del venue
    row = LeafVersion.objects.filter(batch_id=request.number, place__gt=1).earliest("place")
    LeafVersion.objects.filter(pk=row.pk).update(leaf_hash=bytes(32))


def leave_out(venue: Venue, request: WitnessRequest) -> None:
    del venue
    LeafVersion.objects.filter(batch_id=request.number, place__gt=1).latest("place").delete()


def move_place(venue: Venue, request: WitnessRequest) -> None:
    del venue
    row = LeafVersion.objects.filter(batch_id=request.number).latest("place")
    LeafVersion.objects.filter(pk=row.pk).update(place=row.place + 1)


def say_twice(venue: Venue, request: WitnessRequest) -> None:
    del venue
    row = LeafVersion.objects.filter(batch_id=request.number).latest("place")
    row.pk, row.place = None, row.place + 1
    row.save(force_insert=True)


def cut_later(venue: Venue, request: WitnessRequest) -> None:
    sequence = venue.exchange.runner.place.sequence
    Batch.objects.filter(number=request.number).update(event_sequence=sequence + 1)


def name_another_wallet(venue: Venue, request: WitnessRequest) -> None:
    row = LeafVersion.objects.filter(batch_id=request.number).latest("place")
    thief, vault = development_key("thief"), 0
    deposit_test_usdt(venue.door, thief, amount_micro=50_000 * USDT)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    found = venue.door.records.vaults([thief.pubkey()], level=Level.FINALIZED)[0]
    vault = found.vault_id if found else 0
    LeafVersion.objects.filter(pk=row.pk).update(owner=str(thief.pubkey()), vault_id=vault)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (change_leaf, "LEAF"),
        (leave_out, "LEAF_MISSING"),
        (move_place, "PLACE"),
        (say_twice, "PLACE"),
        (cut_later, "LOG"),
        (name_another_wallet, "OWNER"),
    ],
)
def test_a_lie_in_the_leaves_is_refused(
    venue: Venue, lie: Callable[[Venue, WitnessRequest], None], reason: str
) -> None:
    move_money(venue)
    request = ask(venue)
    lie(venue, request)
    assert answer(venue, request) == reason


def test_a_deposit_that_is_not_on_the_chain_is_refused(venue: Venue) -> None:
    alice, wallet = rich(venue, "alice")
    row = Deposit.objects.get(account_id=alice.pk)
    made_up = {"deposit_id": "00000000-0000-4000-8000-00000000dead", "account_id": str(alice.pk)}
    venue.exchange.give(
        c.CreditDeposit(at_ms=0, amount_micro=500 * USDT, **made_up),
        c.FinalizeDeposit(at_ms=0, **made_up),
    )
    assert row.address == str(wallet.pubkey())
    assert answer(venue, ask(venue)) == "OWNER"


def marked(said: Commitment) -> Commitment:
    marks = list(said.marks_half_ticks)
    marks[0] = (marks[0] or 1) + 2
    return replace(said, marks_half_ticks=tuple(marks))


LIES: dict[str, Callable[[Commitment], Commitment]] = {
    "NUMBER": lambda said: replace(said, number=said.number + 1),
    "PREVIOUS_ROOT": lambda said: replace(said, previous_root=bytes(32)),
    "MARK": marked,
    "TOTAL": lambda said: replace(said, total_micro=said.total_micro - 1),
    "TRADES": lambda said: replace(said, trades_root=bytes(32)),
    "CHAIN_HEAD": lambda said: replace(said, chain_head=bytes(32)),
    "ROOT": lambda said: replace(said, root=bytes(32)),
}


def message_of(venue: Venue, said: Commitment, *more: Instruction) -> bytes:
    operator, witness = development_key("operator"), development_key("witness")
    built = instructions.commit_root(
        venue.door.addresses,
        operator=operator.pubkey(),
        witness=witness.pubkey(),
        commitment=said,
    )
    blockhash = venue.door.client.latest_blockhash().value
    return bytes(
        build_message([built, *more], payer=operator.pubkey(), blockhash=blockhash, fee=FEE)
    )


def test_a_commitment_that_says_anything_else_is_refused_by_its_name(venue: Venue) -> None:
    move_money(venue)
    venue.exchange.move(BTC=(1_000_000, 1_000_002))
    request = ask(venue)
    claim = claim_of(Batch.objects.get(number=request.number))
    said = read_commitment(bytes(request.message), venue.door.addresses)
    judge, log = venue.witness.witness, venue.witness._connection
    for reason, lie in LIES.items():
        with pytest.raises(RefusedError) as refused:
            judge.sign(log, claim, message_of(venue, lie(said)))
        assert refused.value.reason.value == reason
    moves = transfer(
        TransferParams(
            from_pubkey=development_key("witness").pubkey(),
            to_pubkey=development_key("thief").pubkey(),
            lamports=1,
        )
    )
    for message in (message_of(venue, said, moves), b"", bytes(Message([], None))):
        with pytest.raises(RefusedError) as refused:
            judge.sign(log, claim, message)
        assert refused.value.reason.value == "MESSAGE"
    assert answer(venue, request) == ""


def test_a_mark_held_back_without_need_is_refused(venue: Venue) -> None:
    move_money(venue)
    venue.settle()
    bid = venue.exchange.runner.state.markets[BTC].prices.bid_ticks
    assert bid is not None
    venue.exchange.move(BTC=(bid + 2, bid + 4))
    trade(venue, *User.objects.order_by("date_joined")[:2])
    request = ask(venue)
    said = read_commitment(bytes(request.message), venue.door.addresses)
    number = list(Market.objects.order_by("pk").values_list("symbol", flat=True)).index(BTC)
    marks = list(said.marks_half_ticks)
    assert marks[number] == 2 * bid + 6
    marks[number] = 0
    silent = replace(said, marks_half_ticks=tuple(marks))
    claim = claim_of(Batch.objects.get(number=request.number))
    judge, log = venue.witness.witness, venue.witness._connection
    with pytest.raises(RefusedError, match="MARK"):
        judge.sign(log, claim, message_of(venue, silent))


def test_the_same_root_is_signed_again_and_another_of_its_number_never(venue: Venue) -> None:
    move_money(venue)
    request = ask(venue)
    assert answer(venue, request) == ""
    claim = claim_of(Batch.objects.get(number=request.number))
    said = read_commitment(bytes(request.message), venue.door.addresses)
    judge, log = venue.witness.witness, venue.witness._connection
    again = Message.from_bytes(bytes(request.message))
    other = message_of(venue, said)
    assert Message.from_bytes(other).recent_blockhash != Hash.default()
    assert again.instructions == Message.from_bytes(other).instructions
    assert len(judge.sign(log, claim, other)) == len(bytes(Signature.default()))
    for lie in (LIES["ROOT"], LIES["TOTAL"], LIES["MARK"]):
        with pytest.raises(RefusedError, match="OTHER_ROOT_SIGNED"):
            judge.sign(log, claim, message_of(venue, lie(said)))


def test_a_witness_that_is_down_is_an_alert_and_the_delay_counts(venue: Venue) -> None:
    move_money(venue)
    request = ask(venue)
    settlement.advance(venue.door)
    assert not Alert.objects.filter(kind="WITNESS_SILENT").exists()
    WitnessRequest.objects.update(asked_at_ms=request.asked_at_ms - 10_001)
    Batch.objects.filter(number=request.number).update(due_at_ms=request.due_at_ms - 61_000)
    settlement.advance(venue.door)
    alert = Alert.objects.get(kind="WITNESS_SILENT")
    assert alert.detail == f"No answer for root {request.number}."
    assert settlement_age_ms() >= 61_000
    venue.witness.step()
    settlement.advance(venue.door)
    venue.devchain.sleep(PACE.confirm_ms / 1_000)
    settlement.advance(venue.door)
    assert Batch.objects.get(number=request.number).state == "CONFIRMED"


def test_a_signature_of_somebody_else_is_a_refusal(venue: Venue) -> None:
    move_money(venue)
    request = ask(venue)
    message = bytes(request.message)
    foreign = bytes(development_key("thief").sign_message(message))
    WitnessRequest.objects.update(state="SIGNED", signature=foreign)
    settlement.advance(venue.door)
    assert WitnessRequest.objects.get().reason == "SIGNATURE"
    assert not Batch.objects.filter(number=request.number).exists()


def test_after_a_kill_it_goes_on_from_its_memory_or_from_the_beginning(
    venue: Venue, tmp_path: Path
) -> None:
    path = tmp_path / "witness" / "memory"
    venue.witness = witness_at(venue.door, path=path)
    alice, bob = move_money(venue)
    venue.settle()
    venue.witness.keep()
    assert path.stat().st_mode & 0o077 == 0
    trade(venue, bob, alice)
    venue.settle()
    newest = venue.witness.witness.book
    for memory in (path, tmp_path / "lost"):
        reborn = witness_at(venue.door, path=memory)
        reborn.follow()
        book = reborn.witness.book
        assert (book.number, book.root, book.total_micro, book.leaves, book.gone) == (
            newest.number,
            newest.root,
            newest.total_micro,
            newest.leaves,
            newest.gone,
        )
    venue.witness = witness_at(venue.door, path=path)
    trade(venue, alice, bob)
    built = venue.settle()
    assert built is not None
    assert built.state == "CONFIRMED"


def test_a_memory_that_was_changed_is_not_believed(venue: Venue, tmp_path: Path) -> None:
    path = tmp_path / "memory"
    venue.witness = witness_at(venue.door, path=path)
    move_money(venue)
    venue.settle()
    venue.witness.keep()
    whole = path.read_bytes()
    assert witness_at(venue.door, path=path).witness.book.number > 0
    for broken in (b"", whole[:-40], whole.replace(b"alice", b"mallo")[::-1]):
        path.write_bytes(broken)
        assert witness_at(venue.door, path=path).witness.book.number == 0


def test_a_root_on_chain_that_the_log_does_not_give_ends_it(venue: Venue) -> None:
    alice, _bob = move_money(venue)
    venue.settle()
    LeafVersion.objects.filter(account_id=alice.pk, cash_micro__gt=0).update(cash_micro=1)
    with pytest.raises(LostError, match="LEAF"):
        witness_at(venue.door).follow()
    assert Alert.objects.filter(kind="WITNESS_REFUSES").exists()


def test_a_deposit_dropped_by_the_chain_is_followed(venue: Venue) -> None:
    _user, wallet = rich(venue, "alice")
    deposit_test_usdt(venue.door, wallet, amount_micro=900 * USDT)
    watch_deposits(venue.door)
    venue.exchange.settle()
    venue.settle()
    venue.door.client.call("devchain_rollBack")
    venue.pass_time(0)
    assert venue.witness.witness.book.number == Batch.objects.latest("number").number
