"""Which adapters bring the prices: by the setting, simulated, replayed or live.

What is not here: the adapters (`prices.adapters`), and the process that runs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prices.adapters.heard import BadRecordingError
from prices.adapters.lies import SCHEDULES
from prices.adapters.replay import Pace, ReplayAdapter, open_recording
from prices.adapters.simulated import SimulatedAdapter
from prices.adapters.source import Adapter
from prices.board import LastGood
from prices.records import USDT_USD, MarketSources
from prices.units import decimal_of_pico

MODES = ("simulated", "replay", "live")
SLOWEST, FASTEST = 1, 100


class PriceSetupError(Exception):
    """Prices cannot be brought like this; the message is a sentence for a person."""


@dataclass(frozen=True, kw_only=True)
class PriceSettings:
    """How prices are brought: the settings of the same names, without `GODARK_`."""

    mode: str
    seed: int = 1
    schedule: str = "calm"
    recording: str = ""
    speed: float = 1.0
    begins_at_ms: int = 0
    step_ms: int = 250
    hermes_url: str = ""
    hermes_key: str = ""
    solana_url: str = ""
    switchboard_feeds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sourcing:
    """The markets with the sources that will be heard, and who hears them."""

    mode: str
    markets: list[MarketSources]
    conversion: MarketSources
    adapters: list[Adapter]
    simulation: SimulatedAdapter | None = None


def make_sourcing(
    settings: PriceSettings,
    *,
    markets: list[MarketSources],
    conversion: MarketSources,
    listing_prices: Mapping[str, float],
    last_good: Mapping[str, LastGood],
) -> Sourcing:
    """Return the adapters of the mode; refuse settings that make no sense with a sentence."""
    if settings.mode not in MODES:
        raise PriceSetupError(f"GODARK_PRICES is {settings.mode!r}; it may be {', '.join(MODES)}.")
    if settings.mode == "live":
        return _live(settings, markets=markets, conversion=conversion)
    replay, replayed = _replay(settings, markets=markets)
    recorded = {market.market_id for market in replayed}
    rest = [market for market in markets if market.market_id not in recorded]
    if settings.schedule not in SCHEDULES:
        raise PriceSetupError(
            f"GODARK_PRICES_SCHEDULE is {settings.schedule!r}; it may be {', '.join(SCHEDULES)}."
        )
    simulation = SimulatedAdapter(
        markets=[*rest, conversion],
        seed=settings.seed,
        schedule=SCHEDULES[settings.schedule],
        anchors=listing_prices,
        start=where_it_stood(last_good),
        is_heard_elsewhere=replay.is_heard if replay else lambda _: False,
    )
    adapters: list[Adapter] = [simulation] if replay is None else [replay, simulation]
    return Sourcing(
        mode=settings.mode,
        markets=[*replayed, *rest],
        conversion=conversion,
        adapters=adapters,
        simulation=simulation,
    )


def where_it_stood(last_good: Mapping[str, LastGood]) -> dict[str, float]:
    """Return each base's last good price in USDT: a simulated world goes on from there."""
    return {
        ("USDT" if name == USDT_USD else name.split("-", maxsplit=1)[0]): float(
            decimal_of_pico(good.index_pico)
        )
        for name, good in last_good.items()
    }


def _replay(
    settings: PriceSettings, *, markets: list[MarketSources]
) -> tuple[ReplayAdapter | None, list[MarketSources]]:
    if settings.mode != "replay":
        return None, []
    if not settings.recording:
        raise PriceSetupError("GODARK_PRICES_RECORDING names no recording.")
    if settings.speed and not SLOWEST <= settings.speed <= FASTEST:
        raise PriceSetupError(
            f"GODARK_PRICES_SPEED is {settings.speed:g}; it may be {SLOWEST} to {FASTEST},"
            " or 0 for as fast as possible."
        )
    try:
        recording = open_recording(Path(settings.recording))
        pace = Pace(speed=settings.speed or None, begins_ms=settings.begins_at_ms or None)
        replay = ReplayAdapter(recording=recording, pace=pace)
        return replay, replay.markets(markets)
    except BadRecordingError as error:
        raise PriceSetupError(str(error)) from error


def _live(
    settings: PriceSettings, *, markets: list[MarketSources], conversion: MarketSources
) -> Sourcing:
    from prices.adapters.live import LiveAdapter, LiveSettings  # noqa: PLC0415 - loads ccxt's parts

    live = LiveAdapter(
        markets=[*markets, conversion],
        settings=LiveSettings(
            hermes_url=settings.hermes_url,
            hermes_key=settings.hermes_key,
            solana_url=settings.solana_url,
            switchboard_feeds=settings.switchboard_feeds,
        ),
    )
    return Sourcing(mode="live", markets=markets, conversion=conversion, adapters=[live])
