from datetime import UTC, datetime

import pytest

from prices.hours import Phase, fx_phase, next_fx_change_ms


def milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        # New York is UTC-4 in July: 17:00 there is 21:00 UTC
        ("2026-07-10T20:59:59", Phase.OPEN),
        ("2026-07-10T21:00:00", Phase.CLOSED),
        ("2026-07-11T12:00:00", Phase.CLOSED),
        ("2026-07-12T20:59:59", Phase.CLOSED),
        ("2026-07-12T21:00:00", Phase.OPENING),
        ("2026-07-12T21:00:59", Phase.OPENING),
        ("2026-07-12T21:01:00", Phase.OPEN),
        # and UTC-5 in January
        ("2026-01-16T21:59:59", Phase.OPEN),
        ("2026-01-16T22:00:00", Phase.CLOSED),
        ("2026-01-18T22:00:00", Phase.OPENING),
        # the clocks change on Sunday 2026-03-08: it opens by the new time
        ("2026-03-08T21:00:00", Phase.OPENING),
        ("2026-03-06T21:59:59", Phase.OPEN),
        # Christmas 2025 is a Thursday: closed from Wednesday 17:00 to Thursday 17:00
        ("2025-12-24T21:59:59", Phase.OPEN),
        ("2025-12-24T22:00:00", Phase.CLOSED),
        ("2025-12-25T21:59:59", Phase.CLOSED),
        ("2025-12-25T22:00:00", Phase.OPENING),
    ],
)
def test_fx_is_closed_over_the_weekend_and_on_holidays_by_new_york_time(
    moment: str, phase: Phase
) -> None:
    assert fx_phase(milliseconds(moment)) is phase


@pytest.mark.parametrize(
    ("moment", "change"),
    [
        ("2026-07-08T12:00:00", "2026-07-10T21:00:00"),
        ("2026-07-11T12:00:00", "2026-07-12T21:00:00"),
        ("2025-12-23T12:00:00", "2025-12-24T22:00:00"),
        ("2025-12-25T12:00:00", "2025-12-25T22:00:00"),
    ],
)
def test_the_next_opening_or_closing_is_known(moment: str, change: str) -> None:
    assert next_fx_change_ms(milliseconds(moment)) == milliseconds(change)
