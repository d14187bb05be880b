"""People for tests: traders, staff with roles, and a client that passed the second factor."""

import time
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from accounts.models import SecondFactor, User
from accounts.roles import Role
from accounts.services.staff import replace_device

PASSWORD = "Correct-Horse-7"
HASH = make_password(PASSWORD)


class UserFactory(DjangoModelFactory[User]):
    """A trader whose password is `PASSWORD`."""

    class Meta:
        model = User

    email = Sequence(lambda number: f"trader{number}@godark.example")
    password = HASH


def staff_member(*roles: Role, **fields: Any) -> User:
    """Return a saved member of staff who holds some roles and a confirmed second factor."""
    user = UserFactory.create(is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    authenticator_of(user)
    return user


def authenticator_of(user: User) -> SecondFactor:
    """Return a new confirmed second factor of somebody."""
    return replace_device(user=user, confirmed=True)


def staff_client(user: User) -> Client:
    """Return a client in which a member of staff has passed password and second factor."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = SecondFactor.objects.get(user=user).persistent_id
    session.save()
    return client


def code_of(user: User, *, steps_ahead: int = 0) -> str:
    """Return what the user's authenticator shows now, or some steps of 30 s ahead."""
    device = SecondFactor.objects.get(user=user)
    totp = TOTP(device.bin_key)
    totp.time = time.time() + steps_ahead * 30
    return f"{totp.token():06d}"


def enter_back_office(
    client: Client, user: User, *, password: str = PASSWORD, code: str | None = None
) -> Any:
    """Return the answer of the staff's door to what a member of staff would type."""
    typed = {"email": user.email, "password": password, "code": code or code_of(user)}
    return client.post("/admin/login/", typed)
