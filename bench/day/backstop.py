"""Take cash from the backstop: `python bench/day/backstop.py USDT`, on a venue's servers.

What a backstop of half a million would carry for everybody is then carried further down the
waterfall, so that a crash shows every step of it.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")


def main() -> None:
    """Ask for the move to the global fund, and say what the engine said."""
    import django  # noqa: PLC0415 - the path comes first

    django.setup()
    from engine.commands import FundBackstop  # noqa: PLC0415 - after the set-up
    from trading.inbox import ask_plainly  # noqa: PLC0415 - the same

    amount = -int(sys.argv[1]) * 1_000_000
    said = ask_plainly(
        FundBackstop(at_ms=0, transfer_id="crash-backstop", amount_micro=amount),
        key="crash:backstop",
    )
    print("unanswered" if not said.is_known else said.reason or "moved")


if __name__ == "__main__":
    main()
