"""One successful call of every instruction, for the tests that try each of them in turn."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM_PROGRAM

from chain import exit_instructions, instructions, multisig
from chain.layouts import PAUSE_DEPOSITS
from chain.leaves import Leaf
from tests.program.world import DAY, EXIT_TERMS, PARAMETERS, TWO_DAYS, USDT, World, opened


@dataclass(frozen=True)
class Call:
    """An instruction that would succeed in this world, and who signs it."""

    world: World
    built: Instruction
    signers: tuple[Keypair, ...] = ()


def initialize_exchange() -> Call:
    world = World()
    built = instructions.initialize_exchange(
        world.addresses,
        payer=world.upgrader.pubkey(),
        mint=world.mint,
        keys=world.keys,
        parameters=PARAMETERS,
    )
    return Call(world, built, (world.upgrader,))


def set_market() -> Call:
    world = opened()
    return Call(world, world.market_instruction(3, "XRP-USDT-PERP"), (world.authority,))


def set_keys() -> Call:
    world = opened()
    built = instructions.set_key(
        world.addresses,
        authority=world.authority.pubkey(),
        duty="guardian",
        key=world.bob.pubkey(),
    )
    return Call(world, built, (world.authority,))


def set_parameters() -> Call:
    world = opened()
    built = instructions.set_parameters(
        world.addresses, authority=world.authority.pubkey(), parameters=PARAMETERS
    )
    return Call(world, built, (world.authority,))


def create_vault() -> Call:
    world = World()
    world.open_exchange()
    built = instructions.create_vault(world.addresses, owner=world.alice.pubkey())
    return Call(world, built, (world.alice,))


def deposit() -> Call:
    world = opened()
    built = instructions.deposit(
        world.addresses,
        owner=world.alice.pubkey(),
        source=world.tokens_of(world.alice),
        amount_micro=5 * USDT,
    )
    return Call(world, built, (world.alice,))


def deposit_by_delegate() -> Call:
    world = opened()
    world.authorize(world.alice, 10_000 * USDT)
    built = instructions.deposit_by_delegate(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        source=world.tokens_of(world.alice),
        amount_micro=3_000 * USDT,
    )
    return Call(world, built, (world.operator,))


def commit_root() -> Call:
    world = opened()
    world.commit(world.leaf(world.alice), world.leaf(world.bob))
    built = world.commit_instruction()
    return Call(world, built, (world.operator, world.witness))


def with_released(world: World, amount_micro: int) -> None:
    """Commit a root in which Alice's withdrawal of some amount is released."""
    leaf = world.leaf(
        world.alice,
        released_micro=amount_micro,
        cash_micro=world.vault(world.alice).deposited_micro - amount_micro,
    )
    world.commit(leaf, world.leaf(world.bob))


def pay_out() -> Call:
    world = opened()
    with_released(world, 700 * USDT)
    built = instructions.pay_out(
        world.addresses,
        caller=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        destination=world.tokens_of(world.alice),
        amount_micro=700 * USDT,
        proof=world.proof(0),
    )
    return Call(world, built, (world.operator,))


def queued() -> World:
    """Give a world in which 150,000 USDT wait for Alice."""
    world = opened()
    world.deposit(world.alice, 200_000 * USDT)
    with_released(world, 150_000 * USDT)
    world.pay_out(world.alice, 150_000 * USDT, proof=world.proof(0))
    return world


def release_payout() -> Call:
    world = queued()
    world.set_time(world.now + TWO_DAYS)
    built = instructions.release_payout(
        world.addresses,
        owner=world.alice.pubkey(),
        destination=world.tokens_of(world.alice),
    )
    return Call(world, built)


def cancel_payout() -> Call:
    world = queued()
    built = instructions.cancel_payout(
        world.addresses, authority=world.authority.pubkey(), owner=world.alice.pubkey()
    )
    return Call(world, built, (world.authority,))


