"""The development chain as its users meet it: a process, solana-py, a browser's requests."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.models import MemcmpOpts, TxOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction
from websockets.asyncio.client import connect

from chain.addresses import token_account
from chain.client import ChainClient, Level
from chain.devchain.genesis import Genesis
from chain.errors import ChainUnreachableError

ROOT = Path(__file__).resolve().parents[2]
GENESIS = Genesis()
PAYER = Keypair.from_seed(bytes([41]) * 32)
BOB = Pubkey(bytes([7]) * 32)


@dataclass(frozen=True)
class Running:
    """A development chain in a process of its own."""

    port: int
    path: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port + 1}"


def free_port() -> int:
    """Find a port whose next one is free too; each process looks somewhere else."""
    for port in range(21_000 + os.getpid() % 1_000 * 8, 30_000, 2):
        try:
            for candidate in (port, port + 1):
                with socket.socket() as found:
                    found.bind(("127.0.0.1", candidate))
        except OSError:
            continue
        return port
    raise AssertionError


@contextmanager
def started(running: Running) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process, wait until it answers, and stop it in the end."""
    command = [sys.executable, "-m", "chain.devchain", "--port", str(running.port)]
    options = ["--file", str(running.path), "--slot-ms", "100", "--finalize-ms", "400"]
    process = subprocess.Popen([*command, *options], cwd=ROOT)
    try:
        wait_for(running)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def wait_for(running: Running) -> None:
    with ChainClient(running.url) as client:
        deadline = time.monotonic() + 60
        while True:
            try:
                client.call("getHealth")
            except ChainUnreachableError:
                assert time.monotonic() < deadline, "the development chain did not start"
                time.sleep(0.05)
            else:
                return


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a running chain."""
    chain = Running(free_port(), tmp_path_factory.mktemp("devchain") / "ledger.sqlite3")
    with started(chain):
        yield chain


def payment(blockhash: Any, lamports: int) -> VersionedTransaction:
    built = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=BOB, lamports=lamports))
    legacy = Transaction([PAYER], Message([built], PAYER.pubkey()), blockhash)
    return VersionedTransaction.from_legacy(legacy)


async def fund(client: AsyncClient) -> None:
    answer = await client.request_airdrop(PAYER.pubkey(), 10**10)
    await client.confirm_transaction(answer.value, Confirmed, sleep_seconds=0.05)


async def test_solana_py_pays_and_confirms(running: Running) -> None:
    async with AsyncClient(running.url, commitment=Confirmed) as client:
        assert await client.is_connected()
        await fund(client)
        newest = (await client.get_latest_blockhash(Processed)).value
        transaction = payment(newest.blockhash, 10**9)
        dry = await client.simulate_transaction(transaction)
        assert dry.value.err is None
        assert dry.value.units_consumed == 150
        sent = await client.send_transaction(transaction, TxOpts(preflight_commitment=Processed))
        await client.confirm_transaction(sent.value, Confirmed, sleep_seconds=0.05)
        assert (await client.get_balance(BOB)).value == 10**9
        [status] = (await client.get_signature_statuses([sent.value])).value
        assert status is not None
        assert status.err is None
        found = (await client.get_transaction(sent.value, "json", Confirmed)).value
        assert found is not None
        meta = found.transaction.meta
        assert meta is not None
        assert meta.fee == 5_000
        history = (await client.get_signatures_for_address(BOB, commitment=Confirmed)).value
        assert [row.signature for row in history] == [sent.value]


async def test_solana_py_reads_accounts_and_numbers(running: Running) -> None:
    async with AsyncClient(running.url, commitment=Confirmed) as client:
        mint = (await client.get_account_info(GENESIS.mint)).value
        assert mint is not None
        assert (len(mint.data), mint.executable) == (82, False)
        both = (await client.get_multiple_accounts([GENESIS.mint, BOB.new_unique()])).value
        assert both[0] == mint
        assert both[1] is None
        authority = MemcmpOpts(offset=4, bytes=str(GENESIS.faucet.pubkey()))
        listed = await client.get_program_accounts(mint.owner, filters=[82, authority])
        assert [row.pubkey for row in listed.value] == [GENESIS.mint]
        assert (await client.get_minimum_balance_for_rent_exemption(82)).value == 1_461_600
        slot = (await client.get_slot(Processed)).value
        assert (await client.get_block_height(Processed)).value >= slot > 0
        fees = (await client.get_recent_prioritization_fees([BOB])).value
        assert {fee.prioritization_fee for fee in fees} == {0}


async def test_the_faucet_s_usdt_is_read_as_a_balance(running: Running) -> None:
    owner = Keypair().pubkey()
    with ChainClient(running.url) as node:
        signature = Signature.from_string(node.call("devchain_faucet", str(owner), 12_345_600))
    where = token_account(owner=owner, mint=GENESIS.mint)
    async with AsyncClient(running.url, commitment=Confirmed) as client:
        await client.confirm_transaction(signature, Confirmed, sleep_seconds=0.05)
        amount = (await client.get_token_account_balance(where)).value
    assert (amount.amount, amount.ui_amount_string) == ("12345600", "12.3456")


async def test_sockets_tell_of_signatures_accounts_logs_programs_and_slots(
    running: Running,
) -> None:
    async with (
        AsyncClient(running.url, commitment=Confirmed) as client,
        SolanaWsClient(running.socket_url) as watching,
    ):
        await fund(client)
        newest = (await client.get_latest_blockhash(Processed)).value
        transaction = payment(newest.blockhash, 3 * 10**8)
        signature = transaction.signatures[0]
        await watching.account_subscribe(pubkey=BOB, commitment=Confirmed)
        await watching.signature_subscribe(signature=signature, commitment=Confirmed)
        await watching.logs_subscribe(commitment=Confirmed)
        slots = await watching.slot_subscribe()
        await client.send_transaction(transaction, TxOpts(preflight_commitment=Processed))
        kinds: set[str] = set()
        while len(kinds) < 4:
            notification = await watching.recv()
            kinds.add(type(notification).__name__)
        assert kinds == {
            "AccountNotification",
            "SignatureNotification",
            "LogsNotification",
            "SlotNotification",
        }
        await watching.unsubscribe(slots)


async def test_a_socket_answers_methods_and_says_no_to_nonsense(running: Running) -> None:
    async with connect(running.socket_url) as wire:
        for frame, expected in (
            ({"id": 1, "method": "getHealth"}, ("result", "ok")),
            ({"id": 2, "method": "moonSubscribe", "params": []}, ("error", -32602)),
            ({"id": 3, "method": "accountSubscribe", "params": ["x"]}, ("error", -32602)),
            ({"id": 4, "method": "accountUnsubscribe", "params": [99]}, ("result", False)),
        ):
            await wire.send(json.dumps(frame))
            answer = json.loads(await wire.recv())
            kind, value = expected
            assert answer["id"] == frame["id"]
            assert (answer[kind]["code"] if kind == "error" else answer[kind]) == value
        await wire.send("no json")
        assert json.loads(await wire.recv())["error"]["code"] == -32700


def test_a_browser_may_ask_from_any_page(running: Running) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    preflight = httpx2.options(running.url, headers={"origin": "http://127.0.0.1:8000"})
    assert preflight.status_code == 204
    answer = httpx2.post(running.url, json=[asked, asked | {"id": 2}])
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [item["id"] for item in answer.json()] == [1, 2]
    assert httpx2.get(running.url).status_code == 405


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no json", -32700),
        (b'{"id": 1}', -32700),
        (b'{"id": 1, "method": "getBlock"}', -32601),
        (b'{"id": 1, "method": "getBalance"}', -32602),
        (b'{"id": 1, "method": "getBalance", "params": ["x"]}', -32602),
        (b'{"id": 1, "method": "getSlot", "params": [{"commitment": "sure"}]}', -32602),
        (b'{"id": 1, "method": "sendTransaction", "params": ["0OIl"]}', -32602),
        (b'{"id": 1, "method": "sendTransaction", "params": [7]}', -32602),
        (
            b'{"id": 1, "method": "getTokenAccountBalance", "params": ["' + b"1" * 32 + b'"]}',
            -32602,
        ),
        (b'{"id": 1, "method": "devchain_setFaults", "params": [{"explode": 1}]}', -32602),
    ],
)
def test_nonsense_is_answered_with_its_code(running: Running, body: bytes, code: int) -> None:
    answer = httpx2.post(running.url, content=body)
    assert answer.json()["error"]["code"] == code


def test_a_body_without_end_is_cut_off(running: Running) -> None:
    assert httpx2.post(running.url, content=b" " * 300_000).status_code == 413


def test_switches_are_turned_and_shown(running: Running) -> None:
    with ChainClient(running.url) as node:
        turned = node.call("devchain_setFaults", {"drop": 2, "confirm": False})
        assert turned == {"drop": 2, "delay_ms": 0, "duplicate": False, "confirm": False}
        calm = node.call("devchain_setFaults", {"drop": 0, "confirm": True})
        assert node.call("devchain_setFaults") == calm
        assert node.call("devchain_rollBack") == []
        assert node.call("devchain_warp", 60) - time.time() > 50
        assert node.call("devchain_addresses") == {
            "program": str(GENESIS.addresses.program),
            "mint": str(GENESIS.mint),
        }


def test_a_killed_chain_comes_back_with_everything(tmp_path: Path) -> None:
    chain = Running(free_port(), tmp_path / "ledger.sqlite3")
    owner = Keypair().pubkey()
    with ChainClient(chain.url) as node:
        with started(chain) as process:
            signature = Signature.from_string(node.call("requestAirdrop", str(owner), 10**9))
            process.kill()
            process.wait(10)
        with started(chain):
            [status] = node.statuses([signature])
            assert status is not None
            assert status.level is Level.FINALIZED
            assert node.balance(owner, level=Level.FINALIZED) == 10**9
