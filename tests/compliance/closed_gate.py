"""A gate through which nobody passes."""

from compliance.gate import SANCTIONED, Refusal


def may_sign_up(*, address: str | None) -> Refusal | None:
    """Refuse everybody."""
    del address
    return SANCTIONED
