"""Premiums as the funding job samples them: one a second and market.

What is not here: how a premium comes about (`prices.premium`), and rates of whole hours.
"""

from datetime import timedelta

from django.utils import timezone

from trading.models import Market

SAMPLE_LIVES = timedelta(seconds=3)
"""A sample that nobody renewed for so long is missing, not old."""


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
