"""State roots: their chain, their cover, their marks, their ring."""

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chain import instructions
from chain.errors import Refusal
from chain.events import read_events
from chain.instructions import Keys
from chain.layouts import parse_roots
from chain.leaves import Position, marks_root
from tests.program.world import MARKETS, NOTHING, USDT, RefusedError, World, refusal

I64_MAX = 2**63 - 1


def refused(world: World, **changes: object) -> Refusal | None:
    built = world.commit_instruction(**changes)
    return refusal(world, built, signers=[world.operator, world.witness])


def test_a_root_is_recorded_with_all_that_it_commits_to(world: World) -> None:
    sent = world.commit(world.leaf(world.alice), world.leaf(world.bob), trades_root=b"t" * 32)
    exchange = world.exchange
    assert (exchange.root_number, exchange.root, exchange.root_at) == (
        1,
        world.tree.root,
        world.now,
    )
    assert exchange.total_micro == 70_000 * USDT
    assert (exchange.trades_root, exchange.chain_head) == (b"t" * 32, b"\7" * 32)
    assert exchange.marks_root == marks_root((1_000_000, 50_000, 3_000))
    assert [market.mark_half_ticks for market in world.markets] == [1_000_000, 50_000, 3_000]
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {"number": 1, "total_micro": 70_000 * USDT}
    assert event.rest == world.tree.root + exchange.marks_root


@pytest.mark.parametrize("number", [0, 1, 3, 2**64 - 1])
def test_numbers_follow_one_another(world: World, number: int) -> None:
    world.commit(world.leaf(world.alice))
    assert refused(world, number=number) is Refusal.NUMBER_NOT_NEXT


def test_the_same_root_twice_is_refused_the_second_time(world: World) -> None:
    built = world.commit_instruction()
    world.send(built, signers=[world.operator, world.witness])
    reason = refusal(world, built, signers=[world.operator, world.witness])
    assert reason is Refusal.NUMBER_NOT_NEXT


def test_the_previous_root_is_the_one_that_stands(world: World) -> None:
    world.commit(world.leaf(world.alice))
    assert refused(world, previous_root=NOTHING) is Refusal.PREVIOUS_ROOT_DIFFERS


def test_a_heartbeat_repeats_its_root(world: World) -> None:
    world.commit(world.leaf(world.alice))
    world.commit()
    assert world.exchange.root_number == 2


def test_what_is_owed_is_at_most_what_is_there(world: World) -> None:
    assert refused(world, total_micro=70_000 * USDT + 1) is Refusal.NOT_COVERED
    assert refused(world, total_micro=I64_MAX) is Refusal.NOT_COVERED
    world.commit(total_micro=70_000 * USDT)
    world.commit(total_micro=-I64_MAX)


def test_what_was_paid_stays_in_the_sum(world: World) -> None:
    """Withdrawals stay in the leaves' totals for ever, so payouts count on the other side."""
    leaf = world.leaf(world.alice, released_micro=9 * USDT, cash_micro=49_991 * USDT)
    world.commit(leaf, world.leaf(world.bob))
    world.pay_out(world.alice, 9 * USDT, proof=world.proof(0))
    assert world.held_micro == 69_991 * USDT
    assert refused(world, total_micro=70_000 * USDT + 1) is Refusal.NOT_COVERED
    world.commit(total_micro=70_000 * USDT)


def test_the_operator_alone_is_refused_where_a_witness_is_set(world: World) -> None:
    built = instructions.commit_root(
        world.addresses,
        operator=world.operator.pubkey(),
        witness=None,
        commitment=world.commitment(),
    )
    assert refusal(world, built, signers=[world.operator]) is Refusal.MISSING_SIGNATURE


def without_witness() -> World:
    world = World()
    keys = Keys(
        authority=world.authority.pubkey(),
        guardian=world.guardian.pubkey(),
        operator=world.operator.pubkey(),
    )
    built = instructions.initialize_exchange(
        world.addresses,
        payer=world.upgrader.pubkey(),
        mint=world.mint,
        keys=keys,
        parameters=world_parameters(),
    )
    world.send(built, signers=[world.upgrader])
    return world


def world_parameters() -> instructions.Parameters:
    return instructions.Parameters(
        daily_cap_micro=1, delay_above_micro=1, delay_seconds=1, deposit_unit_micro=1
    )


def commit_alone(world: World, witness: Pubkey | None, signers: list[Keypair]) -> None:
    built = instructions.commit_root(
        world.addresses,
        operator=world.operator.pubkey(),
        witness=witness,
        commitment=world.commitment(marks_half_ticks=()),
    )
    world.send(built, signers=signers)


def test_without_a_witness_the_operator_commits_alone_until_one_is_set() -> None:
    world = without_witness()
    commit_alone(world, None, [world.operator])
    built = instructions.set_key(
        world.addresses,
        authority=world.authority.pubkey(),
        duty="witness",
        key=world.witness.pubkey(),
    )
    world.send(built, signers=[world.authority])
    with pytest.raises(RefusedError) as no:
        commit_alone(world, None, [world.operator])
    assert no.value.refusal is Refusal.MISSING_SIGNATURE
    commit_alone(world, world.witness.pubkey(), [world.operator, world.witness])


