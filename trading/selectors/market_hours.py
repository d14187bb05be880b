"""Whether a market's hours are open at a moment, and when that changes next.

Crypto is always open. Hours say when a market may trade; what it does, its `state` says.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from trading.models import Market, TradingCalendar

ONE_DAY = timedelta(days=1)
LONGEST_CLOSURE_DAYS = 31


def is_open(*, market: Market, at: datetime) -> bool:
    """Say whether a market's hours are open at an aware moment."""
    calendar = market.calendar
    return calendar is None or is_trading_day(
        calendar=calendar, day=trading_day(calendar=calendar, at=at)
    )


def next_change_at(*, market: Market, at: datetime) -> datetime | None:
    """Return when a market's hours open or close next, in UTC; None where they never do."""
    calendar = market.calendar
    if calendar is None:
        return None
    day = trading_day(calendar=calendar, at=at)
    is_open_now = is_trading_day(calendar=calendar, day=day)
    for _ in range(LONGEST_CLOSURE_DAYS):
        day += ONE_DAY
        if is_trading_day(calendar=calendar, day=day) != is_open_now:
            return begin_of(calendar=calendar, day=day)
    return None


def trading_day(*, calendar: TradingCalendar, at: datetime) -> date:
    """Return the trading day that a moment lies in: the local date on which that day ends."""
    if at.tzinfo is None:
        raise ValueError("A moment without a time zone lies in no trading day.")
    local = at.astimezone(ZoneInfo(calendar.time_zone))
    is_evening = local.time() >= calendar.turns_at
    return local.date() + ONE_DAY if is_evening else local.date()


def begin_of(*, calendar: TradingCalendar, day: date) -> datetime:
    """Return the moment at which a trading day begins, in UTC."""
    local = datetime.combine(day - ONE_DAY, calendar.turns_at, tzinfo=ZoneInfo(calendar.time_zone))
    return local.astimezone(UTC)


def is_trading_day(*, calendar: TradingCalendar, day: date) -> bool:
    """Say whether a calendar's markets are open on a trading day."""
    closed_days = (calendar.week_opens_on - calendar.week_closes_on) % 7
    is_weekend = (day.isoweekday() - calendar.week_closes_on - 1) % 7 < closed_days
    return not is_weekend and all(holiday.trading_day != day for holiday in calendar.holidays.all())
