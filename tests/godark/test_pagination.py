"""Lists come newest first, page by page, and forged cursors never reach the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.models import User
from godark.errors import Code, Failure
from godark.pagination import CursorPage

pytestmark = pytest.mark.django_db


class UsersPage(CursorPage):
    ordering = ("-date_joined", "-id")


def _page(**query: Any) -> dict[str, Any]:
    pages = UsersPage()
    request = Request(APIRequestFactory().get("/api/v1/users", query))
    rows = pages.paginate_queryset(User.objects.all(), request)
    data: dict[str, Any] = pages.get_paginated_response([row.email for row in rows]).data
    return data


def _join(count: int, *, at_once: bool = False) -> list[str]:
    """Save so many users, a second apart or in one moment; return their e-mails."""
    now = timezone.now()
    users = [
        User(
            email=f"u{number:03d}@example.com",
            date_joined=now + timedelta(seconds=0 if at_once else number),
        )
        for number in range(count)
    ]
    User.objects.bulk_create(users)
    return [user.email for user in users]


def _walk(limit: int) -> list[str]:
    """Return every e-mail, page after page."""
    page = _page(limit=limit)
    seen: list[str] = page["results"]
    while page["next"]:
        page = _page(limit=limit, cursor=page["next"])
        seen += page["results"]
    return seen


def test_the_newest_comes_first_and_every_row_comes_once() -> None:
    emails = _join(7)
    assert _walk(3) == emails[::-1]


def test_rows_of_one_moment_are_neither_lost_nor_doubled() -> None:
    emails = _join(7, at_once=True)
    assert sorted(_walk(2)) == emails


def test_the_last_page_has_no_next() -> None:
    _join(3)
    assert _page(limit=3)["next"] is None


def test_a_hundred_rows_come_without_asking() -> None:
    _join(101)
    assert len(_page()["results"]) == 100


def test_an_empty_list_is_an_empty_page() -> None:
    assert _page() == {"results": [], "next": None}


@pytest.mark.parametrize(
    "limit", ["0", "-1", "501", "ten", "", "1.5", "²", "9" * 5000, "0100", "000000500" + "9" * 12]
)
def test_a_limit_outside_1_to_500_is_refused(limit: str) -> None:
    with pytest.raises(Failure) as caught:
        _page(limit=limit)
    assert (caught.value.code, caught.value.field) == (Code.VALIDATION_ERROR, "limit")


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "cD0yMDI0", signing.dumps([0, "'; --"], salt="cursor:-date_joined,-id")],
    ids=["empty", "nonsense", "base64", "signed, of other values"],
)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Failure) as caught:
        _page(cursor=cursor)
    assert (caught.value.code, caught.value.field) == (Code.VALIDATION_ERROR, "cursor")


def test_a_cursor_of_a_list_in_another_order_is_refused() -> None:
    foreign = signing.dumps([0, None], salt="cursor:-created_at")
    with pytest.raises(Failure):
        _page(cursor=foreign)
