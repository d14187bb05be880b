import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccountActivity, RefreshToken, TokenFamily, User
from accounts.short_memory import ShortMemory
from accounts.tasks import trim_log_ins
from accounts.tokens import access_token
from tests.accounts.factories import PASSWORD, UserFactory, authenticator_of, code_of
from tests.accounts.signing import bearer, post, tokens_of

pytestmark = pytest.mark.django_db
REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
LOGOUT_ALL = "/api/v1/auth/logout-all"
KEYS = "/api/v1/api-keys"


def form(**changed: Any) -> dict[str, Any]:
    return {
        "email": "new@godark.example",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
        "agreed_to_terms": True,
    } | changed


def forget() -> None:
    """Be a process that remembers nothing, as every one is after five seconds."""
    for memory in ShortMemory.everyone:
        memory.clear()


def is_let_in(tokens: dict[str, Any]) -> bool:
    forget()
    return bool(Client().get(KEYS, headers=bearer(tokens)).status_code == 200)


def test_a_stranger_signs_up_and_logs_in(client: Client) -> None:
    answer = post(client, REGISTER, form(email="New@GoDark.example", referral_code="friend-1"))
    assert answer.status_code == 201
    assert answer.json()["email"] == "new@godark.example"
    user = User.objects.get()
    assert (user.terms_version, user.referral_code) == ("1", "friend-1")
    assert user.terms_agreed_at is not None
    tokens = tokens_of(user)
    assert tokens["expires_in"] == 900
    assert tokens["token_type"] == "Bearer"
    assert is_let_in(tokens)


