"""The way to the gate of compliance, which stands above this room and is named by a setting.

Every door calls it. What it knows and how it decides is in `compliance.gate`.
"""

import uuid
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from godark.errors import Failure


class Refusal(Protocol):
    """Why somebody may not."""

    @property
    def failure(self) -> Failure:
        """Return what a client is told."""


class Gate(Protocol):
    """What the doors of this room ask."""

    def may_sign_up(self, *, address: str | None) -> Refusal | None:
        """Return None, or why nobody may sign up from an address."""

    def may_trade(self, account_id: uuid.UUID, /) -> Refusal | None:
        """Return None, or why an account may not trade."""


def gate() -> Gate:
    """Return the gate that the settings name."""
    return cast("Gate", import_module(settings.GATE))
