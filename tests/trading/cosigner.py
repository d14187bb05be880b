"""A witness within the test's transaction: the real one, on the test's own connection."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from chain.devchain.genesis import development_key
from chain.signer import KeypairSigner
from tests.exchange import SameConnection
from trading.projections.ids import Ids
from trading.solana import Solana
from trading.witness import memory
from trading.witness.book import Book
from trading.witness.judging import Means, Witness
from trading.witness.process import Desk
from trading.witness.replay import Replay

if TYPE_CHECKING:
    from typing import Any

    import psycopg


def witness_at(door: Solana, /, *, allows_gifts: bool = True, path: Path | None = None) -> Desk:
    """Return a witness's desk, at the beginning of the log or where its memory stands."""
    same = cast("psycopg.Connection[Any]", SameConnection())
    with same.cursor() as cursor:
        ids = Ids.load(cursor)
    means = Means(
        client=door.client,
        addresses=door.addresses,
        signer=KeypairSigner(development_key("witness")),
        salt_master=door.salt_master,
        ids=ids,
        allows_gifts=allows_gifts,
    )
    found = memory.recall(path) if path else None
    replay, book = found or (Replay(), Book())
    return Desk(Witness(means, replay, book), same, memory_path=path or Path("/nowhere"))
