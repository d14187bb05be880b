"""The multisig: three of five, a timelock, proposals that expire, and nothing signed beforehand."""

import struct
from dataclasses import replace

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    advance_nonce_account,
    create_nonce_account,
)

from chain import exit_instructions, instructions, multisig
from chain.addresses import LOADER_PROGRAM, TOKEN_PROGRAM
from chain.errors import Refusal
from chain.events import read_events
from chain.instructions import ExitTerms, MarketTerms
from tests.program import scenarios
from tests.program.scenarios import governed
from tests.program.world import (
    DAY,
    PARAMETERS,
    PROGRAM_FILE,
    TWO_DAYS,
    USDT,
    RefusedError,
    World,
    key_of,
    refusal,
)

LIFE = 14 * DAY


@pytest.fixture
def world() -> World:
    """Give a world whose authority is the multisig, and whose deposits are paused."""
    return governed()


def parameters(world: World, cap_micro: int = 7) -> Instruction:
    return instructions.set_parameters(
        world.addresses,
        authority=world.addresses.multisig,
        parameters=replace(PARAMETERS, daily_cap_micro=cap_micro),
    )


def denied_execution(world: World, number: int) -> Refusal | None:
    return refusal(world, world.execution(number), signers=[world.members[4]])


def denied_proposal(world: World, call: Instruction) -> Refusal | None:
    member = world.members[0]
    number = world.multisig.proposals + 1
    built = multisig.propose(world.addresses, member=member.pubkey(), number=number, call=call)
    return refusal(world, built, signers=[member])


def test_three_of_five_resume_at_once(world: World) -> None:
    number = world.propose(world.resuming())
    world.approve(number, world.members[3])
    assert denied_execution(world, number) is Refusal.PROPOSAL_NOT_DUE
    world.approve(number, world.members[1])
    sent = world.send(world.execution(number), signers=[world.members[4]])
    assert world.exchange.paused == 0
    told = read_events(sent.logs(), program=world.addresses.program)
    assert [event.kind for event in told] == [instructions.EXECUTE, instructions.RESUME]
    assert told[0].rest == bytes(world.members[4].pubkey())


def test_the_key_that_was_the_authority_is_it_no_more(world: World) -> None:
    built = instructions.resume(world.addresses, authority=world.authority.pubkey(), bits=1)
    assert refusal(world, built, signers=[world.authority]) is Refusal.WRONG_KEY


def test_what_was_proposed_stands_on_chain_as_it_was(world: World) -> None:
    call = parameters(world)
    number = world.propose(call)
    told = world.proposal(number)
    assert (told.number, told.proposer) == (1, world.members[0].pubkey())
    assert (told.approvals, told.approved_at, told.is_executed) == (1, 0, False)
    assert (told.proposed_at, told.expires_at) == (world.now, world.now + LIFE)
    assert told.data == bytes(call.data)
    assert told.accounts == ((world.addresses.exchange, 2), (world.addresses.multisig, 1))


def test_the_timelock_begins_with_the_third_approval(world: World) -> None:
    number = world.propose(parameters(world))
    world.set_time(world.now + 3 * DAY)
    world.approve(number, *world.members[1:3])
    third_at = world.now
    world.set_time(third_at + TWO_DAYS - 1)
    assert denied_execution(world, number) is Refusal.PROPOSAL_NOT_DUE
    world.approve(number, world.members[3])
    world.set_time(third_at + TWO_DAYS)
    world.send(world.execution(number), signers=[world.members[4]])
    assert world.exchange.daily_cap_micro == 7
    assert world.proposal(number).is_executed


def test_two_of_five_never_suffice_however_long_they_wait(world: World) -> None:
    number = world.propose(parameters(world))
    world.approve(number, world.members[1])
    world.set_time(world.now + LIFE - 1)
    assert denied_execution(world, number) is Refusal.PROPOSAL_NOT_DUE


def test_nobody_approves_twice(world: World) -> None:
    number = world.propose(world.resuming())
    for member in (world.members[0], world.members[1]):
        if member is world.members[1]:
            world.approve(number, member)
        built = multisig.approve(world.addresses, member=member.pubkey(), number=number)
        assert refusal(world, built, signers=[member]) is Refusal.ALREADY_APPROVED


def test_a_proposal_is_executed_once(world: World) -> None:
    number = world.propose(world.resuming())
    world.approve(number, *world.members[1:3])
    world.send(world.execution(number), signers=[world.members[4]])
    assert denied_execution(world, number) is Refusal.PROPOSAL_OVER


