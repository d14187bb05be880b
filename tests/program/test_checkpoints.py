"""Checkpoints: who commits them, how often, and what they may say."""

from dataclasses import replace

import pytest
from solders.instruction import Instruction

from chain import instructions
from chain.claims import VENUE
from chain.errors import Refusal
from chain.events import read_events
from chain.instructions import ExitTerms
from tests.program import scenarios
from tests.program.scenarios import with_released
from tests.program.world import EXIT_TERMS, TWO_DAYS, USDT, RefusedError, World, opened, refusal


@pytest.fixture
def rooted(world: World) -> World:
    """Give a world with a first state root."""
    world.commit(world.leaf(world.alice), world.leaf(world.bob))
    return world


def denied(world: World, **changes: object) -> Refusal | None:
    commitment = world.checkpoint(world.claim(world.alice), world.claim(world.bob), **changes)
    built = world.checkpoint_instruction(commitment)
    return refusal(world, built, signers=[world.operator, world.witness])


def test_a_checkpoint_stands_as_it_was_committed(rooted: World) -> None:
    venue = replace(rooted.claim(rooted.bob), owner=VENUE, vault_id=0, claim_micro=7)
    claims = (rooted.claim(rooted.alice), rooted.claim(rooted.bob), venue)
    commitment = rooted.checkpoint(*claims, deposits_micro=70_000 * USDT)
    built = rooted.checkpoint_instruction(commitment)
    sent = rooted.send(built, signers=[rooted.operator, rooted.witness])
    newest = rooted.checkpoints.newest
    assert newest is not None
    names = instructions.CheckpointCommitment.__slots__
    assert all(getattr(newest, name) == getattr(commitment, name) for name in names)
    assert newest.committed_at == rooted.now
    assert (newest.claims_micro, newest.venue_micro) == (70_000 * USDT, 7)
    assert rooted.exchange.checkpoint_root == rooted.exchange.root_number
    [event] = read_events(sent.logs(), program=rooted.addresses.program)
    assert list(event.numbers.values()) == [1, 1, 70_000 * USDT, 7]
    assert event.rest == newest.plain_root + newest.sum_root + newest.file_hash


def test_the_data_of_a_checkpoint_is_read_as_it_was_written() -> None:
    call = scenarios.commit_checkpoint()
    told = instructions.read_commit_checkpoint(bytes(call.built.data))
    assert told.count == 2
    assert instructions.pack_checkpoint(told) == bytes(call.built.data)[1:]
    with pytest.raises(ValueError, match="no checkpoint"):
        instructions.read_commit_checkpoint(bytes(call.built.data)[:-1])


@pytest.mark.parametrize("number", [0, 2, 2**64 - 1])
def test_checkpoints_follow_one_another(rooted: World, number: int) -> None:
    assert denied(rooted, number=number) is Refusal.NUMBER_NOT_NEXT


def test_the_same_checkpoint_is_not_committed_twice(rooted: World) -> None:
    commitment = rooted.checkpoint(rooted.claim(rooted.alice))
    built = rooted.checkpoint_instruction(commitment)
    rooted.send(built, signers=[rooted.operator, rooted.witness])
    rooted.set_time(rooted.now + EXIT_TERMS.interval_seconds)
    reason = refusal(rooted, built, signers=[rooted.operator, rooted.witness])
    assert reason is Refusal.NUMBER_NOT_NEXT


def test_checkpoints_come_no_sooner_than_the_terms_allow(rooted: World) -> None:
    rooted.commit_checkpoint(rooted.claim(rooted.alice))
    rooted.set_time(rooted.now + EXIT_TERMS.interval_seconds - 1)
    assert denied(rooted) is Refusal.CHECKPOINT_TOO_SOON
    rooted.set_time(rooted.now + 1)
    rooted.commit_checkpoint(rooted.claim(rooted.alice))


@pytest.mark.parametrize("root_number", [0, 2])
def test_a_checkpoint_is_made_at_a_root_of_the_ring(rooted: World, root_number: int) -> None:
    assert denied(rooted, root_number=root_number) is Refusal.UNKNOWN_ROOT


def test_a_checkpoint_is_made_at_no_older_root_than_the_one_before(rooted: World) -> None:
    rooted.commit(rooted.leaf(rooted.alice))
    rooted.commit_checkpoint(rooted.claim(rooted.alice))
    rooted.set_time(rooted.now + EXIT_TERMS.interval_seconds)
    assert denied(rooted, root_number=1) is Refusal.BAD_CHECKPOINT


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": 3},
        {"count": 1},
        {"depth": 0},
        {"depth": 2},
        {"depth": 25, "count": 2**24 + 1},
        {"count": 2**31 + 1, "depth": 32},
        {"count": 2**32 - 1, "depth": 0},
        {"ids_depth": 25},
        {"deposits_micro": 70_000 * USDT + 1},
        {"paid_micro": 1, "released_micro": 1},
    ],
    ids=str,
)
def test_a_checkpoint_that_contradicts_itself_or_the_chain_is_refused(
    rooted: World, wrong: dict[str, int]
) -> None:
    assert denied(rooted, **wrong) is Refusal.BAD_CHECKPOINT


