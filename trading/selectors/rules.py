"""The rules as the help pages tell them: every number is read where it rules.

None is written here a second time, so that help cannot disagree with the engine, the prices or the
markets. What is not here: the sentences around them (`templates/help.html`).
"""

from decimal import Decimal
from typing import Any

from django.db.models import Max, Min

from engine import funding, health, liquidation, reservation, units
from engine.margin import BRACKETS, UNBOUNDED, WARNING
from godark.limits import Tier, allowance_of
from prices import breaker, consolidate, mark, screening
from trading.models import Market
from trading.models.units import MICRO
from trading.selectors.markets import rate
from trading.services.settlement_delay import CANCEL_AFTER_MS, REDUCE_AFTER_MS
from trading.settlement import HEARTBEAT_MS


def rules() -> dict[str, Any]:
    """Return every number that the help pages show, ready to be read."""
    fees = Market.objects.aggregate(
        taker_least=Min("taker_fee_ppb"),
        taker_most=Max("taker_fee_ppb"),
        maker_least=Min("maker_rebate_ppb"),
        maker_most=Max("maker_rebate_ppb"),
        leverage=Max("max_leverage"),
        stress=Max("stress_gap_ppb"),
    )
    return {
        "orders": _orders(),
        "brackets": [_bracket(row) for row in BRACKETS],
        "fees": {name: _rate(value) for name, value in fees.items() if name.endswith("st")},
        "most_leverage": fees["leverage"],
        "stress_gap": _rate(fees["stress"]),
        "uncapped_percent": reservation.UNCAPPED_PERCENT - 100,
        "funding": _funding(),
        "liquidation": _liquidation(),
        "prices": _prices(),
        "settlement": {
            "heartbeat_s": HEARTBEAT_MS // units.SECOND_MS,
            "reduce_s": REDUCE_AFTER_MS // units.SECOND_MS,
            "cancel_min": CANCEL_AFTER_MS // units.MINUTE_MS,
        },
    }


def _rate(value_ppb: int | None) -> Decimal | None:
    return None if value_ppb is None else rate(value_ppb)


def _bracket(row: Any) -> dict[str, Any]:
    return {
        "up_to": None if row.up_to_micro == UNBOUNDED else row.up_to_micro // MICRO,
        "leverage": row.max_leverage,
        "initial": rate(units.PPB // row.max_leverage),
        "maintenance": rate(row.maintenance_ppb),
        "deduction": Decimal(row.deduction_micro) / MICRO,
    }


def _orders() -> dict[str, Any]:
    free = allowance_of(Tier.FREE)
    return {
        "age_s": Decimal(units.REFERENCE_MAX_AGE_MS) / units.SECOND_MS,
        "attempts": free.unfilled_attempts,
        "open": free.open_orders,
        "per_minute": free.orders,
    }


def _funding() -> dict[str, Any]:
    return {
        "interest": rate(funding.INTEREST_PPB),
        "band": rate(funding.INTEREST_BAND_PPB),
        "cap": rate(funding.HOURLY_CAP_PPB),
        "hours": funding.HOURS_OF_RATE,
    }


def _liquidation() -> dict[str, Any]:
    return {
        "warning_percent": 100 * WARNING[0] // WARNING[1],
        "fee_cap": rate(health.FEE_CAP_PPB),
        "band_percent": health.INDEX_BAND_PERCENT,
        "tries": liquidation.BOOK_TRIES,
        "deferred_above": liquidation.DEFERRED_ABOVE,
        "deferral_s": liquidation.LONGEST_DEFERRAL_MS // units.SECOND_MS,
    }


def _prices() -> dict[str, Any]:
    return {
        "age_s": screening.LARGEST_AGE_MS // units.SECOND_MS,
        "tolerance_percent": consolidate.TOLERANCE_PERCENT,
        "average_s": mark.TIME_CONSTANT_MS // units.SECOND_MS,
        "premium": rate(mark.LARGEST_PREMIUM_PPB),
        "move_percent": breaker.LARGEST_MOVE_PERCENT,
        "window_s": breaker.WINDOW_SECONDS,
        "hold_s": breaker.HOLD_MS // units.SECOND_MS,
    }
