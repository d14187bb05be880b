"""Imports go one way, and nothing stands outside the contracts (I95)."""

import tomllib

import pytest
from importlinter.cli import lint_imports

from tests.tidy.tree import APPS, ROOMS, ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_every_package_stands_in_a_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == set(SETTINGS["root_packages"]) == set(ROOMS)


def test_every_app_has_an_exhaustive_contract() -> None:
    exhaustive = {
        container
        for contract in SETTINGS["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    assert {*APPS, "godark"} <= exhaustive


def test_the_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert lint_imports(no_cache=True) == 0, capsys.readouterr().out
