from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chain.devchain.machine import Pace
from trading.management.commands import run_devchain


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give what was asked to be served."""
    calls: list[Any] = []
    monkeypatch.setattr(run_devchain, "serve", lambda path, **how: calls.append((path, how)))
    return calls


def test_the_development_chain_is_served_where_the_site_looks_for_it(
    served: list[Any], settings: Settings
) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:9123"
    call_command("run_devchain")
    [(path, how)] = served
    assert path == settings.VAR_DIR / "devchain" / "ledger.sqlite3"
    assert how == {"host": "127.0.0.1", "ports": (9123, 9124), "pace": Pace()}


def test_its_file_port_and_pace_may_be_others(served: list[Any], tmp_path: Path) -> None:
    call_command("run_devchain", port=9200, file=tmp_path / "x", confirm_ms=5)
    [(path, how)] = served
    assert (path, how["ports"], how["pace"].confirm_ms) == (tmp_path / "x", (9200, 9201), 5)


def test_it_does_not_run_in_production(served: list[Any], settings: Settings) -> None:
    settings.IN_PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("run_devchain")
    assert served == []
