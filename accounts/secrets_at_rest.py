"""How secrets lie in the database: encrypted, by keys that can be changed at any time.

`GODARK_FIELD_KEYS` lists the keys, the newest first: it encrypts, the others still decrypt until
`manage.py reencrypt_secrets` has gone over the rows. Each secret is sealed for one purpose (which
row, which column), so that whoever can write the table cannot put one row's secret into another.
"""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnsealError(Exception):
    """No key of ours opens this, or it was sealed for something else."""


def seal(value: bytes, *, purpose: str) -> bytes:
    """Return a secret encrypted by the newest key."""
    return box().encrypt(_label(purpose) + value)


def unseal(sealed: bytes, *, purpose: str) -> bytes:
    """Return what was sealed for this purpose; UnsealError where it was not, or no key fits."""
    try:
        opened = box().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise UnsealError("No key in GODARK_FIELD_KEYS opens this secret.") from error
    label = _label(purpose)
    if not opened.startswith(label):
        raise UnsealError("This secret was sealed for something else.")
    return opened[len(label) :]


def resealed(sealed: bytes) -> bytes:
    """Return the same secret encrypted by the newest key."""
    try:
        return box().rotate(bytes(sealed))
    except InvalidToken as error:
        raise UnsealError("No key in GODARK_FIELD_KEYS opens this secret.") from error


def box() -> MultiFernet:
    """Return what encrypts by the first of the settings' keys and decrypts by any."""
    return _box(tuple(settings.FIELD_KEYS))


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _label(purpose: str) -> bytes:
    return purpose.encode() + b"\x00"
