"""People with keys, and the feed, for the socket's tests."""

from collections.abc import Callable

import pytest
import redis

from accounts.models import AccountTier, User
from tests.accounts.factories import UserFactory
from tests.accounts.signing import Signer, signer_of
from trading.rings import Rings


@pytest.fixture
def rings(session_redis: redis.Redis) -> Rings:
    """Return who tells."""
    return Rings(session_redis)


@pytest.fixture
def program(db: None) -> Callable[..., Signer]:
    """Return who makes programs: a new person's API key, of the tier LOAD unless said otherwise."""
    del db

    def make(*permissions: object, tier: str = "LOAD", user: User | None = None) -> Signer:
        owner = user or UserFactory.create()
        if user is None:
            AccountTier.objects.create(user=owner, tier=tier)
        return signer_of(owner, *permissions)  # type: ignore[arg-type]  # permissions of accounts

    return make
