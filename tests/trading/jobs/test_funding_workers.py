"""Workers that come at the same moment: each second is given once, each hour paid once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.exchange import START_MS
from trading.models import Command, FundingClock
from trading.services.catalogue import load_catalogue
from trading.services.catalogue_file import read_catalogue
from trading.services.funding_clock import advance

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

START_S = START_MS // 1_000
WORKERS = 6
SECONDS = 12


def advance_and_leave(now_s: int) -> int:
    """Advance in a thread with a connection of its own."""
    try:
        return advance(now_s=now_s)
    finally:
        connection.close()


def test_many_workers_at_once_sample_each_second_and_pay_each_hour_once() -> None:
    load_catalogue(read_catalogue())
    ended_s = START_S + 3_600
    FundingClock.objects.create(sampled_until=ended_s - 1)
    moments = [ended_s - 1 + second for second in range(SECONDS) for _ in range(WORKERS)]
    with ThreadPoolExecutor(max_workers=WORKERS) as workers:
        seconds = sum(workers.map(advance_and_leave, moments))
    assert seconds == SECONDS - 1
    assert FundingClock.objects.get().sampled_until == ended_s - 1 + seconds
    paid = Command.objects.filter(kind="PayFunding")
    assert paid.count() == 60
    keys = Command.objects.exclude(key=None).order_by("id").values_list("key", flat=True)
    first_words = [str(key).split(":")[0] for key in keys]
    assert first_words[0] == "sample"
    assert first_words[1:61] == ["funding"] * 60
    assert set(first_words[61:]) == {"sample"}
