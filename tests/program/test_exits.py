"""Leaving a frozen exchange: by a claim, without one, and the venue last."""

import pytest
from solders.keypair import Keypair

from chain import exit_instructions, instructions
from chain.errors import Refusal
from chain.events import read_events
from chain.exits import Divisor, exit_of
from tests.program import scenarios
from tests.program.scenarios import checkpointed, freeze_for_a_root, with_released
from tests.program.world import DAY, EXIT_TERMS, USDT, RefusedError, World, key_of, opened, refusal


def leave(world: World, place: int, owner: Keypair, **changes: object) -> int:
    """Leave by a claim, and give what came into the wallet."""
    before = world.balance(world.tokens_of(owner))
    world.send(world.exit_by_claim(place, owner, **changes), signers=[owner])
    return world.balance(world.tokens_of(owner)) - before


def leave_without(world: World, owner: Keypair) -> int:
    before = world.balance(world.tokens_of(owner))
    world.send(world.exit_without_claim(owner), signers=[owner])
    return world.balance(world.tokens_of(owner)) - before


def denied(world: World, place: int, owner: Keypair, **changes: object) -> Refusal | None:
    return refusal(world, world.exit_by_claim(place, owner, **changes), signers=[owner])


def third(world: World, amount_micro: int) -> Keypair:
    """Give a third owner, with a vault and a deposit."""
    carol = key_of(30)
    world.svm.airdrop(carol.pubkey(), 10**11)
    world.put_tokens(world.tokens_of(carol), carol.pubkey(), 1_000_000 * USDT)
    world.create_vault(carol)
    world.deposit(carol, amount_micro)
    return carol


def test_everybody_leaves_with_his_claim_and_the_venue_with_the_rest() -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 49_000 * USDT
    assert leave(world, 1, world.bob) == 20_900 * USDT
    world.set_time(world.now + 30 * DAY)
    world.put_tokens(world.tokens_of(world.authority), world.authority.pubkey(), 0)
    built = exit_instructions.exit_venue(
        world.addresses,
        authority=world.authority.pubkey(),
        destination=world.tokens_of(world.authority),
    )
    world.send(built, signers=[world.authority])
    assert world.balance(world.tokens_of(world.authority)) == 100 * USDT
    assert world.held_micro == 0
    told = world.checkpoints
    assert (told.exited_micro, told.venue_exited_micro) == (69_900 * USDT, 100 * USDT)
    assert world.exchange.paid_micro == 70_000 * USDT
    assert refusal(world, built, signers=[world.authority]) is Refusal.NOTHING_OWED


def test_an_exit_tells_what_it_was_made_of() -> None:
    call = scenarios.exit_by_claim()
    sent = call.world.send(call.built, signers=call.signers)
    [event] = read_events(sent.logs(), program=call.world.addresses.program)
    assert event.numbers == {
        "vault_id": 1,
        "by_claim_micro": 49_000 * USDT,
        "beside_micro": 0,
        "amount_micro": 49_000 * USDT,
    }
    vault = call.world.vault(call.world.alice)
    assert (vault.exited_at, vault.exited_micro) == (call.world.now, 49_000 * USDT)


def test_nobody_leaves_before_the_freeze() -> None:
    world = checkpointed()
    assert denied(world, 0, world.alice) is Refusal.NOT_FROZEN
    built = world.exit_without_claim(world.alice)
    assert refusal(world, built, signers=[world.alice]) is Refusal.NOT_FROZEN


def test_nobody_leaves_twice() -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    leave(world, 0, world.alice)
    assert denied(world, 0, world.alice) is Refusal.ALREADY_EXITED
    built = world.exit_without_claim(world.alice)
    assert refusal(world, built, signers=[world.alice]) is Refusal.ALREADY_EXITED


@pytest.mark.parametrize(
    "lie",
    [
        {"claim_micro": 49_000 * USDT + 1},
        {"released_micro": 1},
        {"deposits_micro": 0},
        {"salt": bytes(32)},
    ],
    ids=str,
)
def test_who_lies_gets_nothing(lie: dict[str, object]) -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    assert denied(world, 0, world.alice, **lie) is Refusal.PROOF_FAILS


def test_nobody_leaves_with_the_claim_of_another_or_of_the_venue() -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    assert denied(world, 1, world.alice) is Refusal.PROOF_FAILS
    assert denied(world, 2, world.alice) is Refusal.PROOF_FAILS


def test_who_has_a_claim_cannot_leave_as_if_he_had_none() -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    built = world.exit_without_claim(world.alice)
    assert refusal(world, built, signers=[world.alice]) is Refusal.PROOF_FAILS
    bare = exit_instructions.exit_without_claim(
        world.addresses, owner=world.alice.pubkey(), destination=world.tokens_of(world.alice)
    )
    assert refusal(world, bare, signers=[world.alice]) is Refusal.PROOF_FAILS