def test_a_taken_email_gets_the_same_answer_at_the_same_cost(hashes: list[str]) -> None:
    taken = UserFactory.create()
    before, seen = taken.password, []
    for email in ("free1@godark.example", taken.email):
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = post(Client(), REGISTER, form(email=email))
        statements = [query["sql"].split(" ")[0] for query in queries]
        body = answer.content.replace(email.encode(), b"")
        seen.append((answer.status_code, body, list(hashes), statements))
    assert seen[0] == seen[1]
    assert seen[0][2] == ["encode"]
    taken.refresh_from_db()
    assert taken.password == before
    assert [row.kind for row in AccountActivity.objects.filter(user=taken)] == ["SIGN_UP_REPEATED"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"agreed_to_terms": False}, "agreed_to_terms"),
        ({"agreed_to_terms": "true"}, "agreed_to_terms"),
        ({"agreed_to_terms": 1}, "agreed_to_terms"),
        ({"email": "nothing"}, "email"),
        ({"email": 5}, "email"),
        ({"email": ["a@b.example"]}, "email"),
        ({"email": "jos\u00e9@godark.example"}, "email"),
        ({"email": "a\x00b@godark.example"}, "email"),
        ({"email": "x" * 300 + "@godark.example"}, "email"),
        ({"password": "weak", "confirm_password": "weak"}, "password"),
        ({"password": 12345678}, "password"),
        ({"password": None}, "password"),
        ({"password": "Aa1-" * 2000, "confirm_password": "Aa1-" * 2000}, "password"),
        ({"confirm_password": "Another-Horse-8"}, "confirm_password"),
        ({"referral_code": "x" * 33}, "referral_code"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_a_wrong_field_is_named_and_changes_nothing(
    client: Client, hashes: list[str], changed: dict[str, Any], field: str
) -> None:
    answer = post(client, REGISTER, form(**changed))
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["field"] == field
    assert not User.objects.exists()
    assert hashes == []


def test_wrong_unknown_and_barred_get_the_same_bytes_at_the_same_cost(hashes: list[str]) -> None:
    known, barred = UserFactory.create(), UserFactory.create(is_active=False)
    seen = set()
    for email, password in (
        (known.email, "Wrong-Horse-7"),
        ("nobody@godark.example", PASSWORD),
        (barred.email, PASSWORD),
    ):
        hashes.clear()
        answer = post(Client(), LOGIN, {"email": email, "password": password})
        seen.add((answer.status_code, answer.content, len(hashes)))
    assert len(seen) == 1
    assert seen.pop()[0] == 401


def test_five_failures_lock_the_door_and_say_for_how_long() -> None:
    user = UserFactory.create()
    wrong = {"email": user.email, "password": "Wrong-Horse-7"}
    statuses = [post(Client(), LOGIN, wrong).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    locked = post(Client(), LOGIN, {"email": user.email, "password": PASSWORD})
    assert (locked.status_code, locked.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert locked.headers["Retry-After"] == "900"
    assert not TokenFamily.objects.exists()


def test_a_second_factor_is_asked_for_and_serves_once(client: Client) -> None:
    user = UserFactory.create()
    authenticator_of(user)
    given = {"email": user.email, "password": PASSWORD}
    missing = post(client, LOGIN, given)
    assert (missing.status_code, missing.json()["code"]) == (401, "TWO_FACTOR_REQUIRED")
    code = code_of(user)
    assert post(client, LOGIN, given | {"otp": f"{code[:3]} {code[3:]}"}).status_code == 200
    again = post(Client(), LOGIN, given | {"otp": code})
    assert (again.status_code, again.json()["code"]) == (401, "AUTHENTICATION_FAILED")


def test_a_second_factor_is_not_asked_for_with_a_wrong_password(client: Client) -> None:
    user = UserFactory.create()
    authenticator_of(user)
    answer = post(client, LOGIN, {"email": user.email, "password": "Wrong-Horse-7"})
    assert answer.json()["code"] == "AUTHENTICATION_FAILED"


def test_log_in_by_rest_does_not_open_the_back_office(client: Client) -> None:
    staff = UserFactory.create(is_staff=True)
    authenticator_of(staff)
    given = {"email": staff.email, "password": PASSWORD, "otp": code_of(staff)}
    assert post(client, LOGIN, given).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_log_in_sets_a_browsers_cookies_which_read_and_need_csrf_to_write() -> None:
    browser = Client(enforce_csrf_checks=True)
    user = UserFactory.create()
    tokens_of(user, client=browser)
    session = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert browser.get(KEYS).status_code == 200
    refused = post(browser, LOGOUT_ALL)
    assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_DENIED")
    csrf = browser.cookies["csrftoken"].value
    assert post(browser, LOGOUT_ALL, **{"X-CSRFToken": csrf}).status_code == 204
    assert browser.get(KEYS).status_code == 401


@pytest.mark.parametrize("path", [REGISTER, LOGIN, REFRESH])
def test_a_form_of_a_foreign_page_is_no_log_in(client: Client, path: str) -> None:
    user = UserFactory.create()
    answer = client.post(path, {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 415
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_a_refresh_token_serves_once_and_its_reuse_ends_the_family(client: Client) -> None:
    user = UserFactory.create()
    first = tokens_of(user, client=client)
    second = post(Client(), REFRESH, {"refresh_token": first["refresh_token"]}).json()
    assert is_let_in(second)
    stolen = post(Client(), REFRESH, {"refresh_token": first["refresh_token"]})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "AUTHENTICATION_FAILED")
    assert post(Client(), REFRESH, {"refresh_token": second["refresh_token"]}).status_code == 401
    assert not is_let_in(second)
    assert client.get(KEYS).status_code == 401
    assert TokenFamily.objects.get().ended_because == "REUSED"
    assert AccountActivity.objects.filter(user=user, kind="TOKEN_REUSED").count() == 1


def test_refresh_tokens_are_kept_as_digests_only() -> None:
    tokens = tokens_of(UserFactory.create())
    kept = RefreshToken.objects.get()
    assert tokens["refresh_token"].encode() not in bytes(kept.digest)
    assert len(bytes(kept.digest)) == 32
    assert kept.expires_at - kept.issued_at == timedelta(days=7)


@pytest.mark.parametrize("spoil", ["expire", "bar"])
def test_a_refresh_token_ends_with_its_time_and_with_its_owner(spoil: str) -> None:
    user = UserFactory.create()
    tokens = tokens_of(user)
    if spoil == "expire":
        now = timezone.now()
        RefreshToken.objects.update(issued_at=now - timedelta(days=8), expires_at=now)
    else:
        User.objects.update(is_active=False)
        assert not is_let_in(tokens)
    answer = post(Client(), REFRESH, {"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["", "x", "\u2603" * 100, "x" * 10_000, 5, None, ["x"], {}])
def test_nonsense_is_no_refresh_token(client: Client, token: Any) -> None:
    answer = post(client, REFRESH, {"refresh_token": token})
    assert answer.status_code in {400, 401}
    assert answer.json()["code"] in {"VALIDATION_ERROR", "AUTHENTICATION_FAILED"}


@pytest.mark.parametrize("by", ["refresh", "access", "cookie"])
def test_a_log_out_ends_tokens_and_cookies_of_that_log_in_and_no_other(by: str) -> None:
    user, browser = UserFactory.create(), Client()
    tokens, other = tokens_of(user, client=browser), tokens_of(user)
    if by == "cookie":
        assert post(browser, LOGOUT).status_code == 204
    elif by == "access":
        assert post(Client(), LOGOUT, **bearer(tokens)).status_code == 204
    else:
        body = {"refresh_token": tokens["refresh_token"]}
        assert post(Client(), LOGOUT, body, Authorization="Bearer expired").status_code == 204
    assert not is_let_in(tokens)
    assert browser.get(KEYS).status_code == 401
    assert post(Client(), REFRESH, {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert is_let_in(other)


def test_the_log_out_page_ends_the_tokens_of_the_same_log_in() -> None:
    browser = Client()
    tokens = tokens_of(UserFactory.create(), client=browser)
    browser.post("/logout")
    assert not is_let_in(tokens)


def test_nobody_is_logged_out_by_nothing(client: Client) -> None:
    assert post(client, LOGOUT).status_code == 401
    assert post(client, LOGOUT, {"refresh_token": "unknown"}).status_code == 401
    assert post(client, LOGOUT_ALL).status_code == 401


def test_log_out_everywhere_ends_every_log_in_of_that_person_only() -> None:
    user, other = UserFactory.create(), tokens_of(UserFactory.create())
    browser, page = Client(), Client()
    first, second = tokens_of(user, client=browser), tokens_of(user)
    page.post("/login", {"email": user.email, "password": PASSWORD})
    assert post(Client(), LOGOUT_ALL, **bearer(first)).status_code == 204
    assert not is_let_in(first)
    assert not is_let_in(second)
    assert browser.get(KEYS).status_code == page.get(KEYS).status_code == 401
    assert is_let_in(other)


def test_an_access_token_must_be_ours_whole_and_fresh() -> None:
    user = UserFactory.create()
    good = tokens_of(user)["access_token"]
    family = TokenFamily.objects.get()
    head, body, signature = good.split(".")
    old = access_token(
        user_id=user.pk, family_id=family.pk, now=timezone.now() - timedelta(minutes=16)
    )
    other = access_token(user_id=UserFactory.create().pk, family_id=family.pk, now=timezone.now())
    kid = jwt.get_unverified_header(good)["kid"]
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": kid})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": kid})
    spoilt = [
        old,
        other,
        forged,
        unsigned,
        f"{head}.{body}",
        f"{head}.{body}.{signature}x",
        "",
        "a.b.c",
    ]
    for token in [*spoilt, "\u2603", "x" * 8000]:
        answer = Client().get(KEYS, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILED")
    assert Client().get(KEYS, headers={"Authorization": f"bearer {good}"}).status_code == 200


def test_an_earlier_secret_key_still_opens_and_a_dropped_one_does_not(settings: Settings) -> None:
    tokens = tokens_of(UserFactory.create())
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another-secret-key-of-the-site-that-is-long-enough-indeed"
    assert not is_let_in(tokens)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert is_let_in(tokens)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_renewals_at_once_one_wins_and_the_family_ends() -> None:
    tokens = tokens_of(UserFactory.create())

    def renew(_: int) -> int:
        try:
            answer = post(Client(), REFRESH, {"refresh_token": tokens["refresh_token"]})
            return int(answer.status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(renew, range(8)))
    assert statuses == [200, *[401] * 7]
    assert TokenFamily.objects.get().ended_because == "REUSED"
    assert RefreshToken.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_process_that_remembers_forgets_within_five_seconds() -> None:
    tokens = tokens_of(UserFactory.create())
    assert is_let_in(tokens)
    TokenFamily.objects.update(ended_at=timezone.now(), ended_because="LOGGED_OUT")
    began = time.monotonic()
    asked = began
    while Client().get(KEYS, headers=bearer(tokens)).status_code == 200:
        assert asked - began < 5.0  # the request itself may be slow, and is not what is promised
        time.sleep(0.2)
        asked = time.monotonic()


def test_log_ins_that_ended_long_ago_are_trimmed_and_no_others() -> None:
    user = UserFactory.create()
    tokens_of(user)
    old = TokenFamily.objects.get()
    kept = tokens_of(user)
    ago = timezone.now() - timedelta(days=40)
    TokenFamily.objects.filter(pk=old.pk).update(started_at=ago)
    RefreshToken.objects.filter(family=old).update(
        issued_at=ago, expires_at=ago + timedelta(days=7)
    )
    trim_log_ins()
    assert not TokenFamily.objects.filter(pk=old.pk).exists()
    assert is_let_in(kept)
