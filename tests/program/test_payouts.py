"""Payouts: the proof, the totals against replays, the delay, the cap, the destination."""

from dataclasses import replace

import pytest
from solders.token.state import TokenAccount

from chain import instructions
from chain.errors import Refusal
from chain.events import read_events
from chain.instructions import LeafProof
from chain.merkle import Path
from tests.program import scenarios
from tests.program.scenarios import with_released
from tests.program.world import DAY, PARAMETERS, TWO_DAYS, USDT, RefusedError, World, refusal


def paid(world: World) -> int:
    return world.vault(world.alice).paid_micro


def denied(world: World, amount_micro: int, proof: LeafProof) -> Refusal | None:
    with pytest.raises(RefusedError) as refused:
        world.pay_out(world.alice, amount_micro, proof=proof)
    return refused.value.refusal


def set_parameters(world: World, **changes: int) -> None:
    built = instructions.set_parameters(
        world.addresses,
        authority=world.authority.pubkey(),
        parameters=replace(PARAMETERS, **changes),
    )
    world.send(built, signers=[world.authority])


def test_a_released_withdrawal_reaches_its_owner(world: World) -> None:
    with_released(world, 700 * USDT)
    before = world.balance(world.tokens_of(world.alice))
    sent = world.pay_out(world.alice, 700 * USDT, proof=world.proof(0))
    assert world.balance(world.tokens_of(world.alice)) == before + 700 * USDT
    assert (paid(world), world.exchange.paid_micro) == (700 * USDT, 700 * USDT)
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {
        "vault_id": 1,
        "amount_micro": 700 * USDT,
        "paid_micro": 700 * USDT,
        "queued_until": 0,
    }


def test_the_owner_asks_for_what_is_his_when_nobody_else_does(world: World) -> None:
    with_released(world, 700 * USDT)
    world.pay_out(world.alice, 700 * USDT, proof=world.proof(0), by=world.alice)
    assert paid(world) == 700 * USDT


def test_a_stranger_with_a_proof_cannot_cut_it_into_pieces(world: World) -> None:
    with_released(world, 700 * USDT)
    for stranger in (world.bob, world.authority, world.guardian, world.witness):
        with pytest.raises(RefusedError) as refused:
            world.pay_out(world.alice, 1, proof=world.proof(0), by=stranger)
        assert refused.value.refusal is Refusal.WRONG_KEY


def test_the_same_proof_twice_pays_nothing(world: World) -> None:
    with_released(world, 700 * USDT)
    world.pay_out(world.alice, 700 * USDT, proof=world.proof(0))
    assert denied(world, 1, world.proof(0)) is Refusal.NOTHING_OWED


def test_a_part_can_be_paid_and_then_the_rest_but_no_more(world: World) -> None:
    with_released(world, 700 * USDT)
    world.pay_out(world.alice, 300 * USDT, proof=world.proof(0))
    assert denied(world, 400 * USDT + 1, world.proof(0)) is Refusal.NOTHING_OWED
    world.pay_out(world.alice, 400 * USDT, proof=world.proof(0))
    assert paid(world) == 700 * USDT


def test_an_older_root_pays_only_what_was_not_paid_since(world: World) -> None:
    with_released(world, 700 * USDT)
    older = world.proof(0)
    with_released(world, 900 * USDT)
    world.pay_out(world.alice, 900 * USDT, proof=world.proof(0))
    assert denied(world, 1, older) is Refusal.NOTHING_OWED


def test_nothing_is_no_payout(world: World) -> None:
    with_released(world, 700 * USDT)
    assert denied(world, 0, world.proof(0)) is Refusal.ZERO_AMOUNT


