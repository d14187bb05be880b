import hmac
import json
import stat
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiKey, SecondFactor, StaffAction, User
from accounts.short_memory import ShortMemory
from tests.accounts.factories import code_of, enter_back_office

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8123"


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.IN_DEVELOPMENT = True
    settings.VAR_DIR = tmp_path / "var"
    return tmp_path / "var" / "demo.json"


def prepare() -> None:
    call_command("prepare_demonstration", "--base-url", URL)


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def test_the_file_holds_two_staff_and_two_traders_for_its_owner_only(file: Path) -> None:
    prepare()
    content = read(file)
    assert content["base_url"] == URL
    assert [sorted(one) for one in content["staff"]] == [["email", "password", "totp_secret"]] * 2
    keys = ["account_id", "api_key", "email", "passphrase", "password", "secret", "tier"]
    assert [sorted(one) for one in content["traders"]] == [keys] * 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["demo.json"]


def test_everybody_in_the_file_can_log_in(file: Path) -> None:
    prepare()
    for one in read(file)["staff"]:
        client = Client()
        user = User.objects.get(email=one["email"])
        enter_back_office(client, user, password=one["password"])
        assert client.get("/admin/").status_code == 200
        assert [group.name for group in user.groups.all()] == ["superadmin"]
        assert one["totp_secret"] in SecondFactor.objects.get(user=user).config_url
    for one in read(file)["traders"]:
        typed = {"email": one["email"], "password": one["password"]}
        assert Client().post("/login", typed).status_code == 302


def test_every_trader_in_the_file_signs_at_once_and_has_the_limits_that_it_says(file: Path) -> None:
    prepare()
    for one in read(file)["traders"]:
        answer = signed(one)
        assert answer.status_code == 200
        assert (answer.json()["id"], answer.json()["tier"]) == (one["account_id"], one["tier"])
        assert answer.json()["permissions"] == ["READ", "TRADE", "WITHDRAW"]


def signed(trader: dict[str, str]) -> Any:
    """Return the account as a trader of the file sees it, by what the file holds alone."""
    stamp = str(time.time_ns() // 1_000_000)
    message = f"{stamp}GET/api/v1/account".encode()
    return Client().get(
        "/api/v1/account",
        headers={
            "GD-API-KEY": trader["api_key"],
            "GD-TIMESTAMP": stamp,
            "GD-SIGNATURE": hmac.new(trader["secret"].encode(), message, "sha256").hexdigest(),
            "GD-PASSPHRASE": trader["passphrase"],
        },
    )


def test_a_key_that_does_not_fit_any_more_is_replaced(file: Path, settings: Any) -> None:
    prepare()
    before = read(file)["traders"]
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    ShortMemory.everyone[0].clear()
    prepare()
    after = read(file)["traders"]
    assert {one["api_key"] for one in before}.isdisjoint(one["api_key"] for one in after)
    assert [signed(one).status_code for one in after] == [200, 200]
    assert ApiKey.objects.filter(deleted_at__isnull=True).count() == 2


def test_more_traders_are_made_for_benches(settings: Any) -> None:
    out = StringIO()
    call_command("make_traders", "3", "--tier", "LOAD", stdout=out)
    made = json.loads(out.getvalue())["traders"]
    assert len({one["account_id"] for one in made}) == 3
    shown = signed(made[1]).json()
    assert (shown["tier"], shown["limits"]["requests"]) == ("LOAD", None)
    typed = {"email": made[2]["email"], "password": made[2]["password"]}
    assert Client().post("/login", typed).status_code == 302
    settings.IN_PRODUCTION = True
    with pytest.raises(CommandError, match="development only"):
        call_command("make_traders", "1")
    for number in ("0", "-1", "10001"):
        settings.IN_PRODUCTION = False
        with pytest.raises(CommandError):
            call_command("make_traders", "--", number)


def test_a_second_run_changes_nothing(file: Path) -> None:
    prepare()
    before = (file.read_text(), list(User.objects.order_by("pk").values()))
    devices = list(SecondFactor.objects.order_by("pk").values())
    prepare()
    assert before == (file.read_text(), list(User.objects.order_by("pk").values()))
    assert devices == list(SecondFactor.objects.order_by("pk").values())
    assert StaffAction.objects.filter(action="enroll").count() == 2


def test_what_is_broken_is_repaired_with_the_same_secrets(file: Path) -> None:
    prepare()
    before = file.read_text()
    ada, alice = (read(file)[kind][0] for kind in ("staff", "traders"))
    User.objects.filter(email=ada["email"]).update(is_staff=False)
    User.objects.filter(email=alice["email"]).update(password="", is_active=False)
    SecondFactor.objects.filter(user__email=ada["email"]).update(key_sealed=b"x", confirmed=False)
    prepare()
    assert file.read_text() == before
    client = Client()
    enter_back_office(client, User.objects.get(email=ada["email"]), password=ada["password"])
    assert client.get("/admin/").status_code == 200
    assert User.objects.get(email=alice["email"]).check_password(alice["password"])


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[1]", '{"staff": 7}', '{"staff": [{"email": "ada@godark.example"}]}'],
)
def test_a_broken_file_is_written_anew(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    prepare()
    assert len(read(file)["staff"]) == 2
    assert all(one["totp_secret"] for one in read(file)["staff"])


def test_a_secret_that_is_none_is_replaced(file: Path) -> None:
    prepare()
    content = read(file)
    content["staff"][0]["totp_secret"] = "!!"
    file.write_text(json.dumps(content))
    prepare()
    assert code_of(User.objects.get(email=content["staff"][0]["email"])).isdigit()
    assert read(file)["staff"][0]["totp_secret"] != "!!"


def test_a_machine_that_lost_its_database_gets_the_same_people(file: Path) -> None:
    prepare()
    before = read(file)
    SecondFactor.objects.all().delete()
    User.objects.filter(is_staff=False).delete()
    prepare()
    after = read(file)
    assert after["staff"] == before["staff"]
    assert [one["password"] for one in after["traders"]] == [
        one["password"] for one in before["traders"]
    ]
    assert [signed(one).status_code for one in after["traders"]] == [200, 200]
    assert User.objects.count() == 4


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare()
    before = file.read_text()
    monkeypatch.setattr("json.dump", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare()
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == ["demo.json"]


def test_outside_of_development_it_refuses(file: Path, settings: Any) -> None:
    settings.IN_DEVELOPMENT = False
    with pytest.raises(CommandError, match="development only"):
        prepare()
    assert not file.exists()
    assert not User.objects.exists()
