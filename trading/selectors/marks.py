"""The marks at which positions are valued: the newest published, else the last that was known.

What is published now may be missing (`trading.selectors.markets`); a position is worth something
all the same, and its market's mark stands still meanwhile.
"""

from collections.abc import Collection

from trading.models import IndexCandle, MarketTicker


def marks_of(market_ids: Collection[int], /) -> dict[int, int]:
    """Return each market's mark in half ticks; a market that never had a price is left out."""
    tickers = MarketTicker.objects.filter(market_id__in=market_ids)
    found = {
        ticker.market_id: ticker.mark_half_ticks or ticker.index_half_ticks for ticker in tickers
    }
    marks = {market_id: mark for market_id, mark in found.items() if mark}
    for market_id in market_ids:
        if market_id not in marks:
            closes = IndexCandle.objects.filter(market_id=market_id).order_by("-opened_at")
            close = closes.values_list("close_half_ticks", flat=True).first()
            if close:
                marks[market_id] = close
    return marks
