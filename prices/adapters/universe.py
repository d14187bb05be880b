"""The sixty simulated assets: a price to start from, how lively it is, what it moves with.

These are invented for a market that never was; nothing in the exchange depends on them.
What is not here: how they move (`walk`).
"""

from enum import StrEnum

import msgspec


class Family(StrEnum):
    """What an asset moves with."""

    CRYPTO = "CRYPTO"
    PEGGED = "PEGGED"
    FX = "FX"


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated asset: price in USDT, yearly volatility in percent, share of common motion."""

    base: str
    price: str
    volatility_percent: float
    family: Family = Family.CRYPTO
    common: float = 0.7


_CRYPTO = {
    "BTC": ("61800", 45),
    "ETH": ("2680", 60),
    "BNB": ("515", 50),
    "XRP": ("0.61", 70),
    "SOL": ("154", 80),
    "TRX": ("0.128", 45),
    "DOGE": ("0.106", 85),
    "ADA": ("0.345", 75),
    "HYPE": ("24.5", 110),
    "XMR": ("152", 60),
    "TON": ("6.4", 75),
    "MNT": ("0.64", 75),
    "CRO": ("0.088", 75),
    "DOT": ("4.7", 75),
    "ENA": ("0.31", 110),
    "WLFI": ("0.21", 120),
    "PEPE": ("0.00000785", 110),
    "APT": ("6.1", 85),
    "M": ("0.52", 120),
    "ONDO": ("0.71", 95),
    "WLD": ("1.62", 105),
    "KCS": ("8.9", 50),
    "LINK": ("10.4", 75),
    "XLM": ("0.099", 70),
    "BCH": ("345", 70),
    "SUI": ("0.92", 100),
    "LEO": ("5.8", 30),
    "AVAX": ("21.6", 80),
    "LTC": ("61.5", 60),
    "HBAR": ("0.058", 80),
    "SHIB": ("0.0000138", 80),
    "ZEC": ("38.5", 80),
    "TAO": ("265", 105),
    "UNI": ("6.2", 85),
    "OKB": ("39.2", 50),
    "AAVE": ("102", 85),
    "BGB": ("0.95", 60),
    "NEAR": ("4.1", 90),
    "ETC": ("19.2", 70),
    "POL": ("0.41", 85),
    "ASTER": ("1.12", 130),
    "IP": ("5.3", 120),
    "ARB": ("0.56", 90),
    "PI": ("0.48", 120),
    "ICP": ("7.6", 85),
}
_PEGGED = {
    "USDC": "1.0002",
    "DAI": "0.9998",
    "USD1": "0.9997",
    "USDE": "0.9993",
    "PYUSD": "0.9996",
    "USDT": "1.0003",
}
_FX = {
    "USD": ("0.9997", 1.0),
    "GBP": ("1.2745", 8.0),
    "EUR": ("1.0918", 7.0),
    "JPY": ("0.00679", 10.0),
    "CHF": ("1.1543", 8.0),
    "AUD": ("0.6575", 9.0),
    "CAD": ("0.7278", 6.0),
    "CNY": ("0.1394", 4.0),
    "HKD": ("0.1283", 1.0),
    "SGD": ("0.7553", 5.0),
}

ASSETS: dict[str, Asset] = {
    asset.base: asset
    for asset in (
        *(
            Asset(base=base, price=price, volatility_percent=percent)
            for base, (price, percent) in _CRYPTO.items()
        ),
        *(
            Asset(base=base, price=price, volatility_percent=0.8, family=Family.PEGGED, common=0.2)
            for base, price in _PEGGED.items()
        ),
        *(
            Asset(base=base, price=price, volatility_percent=percent, family=Family.FX, common=0.5)
            for base, (price, percent) in _FX.items()
        ),
    )
}


def asset_of(market_id: str) -> Asset:
    """Return the asset that a market prices; an unknown one starts at 1 USDT."""
    base = market_id.split("-", maxsplit=1)[0]
    return ASSETS.get(base) or Asset(base=base, price="1", volatility_percent=80)
