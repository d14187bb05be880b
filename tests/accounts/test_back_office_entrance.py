from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.core.management import call_command
from django.test import Client

from accounts.guessing import STAFFS_DOOR
from accounts.models import SecondFactor, User
from accounts.roles import Role
from accounts.services.sessions import STAFF_SESSION_SECONDS
from tests.accounts.factories import (
    PASSWORD,
    UserFactory,
    authenticator_of,
    code_of,
    enter_back_office,
    staff_client,
    staff_member,
)
from tests.accounts.test_sign_up import without_tokens

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def risk_officer() -> User:
    return staff_member(Role.RISK)


def is_inside(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def test_the_door_asks_for_email_password_and_code_in_one_go(client: Client) -> None:
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert list(page.context["form"].fields) == ["email", "password", "code"]


def test_a_member_of_staff_enters_with_all_three(client: Client, risk_officer: User) -> None:
    answer = enter_back_office(client, risk_officer)
    assert answer.headers["Location"] == "/admin/"
    assert is_inside(client)
    assert client.session.get_expiry_age() == STAFF_SESSION_SECONDS


def test_a_code_may_be_typed_with_a_space(client: Client, risk_officer: User) -> None:
    code = code_of(risk_officer)
    enter_back_office(client, risk_officer, code=f"{code[:3]} {code[3:]}")
    assert is_inside(client)


def test_a_code_serves_once(risk_officer: User) -> None:
    code = code_of(risk_officer)
    first, second = Client(), Client()
    enter_back_office(first, risk_officer, code=code)
    enter_back_office(second, risk_officer, code=code)
    assert (is_inside(first), is_inside(second)) == (True, False)


def test_an_older_code_is_refused_after_a_newer_one(risk_officer: User) -> None:
    older, newer = code_of(risk_officer, steps_ahead=-1), code_of(risk_officer)
    enter_back_office(Client(), risk_officer, code=newer)
    client = Client()
    enter_back_office(client, risk_officer, code=older)
    assert not is_inside(client)


def test_guessed_codes_make_the_device_wait(risk_officer: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            enter_back_office(Client(), risk_officer, code="000000")
            clock.shift(timedelta(seconds=20))
        clock.shift(timedelta(seconds=-19))
        client = Client()
        enter_back_office(client, risk_officer)
        assert not is_inside(client)


def test_without_a_device_nobody_enters(client: Client) -> None:
    user = staff_member(Role.SUPERADMIN)
    code = code_of(user)
    SecondFactor.objects.all().delete()
    enter_back_office(client, user, code=code)
    assert not is_inside(client)


def test_an_unconfirmed_device_opens_nothing(client: Client) -> None:
    user = staff_member(Role.SUPERADMIN)
    SecondFactor.objects.update(confirmed=False)
    enter_back_office(client, user)
    assert SESSION_KEY not in client.session
    assert not is_inside(client)


def test_somebody_elses_code_opens_nothing(client: Client, risk_officer: User) -> None:
    other = staff_member(Role.RISK)
    enter_back_office(client, risk_officer, code=code_of(other))
    assert not is_inside(client)


def test_a_trader_never_enters_even_with_a_device(client: Client) -> None:
    trader = UserFactory.create()
    authenticator_of(trader)
    enter_back_office(client, trader)
    assert SESSION_KEY not in client.session
    assert not is_inside(staff_client(trader))


def test_the_traders_door_does_not_open_the_back_office(client: Client, risk_officer: User) -> None:
    client.post("/login", {"email": risk_officer.email, "password": PASSWORD})
    assert SESSION_KEY in client.session
    assert not is_inside(client)


def test_the_second_factor_rotates_the_session(client: Client, risk_officer: User) -> None:
    client.post("/login", {"email": risk_officer.email, "password": PASSWORD})
    before = client.session.session_key
    enter_back_office(client, risk_officer)
    assert is_inside(client)
    assert client.session.session_key != before


def test_nothing_tells_which_of_the_three_was_wrong(risk_officer: User) -> None:
    trader = UserFactory.create()
    authenticator_of(trader)
    nobody = User(email="nobody@godark.example")
    answers = [
        enter_back_office(Client(), risk_officer, password="Wrong-Horse-7"),
        enter_back_office(Client(), risk_officer, code="000000"),
        enter_back_office(Client(), trader),
        enter_back_office(Client(), nobody, code="000000"),
    ]
    pages = [
        [
            line
            for line in without_tokens(answer.content)
            if b'name="email"' not in line and b'name="code"' not in line
        ]
        for answer in answers
    ]
    assert pages[0] == pages[1] == pages[2] == pages[3]


def test_an_unknown_person_costs_one_hash_at_the_staffs_door_too(
    risk_officer: User, hashes: list[str]
) -> None:
    enter_back_office(Client(), User(email="nobody@godark.example"), code="000000")
    assert len(hashes) == 1


@pytest.mark.parametrize("wrong", [{"password": "Wrong-Horse-7"}, {"code": "000000"}])
def test_failures_lock_an_account_at_their_address_and_nowhere_else(
    risk_officer: User, wrong: dict[str, str]
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(5):
            enter_back_office(Client(), risk_officer, **wrong)
        clock.shift(timedelta(minutes=2))  # guessed codes have made the device wait
        answer = enter_back_office(Client(), risk_officer)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        elsewhere = Client(REMOTE_ADDR="192.0.2.99")
        assert enter_back_office(elsewhere, risk_officer).status_code == 302


def test_strangers_lock_no_member_of_staff_out(risk_officer: User) -> None:
    for number in range(40):
        stranger = Client(REMOTE_ADDR=f"198.51.100.{number % 8}")
        enter_back_office(stranger, risk_officer, password=f"Wrong-Horse-{number}")
    assert enter_back_office(Client(), risk_officer).status_code == 302


def test_twenty_failures_lock_an_address_whatever_the_account(risk_officer: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(20):
            nobody = User(email=f"nobody{number}@godark.example")
            answer = enter_back_office(Client(), nobody, code="000000")
            assert answer.status_code == (429 if number == 19 else 200)
        assert enter_back_office(Client(), risk_officer).status_code == 429
        elsewhere = Client(REMOTE_ADDR="192.0.2.1")
        assert enter_back_office(elsewhere, risk_officer).status_code == 302
        clock.shift(timedelta(minutes=15, seconds=1))
        assert enter_back_office(Client(), risk_officer).status_code == 302


def test_whoever_came_in_from_there_before_comes_in_past_the_strangers(risk_officer: User) -> None:
    assert enter_back_office(Client(), risk_officer).status_code == 302
    for number in range(20):
        nobody = User(email=f"nobody{number}@godark.example")
        enter_back_office(Client(), nobody, code="000000")
    newcomer = staff_member(Role.RISK)
    assert enter_back_office(Client(), newcomer).status_code == 429
    later = code_of(risk_officer, steps_ahead=1)
    assert enter_back_office(Client(), risk_officer, code=later).status_code == 302


def test_five_failures_of_one_lock_no_other_member_of_staff(risk_officer: User) -> None:
    for _ in range(6):
        enter_back_office(Client(), User(email="nobody@godark.example"), code="000000")
    assert enter_back_office(Client(), risk_officer).status_code == 302


def test_neither_door_counts_for_the_other(risk_officer: User) -> None:
    typed = {"email": risk_officer.email, "password": "Wrong-Horse-7"}
    for _ in range(6):
        answer = Client().post("/login", typed)
    assert answer.status_code == 429
    assert enter_back_office(Client(), risk_officer).status_code == 302
    for _ in range(6):
        answer = enter_back_office(Client(), risk_officer, password="Wrong-Horse-7")
    assert answer.status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.1")
    right = {"email": risk_officer.email, "password": PASSWORD}
    assert elsewhere.post("/login", right).status_code == 302


def test_the_console_opens_a_locked_account(risk_officer: User) -> None:
    for _ in range(5):
        enter_back_office(Client(), risk_officer, password="Wrong-Horse-7")
    assert enter_back_office(Client(), risk_officer).status_code == 429
    call_command("axes_reset_username", f"{STAFFS_DOOR}{risk_officer.email}")
    assert enter_back_office(Client(), risk_officer).status_code == 302


def test_entering_clears_the_count(risk_officer: User) -> None:
    for turn in range(2):
        for _ in range(4):
            enter_back_office(Client(), risk_officer, password="Wrong-Horse-7")
        answer = enter_back_office(
            Client(), risk_officer, code=code_of(risk_officer, steps_ahead=turn)
        )
        assert answer.status_code == 302


def test_whoever_stops_being_staff_is_outside_at_once(risk_officer: User) -> None:
    client = staff_client(risk_officer)
    assert is_inside(client)
    User.objects.filter(pk=risk_officer.pk).update(is_staff=False)
    assert not is_inside(client)


def test_whose_device_is_reset_is_outside_at_once(risk_officer: User) -> None:
    client = staff_client(risk_officer)
    SecondFactor.objects.all().delete()
    assert not is_inside(client)


def test_the_staffs_door_needs_the_csrf_token(risk_officer: User) -> None:
    assert enter_back_office(Client(enforce_csrf_checks=True), risk_officer).status_code == 403


def test_the_staffs_door_leads_to_no_other_site(client: Client, risk_officer: User) -> None:
    typed = {"email": risk_officer.email, "password": PASSWORD, "code": code_of(risk_officer)}
    answer = client.post("/admin/login/?next=//evil.example", typed)
    assert answer.headers["Location"] == "/admin/"


def test_whoever_is_inside_is_led_past_the_door(risk_officer: User) -> None:
    assert staff_client(risk_officer).get("/admin/login/").headers["Location"] == "/admin/"


def test_log_out_leads_back_to_the_door(risk_officer: User) -> None:
    client = staff_client(risk_officer)
    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").headers["Location"] == "/admin/login/"
    assert not is_inside(client)
