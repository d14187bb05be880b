"""Nothing stands outside the import contracts (I95); that they hold is checked by `make check`."""

import tomllib

from tests.tidy.tree import APPS, CLIENTS, ROOMS, ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_every_package_stands_in_a_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    clients = {path.parent.name for path in (ROOT / "clients" / "python").glob("*/__init__.py")}
    assert packages == set(ROOMS)
    assert clients == set(CLIENTS)
    assert packages | clients == set(SETTINGS["root_packages"])


def test_every_app_has_an_exhaustive_contract() -> None:
    exhaustive = {
        container
        for contract in SETTINGS["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    assert {*APPS, "godark"} <= exhaustive
