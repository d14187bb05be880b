"""Vaults: opening, deposits by either signature, closing."""

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair

from chain import instructions
from chain.errors import Refusal
from chain.events import Event, read_events
from chain.leaves import Position
from tests.program import scenarios
from tests.program.world import USDT, RefusedError, World, refusal

U64 = 2**64 - 1


def events(world: World, logs: list[str]) -> list[Event]:
    return read_events(logs, program=world.addresses.program)


def draw(world: World, owner: Keypair, amount_micro: int) -> Instruction:
    return instructions.deposit_by_delegate(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=owner.pubkey(),
        source=world.tokens_of(owner),
        amount_micro=amount_micro,
    )


def test_a_new_vault_is_its_owner_s_and_empty() -> None:
    call = scenarios.create_vault()
    world = call.world
    sent = world.send(call.built, signers=call.signers)
    vault = world.vault(world.alice)
    assert (vault.owner, vault.vault_id) == (world.alice.pubkey(), 1)
    assert (vault.deposited_micro, vault.paid_micro, vault.created_at) == (0, 0, world.now)
    [event] = events(world, sent.logs())
    assert (event.owner, event.numbers) == (world.alice.pubkey(), {"vault_id": 1})


def test_a_wallet_has_one_vault() -> None:
    call = scenarios.create_vault()
    call.world.send(call.built, signers=call.signers)
    reason = refusal(call.world, call.built, signers=call.signers)
    assert reason is Refusal.ALREADY_EXISTS


def test_a_deposit_moves_the_money_and_counts_it(world: World) -> None:
    before = world.held_micro
    sent = world.deposit(world.alice, 123)
    assert world.held_micro == before + 123
    assert world.vault(world.alice).deposited_micro == 50_000 * USDT + 123
    assert world.exchange.deposited_micro == world.held_micro
    [event] = events(world, sent.logs())
    assert event.numbers == {
        "vault_id": 1,
        "amount_micro": 123,
        "deposited_micro": 50_000 * USDT + 123,
    }


