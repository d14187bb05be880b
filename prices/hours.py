"""The hours of FX markets: closed from Friday to Sunday 17:00 in New York, and on holidays.

A holiday closes from 17:00 the evening before to 17:00 on the day, as FX days run. What is
not here: what a market may do while closed (PRODUCT.md section 2).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENING_MS = 60_000
_TURN = time(17)
_DAY_MS = 86_400_000
_FRIDAY = 4
_SATURDAY = 5
_YEARS = range(2024, 2041)

# The days on which no dealer quotes. Others are quiet, not closed.
HOLIDAYS = frozenset(date(year, month, day) for year in _YEARS for month, day in ((1, 1), (12, 25)))


class Phase(StrEnum):
    """What an FX market's clock says."""

    CLOSED = "CLOSED"
    OPENING = "OPENING"
    OPEN = "OPEN"


def fx_phase(at_ms: int, *, holidays: Iterable[date] = HOLIDAYS) -> Phase:
    """Return whether FX is closed, in its opening minute, or open."""
    closed_days = frozenset(holidays)
    if not fx_is_open(at_ms, holidays=closed_days):
        return Phase.CLOSED
    if not fx_is_open(at_ms - OPENING_MS, holidays=closed_days):
        return Phase.OPENING
    return Phase.OPEN


def fx_is_open(at_ms: int, *, holidays: Iterable[date] = HOLIDAYS) -> bool:
    """Tell whether FX trades at a moment."""
    day = trading_day(at_ms)
    return day.weekday() < _SATURDAY and day not in frozenset(holidays)


def trading_day(at_ms: int) -> date:
    """Return the FX day of a moment: it begins at 17:00 New York time the evening before."""
    local = datetime.fromtimestamp(at_ms / 1_000, tz=UTC).astimezone(NEW_YORK)
    return local.date() + timedelta(days=1) if local.time() >= _TURN else local.date()


def next_fx_change_ms(at_ms: int, *, holidays: Iterable[date] = HOLIDAYS) -> int:
    """Return when FX next opens or closes."""
    closed_days = frozenset(holidays)
    now_open = fx_is_open(at_ms, holidays=closed_days)
    turn = datetime.combine(trading_day(at_ms), _TURN, tzinfo=NEW_YORK)
    while fx_is_open(_milliseconds(turn), holidays=closed_days) == now_open:
        turn = datetime.combine(turn.date() + timedelta(days=1), _TURN, tzinfo=NEW_YORK)
    return _milliseconds(turn)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000