def test_a_stranger_is_no_witness_where_none_is_set() -> None:
    world = without_witness()
    with pytest.raises(RefusedError) as no:
        commit_alone(world, world.witness.pubkey(), [world.operator, world.witness])
    assert no.value.refusal is Refusal.WRONG_KEY


@pytest.mark.parametrize(
    ("seconds", "mark", "passes"),
    [
        (0, 1_100_000, True),
        (0, 1_100_001, False),
        (0, 900_000, True),
        (0, 899_999, False),
        (10, 1_110_000, True),
        (10, 1_110_001, False),
        (3_600, 4_700_000, True),
        (3_600, 4_700_001, False),
        (10**9, 9_000_000, True),
        (10**9, 9_000_001, False),
        (-100, 1_100_001, False),
    ],
)
def test_a_mark_moves_as_far_as_its_bound_and_the_time_allow(
    world: World, seconds: int, mark: int, *, passes: bool
) -> None:
    """10% at once, 0.1% more a second, never beyond eight times."""
    world.commit()
    world.set_time(world.now + seconds)
    marks = (mark, 0, 0)
    if passes:
        world.commit(marks_half_ticks=marks)
        assert world.markets[0].mark_half_ticks == mark
    else:
        assert refused(world, marks_half_ticks=marks) is Refusal.MARK_OUT_OF_BOUND


def test_a_mark_of_zero_leaves_the_market_as_it_is(world: World) -> None:
    world.commit()
    world.set_time(world.now + 60)
    world.commit(marks_half_ticks=(0, 50_001))
    marks = [market.mark_half_ticks for market in world.markets]
    assert marks == [1_000_000, 50_001, 3_000]
    assert [world.now - market.marked_at for market in world.markets] == [60, 0, 60]


@pytest.mark.parametrize("mark", [2**40, 2**64 - 1])
def test_a_mark_beyond_the_range_is_refused(world: World, mark: int) -> None:
    assert refused(world, marks_half_ticks=(mark,)) is Refusal.MARK_OUT_OF_BOUND


def test_the_greatest_mark_and_bound_do_not_overflow(world: World) -> None:
    greatest = 2**40 - 1
    world.commit(marks_half_ticks=(greatest,))
    world.set_time(world.now + 10**9)
    world.commit(marks_half_ticks=(1,))
    assert world.markets[0].mark_half_ticks == 1


def test_a_delisted_market_takes_no_mark(world: World) -> None:
    world.commit()
    delisting = world.market_instruction(2, MARKETS[2], listed=0)
    world.send(delisting, signers=[world.authority])
    assert refused(world) is Refusal.MARK_OUT_OF_BOUND
    world.commit(marks_half_ticks=(1_000_000, 50_000, 0))


def test_more_marks_than_markets_are_refused(world: World) -> None:
    assert refused(world, marks_half_ticks=(1, 1, 1, 1)) is Refusal.BAD_MARKET


def test_the_ring_keeps_two_hundred_roots(world: World) -> None:
    for _ in range(203):
        world.commit(marks_half_ticks=())
    ring = parse_roots(world.data(world.addresses.roots))
    assert [entry.number for entry in ring] == list(range(4, 204))
    assert ring[-1].root == world.tree.root


def test_a_commitment_of_sixty_four_marks_fits_one_packet(world: World) -> None:
    for number in range(3, 64):
        world.send(world.market_instruction(number, f"M{number}"), signers=[world.authority])
    world.commit(marks_half_ticks=tuple(range(1, 65)))
    assert [market.mark_half_ticks for market in world.markets] == list(range(1, 65))


def test_nothing_on_chain_shows_a_position(world: World) -> None:
    """Neither accounts nor transactions hold cash, size, cost or collateral, or their salt."""
    secrets = [0x1122_3344_5566, 0x2233_4455_6677, 0x3344_5566_7788, 0x4455_6677]
    size_lots, cost_micro, collateral_micro, cash_micro = secrets
    leaf = world.leaf(
        world.alice,
        cash_micro=cash_micro,
        released_micro=USDT,
        positions=(Position(1, size_lots, cost_micro, collateral_micro),),
        salt=b"a salt of thirty-two bytes, yes.",
    )
    world.commit(leaf, world.leaf(world.bob), total_micro=0)
    paying = instructions.pay_out(
        world.addresses,
        caller=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        destination=world.tokens_of(world.alice),
        amount_micro=USDT,
        proof=world.proof(0),
    )
    world.send(paying, signers=[world.operator])
    owned = world.svm.get_program_accounts(world.addresses.program)
    shown = b"".join(bytes(account.data) for _key, account in owned)
    shown += bytes(paying.data) + bytes(world.commit_instruction().data)
    hidden = [secret.to_bytes(8, "little") for secret in secrets]
    assert [secret for secret in [*hidden, leaf.salt] if secret in shown] == []
    assert leaf.released_micro.to_bytes(8, "little") in shown
