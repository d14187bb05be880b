"""Every instruction with every one of its accounts wrong in every way that can be.

Each case changes one thing in a call that succeeds (which a test of its own shows), so nothing but
that change can be what is refused.
"""

from dataclasses import dataclass
from functools import cache

import pytest
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.token.state import TokenAccount

from chain.addresses import TOKEN_PROGRAM
from chain.errors import Refusal
from tests.program.scenarios import SCENARIOS, Call
from tests.program.world import RefusedError, key_of, refusal

STRANGER = key_of(99)
OTHER_PROGRAM = Pubkey(bytes([77]) * 32)

FREE_TO_CHOOSE = {
    # The creator may name any mint; a depositor and a payee any account of their own.
    ("initialize_exchange", 5),
    ("deposit", 2),
    ("deposit_by_delegate", 2),
    ("pay_out", 4),
    ("release_payout", 3),
    ("exit_by_claim", 4),
    ("exit_without_claim", 4),
    ("exit_venue", 3),
}
ANYBODY = {("open_checkpoints", 2), ("open_multisig", 2)}
"""Who only pays may be anybody."""
BY_THE_TOKEN_PROGRAM = {
    # Its address is the treasury's own; that it belongs to the token program, that one checks.
    ("deposit", 3),
    ("deposit_by_delegate", 3),
    ("pay_out", 3),
    ("release_payout", 2),
    ("exit_by_claim", 3),
    ("exit_without_claim", 3),
    ("exit_venue", 2),
}
WALLETS = {("withdraw_exit", 2), ("serve_exit", 3), ("close_proposal", 2)}
"""Wallets that only get lamports: their address is what counts."""


@dataclass(frozen=True)
class Place:
    """One account of one instruction."""

    name: str
    index: int

    def __str__(self) -> str:
        return f"{self.name}-{self.index}"


@cache
def accounts_of(name: str) -> tuple[AccountMeta, ...]:
    return tuple(SCENARIOS[name]().built.accounts)


def places(*, signer: bool | None = None, writable: bool | None = None) -> list[Place]:
    return [
        Place(name, index)
        for name in SCENARIOS
        for index, meta in enumerate(accounts_of(name))
        if signer in {None, meta.is_signer} and writable in {None, meta.is_writable}
    ]


def changed(call: Call, index: int, meta: AccountMeta) -> Instruction:
    metas = list(call.built.accounts)
    metas[index] = meta
    return Instruction(call.built.program_id, call.built.data, metas)


def exists(call: Call, index: int) -> Account | None:
    return call.world.svm.get_account(call.built.accounts[index].pubkey)


def data_accounts(*, ours: bool = False) -> list[Place]:
    """Places of accounts that are there and hold data; or the program's own only."""
    found = []
    for name, scenario in SCENARIOS.items():
        call = scenario()
        for index, meta in enumerate(call.built.accounts):
            account = exists(call, index)
            if meta.is_signer or account is None or account.executable or (name, index) in WALLETS:
                continue
            if not ours or account.owner == call.world.addresses.program:
                found.append(Place(name, index))
    return found


def fixed_accounts() -> list[Place]:
    """Places in which only one account can stand."""
    found = places(signer=False)
    return [place for place in found if (place.name, place.index) not in FREE_TO_CHOOSE]


def keyed_signers() -> list[Place]:
    """Places in which only the holder of one key can sign."""
    found = places(signer=True)
    return [place for place in found if (place.name, place.index) not in ANYBODY]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_untouched_call_passes(name: str) -> None:
    call = SCENARIOS[name]()
    call.world.send(call.built, signers=call.signers)


@pytest.mark.parametrize("place", places(signer=True), ids=str)
def test_a_missing_signature_is_refused(place: Place) -> None:
    call = SCENARIOS[place.name]()
    meta = call.built.accounts[place.index]
    unsigned = AccountMeta(meta.pubkey, is_signer=False, is_writable=meta.is_writable)
    reason = refusal(call.world, changed(call, place.index, unsigned), signers=call.signers)
    assert reason is Refusal.MISSING_SIGNATURE