def emptied() -> tuple[World, Leaf]:
    """Give a world in which Alice was paid everything, and her empty leaf."""
    world = opened()
    leaf = world.leaf(world.alice, released_micro=50_000 * USDT, cash_micro=0)
    world.commit(leaf, world.leaf(world.bob))
    world.pay_out(world.alice, 50_000 * USDT, proof=world.proof(0))
    return world, leaf


def close_vault() -> Call:
    world, leaf = emptied()
    built = instructions.close_vault(
        world.addresses,
        owner=world.alice.pubkey(),
        root_number=1,
        salt=leaf.salt,
        path=world.tree.path(0),
    )
    return Call(world, built, (world.alice,))


def pause() -> Call:
    world = opened()
    built = instructions.pause(
        world.addresses, guardian=world.guardian.pubkey(), bits=PAUSE_DEPOSITS
    )
    return Call(world, built, (world.guardian,))


def resume() -> Call:
    call = pause()
    world = call.world
    world.send(call.built, signers=call.signers)
    built = instructions.resume(
        world.addresses, authority=world.authority.pubkey(), bits=PAUSE_DEPOSITS
    )
    return Call(world, built, (world.authority,))


def open_multisig() -> Call:
    world = opened()
    built = multisig.open_multisig(
        world.addresses,
        payer=world.upgrader.pubkey(),
        authority=world.authority.pubkey(),
        members=[member.pubkey() for member in world.members],
    )
    return Call(world, built, (world.upgrader, world.authority))


def governed() -> World:
    """Give a world whose authority is the multisig, and whose deposits are paused."""
    call = open_multisig()
    world = call.world
    world.send(call.built, signers=call.signers)
    handing = instructions.set_key(
        world.addresses,
        authority=world.authority.pubkey(),
        duty="authority",
        key=world.addresses.multisig,
    )
    world.send(handing, signers=[world.authority])
    pausing = instructions.pause(
        world.addresses, guardian=world.guardian.pubkey(), bits=PAUSE_DEPOSITS
    )
    world.send(pausing, signers=[world.guardian])
    for member in world.members:
        world.svm.airdrop(member.pubkey(), 10**11)
    return world


def propose() -> Call:
    world = governed()
    member = world.members[0]
    built = multisig.propose(
        world.addresses, member=member.pubkey(), number=1, call=world.resuming()
    )
    return Call(world, built, (member,))


def approve() -> Call:
    call = propose()
    world = call.world
    world.send(call.built, signers=call.signers)
    member = world.members[1]
    built = multisig.approve(world.addresses, member=member.pubkey(), number=1)
    return Call(world, built, (member,))


def execute() -> Call:
    call = approve()
    world = call.world
    world.send(call.built, signers=call.signers)
    world.approve(1, world.members[2])
    member = world.members[4]
    built = multisig.execute(world.addresses, member=member.pubkey(), proposal=world.proposal(1))
    return Call(world, built, (member,))


def close_proposal() -> Call:
    call = propose()
    world = call.world
    world.send(call.built, signers=call.signers)
    proposer = world.members[0]
    built = multisig.close_proposal(
        world.addresses, caller=proposer.pubkey(), proposer=proposer.pubkey(), number=1
    )
    return Call(world, built, (proposer,))


def open_checkpoints() -> Call:
    world = opened()
    world.svm.set_account(world.addresses.checkpoints, Account(0, b"", SYSTEM_PROGRAM))
    built = instructions.open_checkpoints(
        world.addresses,
        payer=world.upgrader.pubkey(),
        authority=world.authority.pubkey(),
        terms=EXIT_TERMS,
    )
    return Call(world, built, (world.upgrader, world.authority))


def set_exit_terms() -> Call:
    world = opened()
    built = instructions.set_exit_terms(
        world.addresses, authority=world.authority.pubkey(), terms=EXIT_TERMS
    )
    return Call(world, built, (world.authority,))


def commit_checkpoint() -> Call:
    world = opened()
    world.commit(world.leaf(world.alice), world.leaf(world.bob))
    commitment = world.checkpoint(world.claim(world.alice), world.claim(world.bob))
    return Call(world, world.checkpoint_instruction(commitment), (world.operator, world.witness))


