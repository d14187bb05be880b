from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client

from accounts.models import User
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.test_sign_up import without_tokens

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def log_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    address = more.pop("address", "127.0.0.1")
    return client.post(
        "/login", {"email": email, "password": password, **more}, REMOTE_ADDR=address
    )


def test_a_trader_logs_in_and_out(client: Client) -> None:
    user = UserFactory.create()
    assert log_in(client, user.email).headers["Location"] == "/"
    assert client.session[SESSION_KEY] == str(user.pk)
    assert client.post("/logout").headers["Location"] == "/"
    assert SESSION_KEY not in client.session


def test_log_in_does_not_mind_capitals(client: Client) -> None:
    assert log_in(client, UserFactory.create().email.upper()).status_code == 302


def test_a_wrong_password_an_unknown_and_a_barred_person_get_the_same_words() -> None:
    known, barred = UserFactory.create(), UserFactory.create(is_active=False)
    answers = [
        log_in(Client(), known.email, "Wrong-Horse-7"),
        log_in(Client(), "nobody@godark.example"),
        log_in(Client(), barred.email),
    ]
    assert {answer.status_code for answer in answers} == {200}
    pages = [
        [line for line in without_tokens(answer.content) if b'name="email"' not in line]
        for answer in answers
    ]
    assert pages[0] == pages[1] == pages[2]
    assert any(b"E-mail or password is wrong." in line for line in pages[0])


def test_an_unknown_person_costs_one_hash_like_a_known_one(hashes: list[str]) -> None:
    known = UserFactory.create()
    costs = []
    for email in (known.email, "nobody@godark.example"):
        hashes.clear()
        log_in(Client(), email, "Wrong-Horse-7")
        costs.append(len(hashes))
    assert costs == [1, 1]


def test_a_session_gets_a_new_key_at_log_in(client: Client) -> None:
    user = UserFactory.create()
    planted = client.session
    planted["planted"] = "by somebody else"
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(planted.session_key)
    log_in(client, user.email)
    assert client.session.session_key != str(planted.session_key)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = str(planted.session_key)
    assert SESSION_KEY not in thief.session


def test_a_session_that_was_logged_out_opens_nothing_for_a_thief(client: Client) -> None:
    log_in(client, UserFactory.create().email)
    stolen = str(client.session.session_key)
    client.post("/logout")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert SESSION_KEY not in thief.session


def test_a_new_password_ends_the_sessions_of_the_old_one(client: Client) -> None:
    user = UserFactory.create()
    log_in(client, user.email)
    user.set_password("Another-Horse-8")
    user.save()
    assert not client.get("/login").wsgi_request.user.is_authenticated


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "http://testserver.evil.example/",
        "\x00/evil",
    ],
)
def test_next_never_leads_to_another_site(client: Client, target: str) -> None:
    user = UserFactory.create()
    assert log_in(client, user.email, next=target).headers["Location"] == "/"
    assert client.post("/logout", {"next": target}).headers["Location"] == "/"


def test_next_leads_on_within_the_site(client: Client) -> None:
    answer = log_in(client, UserFactory.create().email, next="/markets?sort=volume")
    assert answer.headers["Location"] == "/markets?sort=volume"


def test_log_in_and_log_out_need_the_csrf_token() -> None:
    user = UserFactory.create()
    client = Client(enforce_csrf_checks=True)
    assert log_in(client, user.email).status_code == 403
    client.force_login(user)
    assert client.post("/logout").status_code == 403
    assert SESSION_KEY in client.session


