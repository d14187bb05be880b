"""Keeps a version of the disclosure whenever what it says has changed.

What is not here: what it says (`trading.selectors.disclosure`).
"""

from django.db import transaction
from django.utils import timezone

from chain.client import Level
from trading.models import DisclosureVersion
from trading.selectors.disclosure import disclosure
from trading.solana import Solana


@transaction.atomic(durable=True)
def keep_disclosure(door: Solana, /) -> DisclosureVersion | None:
    """Keep a new version if anything differs from the newest; return it.

    Raises `ChainUnreachableError`: without the chain's part nothing is kept.
    """
    records = door.records
    told = disclosure(
        records.exchange(level=Level.FINALIZED), records.checkpoints(level=Level.FINALIZED)
    )
    parts = [[name, [list(line) for line in lines.items()]] for name, lines in told.items()]
    newest = DisclosureVersion.objects.order_by("-number").first()
    if newest is not None and newest.parts == parts:
        return None
    number = newest.number + 1 if newest else 1
    return DisclosureVersion.objects.create(number=number, parts=parts, made_at=timezone.now())
