"""Pay a recorded hour's funding: `python bench/day/hour.py MARKET HOUR`, on a venue's servers.

The venue's own clock pays the hours of the wall; a recorded hour is paid by the day, keyed by that
hour, so that it is paid once however often it is asked for.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")


def main() -> None:
    """Ask for the payment, and say what the engine said."""
    import django  # noqa: PLC0415 - the path comes first

    django.setup()
    from engine.commands import PayFunding  # noqa: PLC0415 - after the set-up
    from trading.inbox import ask_plainly  # noqa: PLC0415 - the same

    symbol, hour = sys.argv[1], int(sys.argv[2])
    said = ask_plainly(
        PayFunding(at_ms=0, market_id=symbol, hour=hour), key=f"funding:{symbol}:{hour}"
    )
    print("unanswered" if not said.is_known else said.reason or "paid")


if __name__ == "__main__":
    main()
