"""What each event means in money: one table from event kinds to double entry (I4).

Signs are the ledger's: what an account gains. For every owner CASH and HELD together are the
engine's cash, MARGIN a position's collateral, COST its cost negated; INSURANCE, FEES,
FUNDING_POT are the engine's figures, VENUE_DEBT and OUTSIDE (with ADJUSTMENTS) negated. So a
ledger that sums to zero says what `engine.audit` asserts. An event that is not here moves none.
What is not here: writing (`accounts.ledger.posting`).
"""

from typing import TYPE_CHECKING, Any, Final, Self, cast

from psycopg import Cursor

from accounts.ledger.models import Phase, Purpose
from accounts.ledger.posting import Account, Entry
from engine import events as ev
from engine.state import BACKSTOP
from trading.projections.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable

CASH: Final = Purpose.CASH.value
HELD: Final = Purpose.HELD.value
MARGIN: Final = Purpose.MARGIN.value
COST: Final = Purpose.COST.value
OUTSIDE: Final = Account(None, Purpose.OUTSIDE.value)
ADJUSTMENTS: Final = Account(None, Purpose.ADJUSTMENTS.value)
FEES: Final = Account(None, Purpose.FEES.value)
GLOBAL_INSURANCE: Final = Account(None, Purpose.INSURANCE.value)
TEST: Final = "test:"
"""Transfers whose id begins so bring no money from outside: development's test USDT."""

Gains = dict[Account, int]
PENDING_WITHDRAWALS: Final = """
SELECT subject_id, id FROM accounts_ledgerentry AS pending
WHERE phase = 'PENDING'
    AND NOT EXISTS (SELECT FROM accounts_ledgerentry WHERE resolves_id = pending.id)
"""


def insurance(market: str, /) -> Account:
    """Return a market's insurance fund."""
    return Account(None, Purpose.INSURANCE.value, market)


def debt(market: str, /) -> Account:
    """Return what the venue owes in a market."""
    return Account(None, Purpose.VENUE_DEBT.value, market)


def pot(market: str, /) -> Account:
    """Return the money of a market's hour of funding on its way."""
    return Account(None, Purpose.FUNDING_POT.value, market)


def source(transfer_id: str, /) -> Account:
    """Return where the money of a transfer comes from."""
    return ADJUSTMENTS if transfer_id.startswith(TEST) else OUTSIDE


class Money:
    """Turns events into entries; remembers which withdrawals are pending."""

    def __init__(self, names: Names) -> None:
        self._accounts = names.accounts
        self._pending: dict[str, int] = {}
        self._entries: list[Entry] = []

    def load(self, cursor: Cursor[Any], /) -> Self:
        """Read the withdrawals that are held."""
        cursor.execute(PENDING_WITHDRAWALS)
        self._pending = dict(cursor.fetchall())
        return self

    def take(self) -> list[Entry]:
        """Return this step's entries and begin the next."""
        entries, self._entries = self._entries, []
        return entries

    def observe(self, sequence: int, event: ev.Event, /) -> None:
        """Note what an event moves."""
        means = MEANINGS.get(type(event))
        if means is None:
            return
        gains = means(self, event)
        if not any(gains.values()):
            return
        phase, resolves = self._phase(sequence, event)
        entry = Entry(
            sequence,
            type(event).__name__,
            event.at_ms,
            gains,
            market_of(event),
            subject_of(event),
            phase,
            resolves,
        )
        self._entries.append(entry)

    def _phase(self, sequence: int, event: ev.Event, /) -> tuple[str, int | None]:
        """Say whether an entry stands, waits, or settles one that waits."""
        if isinstance(event, ev.WithdrawalReserved):
            self._pending[event.withdrawal_id] = sequence
            return Phase.PENDING.value, None
        if isinstance(event, ev.WithdrawalConfirmed):
            return Phase.POSTS.value, self._pending.pop(event.withdrawal_id)
        if isinstance(event, ev.WithdrawalReturned):
            return Phase.VOIDS.value, self._pending.pop(event.withdrawal_id)
        return Phase.POSTED.value, None

    def owned(self, name: str, purpose: str, market: str = "", /) -> Account:
        """Return an account of somebody's."""
        return Account(self._accounts[name], purpose, market)


def market_of(event: ev.Event, /) -> str:
    """Return the symbol of the market that an event happened in, or nothing."""
    if isinstance(event, ev.MarketListed):
        return event.spec.market_id
    return getattr(event, "market_id", None) or ""


def subject_of(event: ev.Event, /) -> str:
    """Return the id of the transfer that an event is about, or nothing."""
    for name in ("deposit_id", "withdrawal_id", "transfer_id", "contribution_id"):
        found: str | None = getattr(event, name, None)
        if found is not None:
            return found
    return ""


def _filled(money: Money, event: ev.Filled, /) -> Gains:
    market = event.market_id
    gains = {FEES: event.fees_micro, insurance(market): event.insurance_micro}
    for leg in (event.taker, event.maker):
        name = leg.account_id
        gains[money.owned(name, CASH)] = leg.cash_micro
        gains[money.owned(name, MARGIN, market)] = leg.collateral_micro
        gains[money.owned(name, COST, market)] = -leg.cost_micro
    return gains


