"""What a checkpoint costs: read, made, written, proved; for 100,000 claims or as many as named.

Run: `python bench/checkpoints.py [1000000]`. It starts a PostgreSQL of its own as the tests do.
Each account has two positions. Trees and checks are in processor seconds, the rest in time that
passes. Ratios are to as many bare SHA-256 hashes as a checkpoint needs in the same run.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import SessionServers, point_environment

point_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "godark.settings"

import django  # noqa: E402 - the environment comes first

django.setup()

import psycopg  # noqa: E402 - the settings come first, here and below
from django.core.management import call_command  # noqa: E402 - the same
from solders.pubkey import Pubkey  # noqa: E402 - the same

from bench.table import row  # noqa: E402 - the same
from chain.claims import Summed, SumPath  # noqa: E402 - the same
from godark.database_roles import as_owner  # noqa: E402 - the same
from godark.reading import connection_parameters  # noqa: E402 - the same
from godark.supervisor.prepare import create_database  # noqa: E402 - the same
from trading.api.roots import claim_body  # noqa: E402 - the same
from trading.checkpoints import Made, written  # noqa: E402 - the same
from trading.claim_proofs import claim_proof  # noqa: E402 - the same
from trading.claim_trees import (  # noqa: E402 - the same
    Basis,
    claim_trees,
    commitment_of,
    uncollected,
)
from trading.claims import Terms  # noqa: E402 - the same
from trading.models import (  # noqa: E402 - the same
    Batch,
    BatchState,
    ChainTransaction,
    Checkpoint,
)
from trading.solana import salt_master  # noqa: E402 - the same
from trading.state_leaves import contents_as_of  # noqa: E402 - the same

USUAL = 100_000
AIM_S = 3
MARKETS = 60
PROOFS = 50
HASHES_PER_CLAIM = 8
"""Owner key and salt (two each), claim, rank, and a node of each tree."""
COPY_LEAVES = """
    COPY trading_leafversion (place, batch_id, account_id, owner, vault_id, change, deposits_micro,
        released_micro, cash_micro, positions, leaf_hash) FROM STDIN
"""
TERMS = Terms(
    symbols=tuple(f"M{number}-USDT-PERP" for number in range(MARKETS)),
    marks_half_ticks=tuple(range(1_000_000, 1_000_000 + MARKETS)),
    units_micro=(500,) * MARKETS,
)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that some work takes, and what it gives."""
    began = time.perf_counter()
    given = work()
    return time.perf_counter() - began, given


def reckoned(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor's seconds that some work takes, whoever else is at it, and its gift."""
    began = time.process_time()
    given = work()
    return time.process_time() - began, given


def fill(count: int, random: Random) -> Batch:
    """Write a root with so many leaves."""
    sent = ChainTransaction.objects.create(
        signature="bench", raw=b"", last_valid_height=0, purpose="bench", built_at_ms=0
    )
    batch = Batch.objects.create(
        number=1,
        event_sequence=1,
        previous_root=bytes(32),
        root=bytes(32),
        total_micro=0,
        trades_root=bytes(32),
        chain_head=bytes(32),
        marks_root=bytes(32),
        marks_half_ticks=[],
        state=BatchState.CONFIRMED,
        transaction=sent,
        due_at_ms=0,
        built_at_ms=0,
    )
    with (
        psycopg.connect(**connection_parameters(), autocommit=True) as connection,
        connection.cursor().copy(COPY_LEAVES) as copy,
    ):
        for place in range(count):
            cash = random.getrandbits(40)
            held = [[place % MARKETS, 3, 1_500_000_000, 9_000], [MARKETS - 1, -2, -1_000_000, 7]]
            copy.write_row(
                (
                    place,
                    1,
                    f"{place:032x}",
                    str(Pubkey(random.randbytes(32))),
                    place,
                    1,
                    cash,
                    0,
                    cash,
                    json.dumps(held if held[0][0] != held[1][0] else held[1:]),
                    bytes(32),
                )
            )
    return batch


def hashes_alone(count: int) -> float:
    """Return the seconds of so many hashes of a node's size."""
    data = bytes(80)

    def work() -> None:
        for _ in range(count):
            sha256(data).digest()

    return reckoned(work)[0]


def bench(count: int) -> None:
    """Measure one size and print its rows."""
    batch = fill(count, Random(count))
    basis = Basis(number=1, root_number=1, terms=TERMS, own_vaults=(), master=salt_master())
    with uncollected():
        read_s, contents = timed(lambda: contents_as_of(1))
        made_s, trees = reckoned(lambda: claim_trees(contents, basis))
    said = commitment_of(trees, basis, deposits_micro=0, paid_micro=0)
    kept_s, checkpoint = timed(
        lambda: written(Made(trees, basis, said), batch, transaction=batch.transaction)
    )
    whole = read_s + made_s + kept_s
    ratio = f"{made_s / hashes_alone(HASHES_PER_CLAIM * count):.1f}x"
    row(f"{count:,} claims", f"{whole:.2f} s", f"< {AIM_S} s" if count == USUAL else "")
    row("  leaves read", f"{read_s:.2f} s")
    row("  both trees made (the witness's part)", f"{made_s:.2f} s", "", ratio)
    row("  nodes written", f"{kept_s:.2f} s")
    row("  the published file", f"{len(trees.file.packed) / 2**20:.1f} MB")
    prove(checkpoint, contents, Random(1))


def prove(checkpoint: Checkpoint, contents: list[Any], random: Random) -> None:
    """Measure proofs of some accounts: found, sized, checked."""
    chosen = random.sample(contents, PROOFS)
    found_s, proofs = timed(
        lambda: [claim_proof(content.account_id, checkpoint) for content in chosen]
    )
    told = json.dumps({**claim_body(proofs[0]), "markets": []})

    def check() -> None:
        for proof in proofs:
            leaf = Summed(proof.claim.hash, proof.claim.claim_micro)
            top = SumPath(proof.path.index, proof.sum_path).root_of(leaf)
            if proof.path.root_of(leaf.hash) != bytes(checkpoint.plain_root) or (
                top.hash != bytes(checkpoint.sum_root)
            ):
                sys.exit("A proof does not lead to the roots.")

    checked_s, _nothing = reckoned(check)
    row("  a proof cut out", f"{found_s / PROOFS * 1_000:.1f} ms")
    row("  its size as JSON", f"{len(told):,} bytes")
    row("  on chain: the plain path", f"{checkpoint.depth * 32} bytes")
    row("  checked in Python", f"{checked_s / PROOFS * 1_000:.3f} ms")


def main() -> None:
    """Run every bench and print the table."""
    row("what", "measured", "aim", "ratio")
    bench(int(sys.argv[1]) if sys.argv[1:] else USUAL)


if __name__ == "__main__":
    servers = SessionServers()
    servers.start()
    try:
        with as_owner():
            create_database()
            call_command("migrate", verbosity=0)
        main()
    finally:
        servers.stop()
