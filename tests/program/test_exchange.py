"""Keys, parameters, markets and pauses."""

import struct

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chain import instructions
from chain.addresses import LOADER_PROGRAM
from chain.errors import Refusal
from chain.events import read_events
from chain.instructions import Keys, Parameters
from chain.layouts import PAUSE_DEPOSITS, PAUSE_PAYOUTS, PAUSE_ROOTS
from tests.program import scenarios
from tests.program.world import MARKETS, PARAMETERS, USDT, World, key_of, refusal


def initialize(world: World, keys: Keys, parameters: Parameters = PARAMETERS) -> Instruction:
    return instructions.initialize_exchange(
        world.addresses,
        payer=world.upgrader.pubkey(),
        mint=world.mint,
        keys=keys,
        parameters=parameters,
    )


def test_a_new_exchange_holds_its_keys_and_nothing_else() -> None:
    world = World()
    sent = world.send(initialize(world, world.keys), signers=[world.upgrader])
    exchange = world.exchange
    assert exchange.authority == world.authority.pubkey()
    assert exchange.guardian == world.guardian.pubkey()
    assert exchange.operator == world.operator.pubkey()
    assert exchange.witness == world.witness.pubkey()
    assert (exchange.mint, exchange.treasury) == (world.mint, world.addresses.treasury)
    assert (exchange.root_number, exchange.deposited_micro, exchange.paid_micro) == (0, 0, 0)
    assert (world.held_micro, world.markets) == (0, ())
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert event.rest == bytes(world.authority.pubkey())


def test_every_account_is_exempt_from_rent_and_holds_no_more() -> None:
    world = scenarios.deposit().world
    addresses = world.addresses
    owned = (addresses.exchange, addresses.markets, addresses.roots)
    for where in (*owned, addresses.treasury, addresses.vault(world.alice.pubkey())):
        account = world.svm.get_account(where)
        assert account is not None
        needed = world.svm.minimum_balance_for_rent_exemption(len(account.data))
        assert account.lamports == needed


def test_lamports_sent_ahead_do_not_stop_an_account_from_being_created() -> None:
    world = World()
    for where in (world.addresses.exchange, world.addresses.vault(world.alice.pubkey())):
        world.svm.airdrop(where, 1_000_000)
    world.open_exchange()
    world.create_vault(world.alice)
    account = world.svm.get_account(world.addresses.exchange)
    assert account is not None
    assert account.lamports == world.svm.minimum_balance_for_rent_exemption(768)


def test_an_exchange_is_created_once() -> None:
    call = scenarios.initialize_exchange()
    call.world.send(call.built, signers=call.signers)
    reason = refusal(call.world, call.built, signers=call.signers)
    assert reason is Refusal.ALREADY_EXISTS


def test_a_program_without_an_upgrade_authority_is_not_initialized() -> None:
    call = scenarios.initialize_exchange()
    world = call.world
    data = bytearray(world.data(world.addresses.program_data))
    data[12] = 0
    world.put(world.addresses.program_data, data=bytes(data), owner=LOADER_PROGRAM)
    assert refusal(world, call.built, signers=call.signers) is Refusal.WRONG_KEY


def test_a_buffer_is_no_program_data() -> None:
    call = scenarios.initialize_exchange()
    world = call.world
    data = struct.pack("<I", 1) + world.data(world.addresses.program_data)[4:]
    world.put(world.addresses.program_data, data=data, owner=LOADER_PROGRAM)
    assert refusal(world, call.built, signers=call.signers) is Refusal.WRONG_KIND


@pytest.mark.parametrize("duty", ["authority", "guardian", "operator"])
def test_no_duty_begins_without_a_key(duty: str) -> None:
    world = World()
    holders = {name: key_of(20 + at).pubkey() for at, name in enumerate(instructions.DUTIES)}
    built = initialize(world, Keys(**(holders | {duty: Pubkey.default()})))
    assert refusal(world, built, signers=[world.upgrader]) is Refusal.BAD_KEYS


def test_operator_and_witness_are_never_one_key() -> None:
    world = scenarios.set_keys().world
    for duty, key in (("witness", world.operator), ("operator", world.witness)):
        assert refusal(world, key_change(world, duty, key), signers=[world.authority]) is (
            Refusal.BAD_KEYS
        )


