from prices.candles import Candle, CandleMaker, fold


def candle(minute: int, *, prices: tuple[int, int, int, int], volume_micro: int = 0) -> Candle:
    return Candle(
        market_id="BTC-USDT-PERP",
        opened_at_ms=minute * 60_000,
        open_half_ticks=prices[0],
        high_half_ticks=prices[1],
        low_half_ticks=prices[2],
        close_half_ticks=prices[3],
        volume_micro=volume_micro,
    )


def test_a_candle_is_finished_by_the_first_index_of_the_next_minute() -> None:
    maker = CandleMaker("BTC-USDT-PERP")
    seen = [
        maker.take(at_ms=at_ms, index_half_ticks=index, volume_micro=volume)
        for at_ms, index, volume in (
            (60_000, 100, 5),
            (70_000, 120, 0),
            (80_000, 90, 7),
            (119_999, 110, 0),
            (120_000, 111, 1),
        )
    ]
    assert seen == [None, None, None, None, candle(1, prices=(100, 120, 90, 110), volume_micro=12)]
    assert maker.current == candle(2, prices=(111, 111, 111, 111), volume_micro=1)


def test_minutes_fold_into_longer_candles_on_the_clock() -> None:
    folded = fold(
        [
            candle(4, prices=(10, 12, 9, 11), volume_micro=1),
            candle(5, prices=(11, 15, 11, 14), volume_micro=2),
            candle(9, prices=(14, 14, 8, 9), volume_micro=3),
        ],
        interval_ms=300_000,
    )
    assert folded == [
        candle(0, prices=(10, 12, 9, 11), volume_micro=1),
        candle(5, prices=(11, 15, 8, 9), volume_micro=5),
    ]