def request_exit() -> Call:
    world = opened()
    built = exit_instructions.request_exit(world.addresses, owner=world.alice.pubkey())
    return Call(world, built, (world.alice,))


def asked() -> World:
    """Give a world in which Alice asked for a forced exit."""
    call = request_exit()
    call.world.send(call.built, signers=call.signers)
    return call.world


def withdraw_exit() -> Call:
    world = asked()
    built = exit_instructions.withdraw_exit(
        world.addresses, owner=world.alice.pubkey(), operator=world.operator.pubkey()
    )
    return Call(world, built, (world.alice,))


def serve_exit() -> Call:
    world = asked()
    leaf = world.leaf(world.alice, released_micro=50_000 * USDT, cash_micro=0)
    world.commit(leaf, world.leaf(world.bob))
    built = exit_instructions.serve_exit(
        world.addresses,
        operator=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        root_number=1,
        released_micro=50_000 * USDT,
        salt=leaf.salt,
        path=world.tree.path(0),
    )
    return Call(world, built, (world.operator,))


def freeze() -> Call:
    world = asked()
    world.set_time(world.now + DAY)
    world.commit(world.leaf(world.alice))
    built = exit_instructions.freeze(world.addresses, overdue=world.alice.pubkey())
    return Call(world, built)


def checkpointed() -> World:
    """Give a world with a checkpoint: Alice claims 49,000, Bob 20,900, the venue 100 USDT."""
    world = opened()
    world.commit(world.leaf(world.alice), world.leaf(world.bob))
    world.commit_checkpoint(
        world.claim(world.alice, claim_micro=49_000 * USDT),
        world.claim(world.bob, claim_micro=20_900 * USDT),
        world.venue_claim(100 * USDT),
    )
    return world


def freeze_for_a_root(world: World) -> None:
    """Let a day pass without a root, and freeze."""
    world.set_time(world.now + DAY)
    world.send(exit_instructions.freeze(world.addresses))


def exit_by_claim() -> Call:
    world = checkpointed()
    freeze_for_a_root(world)
    return Call(world, world.exit_by_claim(0, world.alice), (world.alice,))


def exit_without_claim() -> Call:
    world = opened()
    world.commit(world.leaf(world.bob))
    world.commit_checkpoint(world.claim(world.bob))
    freeze_for_a_root(world)
    return Call(world, world.exit_without_claim(world.alice), (world.alice,))


def exit_venue() -> Call:
    world = checkpointed()
    freeze_for_a_root(world)
    world.set_time(world.now + 30 * DAY)
    world.put_tokens(world.tokens_of(world.authority), world.authority.pubkey(), 0)
    built = exit_instructions.exit_venue(
        world.addresses,
        authority=world.authority.pubkey(),
        destination=world.tokens_of(world.authority),
    )
    return Call(world, built, (world.authority,))


def sanction() -> Call:
    world = opened()
    built = exit_instructions.sanction(
        world.addresses,
        authority=world.authority.pubkey(),
        owner=world.alice.pubkey(),
        reason="List of 2026-11-26, entry 7",
    )
    return Call(world, built, (world.authority,))


SCENARIOS: dict[str, Callable[[], Call]] = {
    scenario.__name__: scenario
    for scenario in (
        initialize_exchange,
        set_market,
        set_keys,
        set_parameters,
        create_vault,
        deposit,
        deposit_by_delegate,
        commit_root,
        pay_out,
        release_payout,
        cancel_payout,
        close_vault,
        pause,
        resume,
        open_multisig,
        propose,
        approve,
        execute,
        close_proposal,
        open_checkpoints,
        set_exit_terms,
        commit_checkpoint,
        request_exit,
        withdraw_exit,
        serve_exit,
        freeze,
        exit_by_claim,
        exit_without_claim,
        exit_venue,
        sanction,
    )
}
"""In the order of the instructions' numbers."""

ONLY_BY_EXECUTE = ("set_members",)
"""What the multisig signs itself, so that no transaction can call it."""
