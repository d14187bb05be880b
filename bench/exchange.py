"""How fast the exchange is, from the inbox to the commit, over HTTP, and after a kill: one table.

Run: `python bench/exchange.py [inbox] [rest] [restore]`. It starts durable servers and processes of
its own in a passing folder; the load comes from a second process. Each part prints its baseline of
the same run, and where the time went.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.exchange_inbox import bench_inbox
from bench.exchange_rest import bench_rest
from bench.exchange_restore import bench_restore
from bench.venue import machine, passing_venue

PARTS = {"inbox": bench_inbox, "rest": bench_rest, "restore": bench_restore}


def main() -> None:
    """Measure what is asked for, or all."""
    for name in sys.argv[1:] or list(PARTS):
        print(machine())
        with passing_venue() as venue:
            PARTS[name](venue)


if __name__ == "__main__":
    main()
