"""What the database itself refuses, tried with raw SQL as a careless hand would write it."""

from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tests.database import run_as_owner
from trading.models import Bracket, BracketSchedule, Market, PriceSource

pytestmark = pytest.mark.usefixtures("listing")


def run(*statements: str) -> None:
    """Run statements in one transaction and ask for the deferred constraints at its end."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def market(assignment: str) -> str:
    """Return the statement that changes the columns of one market as they are at listing."""
    return f"UPDATE trading_market SET {assignment} WHERE symbol = 'EUR-USDT-PERP'"  # noqa: S608 - the attempts of this file


# A copy of a market with one column changed: some columns refuse every UPDATE.
COPY = """
INSERT INTO trading_market ({names}) SELECT {values} FROM trading_market
WHERE symbol = 'EUR-USDT-PERP'
"""


def new_market(**columns: str) -> str:
    """Return the statement that lists a copy of the euro with other values in some columns."""
    columns = {"symbol": "'NZD-USDT-PERP'", "base": "'NZD'", **columns}
    derived = {"id", "tick_lot_micro"}
    names = [str(field.column) for field in Market._meta.concrete_fields]
    names = [name for name in names if name not in derived]
    values = [columns.get(name, name) for name in names]
    return COPY.format(names=", ".join(names), values=", ".join(values))


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"symbol": "'nzd-USDT-PERP'", "base": "'nzd'"}, "market_symbol_format"),
        ({"symbol": "'NZD-USDT-PERP '"}, "market_symbol_format"),
        ({"symbol": "E'NZD-USDT-PERP\\n'"}, "market_symbol_format"),
        ({"symbol": "'-USDT-PERP'", "base": "''"}, "market_symbol_format"),
        ({"symbol": "'NZD-USDT-PERP'", "base": "'AUD'"}, "market_symbol_is_base_and_quote"),
        ({"quote": "'USD'"}, "market_symbol_is_base_and_quote"),
        ({"symbol": "'EUR-USDT-PERP'", "base": "'EUR'"}, "trading_market_symbol"),
        ({"kind": "'METAL'"}, "market_(kind_in_list|hours_of_its_kind)"),
        ({"state": "'OPEN'"}, "market_state_in_list"),
        ({"pricing": "'AUCTION'"}, "market_pricing_in_list"),
        ({"tick_size": "0"}, "market_steps_positive"),
        ({"lot_size": "-1"}, "market_steps_positive"),
        ({"lot_size": "0.5"}, "market_tick_lot_whole_even_micro"),
        ({"lot_size": "0.05"}, "market_tick_lot_whole_even_micro"),
        ({"tick_size": "0.00002"}, "market_tick_fine_at_listing"),
        ({"lot_size": "10"}, "market_lot_small_at_listing"),
        ({"listing_price": "'NaN'"}, "market_lot_small_at_listing"),
        ({"min_quantity_lots": "0"}, "market_sizes_ordered"),
        ({"max_quantity_lots": "position_limit_lots + 1"}, "market_sizes_ordered"),
        ({"open_interest_limit_lots": "position_limit_lots - 1"}, "market_sizes_ordered"),
        ({"max_leverage": "51"}, "market_leverage_of_its_kind"),
        ({"max_leverage": "0"}, "market_leverage_of_its_kind"),
        ({"calendar_id": "NULL"}, "market_hours_of_its_kind"),
        ({"kind": "'CRYPTO'"}, "market_hours_of_its_kind"),
        ({"maker_rebate_ppb": "taker_fee_ppb + 1"}, "market_rebate_within_taker_fee"),
        ({"maker_rebate_ppb": "-1"}, "market_rebate_within_taker_fee"),
        ({"collar_ppb": "0"}, "market_risk_numbers_in_range"),
        ({"stress_gap_ppb": "1000000000"}, "market_risk_numbers_in_range"),
        ({"insurance_seed_micro": "-1"}, "market_risk_numbers_in_range"),
        ({"least_sources": "0"}, "market_least_sources_positive"),
    ],
)
def test_a_market_that_breaks_a_rule_is_refused(columns: dict[str, str], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        run(new_market(**columns))


@pytest.mark.parametrize("column", ["tick_size", "lot_size", "listing_price"])
def test_no_number_is_no_step(column: str) -> None:
    with pytest.raises(DatabaseError):
        run(new_market(**{column: "'NaN'"}))


def test_the_product_of_tick_and_lot_is_reckoned_by_the_database() -> None:
    with pytest.raises(DatabaseError, match="can only be updated to DEFAULT"):
        run(market("tick_lot_micro = 4"))


def test_crypto_may_not_offer_more_than_a_thousand_times() -> None:
    with pytest.raises(IntegrityError, match="market_leverage_of_its_kind"):
        run("UPDATE trading_market SET max_leverage = 1001 WHERE kind = 'CRYPTO'")


@pytest.mark.parametrize(
    "assignment",
    [
        "symbol = 'EURO-USDT-PERP', base = 'EURO'",
        "kind = 'CRYPTO', calendar_id = NULL",
        "tick_size = 0.000002",
        "lot_size = 0.2",
        "listing_price = 1.5",
        "listed_at = now()",
    ],
)
def test_what_a_market_is_never_changes(assignment: str) -> None:
    with pytest.raises(IntegrityError, match="what a market is never changes"):
        run(market(assignment))


def test_a_market_is_never_deleted() -> None:
    with pytest.raises(IntegrityError, match="what a market is never changes"):
        run("DELETE FROM trading_market WHERE symbol = 'EUR-USDT-PERP'")


def test_state_limits_and_fees_of_a_market_may_change() -> None:
    run(market("state = 'ACTIVE', taker_fee_ppb = 400000, max_leverage = 20, pricing = pricing"))
    assert Market.objects.get(symbol="EUR-USDT-PERP").max_leverage == 20


# Brackets.


def bracket(assignment: str, *, of: int) -> str:
    """Return the statement that changes the bracket of a leverage."""
    return f"UPDATE trading_bracket SET {assignment} WHERE max_leverage = {of}"  # noqa: S608 - the attempts of this file


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (bracket("notional_up_to_micro = 0", of=1000), "bracket_border_positive"),
        (
            bracket("max_leverage = 1001, initial_margin_ppb = 999001", of=1000),
            "bracket_leverage_in_range",
        ),
        (
            bracket("initial_margin_ppb = 1000001", of=1000),
            "bracket_initial_margin_is_one_over_leverage",
        ),
        (
            bracket("initial_margin_ppb = 999999", of=1000),
            "bracket_initial_margin_is_one_over_leverage",
        ),
        (
            bracket("maintenance_margin_ppb = initial_margin_ppb", of=1000),
            "bracket_maintenance_below_initial",
        ),
        (bracket("deduction_micro = -1", of=500), "bracket_deduction_not_negative"),
        (bracket("notional_up_to_micro = 5000000000", of=500), "bracket_border_once_per_schedule"),
        (bracket("notional_up_to_micro = NULL", of=50), "bracket_border_once_per_schedule"),
    ],
)
def test_a_bracket_that_breaks_a_rule_by_itself_is_refused(statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        run(statement)


THIEF = "SELECT id FROM trading_bracketschedule WHERE name = 'thief'"


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        ([bracket("deduction_micro = 82500001", of=100)], "maintenance margin jumps at a notional"),
        ([bracket("deduction_micro = 1", of=1000)], "the first deduction is not zero"),
        ([bracket("notional_up_to_micro = 6000000000", of=1000)], "maintenance margin jumps"),
        ([bracket("maintenance_margin_ppb = 4999999", of=100)], "maintenance margin jumps"),
        (
            [bracket("maintenance_margin_ppb = 500000, deduction_micro = 0", of=500)],
            "not monotone above a notional of 5000000000",
        ),
        (
            [bracket("max_leverage = 400, initial_margin_ppb = 2500000", of=1000)],
            "not monotone above a notional of 5000000000",
        ),
        (["DELETE FROM trading_bracket WHERE notional_up_to_micro IS NULL"], "no last bracket"),
        (["DELETE FROM trading_bracket WHERE max_leverage = 1000"], "the first deduction is not"),
        (["DELETE FROM trading_bracket WHERE max_leverage = 100"], "maintenance margin jumps"),
        (["DELETE FROM trading_bracket"], "no last bracket without a border"),
        (["INSERT INTO trading_bracketschedule (name) VALUES ('empty')"], "no last bracket"),
        (
            [
                "INSERT INTO trading_bracketschedule (name) VALUES ('thief')",
                bracket(f"schedule_id = ({THIEF})", of=20),
            ],
            "first deduction is not zero|no last bracket",
        ),
    ],
)
def test_brackets_that_break_a_law_together_are_refused_at_the_end(
    statements: list[str], sentence: str
) -> None:
    before = list(Bracket.objects.order_by("id").values())
    with pytest.raises(IntegrityError, match=sentence):
        run(*statements)
    assert list(Bracket.objects.order_by("id").values()) == before


LOW = "(SELECT id FROM trading_bracketschedule WHERE name = 'low')"
LOW_BRACKETS = (
    "INSERT INTO trading_bracketschedule (name) VALUES ('low')",
    "INSERT INTO trading_bracket (schedule_id, max_leverage, initial_margin_ppb,"  # noqa: ISC004 - the attempts of this file
    f" maintenance_margin_ppb, deduction_micro) SELECT {LOW}, 20, 50000000, 25000000, 0",
)


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (
            [bracket("max_leverage = 900, initial_margin_ppb = 1111112", of=1000)],
            "a leverage of 1000, its brackets give 900",
        ),
        (
            [*LOW_BRACKETS, market(f"bracket_schedule_id = {LOW}")],
            "a leverage of 50, its brackets give 20",
        ),
    ],
)
def test_no_market_promises_more_leverage_than_its_brackets_give(
    statements: list[str], sentence: str
) -> None:
    with pytest.raises(IntegrityError, match=sentence):
        run(*statements)


def test_a_market_may_offer_less_than_its_brackets_and_move_to_others() -> None:
    run(*LOW_BRACKETS, market(f"max_leverage = 20, bracket_schedule_id = {LOW}"))
    assert Market.objects.get(symbol="EUR-USDT-PERP").bracket_schedule.name == "low"


@pytest.mark.parametrize(
    "table", ["market", "bracket", "bracketschedule", "pricesource", "tradingcalendar", "holiday"]
)
def test_not_even_the_owner_empties_what_markets_stand_on(table: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="may not be emptied"):
        run_as_owner(f"TRUNCATE trading_{table} CASCADE")


def test_brackets_may_be_wrong_on_the_way_to_being_right() -> None:
    run(
        bracket("notional_up_to_micro = 10000000000", of=1000),
        bracket("deduction_micro = deduction_micro + 2500000", of=500),
        bracket("deduction_micro = deduction_micro + 2500000", of=100),
        bracket("deduction_micro = deduction_micro + 2500000", of=50),
        bracket("deduction_micro = deduction_micro + 2500000", of=20),
    )
    assert Bracket.objects.get(max_leverage=500).deduction_micro == 5_000_000


def test_a_schedule_of_one_bracket_for_everything_is_a_schedule() -> None:
    with transaction.atomic():
        Bracket.objects.create(
            schedule=BracketSchedule.objects.create(name="flat"),
            max_leverage=3,
            initial_margin_ppb=333_333_334,
            maintenance_margin_ppb=100_000_000,
            deduction_micro=0,
        )
        run()


# Price sources.

OF_EUR = "market_id = (SELECT id FROM trading_market WHERE symbol = 'EUR-USDT-PERP')"
OF_BTC = "market_id = (SELECT id FROM trading_market WHERE symbol = 'BTC-USDT-PERP')"


def source(assignment: str, *, where: str) -> str:
    """Return the statement that changes some price sources."""
    return f"UPDATE trading_pricesource SET {assignment} WHERE {where}"  # noqa: S608 - the attempts of this file


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (f"DELETE FROM trading_pricesource WHERE {OF_EUR}", "0 price sources, at least 2"),  # noqa: S608 - the attempts of this file
        (
            source(OF_BTC, where=f"{OF_EUR} AND venue = 'PYTH'"),
            "source_once_per_venue_and_role",
        ),
        (
            source("role = 'CONVERSION', market_id = NULL", where=f"{OF_EUR} AND venue = 'PYTH'"),
            "source_once_per_venue_and_role",
        ),
        (
            source(
                "market_id = (SELECT id FROM trading_market WHERE symbol = 'GBP-USDT-PERP'),"
                " role = 'PERP', venue = 'OKX'",
                where=f"{OF_EUR} AND venue = 'PYTH'",
            ),
            "1 price sources, at least 2 are demanded",
        ),
        (market("least_sources = 3"), "2 price sources, at least 3 are demanded"),
        (new_market(), "0 price sources, at least 2 are demanded"),
        (source("role = 'RUMOR'", where=OF_EUR), "source_(role_in_list|oracles_are)"),
        (
            source("venue = 'MTGOX'", where=f"{OF_BTC} AND venue = 'OKX' AND role = 'PERP'"),
            "source_venue_in_list",
        ),
        (source("market_id = NULL", where=OF_EUR), "source_"),
        (source(OF_BTC, where="role = 'CONVERSION'"), "source_market_unless_conversion"),
        (source("venue = 'OKX'", where=f"{OF_EUR} AND venue = 'PYTH'"), "source_oracles_are_"),
        (
            source("venue = 'PYTH'", where=f"{OF_BTC} AND venue = 'OKX' AND role = 'INDEX'"),
            "source_",
        ),
        (source("weight_ppb = NULL", where=f"{OF_BTC} AND role = 'INDEX'"), "source_weight_where"),
        (source("weight_ppb = 0", where=f"{OF_BTC} AND role = 'INDEX'"), "source_weight_where"),
        (source("weight_ppb = 1", where=f"{OF_BTC} AND role = 'PERP'"), "source_weight_where"),
        (source("weight_ppb = 1000000001", where=OF_BTC), "source_weight_where"),
        (source("quoted_in = 'EUR'", where=OF_EUR), "source_quoted_in_dollars"),
        (source("instrument = ''", where=OF_EUR), "source_instrument_named"),
        (source("base_per_unit = 0", where=OF_EUR), "source_instrument_named"),
    ],
)
def test_price_sources_that_break_a_rule_are_refused(statement: str, constraint: str) -> None:
    before = list(PriceSource.objects.order_by("id").values())
    with pytest.raises(IntegrityError, match=constraint):
        run(statement)
    assert list(PriceSource.objects.order_by("id").values()) == before


# Calendars, tickers and pauses.


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE trading_tradingcalendar SET week_opens_on = 8", "calendar_weekdays_in_list"),
        ("UPDATE trading_tradingcalendar SET week_opens_on = 5", "calendar_week_opens_and_closes"),
        (
            "UPDATE trading_holiday SET trading_day = '2026-12-25' WHERE name LIKE 'Chr%'",
            "holiday_once_per_calendar",
        ),
    ],
)
def test_hours_that_break_a_rule_are_refused(statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        run(statement)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"index_half_ticks": "0"}, "ticker_index_positive"),
        ({"mark_half_ticks": "-1"}, "ticker_mark_positive"),
        ({"bid_ticks": "5", "ask_ticks": "5"}, "ticker_ask_above_bid"),
        ({"bid_ticks": "5"}, "ticker_ask_above_bid"),
        ({"ask_ticks": "5"}, "ticker_ask_above_bid"),
    ],
)
def test_a_ticker_that_breaks_a_rule_is_refused(columns: dict[str, str], constraint: str) -> None:
    names, values = ", ".join(columns), ", ".join(columns.values())
    with pytest.raises(IntegrityError, match=constraint):
        run(
            f"INSERT INTO trading_marketticker (market_id, updated_at, {names})"  # noqa: S608 - the attempts of this file
            f" SELECT id, now(), {values} FROM trading_market WHERE base = 'BTC'"
        )


def pause(*, level: int, resumes_at: datetime | None) -> None:
    """Write a change of the venue's pause level by raw SQL."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_venuemodechange (level, reason, changed_at, resumes_at)"
            " VALUES (%s, 'a drill', %s, %s)",
            [level, timezone.now(), resumes_at],
        )


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_pauses_of_level_one_and_two_end_by_themselves_and_no_others_do(level: int) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    ends_by_itself = level in {1, 2}
    pause(level=level, resumes_at=soon if ends_by_itself else None)
    with pytest.raises(IntegrityError, match="venue_resumes_by_itself"):
        pause(level=level, resumes_at=None if ends_by_itself else soon)


def test_a_pause_of_another_level_is_refused() -> None:
    with pytest.raises(IntegrityError, match="venue_level_in_list"):
        pause(level=5, resumes_at=None)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE trading_venuemodechange SET level = 0", "DELETE FROM trading_venuemodechange"],
)
def test_the_list_of_pauses_only_grows(statement: str) -> None:
    pause(level=4, resumes_at=None)
    with pytest.raises(IntegrityError, match="append-only"):
        run(statement)
