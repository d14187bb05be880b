"""How an e-mail address is written here: ASCII, in lower case, without spaces around it."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email


def normalized_email(typed: str) -> str:
    """Return an address as it is stored; ValidationError for one that is none.

    Letters beyond ASCII are refused before the case is folded: some of them fold into ASCII
    (the Kelvin sign into k), and two addresses that look the same must be the same.
    """
    address = typed.strip()
    if not address.isascii():
        raise ValidationError("Use an e-mail address without accents or other scripts.")
    validate_email(address)
    return address.lower()
