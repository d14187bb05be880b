"""The venue's own money as staff reads it: insurance, backstop, debt, and their history.

Balances come from the rows of the engine's state, the history from the ledger. What rests, and what
the backstop's own orders are, is in neither (I24).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.ledger.models import BACKSTOP_OWNER_ID, LedgerAccount, Posting, Purpose
from engine.backstop import MOST_LEVERAGE
from engine.margin import equity_micro
from trading.models import (
    BACKSTOP_ACCOUNT_ID,
    Balance,
    Market,
    MarketFunds,
    Position,
    VenueFunds,
)
from trading.selectors.marks import marks_of

NEWEST: Final = 50
TARGET_SHARE: Final = 100
"""A market's fund is to be a hundredth of its open interest; below half of that it is low."""

OWED: Final = """
SELECT coalesce((SELECT external_micro FROM trading_venuefunds), 0)
    - coalesce((SELECT sum(unfinal_micro) FROM trading_balance), 0)
    + coalesce((SELECT sum(amount_micro) FROM trading_withdrawal WHERE state = 'RELEASED'), 0)
"""
"""What the venue owes by its rows, in micro-USDT: what its treasury has to cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position of the backstop; amounts in micro-USDT."""

    market: Market
    size_lots: int
    mark_half_ticks: int | None
    notional_micro: int
    equity_micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstop:
    """What the backstop has and may still take over, in micro-USDT."""

    cash_micro: int
    positions: list[Held]

    @property
    def notional_micro(self) -> int:
        """What its positions are worth, without signs."""
        return sum(one.notional_micro for one in self.positions)

    @property
    def equity_micro(self) -> int:
        """Its cash, and what its positions would leave."""
        return self.cash_micro + sum(one.equity_micro for one in self.positions)

    def room_micro(self, *, moved_micro: int = 0) -> int:
        """Return the notional that it may still take over, had it so much more cash."""
        limit = MOST_LEVERAGE * (self.equity_micro + moved_micro)
        return limit - self.notional_micro


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFund:
    """A market's fund beside what it should be, in micro-USDT; no target without a mark."""

    insurance_micro: int
    debt_micro: int
    target_micro: int | None

    @property
    def is_low(self) -> bool:
        """Whether it is below half of its target."""
        return self.target_micro is not None and 2 * self.insurance_micro < self.target_micro


def market_fund(market: Market, /, *, mark: int | None) -> MarketFund:
    """Return a market's fund."""
    row = MarketFunds.objects.filter(market=market).first() or MarketFunds()
    target = None
    if mark is not None:
        notional = row.open_interest_lots * mark * (market.tick_lot_micro // 2)
        target = notional // TARGET_SHARE
    return MarketFund(
        insurance_micro=row.insurance_micro, debt_micro=row.debt_micro, target_micro=target
    )


def global_fund_micro() -> int:
    """Return what is in the global insurance fund."""
    found = VenueFunds.objects.values_list("global_insurance_micro", flat=True).first()
    return found or 0


def owed_micro() -> int:
    """Return what the venue owes by its rows."""
    with connection.cursor() as cursor:
        cursor.execute(OWED)
        return int(cursor.fetchone()[0])


def backstop() -> Backstop:
    """Return what the backstop has, at the marks."""
    cash = Balance.objects.filter(account_id=BACKSTOP_ACCOUNT_ID).first() or Balance()
    rows = list(
        Position.objects.filter(account_id=BACKSTOP_ACCOUNT_ID)
        .exclude(size_lots=0)
        .select_related("market")
        .order_by("market__rank", "market_id")
    )
    marks = marks_of([row.market_id for row in rows])
    return Backstop(
        cash_micro=cash.cash_micro, positions=[_held(row, marks.get(row.market_id)) for row in rows]
    )


def _held(row: Position, mark: int | None) -> Held:
    unit = row.market.tick_lot_micro // 2
    price = mark or 0
    return Held(
        market=row.market,
        size_lots=row.size_lots,
        mark_half_ticks=mark,
        notional_micro=abs(row.size_lots) * price * unit,
        equity_micro=equity_micro(
            size_lots=row.size_lots,
            cost_micro=row.cost_micro,
            collateral_micro=row.collateral_micro,
            price_half_ticks=price,
            unit=unit,
        ),
    )


def accounts_of_market(market: Market, /) -> QuerySet[LedgerAccount]:
    """Return the ledger's accounts of a market's fund and debt."""
    return LedgerAccount.objects.filter(
        owner_id=None, market=market.symbol, purpose__in=[Purpose.INSURANCE, Purpose.VENUE_DEBT]
    ).order_by("purpose")


def accounts_of_venue() -> QuerySet[LedgerAccount]:
    """Return the ledger's accounts of the global fund, the backstop's cash, and fees."""
    venue = Q(owner_id=None, market="", purpose__in=[Purpose.INSURANCE, Purpose.FEES])
    return LedgerAccount.objects.filter(
        venue | Q(owner_id=BACKSTOP_OWNER_ID, purpose=Purpose.CASH)
    ).order_by("purpose")


def newest_postings(accounts: Sequence[LedgerAccount], /) -> list[Posting]:
    """Return what moved in these accounts, the newest first; each is asked by its own index."""
    found: list[Posting] = []
    for account in accounts:
        rows = Posting.objects.filter(account=account).select_related("entry", "account")
        found += rows.order_by("-pk")[:NEWEST]
    return sorted(found, key=attrgetter("pk"), reverse=True)[:NEWEST]