def test_only_the_last_checkpoint_counts() -> None:
    world = checkpointed()
    old = world.claims
    world.set_time(world.now + EXIT_TERMS.interval_seconds)
    world.commit_checkpoint(world.claim(world.alice, claim_micro=1), world.claim(world.bob))
    freeze_for_a_root(world)
    new, world.claims = world.claims, old
    assert denied(world, 0, world.alice) is Refusal.PROOF_FAILS
    world.claims = new
    assert leave(world, 0, world.alice) == 1


def test_claims_beyond_the_treasury_are_scaled_alike_in_any_order() -> None:
    shares = []
    for order in ((0, 1), (1, 0)):
        world = opened()
        world.commit(world.leaf(world.alice), world.leaf(world.bob))
        world.commit_checkpoint(
            world.claim(world.alice, claim_micro=100_000 * USDT),
            world.claim(world.bob, claim_micro=5_000 * USDT),
            world.venue_claim(9 * USDT),
        )
        freeze_for_a_root(world)
        owners = (world.alice, world.bob)
        got = {place: leave(world, place, owners[place]) for place in order}
        shares.append((got[0], got[1]))
        assert world.checkpoints.venue_micro == 0
        assert world.held_micro == 70_000 * USDT - sum(shares[-1])
    assert shares[0] == shares[1] == (66_666_666_666, 3_333_333_333)


def test_a_deposit_that_the_claim_does_not_count_is_paid_beside_it() -> None:
    world = checkpointed()
    world.deposit(world.alice, 300 * USDT)
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 49_300 * USDT


def test_a_deposit_that_was_never_credited_leaves_without_a_claim() -> None:
    world = opened()
    carol = third(world, 700 * USDT)
    world.commit(world.leaf(world.alice), world.leaf(world.bob))
    world.commit_checkpoint(world.claim(world.alice), world.claim(world.bob))
    freeze_for_a_root(world)
    assert leave_without(world, carol) == 700 * USDT
    assert leave(world, 0, world.alice) == 50_000 * USDT
    assert leave(world, 1, world.bob) == 20_000 * USDT


def test_a_vault_beyond_the_map_needs_no_proof() -> None:
    world = checkpointed()
    where = world.addresses.exchange
    data = bytearray(world.data(where))
    at = data.index((2).to_bytes(8, "little"), 376)
    data[at : at + 8] = (255).to_bytes(8, "little")
    world.put(where, data=bytes(data), owner=world.addresses.program)
    carol = third(world, 700 * USDT)
    assert world.vault(carol).vault_id == 256
    freeze_for_a_root(world)
    chunk = exit_instructions.exit_without_claim(
        world.addresses,
        owner=carol.pubkey(),
        destination=world.tokens_of(carol),
        chunk=bytes(32),
        path=world.tree.path(0),
    )
    assert refusal(world, chunk, signers=[carol]) is Refusal.PROOF_FAILS
    assert leave_without(world, carol) == 700 * USDT


def test_without_any_checkpoint_everybody_has_his_deposits(world: World) -> None:
    freeze_for_a_root(world)
    assert leave_without(world, world.alice) == 50_000 * USDT
    assert leave_without(world, world.bob) == 20_000 * USDT


def test_what_was_released_and_not_paid_is_paid_beside_the_claim() -> None:
    world = opened()
    with_released(world, 700 * USDT)
    alice = world.claim(world.alice, released_micro=700 * USDT, claim_micro=49_300 * USDT)
    world.commit_checkpoint(alice, world.claim(world.bob))
    world.pay_out(world.alice, 200 * USDT, proof=world.proof(0))
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 49_300 * USDT + 500 * USDT
    assert leave(world, 1, world.bob) == 20_000 * USDT
    assert world.held_micro == 0


def test_what_waited_for_its_delay_is_paid_beside_the_claim() -> None:
    world = scenarios.queued()
    world.commit_checkpoint(
        world.claim(world.alice, released_micro=150_000 * USDT, claim_micro=100_000 * USDT),
        world.claim(world.bob),
    )
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 250_000 * USDT


def test_what_was_paid_after_the_checkpoint_comes_off_the_claim() -> None:
    world = checkpointed()
    with_released(world, 9_000 * USDT)
    world.pay_out(world.alice, 9_000 * USDT, proof=world.proof(0))
    freeze_for_a_root(world)
    # That his claim shrank nobody else can know, so all claims are still 69,900.
    told = world.checkpoints
    assert (told.held_micro, told.reserve_micro) == (61_000 * USDT, 0)
    assert leave(world, 0, world.alice) == 40_000 * 61_000 * USDT // 69_900
    assert leave(world, 1, world.bob) == 20_900 * 61_000 * USDT // 69_900


