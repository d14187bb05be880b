from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def sign_up(client: Client, **typed: str) -> Any:
    given = {
        "email": "new@godark.example",
        "password": PASSWORD,
        "confirm_password": typed.get("password", PASSWORD),
        "agreed_to_terms": "on",
    }
    return client.post("/signup", given | typed)


def test_a_person_signs_up_and_logs_in(client: Client) -> None:
    assert client.get("/signup").status_code == 200
    assert sign_up(client).headers["Location"] == "/login"
    answer = client.post("/login", {"email": "new@godark.example", "password": PASSWORD})
    assert answer.status_code == 302
    user = User.objects.get(email="new@godark.example")
    assert not user.is_staff
    assert user.password.startswith("argon2")


def test_sign_up_of_a_taken_email_gets_the_same_answer_and_changes_nothing() -> None:
    taken = UserFactory.create()
    before = taken.password
    free, used = (sign_up(Client(), email=email) for email in ("free@godark.example", taken.email))
    assert (free.status_code, free.headers["Location"]) == (
        used.status_code,
        used.headers["Location"],
    )
    pages = [answer.client.get("/login").content for answer in (free, used)]
    assert b"has one now" in pages[0]
    assert without_tokens(pages[0]) == without_tokens(pages[1])
    taken.refresh_from_db()
    assert taken.password == before


def test_sign_up_of_a_taken_email_does_the_same_work(hashes: list[str]) -> None:
    taken = UserFactory.create()
    seen = []
    for email in ("free@godark.example", taken.email):
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            sign_up(Client(), email=email)
        on_people = [query["sql"][:40] for query in queries if "accounts_user" in query["sql"]]
        seen.append((list(hashes), on_people))
    assert seen[0] == seen[1]
    assert seen[0][0] == ["encode"]


def test_every_broken_rule_stands_beside_the_password_at_once(client: Client) -> None:
    errors = sign_up(client, password="pass").context["form"].errors
    assert set(errors) == {"password"}
    text = " ".join(errors["password"])
    for part in ("at least 8", "upper-case", "a digit", "special", "too common"):
        assert part in text


def test_errors_of_all_fields_are_told_at_once(client: Client) -> None:
    answer = client.post("/signup", {"email": "nobody", "password": "x", "confirm_password": "y"})
    assert set(answer.context["form"].errors) == {
        "email",
        "password",
        "confirm_password",
        "agreed_to_terms",
    }
    assert b'aria-invalid="true"' in answer.content


@pytest.mark.parametrize(
    "password", ["Sh0rt!!", "alllower-case7", "ALLUPPER-CASE7", "No-digits-here", "NoSpecial77"]
)
def test_a_password_must_keep_every_rule(client: Client, password: str) -> None:
    assert "password" in sign_up(client, password=password).context["form"].errors


def test_a_password_made_of_the_email_is_refused(client: Client) -> None:
    answer = sign_up(client, email="jonathan7@godark.example", password="Jonathan7@godark")
    assert "similar" in str(answer.context["form"].errors["password"])


def test_capitals_in_an_email_make_no_second_person(client: Client) -> None:
    sign_up(client, email="Case@GoDark.Example")
    sign_up(Client(), email="case@godark.example")
    assert [user.email for user in User.objects.all()] == ["case@godark.example"]


@pytest.mark.parametrize(
    "email",
    [
        "\u212aelvin@godark.example",
        "jos\u00e9@godark.example",
        "a@godark\u0131.example",
        "a@\u0431.example",
    ],
)
def test_an_email_beyond_ascii_is_refused(client: Client, email: str) -> None:
    assert "email" in sign_up(client, email=email).context["form"].errors
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["Upper@godark.example", "jos\u00e9@godark.example", "nothing"])
def test_the_database_refuses_an_email_that_is_not_normalized(email: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=email)])


@pytest.mark.parametrize("field", ["email", "password", "confirm_password"])
def test_a_null_byte_is_an_error_beside_the_field(client: Client, field: str) -> None:
    answer = sign_up(client, **{field: "a\x00B-1@godark.example"})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors


def test_a_megabyte_of_password_is_refused_before_any_hash(
    client: Client, hashes: list[str]
) -> None:
    answer = sign_up(client, password="Aa1-" * 240_000)
    assert "password" in answer.context["form"].errors
    assert hashes == []


def test_sign_up_needs_the_csrf_token() -> None:
    assert sign_up(Client(enforce_csrf_checks=True)).status_code == 403
    assert not User.objects.exists()


def test_whoever_is_logged_in_is_led_home(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.get("/signup").status_code == 302


def without_tokens(page: bytes) -> list[bytes]:
    """Return a page's lines without the ones that carry a CSRF token."""
    return [line for line in page.splitlines() if b"csrfmiddlewaretoken" not in line]