def test_a_foreign_link_logs_nobody_out(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.get("/logout").status_code == 405
    assert SESSION_KEY in client.session


def test_five_failures_lock_an_email_at_an_address_for_fifteen_minutes() -> None:
    user = UserFactory.create()
    with time_machine.travel(NOW, tick=False) as clock:
        for attempt in range(5):
            answer = log_in(Client(), user.email, f"Wrong-Horse-{attempt}")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        locked = log_in(Client(), user.email.upper())
        assert locked.status_code == 429
        assert "15 minutes" in locked.content.decode()
        assert log_in(Client(), user.email, address="192.0.2.7").status_code == 302
        assert log_in(Client(), UserFactory.create().email).status_code == 302
        clock.move_to(NOW + timedelta(minutes=15, seconds=1))
        assert log_in(Client(), user.email).status_code == 302


def test_spraying_many_emails_locks_an_address_for_fifteen_minutes() -> None:
    user = UserFactory.create()
    with time_machine.travel(NOW, tick=False) as clock:
        answers = [
            log_in(Client(), f"trader{number}@else.example", "Summer-2026!").status_code
            for number in range(20)
        ]
        assert answers == [200] * 19 + [429]
        assert log_in(Client(), user.email).status_code == 429
        assert log_in(Client(), user.email, address="192.0.2.7").status_code == 302
        clock.move_to(NOW + timedelta(minutes=15, seconds=1))
        assert log_in(Client(), user.email).status_code == 302


def test_all_addresses_of_one_ipv6_user_are_counted_as_one() -> None:
    user = UserFactory.create()
    for number in range(5):
        log_in(Client(), user.email, "Wrong-Horse-7", address=f"2001:db8:1:2::{number:x}")
    assert log_in(Client(), user.email, address="2001:db8:1:2:ffff::9").status_code == 429
    assert log_in(Client(), user.email, address="2001:db8:1:3::1").status_code == 302


def test_whoever_logged_in_from_there_before_is_not_locked_by_neighbors() -> None:
    user, newcomer = UserFactory.create(), UserFactory.create()
    assert log_in(Client(), user.email).status_code == 302
    for number in range(20):
        log_in(Client(), f"trader{number}@else.example", "Summer-2026!")
    assert log_in(Client(), newcomer.email).status_code == 429
    assert log_in(Client(), user.email).status_code == 302


def test_a_hundred_failures_from_anywhere_lock_an_email_but_not_where_its_owner_was() -> None:
    user, other = UserFactory.create(), UserFactory.create()
    assert log_in(Client(), user.email).status_code == 302
    for number in range(100):
        log_in(Client(), user.email, f"Wrong-Horse-{number}", address=f"198.51.100.{number // 4}")
    assert log_in(Client(), user.email, address="192.0.2.7").status_code == 429
    assert log_in(Client(), other.email, address="192.0.2.7").status_code == 302
    assert log_in(Client(), user.email).status_code == 302


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_guesses_at_once_no_more_than_five_are_tried(hashes: list[str]) -> None:
    email = UserFactory.create().email
    hashes.clear()

    def guess(number: int) -> int:
        try:
            return int(log_in(Client(), email, f"Wrong-Horse-{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=20) as threads:
        answers = list(threads.map(guess, range(20)))
    assert sorted(answers) == [200] * 4 + [429] * 16
    assert len(hashes) == 5


def test_guessing_on_does_not_lengthen_a_lock() -> None:
    user = UserFactory.create()
    with time_machine.travel(NOW, tick=False) as clock:
        for attempt in range(5):
            log_in(Client(), user.email, f"Wrong-Horse-{attempt}")
        clock.move_to(NOW + timedelta(minutes=14))
        assert log_in(Client(), user.email, "Wrong-Horse-7").status_code == 429
        clock.move_to(NOW + timedelta(minutes=15, seconds=1))
        assert log_in(Client(), user.email).status_code == 302


def test_an_unknown_email_is_locked_just_the_same() -> None:
    known = UserFactory.create().email
    answers = {
        email: [log_in(Client(), email, "Wrong-Horse-7").status_code for _ in range(6)]
        for email in (known, "nobody@godark.example")
    }
    assert answers[known] == answers["nobody@godark.example"] == [200, 200, 200, 200, 429, 429]


def test_a_locked_guess_costs_no_hash(hashes: list[str]) -> None:
    user = UserFactory.create()
    for _ in range(5):
        log_in(Client(), user.email, "Wrong-Horse-7")
    hashes.clear()
    log_in(Client(), user.email)
    assert hashes == []


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("a\x00b@godark.example", PASSWORD),
        ("known@godark.example", "null\x00byte"),
        ("known@godark.example", "Aa1-" * 240_000),
        ("x" * 300 + "@godark.example", PASSWORD),
    ],
)
def test_what_no_account_could_have_is_refused_before_any_hash(
    client: Client, hashes: list[str], email: str, password: str
) -> None:
    UserFactory.create(email="known@godark.example")
    hashes.clear()
    answer = log_in(client, email, password)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert hashes == []


def test_a_body_beyond_the_limit_is_refused(client: Client) -> None:
    assert log_in(client, "known@godark.example", "x" * 3_000_000).status_code == 413


def test_nobody_acts_by_naming_somebody_elses_id(client: Client) -> None:
    mine, other = UserFactory.create(), UserFactory.create()
    log_in(client, mine.email)
    client.post("/logout", {"user": str(other.pk), SESSION_KEY: str(other.pk)})
    assert User.objects.get(pk=other.pk).last_login is None
