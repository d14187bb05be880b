"""The README's lines, run as they stand there: two strangers with curl trade."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.live_site import LiveSite

ROOT = Path(__file__).resolve().parent.parent.parent
HEADING = "## Ten lines to the first trade"
LATE = ("NO_REFERENCE_PRICE", "UNAVAILABLE")


def lines_of_the_readme() -> str:
    """Return the shell lines below the heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(.*?)```", text[text.index(HEADING) :], re.DOTALL)
    assert found is not None
    return found[1]


def answers_of_the_lines(url: str) -> list[dict[str, Any]]:
    """Run the lines as two new strangers; return what the two orders were answered."""
    lines = lines_of_the_readme()
    assert "http://127.0.0.1:8000/" in lines
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", lines.replace("http://127.0.0.1:8000", url)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(told) for told in done.stdout.replace("}{", "}\n{").splitlines()]


def test_the_lines_of_the_readme_end_with_a_fill(trading_site: LiveSite) -> None:
    # On a slow machine the engine may answer after the half second that an order waits (then the
    # order is PENDING, as the contract says), or prices may be late and the market wait for them:
    # then two other strangers try.
    for _ in range(10):
        answers = answers_of_the_lines(trading_site.url)
        if not any(is_late(one) for one in answers):
            break
        time.sleep(1)
    resting, filled = answers
    assert resting.get("status") == "OPEN", resting
    assert filled.get("status") == "FILLED", filled
    (fill,) = filled["fills"]
    assert (fill["size"], fill["liquidity"]) == ("0.01", "TAKER")


def is_late(answer: dict[str, Any]) -> bool:
    """Tell whether the venue said that it is behind, not that it will not."""
    return answer.get("status") == "PENDING" or answer.get("code") in LATE
