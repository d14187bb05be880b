"""The client against a development chain that misbehaves."""

from collections.abc import Sequence

import httpx2
import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from chain import instructions
from chain.addresses import token_account
from chain.client import ChainClient, Level, priority_fee
from chain.devchain.genesis import development_key
from chain.errors import (
    ChainUnreachableError,
    Refusal,
    TransactionExpiredError,
    TransactionRefusedError,
    TransactionTooLargeError,
)
from chain.events import read_events
from chain.instructions import Commitment
from chain.signer import KeypairSigner
from chain.transactions import Fee, SignedTransaction, check_size, sign, unsigned
from tests.chain.conftest import PACE, USDT, Devchain

BOB = Pubkey(bytes([7]) * 32)


def signed(chain: Devchain, *signers: Keypair, built: Sequence[Instruction]) -> SignedTransaction:
    return sign(
        built,
        signers=[KeypairSigner(key) for key in signers],
        blockhash=chain.client.latest_blockhash(),
        fee=Fee(compute_units=50_000, micro_lamports_per_unit=7),
    )


def payment(chain: Devchain, lamports: int = 10**9) -> SignedTransaction:
    payer = chain.rich("payer")
    built = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=BOB, lamports=lamports))
    return signed(chain, payer, built=[built])


def received(chain: Devchain, level: Level = Level.PROCESSED) -> int:
    return chain.client.balance(BOB, level=level)


@pytest.mark.parametrize("level", Level)
def test_a_submitted_transaction_has_reached_its_level(chain: Devchain, level: Level) -> None:
    status = chain.client.submit(payment(chain), level=level)
    assert level.reached_by(status.level)
    assert received(chain, level) == 10**9


def test_levels_are_ordered() -> None:
    reached = [[wanted.reached_by(level) for level in Level] for wanted in Level]
    assert reached == [[True, True, True], [False, True, True], [False, False, True]]
    assert not Level.PROCESSED.reached_by(None)


def test_a_dropped_transaction_is_sent_again(chain: Devchain) -> None:
    transaction = payment(chain)
    chain.machine.faults.drop = 2
    chain.client.submit(transaction)
    assert received(chain) == 10**9
    assert chain.requests.count("sendTransaction") == 3


def test_a_duplicated_transaction_is_no_failure(chain: Devchain) -> None:
    transaction = payment(chain)
    chain.machine.faults.duplicate = True
    chain.client.submit(transaction)
    chain.client.submit(transaction)
    assert received(chain) == 10**9


def test_a_delayed_transaction_is_waited_for(chain: Devchain) -> None:
    transaction = payment(chain)
    chain.machine.faults.delay_ms = 9_000
    chain.client.submit(transaction)
    assert received(chain) == 10**9


def test_a_transaction_that_never_lands_expires_with_its_blockhash(chain: Devchain) -> None:
    transaction = payment(chain)
    chain.machine.faults.drop = -1
    began = chain.machine.now_ms
    with pytest.raises(TransactionExpiredError):
        chain.client.submit(transaction)
    slots = (chain.machine.now_ms - began) / PACE.slot_ms
    assert 150 <= slots <= 170
    chain.machine.faults.drop = 0
    chain.client.send(transaction.raw, preflight=False)
    assert received(chain) == 0


def test_an_expired_transaction_is_never_taken_for_lost_while_it_may_land(chain: Devchain) -> None:
    """Unconfirmed is not gone: a transaction that ran keeps its status past its blockhash."""
    transaction = payment(chain)
    chain.client.send(transaction.raw)
    chain.machine.faults.confirm = False
    chain.sleep(200 * PACE.slot_ms / 1_000)
    [status] = chain.client.statuses([transaction.signature])
    assert status is not None
    assert status.level is Level.PROCESSED
    chain.machine.faults.confirm = True
    assert chain.client.submit(transaction).level is Level.FINALIZED


