"""List the markets of the catalogue, once; a market that is listed stays as it is.

What is safe is brought up to date: the place in lists, and holidays that are new. Every other
difference is reported: changes of a listed market are made by two members of staff.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from trading.models import (
    Bracket,
    BracketSchedule,
    Holiday,
    Market,
    MarketState,
    PriceSource,
    SourceRole,
    TradingCalendar,
)
from trading.models.hours import Weekday
from trading.models.units import MICRO, PPB
from trading.services.catalogue_file import (
    Catalogue,
    CatalogueError,
    InstrumentEntry,
    Instruments,
    MarketEntry,
    TermsEntry,
)
from trading.services.catalogue_rules import problems_of, sources_of

Row = dict[str, Any]
"""Columns by name."""

SAFE = ("rank",)
"""Columns of a listed market that the catalogue may change."""


@dataclass
class CatalogueReport:
    """What a load did, and what it saw and left alone."""

    listed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """What the catalogue says of a market: its columns and its price sources, one at least."""

    columns: Row
    sources: list[Row]


@transaction.atomic(durable=True)
def load_catalogue(catalogue: Catalogue) -> CatalogueReport:
    """List what is not listed yet, in one transaction; raise CatalogueError if a rule is broken."""
    problems = problems_of(catalogue)
    if problems:
        raise CatalogueError(problems)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trading.load_catalogue'))")
    report = CatalogueReport()
    load_schedules(catalogue, report=report)
    load_calendars(catalogue, report=report)
    load_conversion(catalogue, report=report)
    load_markets(catalogue, report=report)
    return report


def load_schedules(catalogue: Catalogue, *, report: CatalogueReport) -> None:
    """Add the bracket schedules that are missing."""
    for entry in catalogue.bracket_schedule:
        wanted = [
            {
                "notional_up_to_micro": bracket.notional_up_to and micro(bracket.notional_up_to),
                "max_leverage": bracket.max_leverage,
                "initial_margin_ppb": -(-PPB // bracket.max_leverage),
                "maintenance_margin_ppb": ppb(bracket.maintenance_margin_rate),
                "deduction_micro": micro(bracket.deduction),
            }
            for bracket in entry.bracket
        ]
        schedule, is_new = BracketSchedule.objects.get_or_create(name=entry.name)
        if is_new:
            Bracket.objects.bulk_create(Bracket(schedule=schedule, **row) for row in wanted)
        elif not same_rows(list(schedule.brackets.values(*wanted[0])), wanted):
            report.differences.append(f"bracket schedule {entry.name}: brackets")


def load_calendars(catalogue: Catalogue, *, report: CatalogueReport) -> None:
    """Add the calendars that are missing, and to those that are there the holidays to come."""
    today = timezone.now().date()
    for entry in catalogue.calendar:
        wanted = {
            "time_zone": entry.time_zone,
            "turns_at": entry.turns_at,
            "week_closes_on": Weekday[entry.week_closes_on],
            "week_opens_on": Weekday[entry.week_opens_on],
        }
        calendar, is_new = TradingCalendar.objects.get_or_create(name=entry.name, defaults=wanted)
        report.differences += [
            f"calendar {entry.name}: {name}"
            for name, value in wanted.items()
            if getattr(calendar, name) != value
        ]
        known = set(calendar.holidays.values_list("trading_day", flat=True))
        missing = [
            day
            for day in entry.holiday
            if day.trading_day not in known and (is_new or day.trading_day > today)
        ]
        Holiday.objects.bulk_create(
            Holiday(calendar=calendar, trading_day=day.trading_day, name=day.name)
            for day in missing
        )
        if missing and not is_new:
            days = ", ".join(str(day.trading_day) for day in missing)
            report.updated.append(f"calendar {entry.name}: holidays {days}")


def load_conversion(catalogue: Catalogue, *, report: CatalogueReport) -> None:
    """Add the sources of USDT/USD, if there are none."""
    wanted = source_rows(catalogue, role=SourceRole.CONVERSION, instruments=catalogue.conversion)
    present = PriceSource.objects.filter(role=SourceRole.CONVERSION)
    if not present.exists():
        PriceSource.objects.bulk_create(PriceSource(**row) for row in wanted)
    elif not same_rows(list(present.values(*wanted[0])), wanted):
        report.differences.append("conversion: price sources")


def load_markets(catalogue: Catalogue, *, report: CatalogueReport) -> None:
    """List the markets that are missing; compare the others."""
    present = {market.symbol: market for market in Market.objects.prefetch_related("sources")}
    schedule = BracketSchedule.objects.get(name=catalogue.terms.bracket_schedule)
    calendars = {calendar.name: calendar for calendar in TradingCalendar.objects.all()}
    missing: dict[str, Wanted] = {}
    for entry in catalogue.market:
        wanted = Wanted(
            columns={
                **market_columns(entry, terms=catalogue.terms),
                "bracket_schedule_id": schedule.pk,
                "calendar_id": calendars[entry.calendar].pk if entry.calendar else None,
            },
            sources=market_sources(entry, catalogue=catalogue),
        )
        if entry.symbol in present:
            compare(present.pop(entry.symbol), wanted=wanted, report=report)
        else:
            missing[entry.symbol] = wanted
    list_markets(missing, at=timezone.now())
    report.listed += missing
    report.differences += [f"{symbol}: is listed, but not in the catalogue" for symbol in present]


def list_markets(missing: dict[str, Wanted], *, at: datetime) -> None:
    """Write markets with their price sources, halted until they have an index (I52)."""
    markets = Market.objects.bulk_create(
        Market(
            **wanted.columns,
            state=MarketState.HALTED,
            state_reason="Trading has not opened yet.",
            state_changed_at=at,
            listed_at=at,
        )
        for wanted in missing.values()
    )
    PriceSource.objects.bulk_create(
        PriceSource(market=market, **row)
        for market in markets
        for row in missing[market.symbol].sources
    )


def compare(market: Market, *, wanted: Wanted, report: CatalogueReport) -> None:
    """Bring the safe columns of a listed market up to date and report what else differs."""
    columns = wanted.columns
    changed = [name for name, value in columns.items() if getattr(market, name) != value]
    safe = {name: columns[name] for name in changed if name in SAFE}
    if safe:
        Market.objects.filter(pk=market.pk).update(**safe)
        report.updated.append(f"{market.symbol}: {', '.join(safe)}")
    report.differences += [f"{market.symbol}: {name}" for name in changed if name not in SAFE]
    present = [
        {name: getattr(row, name) for name in wanted.sources[0]} for row in market.sources.all()
    ]
    if not same_rows(present, wanted.sources):
        report.differences.append(f"{market.symbol}: price sources")
    report.kept.append(market.symbol)


def market_columns(entry: MarketEntry, *, terms: TermsEntry) -> Row:
    """Return the columns of a market that come from the catalogue."""
    return {
        "symbol": entry.symbol,
        "base": entry.base,
        "quote": "USDT",
        "kind": entry.kind,
        "rank": entry.rank,
        "pricing": terms.pricing,
        "tick_size": entry.tick_size,
        "lot_size": entry.lot_size,
        "min_quantity_lots": 1,
        "max_quantity_lots": int(entry.max_size / entry.lot_size),
        "max_leverage": entry.max_leverage,
        "position_limit_lots": int(entry.position_limit / entry.lot_size),
        "open_interest_limit_lots": int(entry.open_interest_limit / entry.lot_size),
        "stress_gap_ppb": ppb(terms.stress_gap),
        "insurance_seed_micro": micro(terms.insurance_seed),
        "maker_rebate_ppb": ppb(terms.maker_rebate),
        "taker_fee_ppb": ppb(terms.taker_fee),
        "collar_ppb": ppb(terms.collar),
        "least_sources": entry.least_sources,
        "listing_price": entry.listing_price,
        "listing_priced_on": entry.listing_priced_on,
    }


def market_sources(entry: MarketEntry, *, catalogue: Catalogue) -> list[Row]:
    """Return the price sources of a market as rows."""
    return [
        row
        for role, instruments in sources_of(entry)
        for row in source_rows(catalogue, role=role, instruments=instruments)
    ]


def source_rows(catalogue: Catalogue, *, role: SourceRole, instruments: Instruments) -> list[Row]:
    """Return the columns of some instruments of one role."""
    is_weighed = role in {SourceRole.INDEX, SourceRole.CONVERSION}
    rows = []
    for name, written in instruments.items():
        venue = catalogue.venue[name]
        entry = InstrumentEntry(instrument=written) if isinstance(written, str) else written
        usual = "USDT" if role == SourceRole.PERP else venue.quoted_in
        rows.append(
            {
                "role": role.value,
                "venue": name.upper(),
                "instrument": entry.instrument,
                "quoted_in": entry.quoted_in or usual,
                "is_inverted": entry.is_inverted,
                "base_per_unit": entry.base_per_unit,
                "weight_ppb": ppb(venue.weight) if is_weighed and venue.weight else None,
            }
        )
    return rows


def same_rows(some: list[Row], others: list[Row]) -> bool:
    """Say whether two lists hold the same rows, in whatever order."""
    return sorted(map(repr, map(sorted_items, some))) == sorted(
        map(repr, map(sorted_items, others))
    )


def sorted_items(row: Row) -> list[tuple[str, Any]]:
    """Return a row's columns by name."""
    return sorted(row.items())


def micro(amount: Decimal) -> int:
    """Return an amount of USDT in micro-USDT."""
    return int(amount * MICRO)


def ppb(rate: Decimal) -> int:
    """Return a fraction of one in parts per billion."""
    return int(rate * PPB)