@pytest.mark.parametrize(
    "lie",
    [
        {"released_micro": 701 * USDT},
        {"deposits_micro": 1},
        {"body_hash": bytes(32)},
        {"path": Path(index=1, siblings=(bytes(32),))},
        {"path": Path(index=0, siblings=())},
        {"path": Path(index=0, siblings=(bytes(32),) * 24)},
        {"path": Path(index=0, siblings=(bytes(32),) * 25)},
    ],
)
def test_a_proof_with_a_lie_fails(world: World, lie: dict[str, object]) -> None:
    with_released(world, 700 * USDT)
    assert denied(world, 1, world.proof(0, **lie)) is Refusal.PROOF_FAILS


def test_an_index_beyond_its_path_fails(world: World) -> None:
    with_released(world, 700 * USDT)
    path = world.tree.path(0)
    longer = Path(index=2, siblings=path.siblings)
    assert denied(world, 1, world.proof(0, path=longer)) is Refusal.PROOF_FAILS


def test_an_inner_node_does_not_pass_for_a_leaf(world: World) -> None:
    """A leaf's hash carries another tag than a node's."""
    with_released(world, 700 * USDT)
    leaf, sibling = world.tree.leaf(0), world.tree.leaf(1)
    forged = world.proof(0, body_hash=sibling, path=Path(index=0, siblings=()))
    assert world.tree.root != leaf
    assert denied(world, 1, forged) is Refusal.PROOF_FAILS


def test_another_s_leaf_pays_nothing(world: World) -> None:
    with_released(world, 700 * USDT)
    with pytest.raises(RefusedError) as refused:
        world.pay_out(world.bob, 1, proof=world.proof(0))
    assert refused.value.refusal is Refusal.PROOF_FAILS


@pytest.mark.parametrize("number", [0, 2, 201, 2**64 - 1])
def test_a_root_that_is_not_in_the_ring_proves_nothing(world: World, number: int) -> None:
    with_released(world, 700 * USDT)
    assert denied(world, 1, world.proof(0, root_number=number)) is Refusal.UNKNOWN_ROOT


def test_a_root_that_left_the_ring_proves_nothing(world: World) -> None:
    with_released(world, 700 * USDT)
    old = world.proof(0)
    for _ in range(200):
        world.commit(marks_half_ticks=())
    assert denied(world, 1, old) is Refusal.UNKNOWN_ROOT


def test_a_payout_above_the_sum_waits_two_days() -> None:
    world = scenarios.queued()
    vault = world.vault(world.alice)
    assert (vault.queued_micro, vault.paid_micro) == (150_000 * USDT, 0)
    assert vault.queued_until == world.now + TWO_DAYS
    world.set_time(world.now + TWO_DAYS - 1)
    with pytest.raises(RefusedError) as refused:
        world.release(world.alice)
    assert refused.value.refusal is Refusal.PAYOUT_NOT_DUE
    world.set_time(world.now + 1)
    world.release(world.alice)
    assert paid(world) == 150_000 * USDT
    assert world.vault(world.alice).queued_micro == 0


def test_what_waited_is_paid_once() -> None:
    world = scenarios.queued()
    world.set_time(world.now + TWO_DAYS)
    world.release(world.alice)
    with pytest.raises(RefusedError) as refused:
        world.release(world.alice)
    assert refused.value.refusal is Refusal.PAYOUT_NOT_DUE


def test_small_payouts_do_not_get_around_the_delay(world: World) -> None:
    """The sum counts over the delay, not each payout alone."""
    world.deposit(world.alice, 200_000 * USDT)
    with_released(world, 150_000 * USDT)
    world.pay_out(world.alice, 60_000 * USDT, proof=world.proof(0))
    world.pay_out(world.alice, 40_000 * USDT, proof=world.proof(0))
    assert paid(world) == 100_000 * USDT
    world.pay_out(world.alice, 1, proof=world.proof(0))
    assert (paid(world), world.vault(world.alice).queued_micro) == (100_000 * USDT, 1)


