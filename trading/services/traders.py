"""Who trades, as far as orders are concerned: account, allowance, what compliance says."""

import uuid
from dataclasses import dataclass

from godark.errors import Failure
from godark.limits import TIERS, Allowance, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """An account at a door of trading.

    `refusal` is why it may do nothing but cancel and close; None for everybody else.
    """

    account_id: uuid.UUID
    allowance: Allowance = TIERS[Tier.FREE]
    refusal: Failure | None = None
    fee_discount_percent: int = 0

    def check_may_raise(self) -> None:
        """Refuse whoever compliance lets only cancel and close."""
        if self.refusal is not None:
            raise self.refusal
