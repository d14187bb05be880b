"""Dry runs from the rows: whom a change of a market's parameters would touch.

Counts positions only, never an order (I24).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from trading.models import Market, MarketFunds, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One sentence of a dry run, and the accounts behind it (the first hundred)."""

    what: str
    accounts: list[str]
    count: int


MOST_NAMED = 100


def touched_by(market: Market, changes: Mapping[str, list[int]], /) -> list[Touched]:
    """Say whom other parameters of a market would touch."""
    found = []
    standing = Position.objects.filter(market=market).exclude(size_lots=0)
    if "max_leverage" in changes:
        to = changes["max_leverage"][1]
        found.append(_named(f"hold with a leverage above {to}x", standing.filter(leverage__gt=to)))
    if "position_limit_lots" in changes:
        to = changes["position_limit_lots"][1]
        above = standing.filter(Q(size_lots__gt=to) | Q(size_lots__lt=-to))
        found.append(_named("hold more than the new limit: they can only reduce", above))
    if "open_interest_limit_lots" in changes:
        to = changes["open_interest_limit_lots"][1]
        now = MarketFunds.objects.filter(market=market).aggregate(now=Sum("open_interest_lots"))[
            "now"
        ]
        is_above = (now or 0) > to
        holders = standing if is_above else standing.none()
        found.append(_named("hold in a market above its new limit of open interest", holders))
    if changes.keys() & {"maker_rebate_ppb", "taker_fee_ppb", "collar_ppb", "stress_gap_ppb"}:
        found.append(_named("hold now and trade by the new figures from then on", standing))
    return found


def _named(what: str, positions: QuerySet[Position]) -> Touched:
    rows = positions.order_by("pk").values_list("account_id", flat=True)
    return Touched(what=what, accounts=[str(one) for one in rows[:MOST_NAMED]], count=rows.count())