def test_what_was_paid_was_released_before(world: World) -> None:
    with_released(world, 700 * USDT)
    world.pay_out(world.alice, 700 * USDT, proof=world.proof(0))
    assert denied(world, released_micro=700 * USDT - 1) is Refusal.BAD_CHECKPOINT
    world.commit_checkpoint(world.claim(world.alice), world.claim(world.bob))


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims_micro": 140_000 * USDT + 1},
        {"claims_micro": 0, "venue_micro": 140_000 * USDT + 1},
        {"claims_micro": 2**64 - 1, "venue_micro": 2**64 - 1},
    ],
    ids=str,
)
def test_claims_out_of_nothing_are_refused(rooted: World, wrong: dict[str, int]) -> None:
    assert denied(rooted, **wrong) is Refusal.CLAIMS_OUT_OF_BOUND


def test_claims_may_be_twice_the_treasury_since_marks_of_half_an_hour_may_be_off(
    rooted: World,
) -> None:
    commitment = rooted.checkpoint(rooted.claim(rooted.alice), claims_micro=140_000 * USDT)
    built = rooted.checkpoint_instruction(commitment)
    rooted.send(built, signers=[rooted.operator, rooted.witness])


def test_the_operator_alone_commits_no_checkpoint_where_a_witness_is_set(rooted: World) -> None:
    built = rooted.checkpoint_instruction(rooted.checkpoint(rooted.claim(rooted.alice)))
    alone = Instruction(built.program_id, built.data, built.accounts[:-1])
    assert refusal(rooted, alone, signers=[rooted.operator]) is Refusal.MISSING_SIGNATURE


def test_the_ring_keeps_the_newest_eight(rooted: World) -> None:
    for _ in range(10):
        rooted.set_time(rooted.now + EXIT_TERMS.interval_seconds)
        rooted.commit_checkpoint(rooted.claim(rooted.alice))
    assert [row.number for row in rooted.checkpoints.ring] == list(range(3, 11))


def test_a_payout_by_a_root_of_the_checkpoint_counts_towards_it_and_a_later_one_does_not(
    world: World,
) -> None:
    with_released(world, 700 * USDT)
    old = world.proof(0)
    world.commit_checkpoint(world.claim(world.alice), world.claim(world.bob))
    with_released(world, 900 * USDT)
    world.pay_out(world.alice, 300 * USDT, proof=old)
    assert world.exchange.paid_under_micro == 300 * USDT
    world.pay_out(world.alice, 200 * USDT, proof=world.proof(0))
    assert world.exchange.paid_under_micro == 300 * USDT
    assert world.exchange.paid_micro == 500 * USDT


@pytest.mark.parametrize("later", [False, True])
def test_what_waited_counts_by_the_root_that_proved_it(*, later: bool) -> None:
    world = opened()
    world.deposit(world.alice, 200_000 * USDT)
    if later:
        world.commit(world.leaf(world.alice))
        world.commit_checkpoint(world.claim(world.alice))
    with_released(world, 150_000 * USDT)
    world.pay_out(world.alice, 150_000 * USDT, proof=world.proof(0))
    if not later:
        world.commit_checkpoint(world.claim(world.alice))
    world.set_time(world.now + TWO_DAYS)
    world.release(world.alice)
    assert world.exchange.paid_under_micro == (0 if later else 150_000 * USDT)


@pytest.mark.parametrize(
    "terms",
    [
        ExitTerms(interval_seconds=0, bond_lamports=0),
        ExitTerms(interval_seconds=-1, bond_lamports=0),
        ExitTerms(interval_seconds=86_401, bond_lamports=0),
        ExitTerms(interval_seconds=1, bond_lamports=10**10 + 1),
    ],
    ids=str,
)
def test_terms_out_of_bounds_are_refused(world: World, terms: ExitTerms) -> None:
    built = instructions.set_exit_terms(
        world.addresses, authority=world.authority.pubkey(), terms=terms
    )
    assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_PARAMETER


def test_terms_are_taken_as_they_are_given(world: World) -> None:
    terms = ExitTerms(interval_seconds=86_400, bond_lamports=10**10)
    built = instructions.set_exit_terms(
        world.addresses, authority=world.authority.pubkey(), terms=terms
    )
    sent = world.send(built, signers=[world.authority])
    told = world.checkpoints
    assert (told.interval_seconds, told.bond_lamports) == (86_400, 10**10)
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {"interval_seconds": 86_400, "bond_lamports": 10**10}


def test_checkpoints_are_opened_once() -> None:
    call = scenarios.open_checkpoints()
    call.world.send(call.built, signers=call.signers)
    assert call.world.checkpoints.opened_at == call.world.now
    with pytest.raises(RefusedError) as refused:
        call.world.send(call.built, signers=call.signers)
    assert refused.value.refusal is Refusal.ALREADY_EXISTS
