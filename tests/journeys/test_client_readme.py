"""The ten lines of the client library's README, run as they stand there."""

import json
import re
import subprocess
import sys
from pathlib import Path

from godark_client import Client, HmacKey
from tests.live_site import LiveSite

ROOT = Path(__file__).resolve().parents[2]


def test_the_lines_of_the_clients_readme_end_with_an_order_that_is_heard(
    trading_site: LiveSite,
) -> None:
    text = (ROOT / "clients/python/README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    assert len([line for line in found[1].splitlines() if line]) == 10
    assert '"var/demo.json"' in found[1]
    lines = found[1].replace("http://127.0.0.1:8000", trading_site.url)
    lines = lines.replace("var/demo.json", str(trading_site.var / "demo.json"))
    done = subprocess.run(
        [sys.executable, "-c", lines],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=trading_site.environment | {"PYTHONPATH": str(ROOT / "clients/python")},
    )
    leave_nothing_hidden(trading_site)
    assert done.returncode == 0, done.stderr
    said = re.search(r"`(OPEN .*)`", text)
    assert said is not None
    assert done.stdout.strip() in (said[1], said[1].replace("OPEN", "PENDING"))


def leave_nothing_hidden(site: LiveSite) -> None:
    """Cancel what the lines let rest at the mid: the next test's order would meet it."""
    trader = json.loads((site.var / "demo.json").read_text(encoding="utf-8"))["traders"][0]
    key = HmacKey(trader["api_key"], trader["secret"], trader["passphrase"])
    with Client(site.url, key) as door:
        door.cancel_all()
