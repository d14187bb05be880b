"""Rows of people: who they are.

What staff did stands in `accounts.models.audit`, their money in the ledger, their limits in
compliance.
"""

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Makes users; the e-mail is the log-in name and is kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a saved user; without a password the account cannot log in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> NoReturn:
        """Refuse: power comes from roles only, and staff need a second factor."""
        raise NotImplementedError(
            "GoDark has no superusers. Make staff with `manage.py enroll_staff EMAIL --role ROLE`."
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of an e-mail, however it is capitalized."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person: trader or staff. `email` names them at log-in, `id` everywhere else.

    An e-mail is ASCII and in lower case, so that no two people can look the same. Django's
    `is_superuser`, which would pass by every role, is never set.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField("may log in", default=True)
    is_staff = models.BooleanField("member of staff", default=False)
    date_joined = models.DateTimeField("joined", default=timezone.now, editable=False)
    terms_version = models.CharField("agreed to terms", max_length=16, blank=True, default="")
    terms_agreed_at = models.DateTimeField("agreed to them at", null=True, blank=True)
    referral_code = models.CharField("came by referral code", max_length=32, blank=True, default="")
    session_generation = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes: ClassVar = [
            models.Index(fields=["-date_joined", "-id"], name="user_newest"),
            models.Index(
                fields=["-date_joined", "-id"], condition=models.Q(is_staff=True), name="user_staff"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(email__regex=r"^[!-~]+@[!-~]+$"), name="user_email_ascii"
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False), name="user_never_superuser"
            ),
        ]

    def __str__(self) -> str:
        """Return the e-mail, which is what staff search for."""
        return self.email

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry: a new password or generation ends all of them."""
        return self._generation_of(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under each earlier secret key of the site."""
        for older in super().get_session_auth_fallback_hash():
            yield self._generation_of(older)

    def _generation_of(self, auth_hash: str) -> str:
        return f"{auth_hash}.{self.session_generation}"