def test_a_proposal_expires(world: World) -> None:
    number = world.propose(parameters(world))
    world.approve(number, world.members[1])
    late = multisig.approve(world.addresses, member=world.members[2].pubkey(), number=number)
    world.set_time(world.now + LIFE)
    assert refusal(world, late, signers=[world.members[2]]) is Refusal.PROPOSAL_OVER
    assert denied_execution(world, number) is Refusal.PROPOSAL_OVER


def test_an_approved_proposal_expires_too(world: World) -> None:
    number = world.propose(parameters(world))
    world.approve(number, *world.members[1:4])
    world.set_time(world.now + LIFE - 1)
    before = world.svm.get_account(world.addresses.proposal(number))
    assert before is not None
    world.set_time(world.now + 1)
    assert denied_execution(world, number) is Refusal.PROPOSAL_OVER


ALLOWED = {
    instructions.SET_MARKET,
    instructions.SET_KEYS,
    instructions.SET_PARAMETERS,
    instructions.CANCEL_PAYOUT,
    instructions.RESUME,
    instructions.SET_MEMBERS,
    instructions.SET_EXIT_TERMS,
    instructions.EXIT_VENUE,
    instructions.SANCTION,
}


def test_nothing_that_moves_users_funds_can_be_proposed(world: World) -> None:
    """Neither payouts nor deposits nor roots nor checkpoints nor exits nor a pause."""
    refused = set()
    for number in range(256):
        call = Instruction(world.addresses.program, bytes([number]), [])
        if number not in ALLOWED:
            assert denied_proposal(world, call) is Refusal.NOT_ALLOWED
            refused.add(number)
        else:
            world.propose(call)
    assert len(refused) == 256 - len(ALLOWED)


@pytest.mark.parametrize("word", [0, 1, 2, 5, 6, 7, 3 + (1 << 8), 4 + (1 << 24)])
def test_of_the_loader_only_upgrade_and_authority_can_be_proposed(world: World, word: int) -> None:
    call = Instruction(LOADER_PROGRAM, struct.pack("<I", word), [])
    assert denied_proposal(world, call) is Refusal.NOT_ALLOWED


@pytest.mark.parametrize("word", [0, 4, 5, 6, 7, 8, 9, 12])
def test_of_tokens_only_a_transfer_can_be_proposed(world: World, word: int) -> None:
    call = Instruction(TOKEN_PROGRAM, bytes([word]), [])
    assert denied_proposal(world, call) is Refusal.NOT_ALLOWED


def test_another_program_and_an_empty_call_cannot_be_proposed(world: World) -> None:
    built = multisig.propose(
        world.addresses, member=world.members[0].pubkey(), number=1, call=world.resuming()
    )
    other = Instruction(built.program_id, built.data[:1] + b"\3" + built.data[2:], built.accounts)
    assert refusal(world, other, signers=[world.members[0]]) is Refusal.NOT_ALLOWED
    empty = Instruction(world.addresses.program, b"", [])
    assert denied_proposal(world, empty) is Refusal.NOT_ALLOWED


def test_nobody_but_the_multisig_signs_what_is_proposed(world: World) -> None:
    call = parameters(world)
    meta = AccountMeta(world.operator.pubkey(), is_signer=True, is_writable=False)
    wrong = Instruction(call.program_id, call.data, [call.accounts[0], meta])
    assert denied_proposal(world, wrong) is Refusal.NOT_ALLOWED


def test_a_call_has_bounds(world: World) -> None:
    bare = world.resuming()
    many = Instruction(bare.program_id, bare.data, [bare.accounts[0]] * 9)
    assert denied_proposal(world, many) is Refusal.NOT_ALLOWED
    long = Instruction(bare.program_id, bytes(bare.data) + bytes(256), bare.accounts)
    assert denied_proposal(world, long) is Refusal.NOT_ALLOWED
    flags = multisig.propose(world.addresses, member=world.members[0].pubkey(), number=1, call=bare)
    data = bytearray(flags.data)
    data[3 + 32] = 4
    wrong = Instruction(flags.program_id, bytes(data), flags.accounts)
    assert refusal(world, wrong, signers=[world.members[0]]) is Refusal.NOT_ALLOWED


