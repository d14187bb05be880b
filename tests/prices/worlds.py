"""Markets for simulated worlds: the sixty of the catalogue in kind, and two by name."""

import msgspec

from prices.adapters.universe import ASSETS, Family
from prices.records import USDT_USD, Currency, Kind, MarketSources, Source
from tests.prices.sources import BTC, EUR

USDT_USD_SOURCES = MarketSources(
    market_id=USDT_USD,
    tick_pico=10**6,
    venues=tuple(Source(name=name, kind=Kind.SPOT) for name in ("coinbase", "kraken")),
    least=2,
    oracles=tuple(Source(name=name, kind=Kind.ORACLE) for name in ("pyth", "switchboard")),
)
LTC = msgspec.structs.replace(BTC, market_id="LTC-USDT-PERP", tick_pico=10**8)


def sixty_markets() -> list[MarketSources]:
    """Return a market for each asset of the simulation but the converting one."""
    return [
        msgspec.structs.replace(
            EUR if asset.family is Family.FX else BTC,
            market_id=f"{asset.base}-USDT-PERP",
            tick_pico=max(2, int(float(asset.price) * 10**7) // 2 * 2),
            keeps_fx_hours=False,
        )
        for asset in ASSETS.values()
        if asset.base != "USDT"
    ]


def in_dollars(name: str) -> Source:
    """Return a spot source in USD."""
    return Source(name=name, kind=Kind.SPOT, currency=Currency.USD)