def key_change(world: World, duty: str, key: Keypair) -> Instruction:
    return instructions.set_key(
        world.addresses, authority=world.authority.pubkey(), duty=duty, key=key.pubkey()
    )


def test_a_new_key_serves_and_the_old_one_no_longer() -> None:
    world = scenarios.set_keys().world
    world.send(key_change(world, "guardian", world.bob), signers=[world.authority])
    for guardian, expected in ((world.guardian, Refusal.WRONG_KEY), (world.bob, None)):
        built = instructions.pause(world.addresses, guardian=guardian.pubkey(), bits=1)
        if expected:
            assert refusal(world, built, signers=[guardian]) is expected
        else:
            world.send(built, signers=[guardian])
    assert world.exchange.paused == PAUSE_DEPOSITS


@pytest.mark.parametrize("duty", instructions.DUTIES)
def test_no_duty_ever_loses_its_key(duty: str) -> None:
    world = scenarios.set_keys().world
    built = instructions.set_key(
        world.addresses,
        authority=world.authority.pubkey(),
        duty=duty,
        key=Pubkey.default(),
    )
    assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_KEYS


def test_an_unknown_duty_is_refused() -> None:
    call = scenarios.set_keys()
    data = bytes([call.built.data[0], 4]) + call.built.data[2:]
    built = Instruction(call.built.program_id, data, call.built.accounts)
    assert refusal(call.world, built, signers=call.signers) is Refusal.BAD_KEYS


@pytest.mark.parametrize(
    "wrong", [{"delay_seconds": -1}, {"delay_seconds": 30 * 86_400 + 1}, {"deposit_unit_micro": 0}]
)
def test_parameters_out_of_bounds_are_refused(wrong: dict[str, int]) -> None:
    world = scenarios.set_parameters().world
    fields = {"daily_cap_micro": 1, "delay_above_micro": 1, "delay_seconds": 1}
    parameters = Parameters(**({"deposit_unit_micro": 1} | fields | wrong))
    built = instructions.set_parameters(
        world.addresses, authority=world.authority.pubkey(), parameters=parameters
    )
    assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_PARAMETER


def test_parameters_are_taken_as_they_are_given() -> None:
    world = scenarios.set_parameters().world
    parameters = Parameters(
        daily_cap_micro=11, delay_above_micro=12, delay_seconds=13, deposit_unit_micro=14
    )
    built = instructions.set_parameters(
        world.addresses, authority=world.authority.pubkey(), parameters=parameters
    )
    sent = world.send(built, signers=[world.authority])
    exchange = world.exchange
    assert (exchange.daily_cap_micro, exchange.delay_above_micro) == (11, 12)
    assert (exchange.delay_seconds, exchange.deposit_unit_micro) == (13, 14)
    [event] = read_events(sent.logs(), program=world.addresses.program)
    assert list(event.numbers.values()) == [11, 12, 13, 14]


def test_markets_stand_in_the_order_in_which_they_came() -> None:
    world = scenarios.set_market().world
    assert tuple(market.symbol for market in world.markets) == MARKETS
    assert all(market.listed and market.mark_half_ticks == 0 for market in world.markets)


def test_a_known_market_changes_its_bounds_but_never_its_meaning() -> None:
    world = scenarios.set_market().world
    change = world.market_instruction(1, MARKETS[1], step_ppm=7, per_second_ppm=8, listed=0)
    world.send(change, signers=[world.authority])
    market = world.markets[1]
    assert (market.step_ppm, market.per_second_ppm, market.listed) == (7, 8, False)
    for other in (
        world.market_instruction(1, "DOGE-USDT-PERP"),
        world.market_instruction(1, MARKETS[1], unit_micro=501),
    ):
        assert refusal(world, other, signers=[world.authority]) is Refusal.BAD_MARKET


def test_a_market_s_number_is_the_next_one() -> None:
    world = scenarios.set_market().world
    for number in (4, 64, 65_535):
        built = world.market_instruction(number, "DOGE-USDT-PERP")
        assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_MARKET


def test_there_is_room_for_sixty_four_markets_and_no_more() -> None:
    world = scenarios.set_market().world
    for number in range(3, 64):
        world.send(world.market_instruction(number, f"M{number}"), signers=[world.authority])
    assert len(world.markets) == 64
    built = world.market_instruction(64, "M64")
    assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_MARKET


