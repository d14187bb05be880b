"""The catalogue's price sources as the room `prices` takes them, and what prices start from.

Names of sources: a venue's own for spot and oracles ("binance", "pyth"), with "-perp" for its
perpetuals.
"""

from collections.abc import Iterable
from datetime import date

from prices.board import LastGood
from prices.mark import Average
from prices.records import USDT_USD, Currency, Kind, MarketSources, Source
from prices.units import pico_of
from trading.models import Holiday, LastGoodPrice, Market, PriceSource, SourceRole
from trading.models.sources import ORACLES
from trading.models.units import PPB

KINDS = {
    SourceRole.INDEX: Kind.SPOT,
    SourceRole.PERP: Kind.PERPETUAL,
    SourceRole.ORACLE: Kind.ORACLE,
}
CONVERSION_TICK_PICO = 10**6
LEAST_CONVERSIONS = 2


def market_sources() -> list[MarketSources]:
    """Return every market with its sources, in the order of the catalogue."""
    markets = Market.objects.exclude(state="DELISTED").order_by("rank", "id")
    return [
        _with_sources(
            market_id=market.symbol,
            tick_pico=pico_of(market.tick_size),
            least=market.least_sources,
            rows=market.sources.all(),
            keeps_fx_hours=market.calendar_id is not None,
        )
        for market in markets.prefetch_related("sources")
    ]


def conversion_sources() -> MarketSources:
    """Return the sources of the USDT/USD index, by which quotes in USD are converted."""
    return _with_sources(
        market_id=USDT_USD,
        tick_pico=CONVERSION_TICK_PICO,
        least=LEAST_CONVERSIONS,
        rows=PriceSource.objects.filter(role=SourceRole.CONVERSION).order_by("id"),
        keeps_fx_hours=False,
    )


def holidays() -> frozenset[date]:
    """Return the days on which markets that keep hours stay closed."""
    return frozenset(Holiday.objects.values_list("trading_day", flat=True))


def listing_prices() -> dict[str, float]:
    """Return the listing price of each base: where a simulated world begins."""
    rows = Market.objects.values_list("base", "listing_price")
    return {base: float(price) for base, price in rows}


def last_good_prices() -> dict[str, LastGood]:
    """Return the last good prices of before, by market."""
    return {
        row.name: LastGood(
            index_pico=int(row.index_pico),
            index_half_ticks=row.index_half_ticks,
            mark_half_ticks=row.mark_half_ticks,
            average=Average(
                premium_atto=row.premium_atto, at_ms=int(row.averaged_at.timestamp() * 1_000)
            ),
            at_ms=int(row.priced_at.timestamp() * 1_000),
        )
        for row in LastGoodPrice.objects.all()
    }


def source_name(row: PriceSource) -> str:
    """Return the name by which `prices` knows a source."""
    return f"{row.venue.lower()}-perp" if row.role == SourceRole.PERP else row.venue.lower()


def _with_sources(
    *,
    market_id: str,
    tick_pico: int,
    least: int,
    rows: Iterable[PriceSource],
    keeps_fx_hours: bool,
) -> MarketSources:
    sources = [_source(row) for row in sorted(rows, key=lambda row: row.pk)]
    return MarketSources(
        market_id=market_id,
        tick_pico=tick_pico,
        least=least,
        keeps_fx_hours=keeps_fx_hours,
        venues=tuple(source for source in sources if source.kind is Kind.SPOT),
        oracles=tuple(source for source in sources if source.kind is Kind.ORACLE),
        perpetuals=tuple(source for source in sources if source.kind is Kind.PERPETUAL),
    )


def _source(row: PriceSource) -> Source:
    is_conversion = row.role == SourceRole.CONVERSION
    oracle_or_spot = Kind.ORACLE if row.venue in ORACLES else Kind.SPOT
    # The converting index is itself in USD: its own quotes are never converted.
    in_dollars = row.quoted_in == Currency.USD and not is_conversion
    return Source(
        name=source_name(row),
        kind=oracle_or_spot if is_conversion else KINDS[SourceRole(row.role)],
        weight=PPB if row.weight_ppb is None else row.weight_ppb,
        currency=Currency.USD if in_dollars else Currency.USDT,
        instrument=row.instrument,
        is_inverted=row.is_inverted,
        base_per_unit=row.base_per_unit,
    )
