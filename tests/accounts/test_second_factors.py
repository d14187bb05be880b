"""The secrets of authenticators: sealed at rest, movable to a new key, and moved from the clear."""

import importlib
import time
from base64 import b32encode

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django_otp.oath import TOTP
from pytest_django import Settings

from accounts.models import SecondFactor, User
from accounts.secrets_at_rest import UnsealError
from tests.accounts.factories import UserFactory, authenticator_of, code_of

pytestmark = pytest.mark.django_db
SECRET = bytes(range(20))
OLD_TABLE = """
CREATE TEMP TABLE otp_totp_totpdevice (
    id serial PRIMARY KEY, user_id uuid NOT NULL,
    name varchar(64) NOT NULL, confirmed boolean NOT NULL, key varchar(80) NOT NULL,
    step smallint NOT NULL DEFAULT 30, t0 bigint NOT NULL DEFAULT 0,
    digits smallint NOT NULL DEFAULT 6, tolerance smallint NOT NULL DEFAULT 1,
    drift smallint NOT NULL, last_t bigint NOT NULL,
    throttling_failure_timestamp timestamptz, throttling_failure_count integer NOT NULL,
    created_at timestamptz, last_used_at timestamptz)
"""


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


def everything_stored() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM accounts_secondfactor t")
        return str(cursor.fetchone()).encode()


def code_at(secret: bytes, *, steps: int = 0) -> str:
    totp = TOTP(secret)
    totp.time = time.time() + steps * 30
    return f"{totp.token():06d}"


def test_the_database_holds_no_secret_of_an_authenticator(trader: User) -> None:
    device = authenticator_of(trader)
    stored = everything_stored()
    for written in (device.bin_key.hex().encode(), b32encode(device.bin_key), device.bin_key):
        assert written not in stored
    assert len(device.bin_key) == 20


def test_a_secret_put_into_anothers_row_opens_nothing(trader: User) -> None:
    theirs = authenticator_of(UserFactory.create())
    mine = authenticator_of(trader)
    SecondFactor.objects.filter(pk=mine.pk).update(key_sealed=theirs.key_sealed)
    with pytest.raises(UnsealError):
        SecondFactor.objects.get(pk=mine.pk).verify_token("123456")


def test_a_row_without_a_secret_is_refused(trader: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondFactor.objects.create(user=trader, name="phone", key_sealed=b"")


def test_a_code_serves_once_and_guesses_wait(trader: User) -> None:
    device, code = authenticator_of(trader), code_of(trader)
    assert device.verify_token(code)
    assert not device.verify_token(code)
    assert device.throttling_failure_count == 1
    assert not device.verify_token(code_of(trader, steps_ahead=1))  # right, but too soon


@pytest.mark.parametrize(
    "code", ["", "x", "\u0663\u0663\u0663\u0663\u0663\u0663", "-1", "1e5", None]
)
def test_what_is_no_code_is_a_wrong_one(trader: User, code: str | None) -> None:
    assert not authenticator_of(trader).verify_token(code)


def test_a_new_key_takes_the_secrets_over(trader: User, settings: Settings) -> None:
    secret = authenticator_of(trader).bin_key
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    call_command("reencrypt_secrets", verbosity=0)
    settings.FIELD_KEYS = [new]
    assert SecondFactor.objects.get(user=trader).bin_key == secret


def test_secrets_that_lay_in_the_clear_are_sealed_and_their_table_is_dropped(trader: User) -> None:
    migration = importlib.import_module("accounts.migrations.0010_second_factors")
    with connection.cursor() as cursor:
        cursor.execute(OLD_TABLE)
        cursor.execute(
            "INSERT INTO otp_totp_totpdevice (user_id, name, confirmed, key, drift, last_t,"
            " throttling_failure_count) VALUES (%s, 'phone', true, %s, 1, 7, 2)",
            [trader.pk, SECRET.hex()],
        )
    with connection.schema_editor() as editor:
        migration.move_secrets(apps, editor)
        migration.move_secrets(apps, editor)  # nothing is left: nothing happens
    device = SecondFactor.objects.get()
    assert (device.user, device.bin_key, device.confirmed) == (trader, SECRET, True)
    assert (device.drift, device.last_t, device.throttling_failure_count) == (1, 7, 2)
    assert device.verify_token(code_at(SECRET, steps=1))
    assert "otp_totp_totpdevice" not in connection.introspection.table_names()
    assert "django_otp.plugins.otp_totp" not in list(settings.INSTALLED_APPS)
