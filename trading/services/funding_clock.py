"""The clock of funding: every second sampled once, every ended hour paid once (I38).

One row says which seconds are accounted for; it moves in the same transaction as the commands
that it stands for, and whoever finds it locked waits. So a death at any point leaves either
nothing or all of it, and the next call goes on from there. The payment of an hour is given
between its last second and the first of the next, and the inbox keeps that order.

After an outage the seconds are made up for from what the price service recorded meanwhile; what
it did not record is missing. An hour of which most is missing pays nothing: the engine declares
it void (PRODUCT.md section 6). What is not here: rates and payments, which the engine decides.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Final

import structlog
from django.db import transaction

from engine.commands import Command, FundingSample, PayFunding, SampleFunding
from trading.alerts import raise_alert_once
from trading.inbox import put_many
from trading.models import AlertKind, FundingClock
from trading.selectors.funding import (
    Recorded,
    markets_unpaid,
    newest_premiums,
    recorded_premiums,
)

log = structlog.get_logger(__name__)

HOUR_S: Final = 3_600
FRESH_S: Final = 5
"""So many seconds at most take the newest premium; older ones are looked up."""
AT_ONCE_S: Final = HOUR_S
"""So much of an outage is made up for in one call."""
LATE_S: Final = 120
"""An hour that is not paid so long after its end is late."""

Keyed = tuple[Command, str | None]


@transaction.atomic
def advance(*, now_s: int | None = None) -> int:
    """Give the engine every second since the last call; return how many those were.

    The first call of all only starts the clock. A clock that was set back waits until time has
    caught up.
    """
    now = int(time.time()) if now_s is None else now_s
    # 1. One at a time: whoever else comes waits here, and then finds less to do.
    clock, is_new = FundingClock.objects.select_for_update().get_or_create(
        id=1, defaults={"sampled_until": now}
    )
    first, end = clock.sampled_until, min(now, clock.sampled_until + AT_ONCE_S)
    if is_new or end <= first:
        return 0
    # 2. What these seconds ask for, in their order.
    commands: list[Keyed] = []
    for start, stop in split_by_hour(first, end):
        commands += _commands(start, stop, is_fresh=now - start <= FRESH_S)
    # 3. The commands and the clock, or neither.
    put_many(commands)
    clock.sampled_until = end
    clock.save(update_fields=["sampled_until"])
    if now - first > FRESH_S:
        log.warning("funding_caught_up", seconds=end - first, behind=now - end)
    return end - first


def check_paid(*, now_s: int | None = None) -> list[str]:
    """Return the markets whose last hour is late, and alert staff to it once."""
    now = int(time.time()) if now_s is None else now_s
    hour = (now - LATE_S) // HOUR_S - 1
    unpaid = markets_unpaid(hour)
    if unpaid:
        raise_alert_once(AlertKind.FUNDING_LATE, f"hour {hour}: {len(unpaid)} markets")
    return unpaid


def split_by_hour(first: int, end: int, /) -> Iterator[tuple[int, int]]:
    """Cut a span of seconds at full hours."""
    while first < end:
        stop = min(end, first - first % HOUR_S + HOUR_S)
        yield first, stop
        first = stop


def _commands(first: int, end: int, /, *, is_fresh: bool) -> list[Keyed]:
    """Return the sample of a span within one hour and, where that ends it, its payments."""
    seconds = end - first
    if is_fresh:
        newest = newest_premiums()
        samples = _fresh_samples(newest, seconds=seconds)
        symbols = list(newest)
    else:
        recorded = recorded_premiums(first, end)
        samples = [
            one
            for symbol, found in recorded.items()
            for one in samples_of(symbol, found, seconds=seconds)
        ]
        symbols = list(recorded)
    if not symbols:
        return []
    commands: list[Keyed] = [(SampleFunding(at_ms=0, samples=tuple(samples)), f"sample:{first}")]
    if end % HOUR_S == 0:
        hour = end // HOUR_S - 1
        commands += [
            (PayFunding(at_ms=0, market_id=symbol, hour=hour), f"funding:{symbol}:{hour}")
            for symbol in symbols
        ]
    return commands


def _fresh_samples(newest: Mapping[str, int | None], /, *, seconds: int) -> list[FundingSample]:
    return [
        FundingSample(market_id=symbol, premium_ppb=premium, seconds=seconds)
        for symbol, premium in newest.items()
    ]


def samples_of(symbol: str, recorded: Recorded, /, *, seconds: int) -> list[FundingSample]:
    """Return recorded premiums as few samples of many seconds, to the last ppb of their sum.

    A sum of S over n seconds is r seconds of q + 1 and n - r of q, where S = nq + r.
    """
    missing = seconds - recorded.seconds
    parts: list[tuple[int | None, int]] = [(None, missing)]
    if recorded.seconds:
        share, rest = divmod(recorded.total_ppb, recorded.seconds)
        parts += [(share, recorded.seconds - rest), (share + 1, rest)]
    return [
        FundingSample(market_id=symbol, premium_ppb=premium, seconds=lasting)
        for premium, lasting in parts
        if lasting > 0
    ]
