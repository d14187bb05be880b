"""What an exit from a frozen exchange is worth. The section "The way out" of docs/PROOFS.md.

What lives here: the arithmetic, as the program does it. What does not: proofs (claims, merkle), the
instructions (exit_instructions).
"""

from typing import NamedTuple, Self

from chain.claims import Claim
from chain.layouts import Checkpoint, Checkpoints, Exchange, Vault


class Exit(NamedTuple):
    """What a vault leaves with, in micro-USDT: by its claim, and beside it."""

    by_claim_micro: int
    beside_micro: int

    @property
    def amount_micro(self) -> int:
        """Give both together."""
        return self.by_claim_micro + self.beside_micro


class Divisor(NamedTuple):
    """What the freeze fixes for all exits: treasury, reserve, users' claims, venue's share."""

    held_micro: int
    reserve_micro: int
    claims_micro: int
    venue_micro: int

    @classmethod
    def of_frozen(cls, checkpoints: Checkpoints) -> Self:
        """Read what a freeze has fixed."""
        return cls(
            checkpoints.held_micro,
            checkpoints.reserve_micro,
            checkpoints.claims_micro,
            checkpoints.venue_micro,
        )

    @classmethod
    def if_frozen_now(
        cls, exchange: Exchange, newest: Checkpoint | None, *, held_micro: int
    ) -> Self:
        """Give what a freeze would fix at this moment, with so much in the treasury."""
        deposits = newest.deposits_micro if newest else 0
        released = newest.released_micro if newest else 0
        claims = newest.claims_micro if newest else 0
        venue = newest.venue_micro if newest else 0
        uncounted = max(exchange.deposited_micro - deposits, 0)
        unpaid = max(released - exchange.paid_under_micro, 0)
        reserve = uncounted + unpaid
        left = max(max(held_micro - reserve, 0) - claims, 0)
        return cls(held_micro, reserve, claims, min(venue, left))


def exit_of(divisor: Divisor, vault: Vault, claim: Claim | None) -> Exit:
    """Give what a vault leaves with; `None` for one without a claim in the checkpoint."""
    deposits, released, amount = (
        (claim.deposits_micro, claim.released_micro, claim.claim_micro) if claim else (0, 0, 0)
    )
    beside = (vault.deposited_micro - deposits) + (released - vault.paid_micro)
    free = max(divisor.held_micro - divisor.reserve_micro, 0)
    backed = min(divisor.held_micro, divisor.reserve_micro)
    return Exit(
        _share_rounded_down(amount + min(beside, 0), there=free, wanted=divisor.claims_micro),
        _share_rounded_down(beside, there=backed, wanted=divisor.reserve_micro),
    )


def _share_rounded_down(part: int, *, there: int, wanted: int) -> int:
    part = max(part, 0)
    return part if there >= wanted else part * there // wanted
