"""The client's own verifier against a development chain in memory: `godark-verify` word by word."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from solders.keypair import Keypair

from accounts.models import User
from chain.devchain.methods import answer
from godark_client import solana, verify
from tests.chain.conftest import Devchain

NODE = "http://node.example"


@dataclass
class Verifier:
    """Runs `godark-verify` with files of its own; time passes while it waits."""

    folder: Path
    devchain: Devchain
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> list[str]:
        """Return the exit code and what was said, line by line."""
        code = verify.main([*words, "--rpc", NODE])
        said = self.capsys.readouterr()
        return [str(code), *(said.out + said.err).splitlines()]

    def keep(self, name: str, told: Any) -> str:
        """Write JSON, or bytes, to a file and return its path."""
        path = self.folder / name
        path.write_bytes(told if isinstance(told, bytes) else json.dumps(told).encode())
        return str(path)

    def wallet(self, key: Keypair) -> str:
        """Write a key pair as `solana-keygen` does."""
        return self.keep(f"{key.pubkey()}.json", list(bytes(key)))


@pytest.fixture
def verifier(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    chain: Devchain,
    monkeypatch: pytest.MonkeyPatch,
) -> Verifier:
    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer(chain.node, json.loads(request.content)))

    def node_at(url: str) -> solana.Node:
        assert url == NODE
        return solana.Node(url, transport=httpx.MockTransport(serve))

    monkeypatch.setattr(verify, "Node", node_at)
    monkeypatch.setattr("godark_client.solana.sleep", chain.sleep)
    return Verifier(tmp_path, chain, capsys)


def proof_of(client: Client, user: User, chain: Devchain) -> dict[str, Any]:
    """Return an account's proof as a browser keeps it."""
    client.force_login(user)
    told: dict[str, Any] = client.get("/api/v1/proofs/account").json()
    assert told["program"] == str(chain.genesis.addresses.program)
    return told


Change = Callable[[dict[str, Any]], object]
