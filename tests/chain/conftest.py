"""A development chain without a network: time passes when somebody sleeps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from solders.keypair import Keypair

from chain.client import ChainClient
from chain.devchain.faucet import Faucet
from chain.devchain.genesis import Genesis, development_key
from chain.devchain.machine import Machine, Pace
from chain.devchain.methods import Node, answer
from chain.devchain.store import Store
from chain.instructions import Keys, MarketTerms, Parameters
from chain.records import Records
from chain.setup import Plan, ensure_exchange
from chain.signer import KeypairSigner

START_MS = 1_750_000_000_000
PACE = Pace(slot_ms=400, confirm_ms=1_000, finalize_ms=5_000)
USDT = 1_000_000


@dataclass
class Devchain:
    """A chain, the clock on its wall, and a client."""

    path: Path | None = None
    node: Node = field(init=False)
    client: ChainClient = field(init=False)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start(START_MS)
        self.client = ChainClient(
            "http://devchain", transport=httpx2.MockTransport(self._answer), sleep=self.sleep
        )

    def start(self, now_ms: int) -> None:
        """Start the chain's process."""
        genesis = Genesis()
        machine = Machine(Store(self.path), now_ms=now_ms, genesis=genesis.accounts(), pace=PACE)
        self.node = Node(machine, Faucet(machine, genesis), genesis)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        self.requests.append(asked["method"])
        return httpx2.Response(200, json=answer(self.node, asked))

    @property
    def machine(self) -> Machine:
        return self.node.machine

    @property
    def genesis(self) -> Genesis:
        return self.node.genesis

    @property
    def records(self) -> Records:
        return Records(self.client, self.genesis.addresses)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.machine.advance(self.machine.now_ms + round(seconds * 1_000))

    def rich(self, name: str) -> Keypair:
        """Give a wallet with lamports."""
        key = development_key(name)
        self.node.faucet.give_lamports(key.pubkey(), 10**11)
        return key

    def open_exchange(self) -> None:
        """Create the exchange with three markets."""
        ensure_exchange(
            self.records,
            plan=self.plan,
            upgrade_authority=KeypairSigner(self.genesis.upgrade_authority),
            authority=KeypairSigner(development_key("authority")),
        )

    @property
    def plan(self) -> Plan:
        keys = {name: development_key(name).pubkey() for name in Keys.__slots__}
        return Plan(
            mint=self.genesis.mint,
            keys=Keys(**keys),
            parameters=Parameters(
                daily_cap_micro=10**12,
                delay_above_micro=10**11,
                delay_seconds=172_800,
                deposit_unit_micro=1_000 * USDT,
            ),
            markets=[
                MarketTerms(
                    number=number,
                    symbol=f"M{number}",
                    unit_micro=500,
                    step_ppm=100_000,
                    per_second_ppm=1_000,
                )
                for number in range(3)
            ],
        )


@pytest.fixture
def chain() -> Iterator[Devchain]:
    """Give a chain in memory."""
    devchain = Devchain()
    yield devchain
    devchain.client.close()
