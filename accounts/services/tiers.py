"""Which tier an account has, and who may give it one."""

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountTier, User
from accounts.services.audit import record_action
from accounts.short_memory import ShortMemory
from godark.limits import Tier


class NoSuchTierError(Exception):
    """A tier that does not exist here; the message says why."""


@transaction.atomic
def give_tier(*, user: User, tier: Tier, actor: User | None = None, reason: str = "") -> None:
    """Give an account a tier and record who did; LOAD exists in development only."""
    if tier is Tier.LOAD and settings.IN_PRODUCTION:
        raise NoSuchTierError("The tier LOAD exists in development only.")
    before = AccountTier.objects.select_for_update().filter(user=user).first()
    AccountTier.objects.update_or_create(
        user=user, defaults={"tier": tier.value, "given_at": timezone.now()}
    )
    record_action(
        action="give_tier",
        actor=actor,
        target=user,
        changes={"tier": [before.tier if before else Tier.FREE.value, tier.value]},
        reason=reason,
    )
    transaction.on_commit(lambda: tiers.forget(user.pk))


def tier_of_row(user: User) -> Tier:
    """Return the tier of a user whose `account_tier` was read together with it."""
    given = getattr(user, "account_tier", None)
    return Tier(given.tier) if given is not None else Tier.FREE


def find_tier(user_id: uuid.UUID) -> Tier:
    """Return an account's tier by the database."""
    given = AccountTier.objects.filter(user_id=user_id).values_list("tier", flat=True).first()
    return Tier(given) if given else Tier.FREE


tiers: ShortMemory[uuid.UUID, Tier] = ShortMemory(find_tier)
