import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccountActivity, ApiKey, Permission, User
from accounts.secrets_at_rest import UnsealError, seal, unseal
from accounts.services.api_keys import find_known_key, known_keys
from accounts.short_memory import ShortMemory
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.signing import (
    PASSPHRASE,
    PUBLIC_KEY,
    RAW_PUBLIC_KEY,
    Signer,
    as_base64,
    bearer,
    post,
    signer_of,
    tokens_of,
)

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api-keys"
NEW: dict[str, Any] = {"name": "maker", "permissions": ["READ", "TRADE"], "passphrase": PASSPHRASE}


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


@pytest.fixture
def person(trader: User) -> Client:
    """Return a client that shows the trader's access token."""
    return Client(headers=bearer(tokens_of(trader)))


def forget() -> None:
    for memory in ShortMemory.everyone:
        memory.clear()


def test_a_key_is_made_and_its_secret_is_shown_once(person: Client, trader: User) -> None:
    answer = post(person, KEYS, NEW | {"ip_allow_list": ["203.0.113.7", "2001:db8::/32"]})
    made = answer.json()
    assert answer.status_code == 201
    assert made["api_key"].startswith("gq_")
    assert len(made["api_key"]) == 35
    assert len(made["secret"]) == 64
    listed = person.get(KEYS).json()
    assert listed["next"] is None
    assert listed["results"] == [{k: v for k, v in made.items() if k != "secret"}]
    assert listed["results"][0]["ip_allow_list"] == ["203.0.113.7/32", "2001:db8::/32"]
    row = ApiKey.objects.get()
    for column in (row.secret_sealed, row.passphrase_sealed):
        kept = bytes(column or b"")
        assert made["secret"].encode() not in kept
        assert PASSPHRASE.encode() not in kept
    assert AccountActivity.objects.get(user=trader, kind="API_KEY_CREATED").detail == "maker"


def test_the_key_that_was_made_signs(person: Client, trader: User) -> None:
    made = post(person, KEYS, NEW).json()
    signer = Signer(ApiKey.objects.get(), made["secret"])
    assert signer.send("GET", KEYS).json()["code"] == "PERMISSION_DENIED"
    del trader


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": "READ"}, "permissions"),
        ({"permissions": ["READ", "READ"]}, "permissions"),
        ({"permissions": ["ADMIN"]}, "permissions.0"),
        ({"permissions": [{"READ": 1}]}, "permissions.0"),
        ({"permissions": [True]}, "permissions.0"),
        ({"passphrase": "short"}, "passphrase"),
        ({"passphrase": "x" * 129}, "passphrase"),
        ({"passphrase": "\u2603" * 10}, "passphrase"),
        ({"passphrase": " padded with spaces "}, "passphrase"),
        ({"passphrase": "line\nfeed-in-it"}, "passphrase"),
        ({"ip_allow_list": ["999.1.1.1"]}, "ip_allow_list.0"),
        ({"ip_allow_list": ["10.0.0.1/8"]}, "ip_allow_list.0"),
        ({"ip_allow_list": [167772161]}, "ip_allow_list.0"),
        ({"ip_allow_list": ["10.0.0.1"] * 21}, "ip_allow_list"),
        ({"ip_allow_list": "10.0.0.1"}, "ip_allow_list"),
        ({"expires_at": 1}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": 1.5}, "expires_at"),
        ({"expires_at": True}, "expires_at"),
        ({"expires_at": 10**30}, "expires_at"),
        ({"expires_at": -1}, "expires_at"),
        ({"kind": "RSA"}, "kind"),
        ({"kind": ["HMAC"]}, "kind"),
        ({"kind": "ED25519"}, "public_key"),
        ({"public_key": as_base64(RAW_PUBLIC_KEY)}, "public_key"),
        ({"kind": "ED25519", "public_key": as_base64(bytes(32))}, "public_key"),
        ({"kind": "ED25519", "public_key": as_base64(b"\x01" + bytes(31))}, "public_key"),
        ({"kind": "ED25519", "public_key": as_base64(bytes(31))}, "public_key"),
        ({"kind": "ED25519", "public_key": "-----BEGIN PUBLIC KEY-----\nx"}, "public_key"),
        ({"permision": ["READ"]}, "permision"),
    ],
)
def test_a_wrong_field_is_named_and_makes_no_key(
    person: Client, changed: dict[str, Any], field: str
) -> None:
    answer = post(person, KEYS, NEW | changed)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR"), answer.content
    assert answer.json()["field"] == field
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("as_pem", [True, False])
def test_an_ed25519_key_is_given_as_base64_or_pem_and_has_no_secret(
    person: Client,
    as_pem: bool,  # noqa: FBT001 - a case of the parametrization
) -> None:
    pem = PUBLIC_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    given = pem if as_pem else as_base64(RAW_PUBLIC_KEY)
    made = post(person, KEYS, NEW | {"kind": "ED25519", "public_key": given}).json()
    assert made["secret"] is None
    assert made["public_key"] == as_base64(RAW_PUBLIC_KEY)
    assert ApiKey.objects.get().secret_sealed is None


