import pytest

from prices.breaker import Breaker, Trip
from prices.consolidate import Consolidation, consolidate
from prices.records import OracleQuote, Quote, Rung
from prices.watch import Sign, Watch
from tests.prices.sources import BTC, NAMES, NOW_MS, ONE_USD, around, oracle, usdt

MINUTE_MS = 60_000


def standing_on(index_pico: int) -> Consolidation:
    return Consolidation(
        rung=Rung.VENUES, index_pico=index_pico, dispersion_ppb=0, venues=(), oracles=()
    )


def watch_for(*, seconds: int, swing_pico: int) -> Watch:
    """Watch an index that swings around 100 for so many seconds."""
    watch = Watch("BTC-USDT-PERP")
    for second in range(seconds):
        index_pico = usdt("100") + (swing_pico if second % 2 else -swing_pico)
        assert watch.look(consolidation=standing_on(index_pico), at_ms=1_000 * second) == ()
    return watch


def test_a_return_beyond_six_deviations_of_the_last_five_minutes_is_told() -> None:
    watch = watch_for(seconds=300, swing_pico=usdt("0.05"))
    alerts = watch.look(consolidation=standing_on(usdt("100.7")), at_ms=300_000)
    assert [alert.sign for alert in alerts] == [Sign.UNUSUAL_RETURN]
    assert alerts[0].market_id == "BTC-USDT-PERP"


def test_a_return_within_six_deviations_is_not_told() -> None:
    watch = watch_for(seconds=300, swing_pico=usdt("0.05"))
    assert watch.look(consolidation=standing_on(usdt("100.5")), at_ms=300_000) == ()


def test_without_a_minute_of_past_nothing_is_unusual() -> None:
    watch = watch_for(seconds=50, swing_pico=usdt("0.05"))
    assert watch.look(consolidation=standing_on(usdt("150")), at_ms=50_000) == ()


def test_the_first_tick_of_a_still_market_is_not_unusual() -> None:
    watch = watch_for(seconds=300, swing_pico=0)
    assert watch.look(consolidation=standing_on(usdt("100.05")), at_ms=300_000) == ()


def test_the_same_sign_is_told_again_after_a_minute_only() -> None:
    watch = watch_for(seconds=300, swing_pico=usdt("0.001"))
    told = [
        bool(watch.look(consolidation=standing_on(usdt(price)), at_ms=at_ms))
        for price, at_ms in (("101", 300_000), ("103", 301_000), ("110", 361_000))
    ]
    assert told == [True, False, True]


def look_at(quotes: dict[str, Quote], oracles: dict[str, OracleQuote] | None = None) -> list[Sign]:
    found = consolidate(
        market=BTC, quotes=quotes, oracles=oracles or {}, at_ms=NOW_MS, usdt_usd_pico=ONE_USD
    )
    watch = Watch("BTC-USDT-PERP")
    watch.look(consolidation=standing_on(usdt("100")), at_ms=NOW_MS - 10_000)
    return [alert.sign for alert in watch.look(consolidation=found, at_ms=NOW_MS)]


def test_a_low_rung_in_the_first_seconds_is_no_news() -> None:
    nothing = consolidate(market=BTC, quotes={}, oracles={}, at_ms=0, usdt_usd_pico=None)
    watch = Watch("BTC-USDT-PERP")
    told = [bool(watch.look(consolidation=nothing, at_ms=at_ms)) for at_ms in (0, 9_999, 10_000)]
    assert told == [False, False, True]


def test_diverging_venues_oracles_and_a_low_rung_are_told() -> None:
    calm = {name: around(100) for name in NAMES}
    assert look_at(calm) == []
    assert look_at(calm | {"okx": around(110)}) == [Sign.DIVERGING_VENUES]
    apart = {name: around(f"{100 + 0.4 * rank:.1f}") for rank, name in enumerate(NAMES)}
    assert look_at(apart) == [Sign.DIVERGING_VENUES]
    assert look_at(calm, {"pyth": oracle("101.1")}) == [Sign.ORACLES_DISAGREE]
    assert look_at({"okx": around(100)}) == [Sign.DEGRADED]


@pytest.mark.parametrize(
    ("then", "now", "after_ms", "trip"),
    [
        ("100", "110", 60_000, Trip.PRICE),
        ("100", "90", 1, Trip.PRICE),
        ("100", "109.99", 60_000, None),
        ("100", "90.01", 60_000, None),
        ("100", "110", 62_000, None),
    ],
)
def test_ten_percent_within_sixty_seconds_trips(
    then: str, now: str, after_ms: int, trip: Trip | None
) -> None:
    breaker = Breaker()
    assert breaker.look(index_pico=usdt(then), at_ms=0) is None
    assert breaker.look(index_pico=usdt(now), at_ms=after_ms) is trip


def test_a_spike_inside_one_second_trips_too() -> None:
    breaker = Breaker()
    assert breaker.look(index_pico=usdt("100"), at_ms=0) is None
    assert breaker.look(index_pico=usdt("95"), at_ms=300) is None
    assert breaker.look(index_pico=usdt("104.5"), at_ms=600) is Trip.PRICE


def breaker_after_usual_minutes(minutes: int) -> Breaker:
    breaker = Breaker()
    for minute in range(minutes):
        breaker.volume.add(notional_micro=1_000, at_ms=minute * MINUTE_MS)
    return breaker


@pytest.mark.parametrize(
    ("minutes", "volume_micro", "now", "trip"),
    [
        (20, 5_000, "103", Trip.PRICE_AND_VOLUME),
        (20, 5_000, "97", Trip.PRICE_AND_VOLUME),
        (20, 4_999, "103", None),
        (20, 5_000, "102.9", None),
        (9, 5_000, "103", None),
    ],
)
def test_three_percent_trip_only_with_five_times_the_usual_volume(
    minutes: int, volume_micro: int, now: str, trip: Trip | None
) -> None:
    breaker = breaker_after_usual_minutes(minutes)
    at_ms = minutes * MINUTE_MS + 1_000
    assert breaker.look(index_pico=usdt("100"), at_ms=at_ms) is None
    breaker.volume.add(notional_micro=volume_micro, at_ms=at_ms)
    assert breaker.look(index_pico=usdt(now), at_ms=at_ms + 500) is trip


def test_volume_older_than_a_minute_does_not_count() -> None:
    breaker = breaker_after_usual_minutes(20)
    breaker.volume.add(notional_micro=9_000, at_ms=20 * MINUTE_MS)
    assert breaker.volume.is_busy(20 * MINUTE_MS + 59_000)
    assert not breaker.volume.is_busy(20 * MINUTE_MS + 61_000)


def test_it_trips_once_and_again_only_after_its_five_minutes() -> None:
    breaker = Breaker()
    prices = (("100", 0), ("111", 1_000), ("125", 2_000), ("100", 301_500), ("125", 302_000))
    trips = [breaker.look(index_pico=usdt(price), at_ms=at_ms) for price, at_ms in prices]
    assert trips == [None, Trip.PRICE, None, None, Trip.PRICE]