def test_a_rolled_back_transaction_has_no_status_and_lands_again(chain: Devchain) -> None:
    transaction = payment(chain)
    chain.client.submit(transaction)
    chain.machine.roll_back()
    assert chain.client.statuses([transaction.signature]) == [None]
    chain.rich("payer")
    chain.client.submit(transaction)
    assert received(chain) == 10**9


def test_the_program_s_refusal_has_its_name(chain: Devchain) -> None:
    chain.open_exchange()
    stranger = chain.rich("stranger")
    built = instructions.pause(chain.genesis.addresses, guardian=stranger.pubkey(), bits=1)
    with pytest.raises(TransactionRefusedError) as refused:
        chain.client.submit(signed(chain, stranger, built=[built]))
    assert refused.value.refusal is Refusal.WRONG_KEY
    assert any("failed" in line for line in refused.value.logs)


def test_a_failure_that_landed_has_its_name_too(chain: Devchain) -> None:
    chain.open_exchange()
    stranger = chain.rich("stranger")
    built = instructions.pause(chain.genesis.addresses, guardian=stranger.pubkey(), bits=1)
    transaction = signed(chain, stranger, built=[built])
    chain.client.send(transaction.raw, preflight=False)
    with pytest.raises(TransactionRefusedError) as refused:
        chain.client.submit(transaction)
    assert refused.value.refusal is Refusal.WRONG_KEY


def test_a_refusal_of_another_program_has_no_name_of_ours(chain: Devchain) -> None:
    with pytest.raises(TransactionRefusedError) as refused:
        chain.client.submit(payment(chain, lamports=10**13))
    assert refused.value.refusal is None


def answering(answer: httpx2.Response | httpx2.HTTPError) -> ChainClient:
    def handle(_request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, httpx2.HTTPError):
            raise answer
        return answer

    return ChainClient("http://broken", transport=httpx2.MockTransport(handle))


UNHEALTHY = {"jsonrpc": "2.0", "id": 0, "error": {"code": -32005, "message": "Node is behind"}}


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=UNHEALTHY),
        httpx2.ConnectTimeout("slow"),
        httpx2.ConnectError("nobody there"),
    ],
    ids=["status", "html", "unhealthy", "timeout", "refused"],
)
def test_a_node_that_is_not_well_is_unreachable(
    answer: httpx2.Response | httpx2.HTTPError,
) -> None:
    with answering(answer) as client, pytest.raises(ChainUnreachableError):
        client.slot(level=Level.FINALIZED)


def test_what_the_program_did_is_read_from_the_log(chain: Devchain) -> None:
    chain.open_exchange()
    operator, witness = chain.rich("operator"), chain.rich("witness")
    built = instructions.commit_root(
        chain.genesis.addresses,
        operator=operator.pubkey(),
        witness=witness.pubkey(),
        commitment=Commitment(
            number=1,
            previous_root=bytes(32),
            root=b"r" * 32,
            total_micro=0,
            trades_root=bytes(32),
            chain_head=bytes(32),
            marks_half_ticks=(1, 2, 3),
        ),
    )
    transaction = signed(chain, operator, witness, built=[built])
    chain.client.send(transaction.raw)
    assert chain.client.executed(transaction.signature, level=Level.CONFIRMED) is None
    chain.client.submit(transaction)
    executed = chain.client.executed(transaction.signature, level=Level.CONFIRMED)
    assert executed is not None
    assert (executed.error, executed.fee_lamports) == (None, 10_001)
    [event] = read_events(executed.logs, program=chain.genesis.addresses.program)
    assert event.numbers == {"number": 1, "total_micro": 0}
    [root] = chain.records.roots(level=Level.CONFIRMED)
    assert (root.number, root.root) == (1, b"r" * 32)
    assert chain.records.roots(level=Level.FINALIZED) == ()


