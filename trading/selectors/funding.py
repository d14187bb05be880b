"""Premiums as the funding jobs give them to the engine, of now and of an outage.

What is not here: how a premium comes about (`prices.premium`), and rates of whole hours.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.utils import timezone

from trading.models import Market, MarketFunds

SAMPLE_LIVES = timedelta(seconds=3)
"""A sample that nobody renewed for so long is missing, not old."""

RECORDED: Final = """
    SELECT market.symbol, sum(taken.premium)::numeric, count(taken.premium)
    FROM trading_market AS market
    LEFT JOIN trading_premiumminute AS minute ON minute.market_id = market.id
        AND minute.minute_at >= to_timestamp(%(first)s - 59)
        AND minute.minute_at < to_timestamp(%(end)s)
    LEFT JOIN LATERAL unnest(minute.premiums_ppb) WITH ORDINALITY AS taken (premium, place)
        ON extract(epoch FROM minute.minute_at)::bigint + taken.place - 1 >= %(first)s
        AND extract(epoch FROM minute.minute_at)::bigint + taken.place - 1 < %(end)s
    WHERE market.state <> 'DELISTED'
    GROUP BY market.rank, market.id, market.symbol ORDER BY market.rank, market.id
"""


class Recorded(NamedTuple):
    """A market's recorded premiums of some seconds: their sum, and how many there are."""

    total_ppb: int
    seconds: int


def newest_premiums() -> dict[str, int | None]:
    """Return each listed market's newest premium (ppb) by symbol; None where it is missing.

    It is missing without an index, out of hours, and where the price service is away.
    """
    since = timezone.now() - SAMPLE_LIVES
    rows = Market.objects.exclude(state="DELISTED").order_by("rank", "id")
    return {
        symbol: premium_ppb if sampled_at is not None and sampled_at >= since else None
        for symbol, premium_ppb, sampled_at in rows.values_list(
            "symbol", "ticker__premium_ppb", "ticker__sampled_at"
        )
    }


def recorded_premiums(first: int, end: int, /) -> dict[str, Recorded]:
    """Return what the price service recorded from one second (Unix) until before another."""
    with connection.cursor() as cursor:
        cursor.execute(RECORDED, {"first": first, "end": end})
        return {
            symbol: Recorded(total_ppb=int(total or 0), seconds=seconds)
            for symbol, total, seconds in cursor.fetchall()
        }


def markets_unpaid(hour: int, /) -> list[str]:
    """Return the markets that have been paid before, but not this hour (of 1970), by symbol."""
    funds = MarketFunds.objects.filter(paid_hour__gt=0, paid_hour__lt=hour)
    listed = funds.exclude(market__state="DELISTED").order_by("market__rank", "market_id")
    return list(listed.values_list("market__symbol", flat=True))
