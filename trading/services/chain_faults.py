"""Letting the development chain misbehave, for the operations page: in development only.

What each switch does is the chain's own (`chain.devchain.machine`). What is not here: who may
(`accounts.roles`).
"""

from typing import Any, Final, NamedTuple

from django.conf import settings

from chain.errors import ChainError
from godark.errors import Code, Failure
from trading.solana import Solana

LONGEST_DELAY_MS: Final = 120_000


class Faults(NamedTuple):
    """How the chain's switches stand."""

    drop: bool = False
    """Transactions are taken and never run."""
    delay_ms: int = 0
    duplicate: bool = False
    confirm: bool = True


def may_misbehave() -> bool:
    """Tell whether this venue's chain can be one that misbehaves."""
    return bool(settings.IN_DEVELOPMENT)


def faults_now(door: Solana, /) -> Faults | None:
    """Return how the switches stand; None where no development chain answers."""
    try:
        return _read(door.client.call("devchain_setFaults"))
    except ChainError:
        return None


def set_faults(door: Solana, faults: Faults, /) -> Faults:
    """Turn the switches; refuse a delay out of bounds, and where there is no such chain."""
    _refuse_elsewhere()
    if not 0 <= faults.delay_ms <= LONGEST_DELAY_MS:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"A delay is from 0 to {LONGEST_DELAY_MS} milliseconds.",
            field="delay_ms",
        )
    wanted = faults._asdict() | {"drop": -1 if faults.drop else 0}
    return _read(_asked(door, "devchain_setFaults", wanted))


def roll_back(door: Solana, /) -> int:
    """Undo what is not finalized, as a fork does; return how many transactions vanished."""
    _refuse_elsewhere()
    return len(_asked(door, "devchain_rollBack"))


def _asked(door: Solana, method: str, /, *parameters: Any) -> Any:
    try:
        return door.client.call(method, *parameters)
    except ChainError as error:
        raise Failure(Code.UNAVAILABLE, "The development chain does not answer.") from error


def _refuse_elsewhere() -> None:
    if not may_misbehave():
        raise Failure(Code.PERMISSION_DENIED, "Only a development chain can misbehave.")


def _read(said: Any, /) -> Faults:
    return Faults(
        drop=said["drop"] != 0,
        delay_ms=said["delay_ms"],
        duplicate=said["duplicate"],
        confirm=said["confirm"],
    )
