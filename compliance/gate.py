"""The gate: the one place that says who may sign up, trade, deposit, withdraw and link a wallet.

Each function returns None for "go on" or a Refusal; nothing is raised, and nothing is written.
It knows frozen accounts and wallets under sanctions; places, identity and terms come with the
compliance work. A look-up that fails is closed for sign-up, linking, deposits and new orders,
and open for withdrawals (I79); canceling and closing ask nobody, so nothing here can stop them.

It is cheap: all frozen accounts are one set that a process remembers for a few seconds, and the
sanctions are one set in memory.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from compliance.sanctions import ListMissingError, is_sanctioned
from compliance.services.restrictions import UncertainError, is_frozen, is_frozen_async
from godark.errors import Code, Failure


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why somebody may not; `failure` is what a client is told."""

    code: Code
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def failure(self) -> Failure:
        """Return it as an exception to raise."""
        return Failure(self.code, self.detail, extra=dict(self.extra))


FROZEN = Refusal(
    code=Code.ACCOUNT_FROZEN,
    detail=(
        "This account is frozen: it may cancel orders and close positions, nothing else."
        " Write to support."
    ),
)
SANCTIONED = Refusal(
    code=Code.REGION_RESTRICTED,
    detail="This wallet is on a list of sanctions: it cannot be used here.",
    extra={"reason": "SANCTIONED_WALLET"},
)
UNCERTAIN = Refusal(
    code=Code.UNAVAILABLE,
    detail=(
        "Whether this is allowed cannot be told just now; try again in a moment. Canceling and"
        " closing go on."
    ),
)


def check(refusal: Refusal | None) -> None:
    """Raise the Failure of a refusal, if there is one."""
    if refusal is not None:
        raise refusal.failure


def may_sign_up(*, address: str | None) -> Refusal | None:
    """Say whether somebody at an address may sign up; places are not known yet."""
    del address
    return None


def may_trade(account_id: uuid.UUID, /) -> Refusal | None:
    """Say whether an account may place orders that do not only reduce."""
    try:
        return FROZEN if is_frozen(account_id) else None
    except UncertainError:
        return UNCERTAIN


async def may_trade_async(account_id: uuid.UUID, /) -> Refusal | None:
    """Say the same on the event loop."""
    try:
        return FROZEN if await is_frozen_async(account_id) else None
    except UncertainError:
        return UNCERTAIN


def may_deposit(account_id: uuid.UUID, /, *, wallet: str = "") -> Refusal | None:
    """Say whether an account may bring money in, from its wallet where that is known."""
    return may_trade(account_id) or (_of_wallet(wallet) if wallet else None)


def may_withdraw(account_id: uuid.UUID, /, *, wallet: str = "") -> Refusal | None:
    """Say whether an account may take money out; a look-up that fails keeps nobody's money."""
    refusal = may_deposit(account_id, wallet=wallet)
    return None if refusal is UNCERTAIN else refusal


def may_link(account_id: uuid.UUID, /, *, wallet: str) -> Refusal | None:
    """Say whether an account may link a wallet."""
    return may_deposit(account_id, wallet=wallet)


def _of_wallet(wallet: str) -> Refusal | None:
    try:
        return SANCTIONED if is_sanctioned(wallet) else None
    except ListMissingError:
        return UNCERTAIN
