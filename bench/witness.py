"""What the witness costs: as a share of the engine's own work on the same commands.

Run: `python bench/witness.py`. The engine's side is `apply` alone, without rows, receipts and the
database, so a share of the whole engine process is smaller. The last rows are of its memory with
100,000 accounts, each with a position.
"""

import os
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("GODARK_ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")

import django

django.setup()

from bench.engine import opened, stream, timed, with_positions  # noqa: E402 - Django first
from bench.table import row  # noqa: E402 - the same
from engine.chain import GENESIS, link  # noqa: E402 - the same
from engine.codec import decode_event, encode  # noqa: E402 - the same
from engine.exchange import apply  # noqa: E402 - the same
from engine.snapshot import restore, snapshot  # noqa: E402 - the same
from trading.claims import Standing  # noqa: E402 - the same
from trading.log import Place  # noqa: E402 - the same
from trading.state_leaves import Content  # noqa: E402 - the same
from trading.witness import memory  # noqa: E402 - the same
from trading.witness.book import Book, Kept  # noqa: E402 - the same
from trading.witness.replay import Replay  # noqa: E402 - the same

COMMANDS = 30_000
ACCOUNTS = 100_000
MASTER = b"m" * 32


def bench_share() -> tuple[float, float, int]:
    """Return the seconds of the engine, of the witness, and how many events it was."""
    state, commands = opened(), stream(COMMANDS)
    before = snapshot(state)
    decided: list[Any] = []
    engine = timed(lambda: decided.extend(apply(state, each) for each in commands))
    payloads = [encode(event) for events in decided for event in events]
    replay = Replay(restore(before))

    def follow() -> None:
        head = GENESIS
        for number, payload in enumerate(payloads, start=1):
            head = link(head, payload)
            replay.evolve(Place(number, head), decode_event(payload))

    witness = timed(follow)
    if snapshot(replay.state) != snapshot(state):
        sys.exit("The witness does not follow the engine.")
    return engine, witness, len(payloads)


def leaf_of(number: int) -> Kept:
    """Return an account's leaf."""
    content = Content(
        account_id=uuid.UUID(int=number + 1 << 64),
        cash_micro=number,
        positions=((0, 1, 1, 1),),
    )
    return Kept(number, 1, content, content.leaf(master=MASTER, change=1).hash)


def main() -> None:
    """Run every bench and print the table."""
    row("what", "measured", "aim", "ratio")
    best = min((bench_share() for _ in range(3)), key=lambda one: one[1] / one[0])
    engine, witness, events = best
    row(f"engine: {COMMANDS:,} commands, {events:,} events", f"{engine:.2f} s", "", "1.0x")
    row("witness: prove, decode, make true", f"{witness:.2f} s", "", f"{witness / engine:.2f}x")
    row("  events/s", f"{events / witness:,.0f}")
    book = Book()
    leaves = [leaf_of(number) for number in range(ACCOUNTS)]
    standing = Standing(1, 0, (1,) * 60)
    root = book.try_out(leaves)
    book.keep(leaves, standing=standing, sequence=0, root=root, paid_before_micro=0)
    changed = leaves[:: ACCOUNTS // 100]
    row("root after 100 changed", f"{timed(lambda: book.try_out(changed)) * 1e3:.2f} ms", "< 5 ms")
    path = Path(tempfile.mkdtemp()) / "memory"
    replay = Replay(with_positions(ACCOUNTS))
    row("memory written", f"{timed(lambda: memory.keep(path, replay, book)):.2f} s")
    row("  its size", f"{path.stat().st_size / 2**20:.0f} MB")
    row("memory read after a kill", f"{timed(lambda: memory.recall(path)):.2f} s", "< 10 s")


if __name__ == "__main__":
    main()