def _margin_moved(money: Money, event: ev.MarginMoved, /) -> Gains:
    return {
        money.owned(event.account_id, CASH): -event.amount_micro,
        money.owned(event.account_id, MARGIN, event.market_id): event.amount_micro,
    }


def _credited(money: Money, event: ev.DepositCredited, /) -> Gains:
    return {
        source(event.deposit_id): -event.amount_micro,
        money.owned(event.account_id, CASH): event.amount_micro,
    }


def _dropped(money: Money, event: ev.DepositDropped, /) -> Gains:
    return {
        source(event.deposit_id): event.cash_micro,
        money.owned(event.account_id, CASH): -event.cash_micro,
    }


def _covered(money: Money, event: ev.ShortfallCovered, /) -> Gains:
    parts = {
        money.owned(event.account_id, MARGIN, event.market_id): -event.collateral_micro,
        GLOBAL_INSURANCE: -event.global_insurance_micro,
        debt(event.market_id): -event.debt_micro,
    }
    return {**parts, OUTSIDE: -sum(parts.values())}


def _reserved(money: Money, event: ev.WithdrawalReserved, /) -> Gains:
    return {
        money.owned(event.account_id, CASH): -event.amount_micro,
        money.owned(event.account_id, HELD): event.amount_micro,
    }


def _confirmed(money: Money, event: ev.WithdrawalConfirmed, /) -> Gains:
    return {
        money.owned(event.account_id, HELD): -event.amount_micro,
        OUTSIDE: event.amount_micro,
    }


def _returned(money: Money, event: ev.WithdrawalReturned, /) -> Gains:
    return {
        money.owned(event.account_id, HELD): -event.amount_micro,
        money.owned(event.account_id, CASH): event.amount_micro,
    }


def _listed(_: Money, event: ev.MarketListed, /) -> Gains:
    return {
        insurance(event.spec.market_id): event.insurance_micro,
        OUTSIDE: -event.insurance_micro,
    }


def _contributed(_: Money, event: ev.InsuranceContributed, /) -> Gains:
    outside = {source(event.contribution_id): -event.amount_micro}
    if event.market_id is None:
        return {GLOBAL_INSURANCE: event.amount_micro, **outside}
    repaid = event.debt_repaid_micro
    fund = insurance(event.market_id)
    return {fund: event.amount_micro - repaid, debt(event.market_id): repaid, **outside}


def _backstop(money: Money, event: ev.BackstopFunded, /) -> Gains:
    return {
        GLOBAL_INSURANCE: -event.amount_micro,
        money.owned(BACKSTOP, CASH): event.amount_micro,
    }


def _repaid(_: Money, event: ev.VenueDebtRepaid, /) -> Gains:
    return {FEES: -event.amount_micro, debt(event.market_id): event.amount_micro}


def _owed(money: Money, event: ev.VenueDebtBooked, /) -> Gains:
    return {
        money.owned(event.account_id, MARGIN, event.market_id): event.amount_micro,
        debt(event.market_id): -event.amount_micro,
    }


def _funding_paid(money: Money, event: ev.FundingPaid, /) -> Gains:
    name, market = event.account_id, event.market_id
    there = money.owned(name, CASH) if event.to_cash else money.owned(name, MARGIN, market)
    return {pot(market): -event.amount_micro, there: event.amount_micro}


def _funding_settled(_: Money, event: ev.FundingSettled, /) -> Gains:
    return {
        pot(event.market_id): -event.residue_micro,
        insurance(event.market_id): event.residue_micro,
    }


def _insured(money: Money, event: ev.InsurancePaid, /) -> Gains:
    fund, shared = event.insurance_micro, event.global_insurance_micro
    return {
        insurance(event.market_id): -fund,
        GLOBAL_INSURANCE: -shared,
        money.owned(event.account_id, MARGIN, event.market_id): fund + shared,
    }


def _delisted(money: Money, event: ev.DelistingSettled, /) -> Gains:
    market = event.market_id
    gains = {
        insurance(market): -event.insurance_micro,
        GLOBAL_INSURANCE: -event.global_insurance_micro,
        debt(market): -event.debt_micro,
    }
    for settled in event.settlements:
        name = settled.account_id
        gains[money.owned(name, CASH)] = settled.cash_micro
        gains[money.owned(name, MARGIN, market)] = -settled.collateral_micro
        gains[money.owned(name, COST, market)] = settled.cost_micro
    return gains


MEANINGS: Final = cast(
    "dict[type[ev.Event], Callable[[Money, Any], Gains]]",
    {
        ev.Filled: _filled,
        ev.MarginMoved: _margin_moved,
        ev.DepositCredited: _credited,
        ev.DepositDropped: _dropped,
        ev.ShortfallCovered: _covered,
        ev.WithdrawalReserved: _reserved,
        ev.WithdrawalConfirmed: _confirmed,
        ev.WithdrawalReturned: _returned,
        ev.MarketListed: _listed,
        ev.InsuranceContributed: _contributed,
        ev.BackstopFunded: _backstop,
        ev.VenueDebtRepaid: _repaid,
        ev.VenueDebtBooked: _owed,
        ev.FundingPaid: _funding_paid,
        ev.FundingSettled: _funding_settled,
        ev.InsurancePaid: _insured,
        ev.DelistingSettled: _delisted,
    },
)