def test_the_treasury_is_not_the_multisig_s_to_transfer(world: World) -> None:
    own = world.addresses.multisig
    world.put_tokens(where := Pubkey(bytes([55]) * 32), own, 500 * USDT)

    def transfer(source: Pubkey) -> Instruction:
        metas = [
            AccountMeta(source, is_signer=False, is_writable=True),
            AccountMeta(world.tokens_of(world.bob), is_signer=False, is_writable=True),
            AccountMeta(own, is_signer=True, is_writable=False),
        ]
        return Instruction(TOKEN_PROGRAM, struct.pack("<BQ", 3, 500 * USDT), metas)

    before = world.balance(world.tokens_of(world.bob))
    world.decide(transfer(where))
    assert world.balance(world.tokens_of(world.bob)) == before + 500 * USDT
    held = world.held_micro
    with pytest.raises(RefusedError):
        world.decide(transfer(world.addresses.treasury))
    assert world.held_micro == held


def test_new_members_take_their_seats_and_what_was_open_is_void(world: World) -> None:
    pending = world.propose(world.resuming())
    world.approve(pending, *world.members[1:3])
    others = [key_of(60 + at) for at in range(5)]
    seats = multisig.set_members(world.addresses, members=[member.pubkey() for member in others])
    sent = world.decide(seats)
    told = read_events(sent.logs(), program=world.addresses.program)[-1]
    assert told.rest == b"".join(bytes(member.pubkey()) for member in others)
    assert world.multisig.members == tuple(member.pubkey() for member in others)
    old = world.execution(pending)
    assert refusal(world, old, signers=[world.members[4]]) is Refusal.WRONG_KEY
    world.members = others
    assert denied_execution(world, pending) is Refusal.PROPOSAL_OVER
    world.svm.airdrop(others[0].pubkey(), 10**11)
    number = world.propose(world.resuming())
    world.approve(number, *others[1:3])
    world.send(world.execution(number), signers=[others[4]])


def test_members_are_seated_by_the_multisig_alone(world: World) -> None:
    members = [member.pubkey() for member in world.members]
    built = multisig.set_members(world.addresses, members=members)
    metas = [AccountMeta(world.addresses.multisig, is_signer=False, is_writable=True)]
    direct = Instruction(built.program_id, built.data, metas)
    assert refusal(world, direct) is Refusal.MISSING_SIGNATURE


@pytest.mark.parametrize("wrong", [Pubkey.default(), key_of(40).pubkey()])
def test_no_seat_is_empty_and_nobody_has_two(wrong: Pubkey) -> None:
    call = scenarios.open_multisig()
    world = call.world
    members = [*(member.pubkey() for member in world.members[:4]), wrong]
    built = multisig.open_multisig(
        world.addresses,
        payer=world.upgrader.pubkey(),
        authority=world.authority.pubkey(),
        members=members,
    )
    assert refusal(world, built, signers=call.signers) is Refusal.BAD_KEYS


def test_a_multisig_is_opened_once() -> None:
    call = scenarios.open_multisig()
    call.world.send(call.built, signers=call.signers)
    reason = refusal(call.world, call.built, signers=call.signers)
    assert reason is Refusal.ALREADY_EXISTS


@pytest.mark.parametrize("name", ["propose", "approve", "execute"])
def test_nothing_is_signed_beforehand(name: str) -> None:
    """The same call passes without the nonce before it."""
    call = scenarios.SCENARIOS[name]()
    world = call.world
    nonce = key_of(70)
    made = create_nonce_account(
        world.payer.pubkey(), nonce.pubkey(), world.payer.pubkey(), 2_000_000
    )
    world.send(*made, signers=[nonce])
    params = AdvanceNonceAccountParams(
        nonce_pubkey=nonce.pubkey(), authorized_pubkey=world.payer.pubkey()
    )
    advance = advance_nonce_account(params)
    signers = [*call.signers, world.payer]
    assert refusal(world, advance, call.built, signers=signers) is Refusal.DURABLE_NONCE
    world.send(call.built, signers=call.signers)


def close(world: World, caller: Keypair, number: int = 1) -> Instruction:
    proposer = world.members[0].pubkey()
    return multisig.close_proposal(
        world.addresses, caller=caller.pubkey(), proposer=proposer, number=number
    )


def test_an_open_proposal_is_taken_away_by_its_proposer_alone(world: World) -> None:
    number = world.propose(world.resuming())
    for other in (world.members[1], world.authority):
        built = close(world, other)
        assert refusal(world, built, signers=[other]) is Refusal.WRONG_KEY
    where = world.members[0].pubkey()
    before = world.svm.get_balance(where) or 0
    rent = world.svm.get_balance(world.addresses.proposal(number)) or 0
    world.send(close(world, world.members[0]), signers=[world.members[0]])
    assert world.svm.get_balance(where) == before + rent > before
    assert world.data(world.addresses.proposal(number)) == b""
    assert world.propose(world.resuming()) == number + 1


