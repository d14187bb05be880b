"""Funding: the rate of each market's hour, and what each account paid or received."""

from typing import Final

from engine import events as ev
from trading.projections.names import Names
from trading.projections.rows import FundingPaymentRow, FundingRateRow
from trading.projections.tables import Table
from trading.recording import Hand

RATES: Final = Table(
    "trading_fundingrate", FundingRateRow, "bigint bigint bigint bigint bigint bigint"
)
PAYMENTS: Final = Table(
    "trading_fundingpayment", FundingPaymentRow, "uuid uuid bigint bigint bigint bigint"
)


class Funding:
    """The rates and payments of this step; an hour's events come in one command."""

    def __init__(self, names: Names) -> None:
        self._ids, self._accounts, self._markets = names
        self._rates: dict[tuple[str, int], FundingRateRow] = {}
        self._payments: list[FundingPaymentRow] = []

    def rate_set(self, _: int, event: ev.FundingRateSet, /) -> None:
        """Write down an hour's rate."""
        self._rates[event.market_id, event.hour] = FundingRateRow(
            self._markets[event.market_id],
            event.hour,
            event.rate_ppb,
            event.index_half_ticks,
            0,
            event.at_ms,
        )

    def settled(self, _: int, event: ev.FundingSettled, /) -> None:
        """Add what was left of the hour."""
        self._rates[event.market_id, event.hour].residue_micro = event.residue_micro

    def paid(self, sequence: int, event: ev.FundingPaid, /) -> None:
        """Write down one account's payment."""
        self._payments.append(
            FundingPaymentRow(
                self._ids.of("funding", sequence),
                self._accounts[event.account_id],
                self._markets[event.market_id],
                event.hour,
                event.amount_micro,
                event.at_ms,
            )
        )

    def write(self, cursor: Hand, /) -> tuple[list[FundingRateRow], list[FundingPaymentRow]]:
        """Write this step's rates and payments, and return them."""
        rates, payments = list(self._rates.values()), self._payments
        if rates:
            RATES.add(cursor, rates)
            PAYMENTS.add(cursor, payments)
            self._rates, self._payments = {}, []
        return rates, payments
