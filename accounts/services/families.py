"""Which log-ins stand: ending families of tokens, and recognizing one that has not ended.

How a family begins and goes on is in `accounts.services.log_ins`.
"""

import uuid
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import TokenFamily, User
from accounts.services.tiers import tier_of_row
from accounts.short_memory import ShortMemory
from godark.limits import Tier


def end_families(families: QuerySet[TokenFamily], *, because: TokenFamily.End) -> int:
    """End those that stand, with the browser sessions of the same log-ins; return their number."""
    standing = families.filter(ended_at__isnull=True)
    ending = list(standing.select_for_update(of=("self",)).order_by("pk"))
    TokenFamily.objects.filter(pk__in=[family.pk for family in ending]).update(
        ended_at=timezone.now(), ended_because=because
    )
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for family in ending:
        if family.session_key:
            store.delete(family.session_key)
        transaction.on_commit(partial(standing_log_ins.forget, family.pk))
    return len(ending)


@dataclass(frozen=True, kw_only=True)
class StandingLogIn:
    """A log-in that has not ended, and whose it is."""

    user: User
    tier: Tier


def find_standing_log_in(family_id: uuid.UUID) -> StandingLogIn | None:
    """Return the log-in if it has not ended and its owner may be here."""
    family = (
        TokenFamily.objects.select_related("user__account_tier")
        .filter(pk=family_id, ended_at__isnull=True, user__is_active=True)
        .first()
    )
    if family is None:
        return None
    return StandingLogIn(user=family.user, tier=tier_of_row(family.user))


standing_log_ins = ShortMemory(find_standing_log_in)
