"""One successful call of every instruction, for the tests that try each of them in turn."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.instruction import Instruction
from solders.keypair import Keypair

from chain import instructions
from chain.layouts import PAUSE_DEPOSITS
from chain.leaves import Leaf
from tests.program.world import PARAMETERS, TWO_DAYS, USDT, World, opened


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
    )
}
"""In the order of the instructions' numbers."""
