"""What is read of people: lists as the back office shows them."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import AccountActivity, ApiKey, SecondFactor, User, Wallet


def people_with_second_factor() -> QuerySet[User]:
    """Return everybody with their roles and, in `has_second_factor`, whether they can enter."""
    devices = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed=True)
    return User.objects.annotate(has_second_factor=Exists(devices)).prefetch_related("groups")


def devices_of_staff() -> QuerySet[SecondFactor]:
    """Return the second factors of staff with their owners."""
    found: QuerySet[SecondFactor] = SecondFactor.objects.filter(user__is_staff=True)
    return found.select_related("user")


def linked_wallet(user: User, /) -> Wallet | None:
    """Return the wallet that is linked to an account now."""
    return Wallet.objects.filter(user=user, unlinked_at=None).first()


def api_keys_of(user: User) -> QuerySet[ApiKey]:
    """Return a person's living API keys, newest first."""
    return ApiKey.objects.filter(user=user, deleted_at__isnull=True).order_by("-created_at", "-id")


def activity_of(user: User) -> QuerySet[AccountActivity]:
    """Return what happened at a person's doors; the page orders it."""
    return AccountActivity.objects.filter(user=user)


def has_second_factor(user: User) -> bool:
    """Tell whether a device of this person is confirmed."""
    return bool(SecondFactor.objects.filter(user=user, confirmed=True).exists())
