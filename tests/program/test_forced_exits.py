"""Forced exits: asked for with a bond, served by a proof, and the freeze when one is overdue."""

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair

from chain import exit_instructions, instructions
from chain.errors import Refusal
from chain.events import read_events
from chain.layouts import PAUSE_ALL
from chain.leaves import Leaf, Position
from tests.program import scenarios
from tests.program.scenarios import asked, freeze_for_a_root
from tests.program.world import DAY, EXIT_TERMS, USDT, RefusedError, World, key_of, refusal

BOND = EXIT_TERMS.bond_lamports


def lamports(world: World, owner: Keypair) -> tuple[int, int]:
    """Give what lies in an owner's vault and in his wallet."""
    where = (world.addresses.vault(owner.pubkey()), owner.pubkey())
    vault, wallet = (world.svm.get_balance(key) or 0 for key in where)
    return vault, wallet


def request(world: World, owner: Keypair) -> Instruction:
    return exit_instructions.request_exit(world.addresses, owner=owner.pubkey())


def serve(world: World, leaf: Leaf, **changes: int) -> Instruction:
    fields = {
        "root_number": world.exchange.root_number,
        "released_micro": leaf.released_micro,
    } | changes
    return exit_instructions.serve_exit(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        salt=leaf.salt,
        path=world.tree.path(0),
        **fields,
    )


def overdue(world: World) -> Instruction:
    return exit_instructions.freeze(world.addresses, overdue=world.alice.pubkey())


def test_a_request_takes_the_bond_into_the_vault(world: World) -> None:
    before = lamports(world, world.alice)
    sent = world.send(request(world, world.alice), signers=[world.alice])
    assert lamports(world, world.alice) == (before[0] + BOND, before[1] - BOND)
    vault = world.vault(world.alice)
    assert (vault.exit_requested_at, vault.exit_bond_lamports) == (world.now, BOND)
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.owner == world.alice.pubkey()
    assert event.numbers == {"vault_id": 1, "bond_lamports": BOND}


def test_a_request_is_made_once() -> None:
    world = asked()
    reason = refusal(world, request(world, world.alice), signers=[world.alice])
    assert reason is Refusal.EXIT_REQUESTED


def test_a_vault_that_never_saw_money_has_nothing_to_ask_for(world: World) -> None:
    carol = key_of(30)
    world.svm.airdrop(carol.pubkey(), 10**11)
    world.create_vault(carol)
    assert refusal(world, request(world, carol), signers=[carol]) is Refusal.NOTHING_OWED


def test_who_asked_to_leave_deposits_no_more() -> None:
    """Else a coin in the last minute would keep the venue from ever serving him."""
    world = asked()
    with pytest.raises(RefusedError) as refused:
        world.deposit(world.alice, 1)
    assert refused.value.refusal is Refusal.EXIT_REQUESTED
    world.authorize(world.alice, 1_000 * USDT)
    built = instructions.deposit_by_delegate(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        source=world.tokens_of(world.alice),
        amount_micro=1_000 * USDT,
    )
    assert refusal(world, built, signers=[world.operator]) is Refusal.EXIT_REQUESTED


def test_who_withdraws_his_request_leaves_the_bond_to_the_operator() -> None:
    call = scenarios.withdraw_exit()
    world = call.world
    vault, wallet = lamports(world, world.alice)
    operator = world.svm.get_balance(world.operator.pubkey()) or 0
    world.send(call.built, signers=call.signers)
    assert lamports(world, world.alice) == (vault - BOND, wallet)
    assert world.svm.get_balance(world.operator.pubkey()) == operator + BOND
    assert world.vault(world.alice).exit_requested_at == 0
    world.deposit(world.alice, 1)
    reason = refusal(world, call.built, signers=call.signers)
    assert reason is Refusal.NO_EXIT_REQUESTED


def test_who_was_served_has_his_bond_and_is_overdue_no_more() -> None:
    call = scenarios.serve_exit()
    world = call.world
    vault, wallet = lamports(world, world.alice)
    world.send(call.built, signers=call.signers)
    assert lamports(world, world.alice) == (vault - BOND, wallet + BOND)
    world.set_time(world.now + DAY)
    assert refusal(world, overdue(world)) is Refusal.NO_EXIT_REQUESTED
    world.pay_out(world.alice, 50_000 * USDT, proof=world.proof(0), by=world.alice)
    reason = refusal(world, call.built, signers=call.signers)
    assert reason is Refusal.NO_EXIT_REQUESTED


@pytest.mark.parametrize(
    "left",
    [
        {"cash_micro": 1},
        {"positions": (Position(0, 1, 0, 0),)},
        {"deposits_micro": 50_000 * USDT - 1},
    ],
    ids=str,
)
def test_an_owner_is_not_served_while_anything_is_left(left: dict[str, object]) -> None:
    world = asked()
    fields: dict[str, object] = {"released_micro": 50_000 * USDT, "cash_micro": 0}
    leaf = world.leaf(world.alice, **(fields | left))
    world.commit(leaf, total_micro=0)
    reason = refusal(world, serve(world, leaf), signers=[world.operator])
    assert reason is Refusal.PROOF_FAILS


def test_a_root_from_before_the_request_serves_nobody(world: World) -> None:
    leaf = world.leaf(world.alice, released_micro=50_000 * USDT, cash_micro=0)
    world.commit(leaf, world.leaf(world.bob))
    world.set_time(world.now + 1)
    world.send(request(world, world.alice), signers=[world.alice])
    reason = refusal(world, serve(world, leaf), signers=[world.operator])
    assert reason is Refusal.UNKNOWN_ROOT


