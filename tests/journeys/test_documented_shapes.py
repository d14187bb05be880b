"""Every operation of the OpenAPI document, tried with what it allows and with what it does not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.people import newcomer
from tests.live_site import LiveSite

# Somebody who does one of these is gone for the rest of the journey.
ENDS_THE_LOG_IN = ("logout", "logout_all", "change_password")
# What the document cannot say: that an engine refuses an order whose shape is good, and that one
# credential of several is enough (a stranger at each door: `tests/trading/orders/test_doors.py`).
NOT_SAID = ("positive_data_acceptance", "ignored_auth", "missing_required_header")
# A batch answers 200; whatever is wrong with one of its orders is told in that order's place.
# Health says truly that no worker runs beside this site.
SETTINGS = """
[[operations]]
include-path = "/api/v1/orders/batch"
checks.negative_data_rejection.enabled = false
[[operations]]
include-path = "/api/v1/health"
checks.not_a_server_error.enabled = false
"""
CASES = 1_000


def without_credentials(site: LiveSite) -> dict[str, Any]:
    """Return the document, of one who comes with a good credential and shows no second."""
    told = httpx.get(f"{site.url}/api/schema/", headers={"Accept": "application/json"}, timeout=60)
    document: dict[str, Any] = told.raise_for_status().json()
    del document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return document


def test_each_operation_answers_as_it_is_documented(trading_site: LiveSite, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(without_credentials(trading_site)), encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(SETTINGS, encoding="utf-8")
    authorization = newcomer(trading_site).headers["Authorization"]
    words = [
        *("run", str(schema), "--url", trading_site.url),
        *("--header", f"Authorization: {authorization}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--seed", "1"),
        *("--exclude-checks", ",".join(NOT_SAID)),
        *(word for name in ENDS_THE_LOG_IN for word in ("--exclude-operation-id", name)),
        *("--suppress-health-check", "all", "--no-color", "--request-timeout", "60"),
    ]
    done = subprocess.run(
        [Path(sys.executable).with_name("st"), *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "Authentication failed" not in done.stdout
    (generated,) = [line for line in done.stdout.splitlines() if " generated, " in line]
    assert int(generated.split()[0]) >= CASES, generated