def test_what_is_over_anybody_takes_away(world: World) -> None:
    world.propose(world.resuming())
    world.set_time(world.now + LIFE)
    stranger = world.alice
    before = world.svm.get_balance(world.members[0].pubkey()) or 0
    world.send(close(world, stranger), signers=[stranger])
    assert (world.svm.get_balance(world.members[0].pubkey()) or 0) > before


def test_the_multisig_upgrades_the_program_after_the_timelock(world: World) -> None:
    own = world.addresses.multisig
    elf = PROGRAM_FILE.read_bytes()
    head = struct.pack("<IQB32s", 3, 0, 1, bytes(own))
    world.put(world.addresses.program_data, data=head + elf, owner=LOADER_PROGRAM)
    buffer = Pubkey(bytes([56]) * 32)
    marked = elf[:-1] + bytes([elf[-1] ^ 1])
    state = struct.pack("<IB32s", 1, 1, bytes(own)) + marked
    world.put(buffer, data=state, owner=LOADER_PROGRAM)
    world.svm.warp_to_slot(world.svm.get_clock().slot + 5)
    call = multisig.upgrade(world.addresses, buffer=buffer, spill=world.payer.pubkey())
    world.decide(call)
    assert world.data(world.addresses.program_data)[45:] == marked


def test_it_sanctions_and_cancels_at_once(world: World) -> None:
    call = exit_instructions.sanction(
        world.addresses,
        authority=world.addresses.multisig,
        owner=world.alice.pubkey(),
        reason="List of 2026",
    )
    number = world.propose(call)
    world.approve(number, *world.members[1:3])
    world.send(world.execution(number), signers=[world.members[4]])
    assert world.vault(world.alice).sanction_reason == "List of 2026"


def test_a_proposal_whose_call_fails_can_be_executed_later(world: World) -> None:
    call = instructions.cancel_payout(
        world.addresses, authority=world.addresses.multisig, owner=world.alice.pubkey()
    )
    number = world.propose(call)
    world.approve(number, *world.members[1:3])
    assert denied_execution(world, number) is Refusal.PAYOUT_NOT_DUE
    assert not world.proposal(number).is_executed


def test_a_proposal_is_told_in_words(world: World) -> None:
    addresses, own = world.addresses, world.addresses.multisig
    terms = MarketTerms(number=3, symbol="XRP", unit_micro=5, step_ppm=6, per_second_ppm=7)
    calls = {
        "set_market": instructions.set_market(addresses, authority=own, terms=terms),
        "set_keys": instructions.set_key(
            addresses, authority=own, duty="guardian", key=world.bob.pubkey()
        ),
        "set_parameters": parameters(world),
        "cancel_payout": instructions.cancel_payout(
            addresses, authority=own, owner=world.alice.pubkey()
        ),
        "resume": world.resuming(),
        "set_members": multisig.set_members(addresses, members=[own] * 5),
        "set_exit_terms": instructions.set_exit_terms(
            addresses, authority=own, terms=ExitTerms(interval_seconds=60, bond_lamports=9)
        ),
        "exit_venue": exit_instructions.exit_venue(addresses, authority=own, destination=own),
        "sanction": exit_instructions.sanction(
            addresses, authority=own, owner=world.alice.pubkey(), reason="List of 2026"
        ),
        "upgrade": multisig.upgrade(addresses, buffer=own, spill=own),
    }
    told = {}
    for name, call in calls.items():
        told[name] = multisig.tell(world.proposal(world.propose(call)))
        assert told[name].name == name
    at_once = {name for name, one in told.items() if one.timelock_seconds == 0}
    assert at_once == {"cancel_payout", "resume", "sanction"}
    assert told["set_market"].fields["symbol"] == "XRP"
    assert told["set_keys"].fields == {"duty": "guardian", "key": str(world.bob.pubkey())}
    assert told["set_parameters"].fields["daily_cap_micro"] == "7"
    assert told["resume"].fields == {"parts": "deposits"}
    vault = str(addresses.vault(world.alice.pubkey()))
    assert told["sanction"].fields == {"is_put": "1", "reason": "List of 2026", "vault": vault}
    assert told["cancel_payout"].fields == {"vault": vault}
    with pytest.raises(ValueError, match="on no list"):
        multisig.tell(replace(world.proposal(1), target=2))
