"""The people of the demonstration, for `manage.py prepare_demonstration` in development alone.

Two superadmins, so that what takes two people can be tried, and two traders with an API key each,
of a market maker's limits, so that programs can trade at once. `make_traders` makes more of them.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountTier, ApiKey, Permission, SecondFactor, User
from accounts.passwords import made_up_password
from accounts.roles import Role
from accounts.secrets_at_rest import UnsealError
from accounts.services.api_keys import Terms, create_api_key, find_known_key
from accounts.services.audit import record_action, roles_of
from accounts.services.signed_requests import passphrase_hash
from accounts.services.staff import SECRET_BYTES, put_on_staff, replace_device
from accounts.services.tiers import find_tier, give_tier
from godark.limits import Tier

STAFF = ("ada@godark.example", "grace@godark.example")
TRADERS = ("alice@godark.example", "bob@godark.example")
KEY_NAME = "demonstration"
DEMONSTRATION_TIER = Tier.MARKET_MAKER

LogIn = dict[str, str]


@transaction.atomic
def ensure_demonstration_people(*, remembered: Mapping[str, Any]) -> dict[str, list[LogIn]]:
    """Return the log-ins of staff and traders, made true in the database.

    `remembered` is what an earlier call returned: its passwords and secrets are kept, and where
    the database disagrees it is the database that is repaired. Whatever is missing is made up.
    """
    return {
        "staff": [ensure_staff(known(remembered, "staff", email)) for email in STAFF],
        "traders": [ensure_trader(known(remembered, "traders", email)) for email in TRADERS],
    }


def known(remembered: Mapping[str, Any], kind: str, email: str) -> LogIn:
    """Return what is remembered of one person, at least the e-mail."""
    entries = remembered.get(kind)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("email") == email:
            return {key: value for key, value in entry.items() if isinstance(value, str)}
    return {"email": email}


def ensure_trader(log_in: LogIn) -> LogIn:
    """Return a trader's log-in after making it work."""
    password = log_in.get("password") or made_up_password()
    user = ensure_person(email=log_in["email"], password=password)
    if find_tier(user.pk) is not DEMONSTRATION_TIER:
        give_tier(user=user, tier=DEMONSTRATION_TIER)
    return (
        log_in
        | {"password": password, "account_id": str(user.pk), "tier": DEMONSTRATION_TIER.value}
        | ensure_key(user=user, remembered=log_in)
    )


def ensure_key(*, user: User, remembered: LogIn) -> LogIn:
    """Return an API key of a trader with everything that signs, made anew where it does not fit."""
    passphrase = remembered.get("passphrase", "")
    try:
        known = find_known_key(remembered.get("api_key", ""))
    except UnsealError:
        known = None
    if (
        known is not None
        and known.user.pk == user.pk
        and known.secret == remembered.get("secret")
        and known.passphrase_hash == passphrase_hash(passphrase, key_id=known.id)
        and set(known.permissions) == set(Permission)
    ):
        return {name: remembered[name] for name in ("api_key", "secret", "passphrase")}
    retire_keys(user)
    return new_key(user)


def retire_keys(user: User) -> None:
    """Delete the demonstration's earlier keys, which nobody knows the secret of."""
    earlier = ApiKey.objects.filter(user=user, name=KEY_NAME, deleted_at__isnull=True)
    earlier.update(
        deleted_at=timezone.now(), secret_sealed=None, public_key=None, passphrase_sealed=None
    )


def new_key(user: User) -> LogIn:
    """Return a new API key that may do everything, with what signs."""
    passphrase = secrets.token_urlsafe(12)
    made = create_api_key(
        user=user,
        terms=Terms(name=KEY_NAME, permissions=tuple(Permission)),
        passphrase=passphrase,
    )
    return {
        "api_key": made.key.api_key,
        "secret": made.secret or "",
        "passphrase": passphrase,
    }


@transaction.atomic
def make_traders(*, number: int, tier: Tier) -> list[LogIn]:
    """Return so many new traders with one API key each; they share a password, so one hash does."""
    password = made_up_password()
    hashed, batch = make_password(password), secrets.token_hex(3)
    users = User.objects.bulk_create(
        User(email=f"trader-{batch}-{place}@godark.example", password=hashed)
        for place in range(1, number + 1)
    )
    AccountTier.objects.bulk_create(AccountTier(user=user, tier=tier.value) for user in users)
    record_action(
        action="make_traders",
        object_type="accounts.user",
        changes={"number": number, "tier": tier.value},
    )
    return [
        {"email": user.email, "password": password, "account_id": str(user.pk), "tier": tier.value}
        | new_key(user)
        for user in users
    ]


def ensure_staff(log_in: LogIn) -> LogIn:
    """Return a superadmin's log-in after making it work."""
    password = log_in.get("password") or made_up_password()
    secret = log_in.get("totp_secret", "")
    if not key_of(secret):
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    user = ensure_person(email=log_in["email"], password=password)
    if not user.is_staff or roles_of(user) != [Role.SUPERADMIN]:
        put_on_staff(user=user, roles=[Role.SUPERADMIN])
        record_action(action="enroll", target=user, changes={"roles": [Role.SUPERADMIN]})
    ensure_device(user=user, key=key_of(secret))
    return log_in | {"password": password, "totp_secret": secret}


def ensure_person(*, email: str, password: str) -> User:
    """Return the active person of an e-mail, whose password is this one afterwards."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, password)
    if not user.is_active or not user.check_password(password):
        user.is_active = True
        user.set_password(password)
        user.save(update_fields=["is_active", "password"])
    return user


def ensure_device(*, user: User, key: bytes) -> None:
    """Make the authenticator with this secret the one that a person has."""
    held = SecondFactor.objects.filter(user=user)
    if [(opened(device), device.confirmed) for device in held] == [(key, True)]:
        return
    replace_device(user=user, key=key, confirmed=True)


def opened(device: SecondFactor) -> bytes:
    """Return an authenticator's secret; nothing where it was sealed by a key that is gone."""
    try:
        return device.bin_key
    except UnsealError:
        return b""


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret as authenticators take it; none for one that is none."""
    try:
        key = base64.b32decode(secret)
    except (binascii.Error, ValueError):
        return b""
    return key if len(key) == SECRET_BYTES else b""
