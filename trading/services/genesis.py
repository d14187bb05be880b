"""Genesis: what the exchange begins with. Every step may be repeated at will.

Markets of the catalogue are listed in the engine, their insurance funds seeded; in development
the global fund and the backstop get test money too. What is not here: the catalogue itself
(`trading.services.catalogue`).
"""

from typing import Final

from django.conf import settings
from django.db import transaction

from engine.commands import Command, ContributeInsurance, FundBackstop, ListMarket
from trading.engine_words import market_spec
from trading.inbox import put_many
from trading.models import Market

GLOBAL_INSURANCE_MICRO: Final = 1_000_000_000_000
BACKSTOP_MICRO: Final = 500_000_000_000


@transaction.atomic
def ensure_listed() -> int:
    """Have the engine list every market that it was not yet asked to; return how many."""
    markets = Market.objects.exclude(state="DELISTED").order_by("rank", "id")
    commands: list[tuple[Command, str | None]] = [
        (
            ListMarket(
                at_ms=0, spec=market_spec(market), insurance_micro=market.insurance_seed_micro
            ),
            f"list:{market.symbol}",
        )
        for market in markets
    ]
    if settings.IN_DEVELOPMENT:
        commands += venue_test_money()
    return sum(number is not None for number in put_many(commands))


def venue_test_money() -> list[tuple[Command, str | None]]:
    """Return what gives the global fund test money, and half of it to the backstop."""
    return [
        (
            ContributeInsurance(
                at_ms=0,
                contribution_id="genesis-global-insurance",
                amount_micro=GLOBAL_INSURANCE_MICRO,
            ),
            "genesis:global-insurance",
        ),
        (
            FundBackstop(at_ms=0, transfer_id="genesis-backstop", amount_micro=BACKSTOP_MICRO),
            "genesis:backstop",
        ),
    ]