def test_a_vault_that_is_closed_gives_its_bond_back_too() -> None:
    call = scenarios.close_vault()
    world = call.world
    world.send(request(world, world.alice), signers=[world.alice])
    vault, wallet = lamports(world, world.alice)
    world.send(call.built, signers=call.signers)
    assert lamports(world, world.alice) == (0, wallet + vault)


def test_an_unserved_request_freezes_after_a_day_and_not_a_second_sooner() -> None:
    world = asked()
    asked_at = world.now
    world.set_time(asked_at + DAY - 1)
    world.commit(world.leaf(world.alice))
    assert refusal(world, overdue(world)) is Refusal.NOT_OVERDUE
    world.set_time(asked_at + DAY)
    sent = world.send(overdue(world))
    assert world.exchange.frozen_at == world.now
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {
        "number": 0,
        "held_micro": 70_000 * USDT,
        "reserve_micro": 70_000 * USDT,
        "claims_micro": 0,
        "venue_micro": 0,
    }
    assert refusal(world, overdue(world)) is Refusal.FROZEN


def test_without_a_root_for_a_day_anybody_freezes(world: World) -> None:
    world.commit(world.leaf(world.alice))
    built = exit_instructions.freeze(world.addresses)
    world.set_time(world.now + DAY - 1)
    assert refusal(world, built) is Refusal.NOT_OVERDUE
    world.commit(world.leaf(world.alice))
    world.set_time(world.now + 1)
    assert refusal(world, built) is Refusal.NOT_OVERDUE
    world.set_time(world.now + DAY - 1)
    world.send(built)
    assert world.exchange.frozen_at == world.now


def test_an_exchange_that_never_had_a_root_is_frozen_a_day_after_it_was_opened(
    world: World,
) -> None:
    built = exit_instructions.freeze(world.addresses)
    world.set_time(world.checkpoints.opened_at + DAY - 1)
    assert refusal(world, built) is Refusal.NOT_OVERDUE
    world.set_time(world.now + 1)
    world.send(built)


def test_who_asked_for_nothing_freezes_nothing(world: World) -> None:
    world.set_time(world.now + 2 * DAY)
    assert refusal(world, overdue(world)) is Refusal.NO_EXIT_REQUESTED


def sanction(world: World, *, is_lifted: bool = False) -> Instruction:
    return exit_instructions.sanction(
        world.addresses,
        authority=world.authority.pubkey(),
        owner=world.alice.pubkey(),
        reason="List of 2026, entry 7",
        is_lifted=is_lifted,
    )


def test_an_owner_under_sanctions_freezes_nothing_until_they_are_lifted() -> None:
    world = asked()
    sent = world.send(sanction(world), signers=[world.authority])
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.numbers == {"vault_id": 1, "is_put": 1}
    assert event.rest.rstrip(b"\0") == bytes(world.alice.pubkey()) + b"List of 2026, entry 7"
    vault = world.vault(world.alice)
    assert (vault.sanctioned_at, vault.sanction_reason) == (world.now, "List of 2026, entry 7")
    world.set_time(world.now + DAY)
    assert refusal(world, overdue(world)) is Refusal.SANCTIONED
    world.send(sanction(world, is_lifted=True), signers=[world.authority])
    world.send(overdue(world))


@pytest.mark.parametrize("data", [bytes([2]) + b"why" + bytes(61), bytes([1]) + bytes(64)])
def test_sanctions_without_a_reason_or_a_sense_are_refused(world: World, data: bytes) -> None:
    built = sanction(world)
    wrong = Instruction(built.program_id, bytes([built.data[0]]) + data, built.accounts)
    assert refusal(world, wrong, signers=[world.authority]) is Refusal.BAD_PARAMETER


def test_a_reason_has_to_fit() -> None:
    for reason in ("", "x" * 65):
        with pytest.raises(ValueError, match="a reason has"):
            exit_instructions.sanction(
                World().addresses,
                authority=key_of(3).pubkey(),
                owner=key_of(7).pubkey(),
                reason=reason,
            )


def test_a_pause_stops_neither_the_request_nor_the_freeze_nor_the_way_out() -> None:
    world = scenarios.checkpointed()
    built = instructions.pause(world.addresses, guardian=world.guardian.pubkey(), bits=PAUSE_ALL)
    world.send(built, signers=[world.guardian])
    world.send(request(world, world.alice), signers=[world.alice])
    freeze_for_a_root(world)
    world.send(world.exit_by_claim(0, world.alice), signers=[world.alice])
    assert world.vault(world.alice).exited_micro == 49_000 * USDT


def test_the_salt_that_served_one_request_serves_no_other_vault() -> None:
    world = asked()
    leaf = world.leaf(world.alice, released_micro=50_000 * USDT, cash_micro=0)
    world.commit(leaf, world.leaf(world.bob))
    world.send(request(world, world.bob), signers=[world.bob])
    built = serve(world, leaf)
    metas = list(built.accounts)
    other = exit_instructions.serve_exit(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=world.bob.pubkey(),
        root_number=1,
        released_micro=leaf.released_micro,
        salt=leaf.salt,
        path=world.tree.path(0),
    )
    metas[2], metas[3] = other.accounts[2], other.accounts[3]
    stolen = Instruction(built.program_id, built.data, metas)
    assert refusal(world, stolen, signers=[world.operator]) is Refusal.PROOF_FAILS