def test_anybody_may_pay_for_what_the_authority_opens() -> None:
    for name, index in ANYBODY:
        call = SCENARIOS[name]()
        call.world.svm.airdrop(STRANGER.pubkey(), 10**11)
        other = AccountMeta(STRANGER.pubkey(), is_signer=True, is_writable=True)
        call.world.send(changed(call, index, other), signers=[*call.signers, STRANGER])


@pytest.mark.parametrize("place", keyed_signers(), ids=str)
def test_a_stranger_s_signature_is_refused(place: Place) -> None:
    call = SCENARIOS[place.name]()
    call.world.svm.airdrop(STRANGER.pubkey(), 10**11)
    meta = call.built.accounts[place.index]
    other = AccountMeta(STRANGER.pubkey(), is_signer=True, is_writable=meta.is_writable)
    built = changed(call, place.index, other)
    reason = refusal(call.world, built, signers=[*call.signers, STRANGER])
    # A vault is found by its owner's key, so a stranger stands before another address.
    expected = Refusal.WRONG_ADDRESS if place.name == "create_vault" else Refusal.WRONG_KEY
    assert reason is expected


@pytest.mark.parametrize("place", places(writable=True), ids=str)
def test_an_account_that_is_not_writable_is_refused(place: Place) -> None:
    call = SCENARIOS[place.name]()
    meta = call.built.accounts[place.index]
    fixed = AccountMeta(meta.pubkey, is_signer=meta.is_signer, is_writable=False)
    reason = refusal(call.world, changed(call, place.index, fixed), signers=call.signers)
    assert reason is Refusal.NOT_WRITABLE


@pytest.mark.parametrize("place", data_accounts(), ids=str)
def test_an_account_of_another_program_is_refused(place: Place) -> None:
    call = SCENARIOS[place.name]()
    account = exists(call, place.index)
    meta = call.built.accounts[place.index]
    assert account is not None
    forged = Account(account.lamports, account.data, OTHER_PROGRAM)
    call.world.svm.set_account(meta.pubkey, forged)
    if (place.name, place.index) in BY_THE_TOKEN_PROGRAM:
        with pytest.raises(RefusedError):
            call.world.send(call.built, signers=call.signers)
    else:
        reason = refusal(call.world, call.built, signers=call.signers)
        assert reason is Refusal.WRONG_OWNER


@pytest.mark.parametrize("place", fixed_accounts(), ids=str)
def test_a_twin_at_another_address_is_refused(place: Place) -> None:
    """The same bytes and owner, but not where the seeds say: refused, whatever it is."""
    call = SCENARIOS[place.name]()
    meta = call.built.accounts[place.index]
    account = exists(call, place.index)
    twin = Pubkey(bytes([88]) * 32)
    if account is not None and not account.executable:
        call.world.svm.set_account(twin, account)
    other = AccountMeta(twin, is_signer=False, is_writable=meta.is_writable)
    reason = refusal(call.world, changed(call, place.index, other), signers=call.signers)
    is_program = account is not None and account.executable
    assert reason is (Refusal.WRONG_PROGRAM if is_program else Refusal.WRONG_ADDRESS)


@pytest.mark.parametrize("place", data_accounts(ours=True), ids=str)
def test_an_account_of_another_kind_is_refused(place: Place) -> None:
    call = SCENARIOS[place.name]()
    account = exists(call, place.index)
    assert account is not None
    for data in (b"GDOTHER1" + account.data[8:], account.data[:-8], account.data + bytes(8)):
        where = call.built.accounts[place.index].pubkey
        call.world.svm.set_account(where, Account(account.lamports, data, account.owner))
        assert refusal(call.world, call.built, signers=call.signers) is Refusal.WRONG_KIND


@pytest.mark.parametrize(
    "place", [Place(*key) for key in sorted(FREE_TO_CHOOSE) if key[0][0] != "i"], ids=str
)
@pytest.mark.parametrize("wrong", ["mint", "owner", "uninitialized", "a mint"])
def test_a_token_account_of_another_currency_or_owner_is_refused(place: Place, wrong: str) -> None:
    call = SCENARIOS[place.name]()
    world = call.world
    where = call.built.accounts[place.index].pubkey
    other_mint = Pubkey(bytes([66]) * 32)
    world.put_mint(other_mint)
    amount = 10**12
    match wrong:
        case "mint":
            world.put_tokens(where, world.alice.pubkey(), amount, mint=other_mint)
            expected = Refusal.WRONG_MINT
        case "owner":
            world.put_tokens(where, world.bob.pubkey(), amount)
            expected = Refusal.WRONG_TOKEN_OWNER
        case "uninitialized":
            world.put(where, data=bytes(165), owner=TOKEN_PROGRAM)
            expected = Refusal.WRONG_KIND
        case _:
            world.put(where, data=world.data(world.mint), owner=TOKEN_PROGRAM)
            expected = Refusal.WRONG_KIND
    assert refusal(world, call.built, signers=call.signers) is expected


