"""The development chain: blockhashes, levels, signatures, limits, and faults on order."""

from pathlib import Path

import pytest
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction

from chain.addresses import token_account
from chain.client import Level as ClientLevel
from chain.devchain.genesis import development_key
from chain.devchain.machine import Level
from chain.devchain.packets import RefusedTransactionError
from tests.chain.conftest import PACE, START_MS, USDT, Devchain

BOB = Pubkey(bytes([7]) * 32)


def payment(chain: Devchain, payer: Keypair, lamports: int, blockhash: Hash | None = None) -> bytes:
    newest, _last = chain.machine.latest_blockhash(Level.PROCESSED)
    built = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=BOB, lamports=lamports))
    message = Message([built], payer.pubkey())
    return bytes(Transaction([payer], message, blockhash or newest))


def lamports_of(chain: Devchain, key: Pubkey, level: Level) -> int:
    account = chain.machine.account(key, level)
    return 0 if account is None else account.lamports


def test_a_transaction_is_seen_at_each_level_in_its_time(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.send(payment(chain, payer, 10**9))
    seen = []
    for wait in (0, PACE.confirm_ms - 1, 1, PACE.finalize_ms - PACE.confirm_ms):
        chain.sleep(wait / 1_000)
        seen.append([lamports_of(chain, BOB, level) // 10**9 for level in Level])
    assert seen == [[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]


def test_an_account_is_read_as_it_was_before_two_unsure_changes(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.send(payment(chain, payer, 10**9))
    chain.sleep(1)
    chain.machine.send(payment(chain, payer, 2 * 10**9))
    assert [lamports_of(chain, BOB, level) for level in Level] == [3 * 10**9, 10**9, 0]


def test_the_same_transaction_runs_once(chain: Devchain) -> None:
    payer = chain.rich("payer")
    raw = payment(chain, payer, 10**9)
    chain.machine.send(raw)
    with pytest.raises(RefusedTransactionError, match="already been processed"):
        chain.machine.send(raw)
    chain.machine.send(raw, preflight=False)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 10**9


def test_a_blockhash_is_good_for_a_hundred_and_fifty_slots(chain: Devchain) -> None:
    payer = chain.rich("payer")
    blockhash, last = chain.machine.latest_blockhash(Level.PROCESSED)
    early, late = payment(chain, payer, 10**9, blockhash), payment(chain, payer, 2, blockhash)
    chain.sleep(150 * PACE.slot_ms / 1_000)
    assert chain.machine.slot == last
    chain.machine.send(early)
    chain.sleep(PACE.slot_ms / 1_000)
    with pytest.raises(RefusedTransactionError, match="Blockhash not found"):
        chain.machine.send(late)
    chain.machine.send(late, preflight=False)
    assert chain.machine.find(Signature(late[1:65])) is None


def test_an_invented_blockhash_is_refused(chain: Devchain) -> None:
    payer = chain.rich("payer")
    with pytest.raises(RefusedTransactionError, match="Blockhash not found"):
        chain.machine.send(payment(chain, payer, 1, Hash(bytes([9]) * 32)))


def test_a_signature_that_is_none_is_refused(chain: Devchain) -> None:
    payer = chain.rich("payer")
    raw = bytearray(payment(chain, payer, 1))
    raw[5] ^= 1
    with pytest.raises(RefusedTransactionError, match="signature verification"):
        chain.machine.send(bytes(raw))
    chain.machine.send(bytes(raw), preflight=False)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 0


def with_accounts(chain: Devchain, payer: Keypair, *, count: int, data: int = 0) -> bytes:
    metas = [
        AccountMeta(Pubkey(at.to_bytes(32, "big")), is_signer=False, is_writable=False)
        for at in range(1, count + 1)
    ]
    blockhash, _last = chain.machine.latest_blockhash(Level.PROCESSED)
    message = Message([Instruction(SYSTEM_PROGRAM, bytes(data), metas)], payer.pubkey())
    return bytes(Transaction([payer], message, blockhash))


def test_a_transaction_that_fits_no_packet_is_refused(chain: Devchain) -> None:
    payer = chain.rich("payer")
    for data in (990, 1_100):
        raw = with_accounts(chain, payer, count=1, data=data)
        with pytest.raises(RefusedTransactionError) as refused:
            chain.machine.send(raw)
        assert ("too large" in str(refused.value)) == (len(raw) > 1_232)


def test_bytes_that_are_no_transaction_are_refused(chain: Devchain) -> None:
    with pytest.raises(RefusedTransactionError, match="deserialize"):
        chain.machine.send(b"\1\2\3")


def test_a_failed_transaction_lands_with_its_error_and_pays_its_fee(chain: Devchain) -> None:
    payer = chain.rich("payer")
    before = lamports_of(chain, payer.pubkey(), Level.PROCESSED)
    raw = payment(chain, payer, 10**12)
    with pytest.raises(RefusedTransactionError, match="custom program error: 0x1"):
        chain.machine.send(raw)
    signature = chain.machine.send(raw, preflight=False)
    found = chain.machine.find(signature)
    assert found is not None
    assert found[0].meta["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert lamports_of(chain, payer.pubkey(), Level.PROCESSED) == before - 5_000


def test_who_cannot_pay_the_fee_leaves_no_trace(chain: Devchain) -> None:
    raw = payment(chain, development_key("poor"), 1)
    signature = chain.machine.send(raw, preflight=False)
    assert chain.machine.find(signature) is None


def test_dropped_transactions_are_taken_and_never_run(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.faults.drop = 1
    first, second = payment(chain, payer, 1 * 10**9), payment(chain, payer, 2 * 10**9)
    chain.machine.send(first)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 0
    chain.machine.send(second)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 2 * 10**9
    chain.machine.faults.drop = -1
    for lamports in (3, 4):
        chain.machine.send(payment(chain, payer, lamports * 10**9))
    assert chain.machine.faults.drop == -1
    assert lamports_of(chain, BOB, Level.PROCESSED) == 2 * 10**9


def test_delayed_transactions_run_later(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.faults.delay_ms = 700
    chain.machine.send(payment(chain, payer, 10**9))
    chain.sleep(0.699)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 0
    chain.sleep(0.001)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 10**9


def test_a_transaction_delayed_past_its_blockhash_never_runs(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.faults.delay_ms = 151 * PACE.slot_ms
    chain.machine.send(payment(chain, payer, 10**9))
    chain.sleep(200 * PACE.slot_ms / 1_000)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 0


def test_a_duplicated_transaction_runs_once_and_answers_twice(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.faults.duplicate = True
    with pytest.raises(RefusedTransactionError, match="already been processed"):
        chain.machine.send(payment(chain, payer, 10**9))
    assert lamports_of(chain, BOB, Level.PROCESSED) == 10**9


def test_nothing_is_confirmed_while_confirmation_is_off(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.sleep(5)
    slot = chain.machine.slot_of_level(Level.CONFIRMED)
    chain.machine.faults.confirm = False
    chain.machine.send(payment(chain, payer, 10**9))
    chain.sleep(60)
    assert [lamports_of(chain, BOB, level) for level in Level] == [10**9, 0, 0]
    assert chain.machine.slot_of_level(Level.CONFIRMED) <= slot + 150
    assert chain.machine.slot_of_level(Level.CONFIRMED) < chain.machine.slot - 2
    chain.machine.faults.confirm = True
    chain.sleep(0.001)
    assert [lamports_of(chain, BOB, level) for level in Level] == [10**9] * 3


def test_a_fork_undoes_what_is_not_final_and_its_bytes_can_land_again(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.machine.send(payment(chain, payer, 10**9))
    chain.sleep(5)
    raw = payment(chain, payer, 2 * 10**9)
    signature = chain.machine.send(raw)
    chain.sleep(1)
    before = lamports_of(chain, payer.pubkey(), Level.FINALIZED)
    assert chain.machine.roll_back() == [signature]
    assert chain.machine.find(signature) is None
    assert lamports_of(chain, BOB, Level.PROCESSED) == 10**9
    assert lamports_of(chain, payer.pubkey(), Level.PROCESSED) == before
    chain.machine.send(raw)
    assert lamports_of(chain, BOB, Level.PROCESSED) == 3 * 10**9


def test_a_fork_removes_accounts_that_it_created(chain: Devchain) -> None:
    payer = chain.rich("payer")
    chain.sleep(5)
    chain.machine.send(payment(chain, payer, 10**9))
    chain.machine.roll_back()
    assert all(chain.machine.account(BOB, level) is None for level in Level)


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    chain = Devchain(path=tmp_path / "devchain.sqlite3")
    payer = chain.rich("payer")
    chain.node.faucet.give_usdt(payer.pubkey(), 5 * USDT)
    raw = payment(chain, payer, 10**9)
    signature = chain.machine.send(raw)
    slot = chain.machine.slot
    chain.machine.warp(3_600)
    chain.start(START_MS + 10_000)
    assert lamports_of(chain, BOB, Level.FINALIZED) == 10**9
    found = chain.machine.find(signature)
    assert found is not None
    assert found[1] is Level.FINALIZED
    assert chain.machine.slot == slot + 10_000 // PACE.slot_ms
    assert chain.machine.unix_seconds == START_MS // 1_000 + 10 + 3_600
    with pytest.raises(RefusedTransactionError, match="already been processed"):
        chain.machine.send(raw)
    tokens = token_account(owner=payer.pubkey(), mint=chain.genesis.mint)
    assert chain.client.token_balance(tokens, level=ClientLevel.FINALIZED) == 5 * USDT


def test_a_restart_with_a_new_program_upgrades_it(tmp_path: Path) -> None:
    chain = Devchain(path=tmp_path / "devchain.sqlite3")
    chain.open_exchange()
    where = chain.genesis.addresses.program_data
    kept = chain.machine.account(where, Level.PROCESSED)
    assert kept is not None
    older = Account(kept.lamports, bytes(kept.data) + bytes(8), kept.owner)
    chain.machine.lay({where: older})
    chain.start(START_MS + 60_000)
    assert chain.machine.account(where, Level.PROCESSED) == kept
    exchange = chain.machine.account(chain.genesis.addresses.exchange, Level.PROCESSED)
    assert exchange is not None


def test_the_chain_s_clock_can_be_set_ahead(chain: Devchain) -> None:
    before = chain.machine.unix_seconds
    chain.machine.warp(172_800)
    assert chain.machine.unix_seconds == before + 172_800


def test_more_accounts_than_a_block_locks_are_refused(chain: Devchain) -> None:
    """Sixty-five keys fit no legacy packet, so a lookup table brings them."""
    payer = chain.rich("payer")
    keys = [Pubkey(at.to_bytes(32, "big")) for at in range(1, 70)]
    table = AddressLookupTableAccount(Pubkey(bytes([3]) * 32), keys)
    blockhash, _last = chain.machine.latest_blockhash(Level.PROCESSED)
    metas = [AccountMeta(key, is_signer=False, is_writable=False) for key in keys]
    built = Instruction(SYSTEM_PROGRAM, b"", metas)
    message = MessageV0.try_compile(payer.pubkey(), [built], [table], blockhash)
    with pytest.raises(RefusedTransactionError, match="locked too many accounts: 71 of 64"):
        chain.machine.send(bytes(VersionedTransaction(message, [payer])))
