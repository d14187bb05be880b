"""The doors are counted per address, whatever is typed; looking at them is free."""

import pytest
from django.test import AsyncRequestFactory, Client, RequestFactory
from rest_framework.request import Request

from godark import doors, limits
from godark.errors import Code, Failure
from godark.limits import Rate

pytestmark = pytest.mark.django_db
TYPED = {"email": "no address", "password": "x"}


@pytest.fixture(autouse=True)
def narrow_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOORS", Rate(per_minute=1, burst=2))


@pytest.mark.parametrize("door", ["/login", "/signup", "/admin/login/"])
def test_a_door_opens_so_many_times_and_then_says_how_long_to_wait(door: str) -> None:
    answers = [Client().post(door, TYPED) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 55 <= int(answers[2].headers["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR="192.0.2.7").post(door, TYPED).status_code == 200


def test_all_doors_share_one_bucket_and_looking_costs_nothing() -> None:
    assert all(Client().get("/login").status_code == 200 for _ in range(5))
    assert [Client().post(door, TYPED).status_code for door in ("/login", "/signup")] == [200, 200]
    assert Client().post("/admin/login/", TYPED).status_code == 429
    assert Client().get("/login").status_code == 200
    assert Client().get("/api/v1/time").status_code == 200


def test_a_view_of_the_api_knocks_too() -> None:
    request = Request(RequestFactory().post("/api/v1/auth/login"))
    doors.knock(request)
    doors.knock(request)
    with pytest.raises(Failure) as refused:
        doors.knock(request)
    assert refused.value.code is Code.RATE_LIMIT_EXCEEDED


@pytest.mark.usefixtures("on_loop")
async def test_a_view_on_the_event_loop_knocks_at_the_same_door() -> None:
    request = AsyncRequestFactory().post("/api/v1/auth/login")
    await doors.knock_async(request)
    await doors.knock_async(request)
    with pytest.raises(Failure):
        await doors.knock_async(request)
