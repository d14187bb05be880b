"""The people of the demonstration, for `manage.py prepare_demonstration` in development alone.

Two superadmins, so that what takes two people can be tried, and two traders.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.passwords import made_up_password
from accounts.roles import Role
from accounts.services.audit import record_action, roles_of
from accounts.services.staff import put_on_staff, replace_device

STAFF = ("ada@godark.example", "grace@godark.example")
TRADERS = ("alice@godark.example", "bob@godark.example")
SECRET_BYTES = 20

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
    ensure_person(email=log_in["email"], password=password)
    return log_in | {"password": password}


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


def ensure_device(*, user: User, key: str) -> None:
    """Make the authenticator with this key (hex) the one that a person has."""
    held = TOTPDevice.objects.filter(user=user)
    if [(device.key, device.confirmed) for device in held] == [(key, True)]:
        return
    device = replace_device(user=user)
    device.key, device.confirmed = key, True
    device.save(update_fields=["key", "confirmed"])


def key_of(secret: str) -> str:
    """Return the key (hex) of a secret as authenticators take it; empty for one that is none."""
    try:
        key = base64.b32decode(secret)
    except (binascii.Error, ValueError):
        return ""
    return key.hex() if len(key) == SECRET_BYTES else ""