def test_an_address_has_a_history_since_any_of_its_transactions(chain: Devchain) -> None:
    sent = [payment(chain, lamports) for lamports in (10**9, 2 * 10**9, 3 * 10**9)]
    for transaction in sent:
        chain.client.submit(transaction)
    since = chain.client.history(BOB, until=sent[0].signature, level=Level.CONFIRMED)
    assert [row.signature for row in since] == [sent[2].signature, sent[1].signature]
    assert chain.client.history(BOB, until=None, level=Level.FINALIZED) == []


def test_records_of_a_chain_without_an_exchange_are_empty(chain: Devchain) -> None:
    records = chain.records
    assert records.exchange(level=Level.CONFIRMED) is None
    assert records.markets(level=Level.CONFIRMED) == ()
    assert records.checkpoints(level=Level.CONFIRMED) is None
    assert records.vaults([BOB], level=Level.CONFIRMED) == [None]
    assert records.treasury_micro(level=Level.CONFIRMED) == 0


def test_a_deposit_is_read_at_each_level_in_its_time(chain: Devchain) -> None:
    chain.open_exchange()
    alice = chain.rich("alice")
    chain.node.faucet.give_usdt(alice.pubkey(), 50 * USDT)
    addresses, mint = chain.genesis.addresses, chain.genesis.mint
    source = token_account(owner=alice.pubkey(), mint=mint)
    opening = instructions.create_vault(addresses, owner=alice.pubkey())
    deposit = instructions.deposit(
        addresses, owner=alice.pubkey(), source=source, amount_micro=20 * USDT
    )
    chain.client.submit(signed(chain, alice, built=[opening, deposit]))
    [vault] = chain.records.vaults([alice.pubkey()], level=Level.CONFIRMED)
    assert vault is not None
    assert (vault.vault_id, vault.deposited_micro) == (1, 20 * USDT)
    assert chain.records.vaults([alice.pubkey()], level=Level.FINALIZED) == [None]
    assert chain.records.treasury_micro(level=Level.CONFIRMED) == 20 * USDT


def test_setting_up_twice_sends_nothing_the_second_time(chain: Devchain) -> None:
    chain.open_exchange()
    before = chain.machine.newest_sequence
    chain.open_exchange()
    assert chain.machine.newest_sequence == before
    exchange = chain.records.exchange(level=Level.CONFIRMED)
    assert exchange is not None
    assert exchange.operator == development_key("operator").pubkey()
    assert [market.symbol for market in chain.records.markets(level=Level.CONFIRMED)] == [
        "M0",
        "M1",
        "M2",
    ]


def test_a_wallet_is_given_what_it_must_sign(chain: Devchain) -> None:
    alice = chain.rich("alice")
    built = instructions.authorize(
        chain.genesis.addresses,
        owner=alice.pubkey(),
        mint=chain.genesis.mint,
        amount_micro=5 * USDT,
    )
    raw = unsigned([built], payer=alice.pubkey(), blockhash=chain.client.latest_blockhash())
    assert raw[:65] == b"\x01" + bytes(64)


def test_what_fits_no_packet_is_not_sent(chain: Devchain) -> None:
    payer = chain.rich("payer")
    built = Instruction(BOB, bytes(1_200), [])
    with pytest.raises(TransactionTooLargeError):
        signed(chain, payer, built=[built])
    check_size(bytes(1_232))


@pytest.mark.parametrize(
    ("recent", "expected"),
    [([], 0), ([0] * 20, 0), ([1, 2, 3, 4], 4), ([10, 20, 30, 40, 50], 40), ([9_999] * 8, 500)],
)
def test_the_priority_fee_is_the_upper_quartile_below_a_ceiling(
    recent: list[int], expected: int
) -> None:
    assert priority_fee(recent, ceiling=500) == expected


def test_fees_lately_paid_are_read(chain: Devchain) -> None:
    chain.sleep(5)
    assert set(chain.client.recent_fees([BOB])) == {0}
