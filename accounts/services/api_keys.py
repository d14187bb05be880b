"""Making, changing and deleting API keys, and knowing them again for a few seconds."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import AccountActivity, ApiKey, Permission, User
from accounts.models.api_keys import MOST_KEYS
from accounts.secrets_at_rest import seal, unseal
from accounts.services.activity import record_activity
from accounts.services.sessions import authenticated_trader
from accounts.services.signed_requests import KnownKey, passphrase_hash
from accounts.services.tiers import tier_of_row
from accounts.short_memory import ShortMemory
from godark.errors import Code, Failure

NOT_FOUND = "There is no such API key."


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the owner decides about a key."""

    name: str
    permissions: Sequence[Permission]
    ip_allow_list: Sequence[str] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key that was just made; the secret (of an HMAC key) is shown this once."""

    key: ApiKey
    secret: str | None


@sensitive_variables("passphrase", "secret")
@transaction.atomic
def create_api_key(
    *,
    user: User,
    terms: Terms,
    passphrase: str,
    public_key: bytes | None = None,
    request: HttpRequest | None = None,
) -> NewKey:
    """Make a key; with a public key an ED25519 one, else HMAC. Raises Failure for a sixth."""
    slot = free_slot(user)
    key_id = uuid.uuid4()
    secret = secrets.token_hex(32) if public_key is None else None
    key = ApiKey.objects.create(
        id=key_id,
        user=user,
        slot=slot,
        api_key=f"gq_{secrets.token_hex(16)}",
        kind=ApiKey.Kind.HMAC if public_key is None else ApiKey.Kind.ED25519,
        secret_sealed=seal_secret(secret, key_id=key_id) if secret else None,
        public_key=public_key,
        passphrase_sealed=seal(
            passphrase_hash(passphrase, key_id=key_id), purpose=purpose_of("passphrase", key_id)
        ),
        name=terms.name,
        permissions=sorted(terms.permissions),
        ip_allow_list=list(dict.fromkeys(terms.ip_allow_list)),
        expires_at=terms.expires_at,
    )
    tell(AccountActivity.Kind.API_KEY_CREATED, key=key, request=request)
    return NewKey(key=key, secret=secret)


def free_slot(user: User) -> int:
    """Return a free slot of an account, which is locked until the end; Failure without one."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    living = ApiKey.objects.filter(user=user, deleted_at__isnull=True)
    taken = set(living.values_list("slot", flat=True))
    free = [slot for slot in range(1, MOST_KEYS + 1) if slot not in taken]
    if not free:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"An account has at most {MOST_KEYS} API keys: delete one first.",
            extra={"maximum": MOST_KEYS},
        )
    return free[0]


@transaction.atomic
def change_api_key(
    *, user: User, key_id: uuid.UUID, decide: Callable[[Terms], Terms], request: HttpRequest
) -> ApiKey:
    """Set what a key is called, may do, from where and until when. Raises Failure.

    `decide` gets what holds, read under a lock, and returns what is to hold.
    """
    key = locked_key(user=user, key_id=key_id)
    terms = decide(terms_of(key))
    key.name = terms.name
    key.permissions = sorted(terms.permissions)
    key.ip_allow_list = list(dict.fromkeys(terms.ip_allow_list))
    key.expires_at = terms.expires_at
    key.save(update_fields=["name", "permissions", "ip_allow_list", "expires_at"])
    tell(AccountActivity.Kind.API_KEY_CHANGED, key=key, request=request)
    return key


@sensitive_variables("password")
def delete_api_key(*, user: User, key_id: uuid.UUID, password: str, request: HttpRequest) -> None:
    """Delete a key, after its owner's password; a wrong one counts as a guess. Raises Failure."""
    if authenticated_trader(request=request, email=user.email, password=password) != user:
        raise Failure(Code.PERMISSION_DENIED, "The password is wrong.", field="password")
    with transaction.atomic():
        key = locked_key(user=user, key_id=key_id)
        key.deleted_at = timezone.now()
        key.secret_sealed = key.public_key = key.passphrase_sealed = None
        key.save(update_fields=["deleted_at", "secret_sealed", "public_key", "passphrase_sealed"])
        tell(AccountActivity.Kind.API_KEY_DELETED, key=key, request=request)


def terms_of(key: ApiKey) -> Terms:
    """Return what holds for a key."""
    return Terms(
        name=key.name,
        permissions=[Permission(name) for name in key.permissions],
        ip_allow_list=key.ip_allow_list,
        expires_at=key.expires_at,
    )


def locked_key(*, user: User, key_id: uuid.UUID) -> ApiKey:
    """Return a living key of this person, locked; anybody else's is not found (I26)."""
    living = ApiKey.objects.select_for_update().filter(user=user, deleted_at__isnull=True)
    key = living.filter(pk=key_id).first()
    if key is None:
        raise Failure(Code.NOT_FOUND, NOT_FOUND)
    return key


def tell(kind: AccountActivity.Kind, *, key: ApiKey, request: HttpRequest | None) -> None:
    """Write a change of a key down, and let this process forget what it knew."""
    record_activity(user=key.user, kind=kind, request=request, detail=key.name)
    transaction.on_commit(lambda: known_keys.forget(key.api_key))


def find_known_key(api_key: str) -> KnownKey | None:
    """Return a living key of somebody who may be here, by one indexed query."""
    key = (
        ApiKey.objects.select_related("user__account_tier")
        .filter(Q(deleted_at__isnull=True), api_key=api_key, user__is_active=True)
        .first()
    )
    if key is None:
        return None
    return KnownKey(
        id=key.pk,
        user=key.user,
        tier=tier_of_row(key.user),
        kind=key.kind,
        secret=open_secret(key),
        public_key=bytes(key.public_key or b""),
        passphrase_hash=unseal(
            bytes(key.passphrase_sealed or b""), purpose=purpose_of("passphrase", key.pk)
        ),
        permissions=frozenset(Permission(name) for name in key.permissions),
        networks=tuple(ip_network(network) for network in key.ip_allow_list),
        expires_at=key.expires_at,
    )


def seal_secret(secret: str, *, key_id: uuid.UUID) -> bytes:
    """Return a key's secret as the database holds it."""
    return seal(secret.encode("ascii"), purpose=purpose_of("secret", key_id))


def open_secret(key: ApiKey) -> str:
    """Return a key's secret; empty where it has none."""
    if key.secret_sealed is None:
        return ""
    return unseal(bytes(key.secret_sealed), purpose=purpose_of("secret", key.pk)).decode("ascii")


def purpose_of(what: str, key_id: uuid.UUID) -> str:
    """Return what a secret of a key is sealed for."""
    return f"api_key.{what}:{key_id}"


known_keys = ShortMemory(find_known_key)