@pytest.mark.parametrize("decimals", [0, 5, 7, 9])
def test_a_mint_without_six_decimals_is_refused(decimals: int) -> None:
    call = SCENARIOS["initialize_exchange"]()
    call.world.put_mint(call.world.mint, decimals=decimals)
    assert refusal(call.world, call.built, signers=call.signers) is Refusal.WRONG_MINT


@pytest.mark.parametrize("place", places(), ids=str)
def test_an_account_in_another_s_place_is_refused(place: Place) -> None:
    """No account of a call can stand in for another of the same call."""
    call = SCENARIOS[place.name]()
    metas = call.built.accounts
    meta = metas[place.index]
    for twin in range(len(metas)):
        if metas[twin].pubkey == meta.pubkey:
            continue
        alias = AccountMeta(metas[twin].pubkey, meta.is_signer, meta.is_writable)
        if meta.is_signer and not metas[twin].is_signer:
            continue  # a program's address has no key to sign with
        built = changed(call, place.index, alias)
        with pytest.raises(RefusedError):
            call.world.send(built, signers=call.signers)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_missing_and_a_surplus_account_are_refused(name: str) -> None:
    call = SCENARIOS[name]()
    for count in range(len(call.built.accounts)):
        metas = call.built.accounts[:count]
        built = Instruction(call.built.program_id, call.built.data, metas)
        with pytest.raises(RefusedError):
            call.world.send(built, signers=call.signers)
    stranger = AccountMeta(STRANGER.pubkey(), is_signer=False, is_writable=False)
    metas = [*call.built.accounts, stranger]
    built = Instruction(call.built.program_id, call.built.data, metas)
    with pytest.raises(RefusedError):
        call.world.send(built, signers=call.signers)


@pytest.mark.parametrize("name", SCENARIOS)
def test_data_that_is_too_short_or_too_long_is_refused(name: str) -> None:
    call = SCENARIOS[name]()
    data = call.built.data
    for wrong in (data[:-1], data + b"\0"):
        built = Instruction(call.built.program_id, wrong, call.built.accounts)
        with pytest.raises(RefusedError) as refused:
            call.world.send(built, signers=call.signers)
        assert "InvalidInstructionData" in refused.value.error


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("pay_out", {*range(9, 17)}),
        ("close_vault", set()),
        ("serve_exit", set()),
        ("exit_by_claim", set()),
        ("exit_without_claim", set()),
    ],
)
def test_any_changed_byte_of_a_proof_is_refused(name: str, kept: set[int]) -> None:
    """The number of the instruction and the amount of a payout are no part of the proof."""
    call = SCENARIOS[name]()
    data = call.built.data
    for at in sorted({*range(1, len(data))} - kept):
        changed_data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        built = Instruction(call.built.program_id, changed_data, call.built.accounts)
        with pytest.raises(RefusedError):
            call.world.send(built, signers=call.signers)
    call.world.send(call.built, signers=call.signers)


def test_an_unknown_instruction_is_refused() -> None:
    call = SCENARIOS["pause"]()
    for number in (20, 31, 43, 47, 255):
        built = Instruction(call.built.program_id, bytes([number, 1]), call.built.accounts)
        with pytest.raises(RefusedError) as refused:
            call.world.send(built, signers=call.signers)
        assert "InvalidInstructionData" in refused.value.error


def test_a_token_account_reads_as_the_tests_expect() -> None:
    call = SCENARIOS["deposit"]()
    where = call.built.accounts[2].pubkey
    assert TokenAccount.from_bytes(call.world.data(where)).owner == call.world.alice.pubkey()