def test_who_was_paid_more_than_his_claim_gets_nothing_more_and_takes_from_nobody() -> None:
    world = checkpointed()
    world.commit(
        world.leaf(world.alice, released_micro=60_000 * USDT, cash_micro=0),
        world.leaf(world.bob, cash_micro=10_000 * USDT),
    )
    world.pay_out(world.alice, 60_000 * USDT, proof=world.proof(0))
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 0
    assert leave(world, 1, world.bob) <= world.checkpoints.held_micro == 10_000 * USDT
    assert world.held_micro >= 0


def test_a_vault_that_was_closed_and_opened_again_pays_only_what_came_since() -> None:
    world = checkpointed()
    leaf = world.leaf(world.alice, released_micro=50_000 * USDT, cash_micro=0)
    world.commit(leaf, world.leaf(world.bob))
    world.pay_out(world.alice, 50_000 * USDT, proof=world.proof(0))
    closing = instructions.close_vault(
        world.addresses,
        owner=world.alice.pubkey(),
        root_number=world.exchange.root_number,
        salt=leaf.salt,
        path=world.tree.path(0),
    )
    world.send(closing, signers=[world.alice])
    world.create_vault(world.alice)
    world.deposit(world.alice, 30 * USDT)
    freeze_for_a_root(world)
    assert denied(world, 0, world.alice) is Refusal.PROOF_FAILS
    assert leave_without(world, world.alice) == 30 * USDT


def test_a_bond_comes_back_on_leaving() -> None:
    world = checkpointed()
    built = exit_instructions.request_exit(world.addresses, owner=world.alice.pubkey())
    world.send(built, signers=[world.alice])
    before = world.svm.get_balance(world.alice.pubkey()) or 0
    world.set_time(world.now + DAY)
    world.send(exit_instructions.freeze(world.addresses, overdue=world.alice.pubkey()))
    leave(world, 0, world.alice)
    assert world.svm.get_balance(world.alice.pubkey()) == before + EXIT_TERMS.bond_lamports


def test_an_owner_under_sanctions_leaves_like_anybody() -> None:
    world = checkpointed()
    built = exit_instructions.sanction(
        world.addresses,
        authority=world.authority.pubkey(),
        owner=world.alice.pubkey(),
        reason="List of 2026",
    )
    world.send(built, signers=[world.authority])
    freeze_for_a_root(world)
    assert leave(world, 0, world.alice) == 49_000 * USDT


def test_the_venue_waits_a_month() -> None:
    call = scenarios.exit_venue()
    call.world.set_time(call.world.now - 1)
    reason = refusal(call.world, call.built, signers=call.signers)
    assert reason is Refusal.VENUE_NOT_DUE


def test_a_late_user_finds_his_share_after_the_venue_was_paid() -> None:
    call = scenarios.exit_venue()
    world = call.world
    world.send(call.built, signers=call.signers)
    assert leave(world, 1, world.bob) == 20_900 * USDT
    assert leave(world, 0, world.alice) == 49_000 * USDT


MOST = 2**64 - 1


@pytest.mark.parametrize(
    "told",
    [
        {"claim_micro": MOST},
        {"released_micro": MOST},
        {"claim_micro": MOST, "released_micro": MOST, "deposits_micro": 0},
        {"claim_micro": MOST, "deposits_micro": MOST},
        {"claim_micro": 0, "deposits_micro": MOST},
    ],
    ids=str,
)
def test_numbers_at_their_edges_pay_no_more_than_there_is(told: dict[str, int]) -> None:
    """A checkpoint of stolen keys: the sums on chain are bounded, a claim beneath them is not."""
    world = opened()
    world.commit(world.leaf(world.alice))
    claim = world.claim(world.alice, **told)
    sums = {"deposits_micro": 0, "released_micro": MOST, "claims_micro": 140_000 * USDT}
    world.commit_checkpoint(claim, **sums)
    freeze_for_a_root(world)
    assert 0 <= leave(world, 0, world.alice) <= 70_000 * USDT


def test_python_reckons_exits_as_the_program_does() -> None:
    world = checkpointed()
    world.deposit(world.alice, 300 * USDT)
    before = Divisor.if_frozen_now(
        world.exchange, world.checkpoints.newest, held_micro=world.held_micro
    )
    freeze_for_a_root(world)
    assert Divisor.of_frozen(world.checkpoints) == before
    claim = world.claims[0]
    expected = exit_of(before, world.vault(world.alice), claim)
    assert leave(world, 0, world.alice) == expected.amount_micro


def test_a_wallet_of_another_gets_nothing_of_an_exit() -> None:
    world = checkpointed()
    freeze_for_a_root(world)
    world.put_tokens(world.tokens_of(world.alice), world.bob.pubkey(), 0)
    with pytest.raises(RefusedError) as refused:
        leave(world, 0, world.alice)
    assert refused.value.refusal is Refusal.WRONG_TOKEN_OWNER
