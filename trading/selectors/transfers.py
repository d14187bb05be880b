"""One account's deposits and withdrawals in one list, newest first."""

import uuid
from typing import NamedTuple

from django.db.models import Q

from trading.models import Deposit, Withdrawal


class Place(NamedTuple):
    """Where a transfer stands in the list: its moment, then its id."""

    at_ms: int
    transfer_id: uuid.UUID


def place_of(row: Deposit | Withdrawal, /) -> Place:
    """Return where a transfer stands."""
    at_ms = row.seen_at_ms if isinstance(row, Deposit) else row.requested_at_ms
    return Place(at_ms, row.id)


def transfers_of(
    account_id: uuid.UUID, /, *, after: Place | None, at_most: int
) -> list[Deposit | Withdrawal]:
    """Return the account's newest transfers of those that come after a place in the list."""
    own = Q(account_id=account_id)
    deposits = Deposit.objects.filter(own & _after("seen_at_ms", after))
    withdrawals = Withdrawal.objects.filter(own & _after("requested_at_ms", after))
    both: list[Deposit | Withdrawal] = [
        *deposits.order_by("-seen_at_ms", "-id")[:at_most],
        *withdrawals.order_by("-requested_at_ms", "-id")[:at_most],
    ]
    return sorted(both, key=place_of, reverse=True)[:at_most]


def _after(moment: str, place: Place | None, /) -> Q:
    if place is None:
        return Q()
    earlier = Q(**{f"{moment}__lt": place.at_ms})
    return earlier | Q(**{moment: place.at_ms, "id__lt": place.transfer_id})
