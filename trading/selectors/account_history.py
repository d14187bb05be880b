"""An account's past beside its orders and fills: funding payments and liquidations."""

import uuid

from django.db.models import QuerySet

from trading.engine_words import plain
from trading.models import FundingPayment, Liquidation
from trading.selectors.amounts import usdt_text
from trading.selectors.market_terms import terms_of
from trading.selectors.order_views import Json

HOUR_MS = 3_600_000


def funding_payments_of(account_id: uuid.UUID, /) -> QuerySet[FundingPayment]:
    """Return an account's funding payments."""
    return FundingPayment.objects.filter(account_id=account_id)


def funding_payment_view(payment: FundingPayment, /) -> Json:
    """Return a payment; positive when received."""
    return {
        "id": str(payment.id),
        "symbol": terms_of(payment.market_id).symbol,
        "amount": usdt_text(payment.amount_micro),
        "funded_at": (payment.hour + 1) * HOUR_MS,
        "paid_at": payment.paid_at_ms,
    }


def liquidations_of(account_id: uuid.UUID, /) -> QuerySet[Liquidation]:
    """Return the liquidations of an account's positions."""
    return Liquidation.objects.filter(account_id=account_id)


def liquidation_view(liquidation: Liquidation, /) -> Json:
    """Return a liquidation as its owner sees it: what was closed, where, and at which cost."""
    terms = terms_of(liquidation.market_id)
    lot = terms.lot_size
    return {
        "id": str(liquidation.id),
        "symbol": terms.symbol,
        "mark_price": plain(terms.price(liquidation.mark_half_ticks)),
        "equity": usdt_text(liquidation.equity_micro),
        "maintenance_margin": usdt_text(liquidation.maintenance_micro),
        "size": plain(liquidation.size_lots * lot),
        "book_size": plain(liquidation.book_lots * lot),
        "backstop_size": plain(liquidation.backstop_lots * lot),
        "deleveraged_size": plain(liquidation.deleveraged_lots * lot),
        "notional": usdt_text(liquidation.notional_micro),
        "fee": usdt_text(liquidation.fee_micro),
        "is_pending": liquidation.is_pending,
        "started_at": liquidation.started_at_ms,
    }
