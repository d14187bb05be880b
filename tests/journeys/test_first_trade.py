"""The README's lines, run as they stand there: two strangers with curl trade."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.live_site import LiveSite, is_trading

ROOT = Path(__file__).resolve().parent.parent.parent
HEADING = "## Ten lines to the first trade"
LATE = ("NO_REFERENCE_PRICE", "UNAVAILABLE")
CLOSED = ("RATE_LIMIT_EXCEEDED", "UNAVAILABLE")


def lines_of_the_readme() -> str:
    """Return the shell lines below the heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(.*?)```", text[text.index(HEADING) :], re.DOTALL)
    assert found is not None
    return found[1]


def answers_of_the_lines(url: str) -> list[dict[str, Any]]:
    """Run the lines as two new strangers; return what the two orders were answered.

    Where a door was closed to a stranger (too many came at once), what it said stands with it.
    """
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
    answers = [json.loads(told) for told in done.stdout.replace("}{", "}\n{").splitlines()]
    return [{**one, "was_told": done.stderr} for one in answers]


def test_the_lines_of_the_readme_end_with_a_fill(trading_site: LiveSite) -> None:
    # On a slow machine the engine may answer after the half second that an order waits (then the
    # order is PENDING, as the contract says), or prices may be late and the market wait for them:
    # then two other strangers try, as they do where a door was closed, or where the first met what
    # another test left hidden at the mid.
    for pause_seconds in (1, 4, 8, 16, 0):
        wait_for_the_market(trading_site)
        trading_site.forget_addresses()
        answers = answers_of_the_lines(trading_site.url)
        if not any(is_late(one) for one in answers) and answers[0].get("status") != "FILLED":
            break
        time.sleep(pause_seconds)
    resting, filled = answers
    assert resting.get("status") == "OPEN", resting
    assert filled.get("status") == "FILLED", filled
    (fill,) = filled["fills"]
    assert (fill["size"], fill["liquidity"]) == ("0.01", "TAKER")


def wait_for_the_market(site: LiveSite) -> None:
    """Return when Bitcoin trades, or after half a minute."""
    for _ in range(60):
        if is_trading(site):
            return
        time.sleep(0.5)


def is_late(answer: dict[str, Any]) -> bool:
    """Tell whether the venue said that it is behind, not that it will not."""
    is_shut_out = answer.get("code") == "AUTHENTICATION_FAILED" and any(
        code in answer["was_told"] for code in CLOSED
    )
    return answer.get("status") == "PENDING" or answer.get("code") in LATE or is_shut_out