def test_a_sixth_key_is_refused_until_one_is_deleted(person: Client) -> None:
    ids = [post(person, KEYS, NEW).json()["id"] for _ in range(5)]
    sixth = post(person, KEYS, NEW)
    assert (sixth.status_code, sixth.json()["extra"]) == (400, {"maximum": 5})
    assert delete(person, ids[2]).status_code == 204
    assert post(person, KEYS, NEW).status_code == 201


def delete(client: Client, key_id: object, password: Any = PASSWORD) -> Any:
    return client.delete(
        f"{KEYS}/{key_id}", data={"password": password}, content_type="application/json"
    )


def test_what_is_not_given_stays_as_it_was(person: Client) -> None:
    later = (time.time_ns() // 1_000_000) + 3_600_000
    given = NEW | {"ip_allow_list": ["10.0.0.0/8"], "expires_at": later}
    made = post(person, KEYS, given).json()
    changed = person.put(
        f"{KEYS}/{made['id']}", data={"permissions": ["READ"]}, content_type="application/json"
    ).json()
    assert changed == {k: v for k, v in made.items() if k != "secret"} | {"permissions": ["READ"]}
    opened = person.put(
        f"{KEYS}/{made['id']}",
        data={"ip_allow_list": [], "expires_at": None, "name": "other"},
        content_type="application/json",
    ).json()
    assert (opened["ip_allow_list"], opened["expires_at"], opened["name"]) == ([], None, "other")


def test_deleting_takes_the_password_and_leaves_nothing_to_sign_with(
    person: Client, trader: User
) -> None:
    signer = signer_of(trader)
    assert signer.send("GET", "/api/v1/markets").status_code == 200
    refused = delete(person, signer.row.pk, "Wrong-Horse-7")
    assert (refused.status_code, refused.json()["field"]) == (403, "password")
    assert delete(person, signer.row.pk).status_code == 204
    forget()
    assert signer.send("GET", "/api/v1/markets").status_code == 401
    row = ApiKey.objects.get()
    assert (row.secret_sealed, row.passphrase_sealed) == (None, None)
    assert delete(person, signer.row.pk).status_code == 404
    assert person.get(KEYS).json()["results"] == []


def test_guesses_of_the_password_are_counted_and_locked(person: Client, trader: User) -> None:
    signer = signer_of(trader)
    statuses = [delete(person, signer.row.pk, f"Wrong-Horse-{n}").status_code for n in range(6)]
    assert statuses == [403, 403, 403, 403, 429, 429]
    assert delete(person, signer.row.pk).status_code == 429
    assert ApiKey.objects.get().deleted_at is None


@pytest.mark.parametrize("method", ["put", "delete"])
def test_somebody_elses_key_and_none_are_the_same(person: Client, method: str) -> None:
    other = signer_of(UserFactory.create())
    body = {"password": PASSWORD} if method == "delete" else {"name": "mine"}
    answers = [
        getattr(person, method)(f"{KEYS}/{key_id}", data=body, content_type="application/json")
        for key_id in (other.row.pk, "0c0f6a52-6f0c-4d4b-9d5e-3f5d2f1a7c11")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    other.row.refresh_from_db()
    assert (other.row.name, other.row.deleted_at) == ("test", None)


def test_an_api_key_opens_none_of_the_accounts_own_doors(trader: User) -> None:
    signer = signer_of(trader)
    for method, path in (
        ("GET", KEYS),
        ("POST", KEYS),
        ("PUT", f"{KEYS}/{signer.row.pk}"),
        ("DELETE", f"{KEYS}/{signer.row.pk}"),
        ("POST", "/api/v1/auth/logout-all"),
    ):
        answer = signer.send(method, path, "{}")
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")


def test_nobody_at_all_is_refused(client: Client) -> None:
    assert client.get(KEYS).status_code == 401
    assert post(client, KEYS, NEW).status_code == 401


def test_the_database_itself_holds_keys_to_five_and_to_their_kind(trader: User) -> None:
    row = signer_of(trader).row
    cases: tuple[dict[str, Any], ...] = (
        {"slot": 6},
        {"api_key": "gq_x"},
        {"permissions": []},
        {"secret_sealed": None},
    )
    for wrong in cases:
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=signer_of(trader).row.pk).update(slot=row.slot)


def test_a_key_is_known_by_one_query_and_then_remembered(trader: User) -> None:
    signer = signer_of(trader)
    forget()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            assert known_keys.get(signer.row.api_key) is not None
    assert len(queries) == 1
    assert ApiKey._meta.get_field("api_key").unique


def test_secrets_are_encrypted_anew_by_the_newest_key(trader: User, settings: Settings) -> None:
    signer = signer_of(trader)
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert find_known_key(signer.row.api_key) is not None
    out = StringIO()
    call_command("reencrypt_secrets", stdout=out)
    assert "accounts.ApiKey.secret_sealed: 1" in out.getvalue()
    settings.FIELD_KEYS = [new]
    known = find_known_key(signer.row.api_key)
    assert known is not None
    assert known.secret == signer.secret
    settings.FIELD_KEYS = [old]
    with pytest.raises(UnsealError):
        find_known_key(signer.row.api_key)


def test_a_secret_opens_for_its_own_row_only(trader: User) -> None:
    assert unseal(seal(b"x", purpose="a"), purpose="a") == b"x"
    mine, other = signer_of(trader), signer_of(UserFactory.create())
    ApiKey.objects.filter(pk=mine.row.pk).update(secret_sealed=other.row.secret_sealed)
    with pytest.raises(UnsealError):
        find_known_key(mine.row.api_key)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_keys_asked_for_at_once_five_are_made() -> None:
    headers = bearer(tokens_of(UserFactory.create()))

    def make(_: int) -> int:
        try:
            return int(post(Client(headers=headers), KEYS, NEW).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(make, range(12)))
    assert statuses == [*[201] * 5, *[400] * 7]
    assert ApiKey.objects.count() == 5


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_deleted_key_opens_nothing_in_another_process_after_five_seconds() -> None:
    signer = signer_of(UserFactory.create())
    assert signer.send("GET", "/api/v1/time?a=1").status_code == 200
    assert known_keys.recall(signer.row.api_key) is not None
    ApiKey.objects.update(
        deleted_at=timezone.now(), secret_sealed=None, passphrase_sealed=None, public_key=None
    )
    began = time.monotonic()
    asked = began
    while known_keys.get(signer.row.api_key) is not None:
        assert asked - began < 5.0  # the look-up itself may be slow, and is not what is promised
        time.sleep(0.2)
        asked = time.monotonic()


def test_an_expired_key_says_so_to_its_owner_only(trader: User) -> None:
    signer = signer_of(trader, expires_at=timezone.now() + timedelta(hours=1))
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired" in signer.send("GET", "/api/v1/markets").json()["detail"]
    stranger = signer.send("GET", "/api/v1/markets", GD_SIGNATURE=secrets.token_hex(32))
    assert "expired" not in stranger.json()["detail"]


def test_permissions_are_given_one_by_one(trader: User) -> None:
    known = find_known_key(signer_of(trader, Permission.TRADE).row.api_key)
    assert known is not None
    assert set(known.permissions) == {Permission.TRADE}
