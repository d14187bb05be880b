from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import SecondFactor, StaffAction, User
from tests.accounts.factories import UserFactory, code_of, enter_back_office

pytestmark = pytest.mark.django_db
EMAIL = "new@godark.example"


def enroll(*words: str) -> str:
    out = StringIO()
    call_command("enroll_staff", *words, stdout=out)
    return out.getvalue()


def typing(monkeypatch: pytest.MonkeyPatch, codes: Iterator[Any]) -> None:
    monkeypatch.setattr("builtins.input", lambda _: next(codes)())


def right() -> str:
    return code_of(User.objects.get(email=EMAIL))


def wrong() -> str:
    return "000000"


def test_the_console_enrolls_somebody_who_then_enters(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, iter([right]))
    printed = enroll(EMAIL, "--role", "risk", "--role", "treasury")
    user = User.objects.get(email=EMAIL)
    assert set(user.groups.values_list("name", flat=True)) == {"risk", "treasury"}
    device = SecondFactor.objects.get(user=user)
    assert printed.count(device.config_url) == 1
    assert "\u2588" in printed
    password = printed.split("this once: ")[1].split("\n")[0]
    client = Client()
    enter_back_office(client, user, password=password, code=code_of(user, steps_ahead=1))
    assert client.get("/admin/").status_code == 200
    actions = StaffAction.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["enroll", "confirm_second_factor", "log_in"]


def test_a_second_enrollment_changes_the_roles_and_shows_no_secret() -> None:
    enroll(EMAIL, "--role", "risk", "--trust-device")
    before = SecondFactor.objects.get()
    printed = enroll(EMAIL, "--role", "auditor")
    assert "otpauth" not in printed
    assert "Password" not in printed
    assert SecondFactor.objects.get().bin_key == before.bin_key
    assert [group.name for group in User.objects.get().groups.all()] == ["auditor"]


def test_a_lost_device_is_replaced_by_a_new_secret() -> None:
    enroll(EMAIL, "--role", "risk", "--trust-device")
    before = SecondFactor.objects.get().bin_key
    printed = enroll(EMAIL, "--role", "risk", "--new-device", "--trust-device")
    assert "otpauth" in printed
    assert SecondFactor.objects.get().bin_key != before


def test_a_device_without_a_right_code_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, iter([wrong] * 5))
    with pytest.raises(CommandError, match="not confirmed"):
        enroll(EMAIL, "--role", "risk")
    assert not SecondFactor.objects.get().confirmed


def test_the_console_without_a_keyboard_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    with pytest.raises(CommandError, match="not confirmed"):
        enroll(EMAIL, "--role", "risk")
    assert not SecondFactor.objects.get().confirmed


def test_a_trader_may_become_staff_and_keeps_the_password() -> None:
    trader = UserFactory.create(email=EMAIL)
    assert "Password" not in enroll("New@GoDark.example", "--role", "support", "--trust-device")
    assert User.objects.get().password == trader.password
    assert User.objects.get().is_staff


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody", "--role", "risk"), "valid email"),
        (("jos\u00e9@godark.example", "--role", "risk"), "accents"),
        ((EMAIL, "--role", "auditor", "--role", "risk"), "no other role"),
        ((EMAIL, "--role", "emperor"), "invalid choice"),
        ((EMAIL,), "--role"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        enroll(*words)
    assert not User.objects.exists()
