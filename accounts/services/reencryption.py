"""Bringing every encrypted column to the newest key. A new such column is one more line here."""

from typing import Any

from django.apps import apps
from django.db import transaction

from accounts.secrets_at_rest import resealed

SEALED = (
    ("accounts.ApiKey", "secret_sealed"),
    ("accounts.ApiKey", "passphrase_sealed"),
    ("accounts.SecondFactor", "key_sealed"),
)
AT_ONCE = 200


def reencrypt_secrets() -> dict[str, int]:
    """Encrypt every secret by the newest key; return how many of each column.

    Rows are locked a few at a time. UnsealError where a secret opens by no key: nothing of that
    batch is changed.
    """
    return {f"{model}.{column}": _reencrypt(model, column) for model, column in SEALED}


def _reencrypt(model: str, column: str) -> int:
    kind: Any = apps.get_model(model)
    rows = kind.objects.filter(**{f"{column}__isnull": False})
    number, last = 0, None
    while True:
        with transaction.atomic():
            later = rows if last is None else rows.filter(pk__gt=last)
            batch = list(later.select_for_update().order_by("pk")[:AT_ONCE])
            for row in batch:
                setattr(row, column, resealed(getattr(row, column)))
                row.save(update_fields=[column])
        if not batch:
            return number
        number, last = number + len(batch), batch[-1].pk
