"""Who a request speaks for: the account behind it, by which credentials, within which limits."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Permission, User
from godark.limits import Allowance, Subject, Tier, allowance_of

EVERYTHING = frozenset(Permission)


class Credentials(StrEnum):
    """By what somebody was recognized."""

    SESSION = "SESSION"
    ACCESS_TOKEN = "ACCESS_TOKEN"  # noqa: S105 - a kind, no token
    API_KEY = "API_KEY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """An account and what it may do here; REST framework hands it to a view as `request.auth`."""

    user: User
    by: Credentials
    tier: Tier
    permissions: Collection[Permission] = EVERYTHING
    api_key_id: uuid.UUID | None = None
    family_id: uuid.UUID | None = None

    @property
    def account_id(self) -> uuid.UUID:
        """Return the account's id, under which the engine and the ledger know it."""
        return self.user.pk

    @property
    def allowance(self) -> Allowance:
        """Return the figures of the tier; `unfilled_attempts` is the engine's probe limit."""
        return allowance_of(self.tier)

    @property
    def subject(self) -> Subject:
        """Return whose buckets count, whichever credentials were shown."""
        return Subject(f"account:{self.user.pk}", self.tier)
