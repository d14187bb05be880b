"""What the catalogue must obey before anything of it is written: one rule, one sentence.

The database holds most of this as well; here it is said to a person, with the market's name.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from zoneinfo import available_timezones

from trading.models import MarketKind, Pricing, SourceRole, Venue
from trading.models.hours import Weekday
from trading.models.markets import (
    CRYPTO_MAX_LEVERAGE,
    FX_MAX_LEVERAGE,
    LOT_AT_LISTING_USDT,
    SYMBOL_PATTERN,
    TICKS_AT_LISTING,
)
from trading.models.sources import ORACLES
from trading.models.units import MICRO, PPB
from trading.services.catalogue_file import Catalogue, Instruments, MarketEntry, ScheduleEntry

MAX_LEVERAGE = {MarketKind.CRYPTO: CRYPTO_MAX_LEVERAGE, MarketKind.FX: FX_MAX_LEVERAGE}
STEP_PLACES = 12


def problems_of(catalogue: Catalogue) -> list[str]:
    """Return a sentence for each rule that is broken, the market or list named first."""
    found = [*problems_of_terms(catalogue), *problems_of_lists(catalogue)]
    known_venues = set(catalogue.venue)
    for market in catalogue.market:
        found += [f"{market.symbol}: {sentence}" for sentence in problems_of_market(market)]
        for name, instruments in sources_of(market):
            unknown = sorted(set(instruments) - known_venues)
            found += [
                f"{market.symbol}: {name} names an unknown venue, {venue}." for venue in unknown
            ]
    return found


def sources_of(market: MarketEntry) -> list[tuple[SourceRole, Instruments]]:
    """Return a market's instruments by their role."""
    return [
        (SourceRole.INDEX, market.index),
        (SourceRole.PERP, market.perp),
        (SourceRole.ORACLE, market.oracle),
    ]


def problems_of_market(market: MarketEntry) -> Iterator[str]:
    """Yield a sentence for each rule that a market breaks by itself."""
    steps = (market.tick_size, market.lot_size, market.listing_price)
    if not all(step.is_finite() and step > 0 for step in steps):
        yield "tick, lot and listing price are above zero."
        return
    for rule in MARKET_RULES:
        sentence = rule(market)
        if sentence:
            yield sentence


def symbol_is_well_formed(market: MarketEntry) -> str | None:
    """Refuse a base that is not 1 to 10 capital letters or digits."""
    if re.fullmatch(SYMBOL_PATTERN, market.symbol):
        return None
    return "the base is 1 to 10 capital letters or digits."


def steps_fit_their_columns(market: MarketEntry) -> str | None:
    """Refuse more decimal places than the database keeps."""
    for step in (market.tick_size, market.lot_size, market.listing_price):
        if step != round(step, STEP_PLACES):
            return f"tick, lot and listing price have at most {STEP_PLACES} decimal places."
    return None


def tick_is_fine(market: MarketEntry) -> str | None:
    """Refuse a tick above a tenth of a basis point of the listing price."""
    if market.tick_size * TICKS_AT_LISTING <= market.listing_price:
        return None
    share = market.tick_size / market.listing_price * 10_000
    return f"one tick is {share:.3g} basis points of the listing price; at most 0.1 is allowed."


def lot_is_small(market: MarketEntry) -> str | None:
    """Refuse a lot that is worth more than 10 USDT at listing."""
    worth = market.lot_size * market.listing_price
    if worth <= LOT_AT_LISTING_USDT:
        return None
    return f"one lot is worth {worth:f} USDT at listing; at most {LOT_AT_LISTING_USDT} is allowed."


def tick_lot_is_even(market: MarketEntry) -> str | None:
    """Refuse a product of tick and lot that is no whole, even number of micro-USDT."""
    product = market.tick_size * market.lot_size * MICRO
    if product % 2 == 0:
        return None
    return f"tick x lot is {product.normalize():f} micro-USDT; it must be whole and even."


def steps_look_right(market: MarketEntry) -> str | None:
    """Refuse steps that a trader would stumble over."""
    for step in (market.tick_size, market.lot_size):
        if step.normalize().as_tuple().digits not in {(1,), (2,), (5,)}:
            return "tick and lot are 1, 2 or 5 times a power of ten."
    return None


def sizes_are_in_order(market: MarketEntry) -> str | None:
    """Refuse limits that are no whole lots, or that do not grow."""
    sizes = (
        market.lot_size,
        market.max_size,
        market.position_limit,
        market.open_interest_limit,
    )
    if not all(size.is_finite() and size % market.lot_size == 0 for size in sizes):
        return "max_size, position_limit and open_interest_limit are whole lots."
    if not all(low <= high for low, high in pairwise(sizes)):
        return "lot_size <= max_size <= position_limit <= open_interest_limit does not hold."
    return None


def leverage_is_of_its_kind(market: MarketEntry) -> str | None:
    """Refuse more leverage than a kind of market offers."""
    if market.kind not in MAX_LEVERAGE:
        return f"the kind {market.kind} is none of {', '.join(MarketKind.values)}."
    most = MAX_LEVERAGE[MarketKind(market.kind)]
    if 1 <= market.max_leverage <= most:
        return None
    return f"a leverage of {market.max_leverage}x is not offered; 1 to {most} is."


def hours_are_of_its_kind(market: MarketEntry) -> str | None:
    """Refuse FX without hours, and hours for anything else."""
    if (market.kind == MarketKind.FX) == (market.calendar is not None):
        return None
    return "FX keeps the hours of a calendar, and nothing else does."


