"""What makes and unmakes staff: roles, membership, the second factor.

Who looks at what is in `accounts.roles`; the log-in itself is in `accounts.services.sessions`.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import SecondFactor, User
from accounts.models.second_factors import sealed_key
from accounts.passwords import made_up_password
from accounts.roles import GRANTS, Role, permissions_of
from accounts.services.audit import record_action

# As long as SHA-1 can use, and as authenticators expect it.
SECRET_BYTES = 20


class UnknownPermissionsError(Exception):
    """The table of roles names a permission that no model has."""


@transaction.atomic
def sync_roles() -> None:
    """Make the groups and their permissions in the database agree with the table of roles (I76)."""
    known = known_permissions()
    unknown = sorted(GRANTS.keys() - known.keys())
    if unknown:
        raise UnknownPermissionsError(
            f"accounts/roles.py grants what no model knows: {', '.join(unknown)}."
        )
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set(known[name] for name in permissions_of(role))


def known_permissions() -> dict[str, Permission]:
    """Return every permission of the database by `app.codename`."""
    return {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }


class RefusedError(Exception):
    """A change of staff that the rules forbid; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Enrollment:
    """What the console shows once: a password or a device is None where the old one stays."""

    user: User
    password: str | None
    device: SecondFactor | None


@transaction.atomic
def enroll_staff(*, email: str, roles: Collection[Role], new_device: bool = False) -> Enrollment:
    """Make somebody a member of staff with these roles and, where there is none, a new device.

    The device opens nothing until `confirm_device` has seen a code of it. Raises RefusedError.
    """
    refuse_mixed_auditor(roles)
    user = User.objects.select_for_update().filter(email=email).first()
    password = None if user else made_up_password()
    if user is None:
        user = User.objects.create_user(email, password)
    put_on_staff(user=user, roles=roles)
    held = SecondFactor.objects.filter(user=user, confirmed=True).exists()
    device = replace_device(user=user) if new_device or not held else None
    record_action(
        action="enroll", target=user, changes={"roles": sorted(roles), "new_device": bool(device)}
    )
    return Enrollment(user=user, password=password, device=device)


@transaction.atomic
def confirm_device(*, device: SecondFactor, code: str) -> bool:
    """Open the back office to a device whose code is right; say whether it was."""
    right = bool(device.verify_token(code))
    if right:
        trust_device(device=device)
    return right


@transaction.atomic
def trust_device(*, device: SecondFactor) -> None:
    """Open the back office to a device, seen or unseen; the console alone may skip the code."""
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    record_action(action="confirm_second_factor", target=device.user)


@transaction.atomic
def change_membership(
    *, actor: User, user: User, is_active: bool, is_staff: bool, roles: Collection[Role]
) -> None:
    """Set who is staff and in which roles, by a superadmin and never for oneself.

    Raises RefusedError. Whoever is not staff holds no role; the caller records the change.
    """
    if not actor.groups.filter(name=Role.SUPERADMIN.value).exists():
        raise RefusedError("Only a superadmin changes who is staff.")
    if actor.pk == user.pk:
        raise RefusedError("Nobody changes their own standing; ask another superadmin.")
    refuse_mixed_auditor(roles)
    user.is_active, user.is_staff = is_active, is_staff
    user.save(update_fields=["is_active", "is_staff"])
    user.groups.set(groups_of(roles) if is_staff else [])


@transaction.atomic
def reset_second_factor(*, actor: User, device: SecondFactor) -> None:
    """Take a lost device away from another member of staff, who then needs enrolling again.

    Raises RefusedError; the caller records it.
    """
    if device.user_id == actor.pk:
        raise RefusedError("Nobody resets their own second factor; ask another superadmin.")
    device.delete()


def put_on_staff(*, user: User, roles: Collection[Role]) -> None:
    """Make a person an active member of staff with exactly these roles."""
    user.is_active, user.is_staff = True, True
    user.save(update_fields=["is_active", "is_staff"])
    user.groups.set(groups_of(roles))


def replace_device(
    *, user: User, key: bytes | None = None, confirmed: bool = False
) -> SecondFactor:
    """Take away whatever second factor a person has and return one with this secret or a new."""
    SecondFactor.objects.filter(user=user).delete()
    secret = secrets.token_bytes(SECRET_BYTES) if key is None else key
    device: SecondFactor = SecondFactor.objects.create(
        user=user,
        name="authenticator",
        confirmed=confirmed,
        key_sealed=sealed_key(secret, user_id=user.pk),
    )
    return device


def groups_of(roles: Collection[Role]) -> list[Group]:
    """Return the groups of some roles."""
    return list(Group.objects.filter(name__in=[role.value for role in roles]))


def refuse_mixed_auditor(roles: Collection[Role]) -> None:
    """Refuse to give the auditor, who changes nothing, a role that changes something."""
    if Role.AUDITOR in roles and len(set(roles)) > 1:
        raise RefusedError("The auditor holds no other role: who audits changes nothing.")
