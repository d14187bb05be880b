"""Serve a development chain: `python -m chain.devchain --port 8899 --file var/devchain.sqlite3`."""

import argparse
from pathlib import Path

from chain.devchain.machine import Pace
from chain.devchain.server import serve


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899, help="HTTP and WebSocket")
    parser.add_argument("--file", type=Path, default=None, help="kept here; in memory without")
    parser.add_argument("--slot-ms", type=int, default=Pace().slot_ms)
    parser.add_argument("--confirm-ms", type=int, default=Pace().confirm_ms)
    parser.add_argument("--finalize-ms", type=int, default=Pace().finalize_ms)
    options = parser.parse_args()
    pace = Pace(
        slot_ms=options.slot_ms,
        confirm_ms=options.confirm_ms,
        finalize_ms=options.finalize_ms,
    )
    # Browsers take the port after the node's for its sockets; both answer both.
    ports = (options.port, options.port + 1)
    serve(options.file, host=options.host, ports=ports, pace=pace)


if __name__ == "__main__":
    main()