def test_a_deposit_of_nothing_is_refused(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        world.deposit(world.alice, 0)
    assert refused.value.refusal is Refusal.ZERO_AMOUNT


def test_a_deposit_of_more_than_there_is_moves_nothing(world: World) -> None:
    before = (world.held_micro, world.vault(world.alice), world.exchange)
    with pytest.raises(RefusedError):
        world.deposit(world.alice, 10_000_000 * USDT)
    assert (world.held_micro, world.vault(world.alice), world.exchange) == before


def test_sums_that_leave_their_range_are_refused(world: World) -> None:
    world.put_tokens(world.tokens_of(world.alice), world.alice.pubkey(), U64)
    with pytest.raises(RefusedError) as refused:
        world.deposit(world.alice, U64)
    assert refused.value.refusal is Refusal.OVERFLOW


def test_the_operator_draws_whole_units_of_what_is_authorized(world: World) -> None:
    world.authorize(world.alice, 2_500 * USDT)
    world.send(draw(world, world.alice, 2_000 * USDT), signers=[world.operator])
    assert world.vault(world.alice).deposited_micro == 52_000 * USDT
    assert world.held_micro == 72_000 * USDT


def test_the_operator_draws_all_that_is_authorized(world: World) -> None:
    world.authorize(world.alice, 2_500 * USDT)
    world.send(draw(world, world.alice, 2_500 * USDT), signers=[world.operator])
    assert world.vault(world.alice).deposited_micro == 52_500 * USDT


def test_the_operator_draws_all_that_is_left_in_the_wallet(world: World) -> None:
    world.put_tokens(world.tokens_of(world.alice), world.alice.pubkey(), 777)
    world.authorize(world.alice, 10_000 * USDT)
    world.send(draw(world, world.alice, 777), signers=[world.operator])
    assert world.vault(world.alice).deposited_micro == 50_000 * USDT + 777


@pytest.mark.parametrize("amount_micro", [1, 999 * USDT, 1_000 * USDT + 1, 2_499 * USDT])
def test_the_operator_cannot_draw_the_size_of_an_order(world: World, amount_micro: int) -> None:
    world.authorize(world.alice, 2_500 * USDT)
    built = draw(world, world.alice, amount_micro)
    assert refusal(world, built, signers=[world.operator]) is Refusal.NOT_ROUND_UNITS


def test_the_operator_cannot_draw_more_than_is_authorized(world: World) -> None:
    world.authorize(world.alice, 2_500 * USDT)
    with pytest.raises(RefusedError):
        world.send(draw(world, world.alice, 3_000 * USDT), signers=[world.operator])
    assert world.held_micro == 70_000 * USDT


def test_the_operator_cannot_draw_after_revocation(world: World) -> None:
    world.authorize(world.alice, 5_000 * USDT)
    revoke = instructions.revoke_authorization(owner=world.alice.pubkey(), mint=world.mint)
    world.send(revoke, signers=[world.alice])
    with pytest.raises(RefusedError):
        world.send(draw(world, world.alice, 1_000 * USDT), signers=[world.operator])


def test_an_approval_of_somebody_else_draws_nothing(world: World) -> None:
    """What another delegate may take counts as nothing authorized."""
    approval = instructions.authorize(
        world.addresses, owner=world.alice.pubkey(), mint=world.mint, amount_micro=500
    )
    metas = list(approval.accounts)
    metas[1] = type(metas[1])(world.bob.pubkey(), is_signer=False, is_writable=False)
    world.send(Instruction(approval.program_id, approval.data, metas), signers=[world.alice])
    built = draw(world, world.alice, 500)
    assert refusal(world, built, signers=[world.operator]) is Refusal.NOT_ROUND_UNITS


def close(world: World, *, salt: bytes, index: int = 0) -> Instruction:
    return instructions.close_vault(
        world.addresses,
        owner=world.alice.pubkey(),
        root_number=world.exchange.root_number,
        salt=salt,
        path=world.tree.path(index),
    )


def test_closing_returns_the_rent_to_the_owner() -> None:
    call = scenarios.close_vault()
    world = call.world
    where = world.addresses.vault(world.alice.pubkey())
    rent = world.svm.minimum_balance_for_rent_exemption(256)
    before = world.svm.get_balance(world.alice.pubkey()) or 0
    world.send(call.built, signers=call.signers)
    assert world.svm.get_account(where) is None
    assert world.svm.get_balance(world.alice.pubkey()) == before + rent


def test_a_vault_that_never_saw_money_closes_without_proof() -> None:
    call = scenarios.create_vault()
    world = call.world
    world.send(call.built, signers=call.signers)
    built = instructions.close_vault(world.addresses, owner=world.alice.pubkey())
    world.send(built, signers=[world.alice])
    assert world.svm.get_account(world.addresses.vault(world.alice.pubkey())) is None


def test_a_vault_with_history_does_not_close_without_proof(world: World) -> None:
    built = instructions.close_vault(world.addresses, owner=world.alice.pubkey())
    with pytest.raises(RefusedError):
        world.send(built, signers=[world.alice])


@pytest.mark.parametrize(
    "left",
    [
        {"cash_micro": 1},
        {"cash_micro": -1},
        {"positions": (Position(market=0, size_lots=1, cost_micro=1, collateral_micro=0),)},
        {"released_micro": 50_001 * USDT},
        {"released_micro": 49_999 * USDT},
        {"deposits_micro": 49_999 * USDT},
        {"vault_id": 2},
    ],
)
def test_a_vault_with_anything_left_stays_open(left: dict[str, object]) -> None:
    world, leaf = scenarios.emptied()
    fields: dict[str, object] = {"released_micro": 50_000 * USDT, "cash_micro": 0}
    world.commit(world.leaf(world.alice, **(fields | left)), world.leaf(world.bob), total_micro=0)
    built = close(world, salt=world.leaves[0].salt)
    assert refusal(world, built, signers=[world.alice]) is Refusal.VAULT_NOT_EMPTY
    assert leaf.salt


def test_a_vault_with_a_waiting_payout_stays_open() -> None:
    world = scenarios.queued()
    built = close(world, salt=world.leaves[0].salt)
    assert refusal(world, built, signers=[world.alice]) is Refusal.VAULT_NOT_EMPTY


def test_a_deposit_that_no_root_counts_yet_keeps_the_vault_open() -> None:
    call = scenarios.close_vault()
    call.world.deposit(call.world.alice, 1)
    reason = refusal(call.world, call.built, signers=call.signers)
    assert reason is Refusal.VAULT_NOT_EMPTY


def test_the_proof_of_a_closed_vault_pays_nothing_to_the_next_one() -> None:
    """The totals begin anew with a new id, and no old leaf names it."""
    world, leaf = scenarios.emptied()
    old = world.proof(0)
    world.send(close(world, salt=leaf.salt), signers=[world.alice])
    world.create_vault(world.alice)
    world.deposit(world.alice, 50_000 * USDT)
    assert world.vault(world.alice).vault_id == 3
    with pytest.raises(RefusedError) as refused:
        world.pay_out(world.alice, 50_000 * USDT, proof=old)
    assert refused.value.refusal is Refusal.PROOF_FAILS