def test_the_sum_begins_anew_after_the_delay(world: World) -> None:
    world.deposit(world.alice, 200_000 * USDT)
    with_released(world, 200_000 * USDT)
    world.pay_out(world.alice, 100_000 * USDT, proof=world.proof(0))
    world.set_time(world.now + TWO_DAYS)
    world.pay_out(world.alice, 100_000 * USDT, proof=world.proof(0))
    assert paid(world) == 200_000 * USDT


def test_one_payout_waits_at_a_time() -> None:
    world = scenarios.queued()
    with_released(world, 250_000 * USDT)
    assert denied(world, 100_000 * USDT + 1, world.proof(0)) is Refusal.NOTHING_OWED
    set_parameters(world, delay_above_micro=0)
    assert denied(world, 100_000 * USDT, world.proof(0)) is Refusal.PAYOUT_QUEUED


def test_what_waits_is_not_paid_a_second_time_beside_it() -> None:
    world = scenarios.queued()
    assert denied(world, 1, world.proof(0)) is Refusal.NOTHING_OWED


def test_a_canceled_payout_can_be_asked_for_again() -> None:
    call = scenarios.cancel_payout()
    world = call.world
    sent = world.send(call.built, signers=call.signers)
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {"vault_id": 1, "amount_micro": 150_000 * USDT}
    assert refusal(world, call.built, signers=call.signers) is Refusal.PAYOUT_NOT_DUE
    world.pay_out(world.alice, 150_000 * USDT, proof=world.proof(0))
    assert world.vault(world.alice).queued_micro == 150_000 * USDT


def test_the_day_s_net_outflow_has_a_cap(world: World) -> None:
    with_released(world, 1_000 * USDT)
    set_parameters(world, daily_cap_micro=0)
    # The 70,000 of today's deposits may leave again, and no more.
    world.pay_out(world.alice, 1_000 * USDT, proof=world.proof(0))
    world.set_time(world.now + DAY)
    with_released(world, 2_000 * USDT)
    assert denied(world, 1, world.proof(0)) is Refusal.CAP_REACHED
    set_parameters(world, daily_cap_micro=10)
    world.pay_out(world.alice, 10, proof=world.proof(0))
    assert denied(world, 1, world.proof(0)) is Refusal.CAP_REACHED
    world.deposit(world.bob, 5)
    world.pay_out(world.alice, 5, proof=world.proof(0))
    assert denied(world, 1, world.proof(0)) is Refusal.CAP_REACHED
    world.set_time(world.now + DAY)
    world.pay_out(world.alice, 10, proof=world.proof(0))


def test_the_cap_holds_for_what_waited_too() -> None:
    world = scenarios.queued()
    world.set_time(world.now + TWO_DAYS)
    set_parameters(world, daily_cap_micro=150_000 * USDT - 1)
    with pytest.raises(RefusedError) as refused:
        world.release(world.alice)
    assert refused.value.refusal is Refusal.CAP_REACHED
    set_parameters(world, daily_cap_micro=150_000 * USDT)
    world.release(world.alice)


def test_the_greatest_cap_is_no_cap(world: World) -> None:
    set_parameters(world, daily_cap_micro=2**64 - 1)
    with_released(world, 10)
    world.pay_out(world.alice, 10, proof=world.proof(0))
    assert paid(world) == 10


def test_the_greatest_total_released_is_paid_as_far_as_there_is(world: World) -> None:
    leaf = world.leaf(world.alice, released_micro=2**64 - 1)
    world.commit(leaf, world.leaf(world.bob), total_micro=0)
    world.pay_out(world.alice, 100_000 * USDT - 30_000 * USDT, proof=world.proof(0))
    assert world.held_micro == 0
    with pytest.raises(RefusedError):
        world.pay_out(world.alice, 1, proof=world.proof(0))


def test_the_money_stays_in_usdt(world: World) -> None:
    where = world.addresses.treasury
    state = TokenAccount.from_bytes(world.data(where))
    assert (state.mint, state.owner) == (world.mint, world.addresses.exchange)
    assert state.delegate is None