def sources_suffice(market: MarketEntry) -> str | None:
    """Refuse a least number of sources above the number of sources."""
    listed = len(market.index) + len(market.oracle)
    if 1 <= market.least_sources <= listed:
        return None
    return f"at least {market.least_sources} sources are demanded, {listed} are listed."


def oracles_are_oracles(market: MarketEntry) -> str | None:
    """Refuse a venue among the oracles, and an oracle among the venues."""
    oracles = {oracle.value.lower() for oracle in ORACLES}
    if set(market.oracle) <= oracles and not oracles.intersection((*market.index, *market.perp)):
        return None
    return "oracles stand under oracle, and venues under index and perp."


MARKET_RULES: tuple[Callable[[MarketEntry], str | None], ...] = (
    symbol_is_well_formed,
    steps_fit_their_columns,
    tick_is_fine,
    lot_is_small,
    tick_lot_is_even,
    steps_look_right,
    sizes_are_in_order,
    leverage_is_of_its_kind,
    hours_are_of_its_kind,
    sources_suffice,
    oracles_are_oracles,
)


def problems_of_terms(catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each of the shared numbers that is out of its range."""
    terms = catalogue.terms
    if terms.pricing not in Pricing.values:
        yield f"terms: the pricing {terms.pricing} is none of {', '.join(Pricing.values)}."
    if not 0 <= terms.maker_rebate <= terms.taker_fee < 1:
        yield "terms: 0 <= maker_rebate <= taker_fee < 1 does not hold."
    if not (0 < terms.collar < 1 and 0 < terms.stress_gap < 1):
        yield "terms: collar and stress gap lie between 0 and 1."
    if terms.insurance_seed < 0 or terms.insurance_seed * MICRO % 1:
        yield "terms: the insurance seed is not negative, and whole in micro-USDT."
    rates = (terms.maker_rebate, terms.taker_fee, terms.collar, terms.stress_gap)
    if any(rate * PPB % 1 for rate in rates):
        yield "terms: rates are whole in parts per billion."
    for name, venue in catalogue.venue.items():
        if name.upper() not in Venue.values:
            yield f"venue {name}: is none of {', '.join(Venue.values)}."
        elif (venue.weight is None) != (name.upper() in ORACLES):
            yield f"venue {name}: venues have a weight, oracles have none."
        elif venue.weight is not None and not 0 < venue.weight <= 1:
            yield f"venue {name}: the weight lies above 0 and not above 1."


def problems_of_lists(catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each name that is used twice or not known, and each bad list."""
    schedules = {schedule.name: schedule for schedule in catalogue.bracket_schedule}
    calendars = {calendar.name for calendar in catalogue.calendar}
    if catalogue.terms.bracket_schedule not in schedules:
        yield f"terms: there is no bracket schedule {catalogue.terms.bracket_schedule}."
    else:
        yield from problems_of_leverage(catalogue, schedules[catalogue.terms.bracket_schedule])
    for symbol, times in Counter(market.symbol for market in catalogue.market).items():
        if times > 1:
            yield f"{symbol}: is listed {times} times."
    for market in catalogue.market:
        if market.calendar is not None and market.calendar not in calendars:
            yield f"{market.symbol}: there is no calendar {market.calendar}."
    for schedule in catalogue.bracket_schedule:
        yield from problems_of_brackets(schedule)
    for calendar in catalogue.calendar:
        if calendar.time_zone not in available_timezones():
            yield f"calendar {calendar.name}: there is no time zone {calendar.time_zone}."
        if not {calendar.week_closes_on, calendar.week_opens_on} <= set(Weekday.names):
            yield f"calendar {calendar.name}: weekdays are {', '.join(Weekday.names)}."


def problems_of_leverage(catalogue: Catalogue, schedule: ScheduleEntry) -> Iterator[str]:
    """Yield a sentence for each market that promises more leverage than any bracket gives."""
    most = max((bracket.max_leverage for bracket in schedule.bracket), default=0)
    for market in catalogue.market:
        if market.max_leverage > most:
            yield (
                f"{market.symbol}: a leverage of {market.max_leverage}x is more than the brackets"
                f" of {schedule.name} give, {most}x."
            )


def problems_of_brackets(schedule: ScheduleEntry) -> Iterator[str]:
    """Yield a sentence for each law that a list of brackets breaks."""
    where = f"bracket schedule {schedule.name}"
    brackets = schedule.bracket
    if not brackets or [b.notional_up_to is None for b in brackets] != [
        number == len(brackets) for number in range(1, len(brackets) + 1)
    ]:
        yield f"{where}: the last bracket, and no other, has no notional_up_to."
        return
    if brackets[0].deduction != 0:
        yield f"{where}: the first deduction is zero."
    for low, high in pairwise(brackets):
        border = low.notional_up_to or Decimal(0)
        if high.notional_up_to is not None and high.notional_up_to <= border:
            yield f"{where}: borders rise above {border}."
        if high.max_leverage >= low.max_leverage:
            yield f"{where}: leverage falls above {border}."
        if high.maintenance_margin_rate <= low.maintenance_margin_rate:
            yield f"{where}: the maintenance rate rises above {border}."
        jump = border * (high.maintenance_margin_rate - low.maintenance_margin_rate)
        if high.deduction - low.deduction != jump:
            yield f"{where}: maintenance margin jumps at {border}."