@pytest.mark.parametrize("wrong", [{"unit_micro": 0}, {"step_ppm": 0}])
def test_a_market_without_sense_is_refused(wrong: dict[str, int]) -> None:
    world = scenarios.set_market().world
    built = world.market_instruction(3, "DOGE-USDT-PERP", **wrong)
    assert refusal(world, built, signers=[world.authority]) is Refusal.BAD_PARAMETER


def paused(world: World, bits: int) -> None:
    built = instructions.pause(world.addresses, guardian=world.guardian.pubkey(), bits=bits)
    world.send(built, signers=[world.guardian])


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("create_vault", PAUSE_DEPOSITS),
        ("deposit", PAUSE_DEPOSITS),
        ("deposit_by_delegate", PAUSE_DEPOSITS),
        ("pay_out", PAUSE_PAYOUTS),
        ("release_payout", PAUSE_PAYOUTS),
        ("commit_root", PAUSE_ROOTS),
        ("commit_checkpoint", PAUSE_ROOTS),
    ],
)
def test_a_pause_stops_its_part_alone_until_the_authority_resumes(name: str, bit: int) -> None:
    call = scenarios.SCENARIOS[name]()
    world = call.world
    paused(world, bit)
    assert refusal(world, call.built, signers=call.signers) is Refusal.PAUSED
    resume = instructions.resume(world.addresses, authority=world.authority.pubkey(), bits=bit)
    world.send(resume, signers=[world.authority])
    paused(world, 7 - bit)
    world.send(call.built, signers=call.signers)


def test_the_guardian_cannot_resume() -> None:
    world = scenarios.pause().world
    paused(world, PAUSE_DEPOSITS)
    built = instructions.resume(world.addresses, authority=world.guardian.pubkey(), bits=1)
    assert refusal(world, built, signers=[world.guardian]) is Refusal.WRONG_KEY


def test_pauses_add_up_and_resume_one_by_one() -> None:
    world = scenarios.pause().world
    paused(world, PAUSE_DEPOSITS)
    paused(world, PAUSE_ROOTS)
    assert world.exchange.paused == PAUSE_DEPOSITS | PAUSE_ROOTS
    built = instructions.resume(
        world.addresses, authority=world.authority.pubkey(), bits=PAUSE_DEPOSITS
    )
    world.send(built, signers=[world.authority])
    assert world.exchange.paused == PAUSE_ROOTS


@pytest.mark.parametrize("bits", [0, 8, 255])
def test_unknown_parts_are_neither_paused_nor_resumed(bits: int) -> None:
    world = scenarios.pause().world
    for built, signer in (
        (
            instructions.pause(world.addresses, guardian=world.guardian.pubkey(), bits=bits),
            world.guardian,
        ),
        (
            instructions.resume(world.addresses, authority=world.authority.pubkey(), bits=bits),
            world.authority,
        ),
    ):
        assert refusal(world, built, signers=[signer]) is Refusal.BAD_PARAMETER


FROZEN_AT_OFFSET = 440
STILL_ALLOWED = {
    "pause",
    "resume",
    "initialize_exchange",
    "propose",
    "approve",
    "execute",
    "close_proposal",
    "exit_by_claim",
    "exit_without_claim",
    "exit_venue",
}


@pytest.mark.parametrize("name", sorted(set(scenarios.SCENARIOS) - STILL_ALLOWED))
def test_a_frozen_exchange_does_nothing_of_the_ordinary(name: str) -> None:
    call = scenarios.SCENARIOS[name]()
    world = call.world
    data = bytearray(world.data(world.addresses.exchange))
    data[FROZEN_AT_OFFSET : FROZEN_AT_OFFSET + 8] = struct.pack("<q", world.now)
    world.put(world.addresses.exchange, data=bytes(data), owner=world.addresses.program)
    assert world.exchange.frozen_at == world.now
    assert refusal(world, call.built, signers=call.signers) is Refusal.FROZEN


def test_the_exchange_counts_what_came_in_today() -> None:
    world = scenarios.deposit().world
    assert world.exchange.day == world.now // 86_400
    assert world.exchange.day_in_micro == 70_000 * USDT
