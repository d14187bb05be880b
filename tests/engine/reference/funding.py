"""The slow venue's hours of funding, and deposits, withdrawals, funds, the end of a market.

Written from the rules alone, where they are silent from what docs/ENGINE.md declares. What
is not here: liquidations (`liquidation`).
"""

from fractions import Fraction
from math import floor

from engine import commands as c
from engine.reasons import Reason
from engine.state import BACKSTOP
from engine.vocabulary import MarketState
from tests.engine.reference import money
from tests.engine.reference.liquidation import PPB, Liquidator
from tests.engine.reference.money import Impossible
from tests.engine.reference.records import Market, Position


def kept_within(value: Fraction, bound: int) -> Fraction:
    """Keep a rate within a bound to either side."""
    return max(Fraction(-bound), min(Fraction(bound), value))


class Treasury(Liquidator):
    """Moves money that no trade moves."""

    def __init__(self) -> None:
        super().__init__()
        self.deposits: dict[str, tuple[str, int]] = {}
        self.withdrawals: dict[str, tuple[str, int]] = {}
        self.inside = 0
        self.used: set[str] = set()

    def known(self, market_id: str) -> Market:
        """Return a market or refuse."""
        if market_id not in self.books.markets:
            raise Impossible(Reason.NOT_FOUND)
        return self.market(market_id)

    @staticmethod
    def open_interest(market: Market) -> int:
        """Return the lots of all longs."""
        return sum(max(0, held.size) for held in market.positions.values())

    # Funding.

    def do_SampleFunding(self, command: c.SampleFunding) -> None:  # noqa: N802 -- for the command
        """Keep this second's premiums where the market does not stand still."""
        for sample in command.samples:
            market = self.books.markets.get(sample.market_id)
            is_hour = 0 < sample.seconds <= 3_600
            if market is not None and is_hour and not market.stands_still:
                premium = sample.premium_ppb
                is_none = premium is None or abs(premium) > PPB
                market.premiums.extend([None if is_none else premium] * sample.seconds)

    def do_PayFunding(self, command: c.PayFunding) -> None:  # noqa: N802 -- named for the command
        """Pay an hour: debits, liquidations, credits, the residue to the fund."""
        name = command.market_id
        market = self.known(name)
        if command.hour <= market.paid_hour:
            raise Impossible(Reason.DUPLICATE_ID)
        rate = self.rate(market)
        market.paid_hour, market.premiums = command.hour, []
        self.tell("rate", name, rate)
        if not rate:
            return
        share = Fraction((market.index or 0) * market.unit * rate, PPB)
        payments = {
            account_id: floor(-held.size * share)
            for account_id, held in sorted(market.positions.items())
            if held.size
        }
        for account_id, amount in payments.items():
            if amount < 0:
                self.pay(name, account_id, amount)
        self.after_mark(name)
        for account_id, amount in payments.items():
            if amount > 0:
                self.pay(name, account_id, amount)
        market = self.market(name)
        self.tell("residue", market.pot)
        market.fund += market.pot
        market.pot = 0

    def rate(self, market: Market) -> int | None:
        """Return the hour's rate, each step towards zero; None where it accrued nothing."""
        known = [premium for premium in market.premiums if premium is not None]
        missing = len(market.premiums) - len(known)
        if not known or missing > len(known) or market.index is None or market.stands_still:
            return None
        mean = Fraction(money.towards_zero(Fraction(sum(known), len(known))))
        eight_hours = mean + kept_within(100_000 - mean, 500_000)
        hour = Fraction(money.towards_zero(eight_hours / 8))
        return int(kept_within(hour, 500_000))

    def pay(self, name: str, account_id: str, amount: int) -> None:
        """Move one payment: from or to collateral, to cash where the position is gone."""
        market = self.market(name)
        held = market.position(account_id)
        if held.size:
            held.collateral += amount
        else:
            self.books.account(account_id).cash += amount
        market.pot -= amount
        self.tell("pays", account_id, amount, held.size == 0)

    # Deposits and withdrawals.

    def do_CreditDeposit(self, command: c.CreditDeposit) -> None:  # noqa: N802 -- for the command
        """Credit a deposit."""
        self.check_id(command.deposit_id)
        self.check_amount(command.amount_micro)
        self.bring(command.amount_micro)
        self.used.add(command.deposit_id)
        account = self.books.account(command.account_id)
        account.cash += command.amount_micro
        account.unfinal += command.amount_micro
        self.deposits[command.deposit_id] = (command.account_id, command.amount_micro)
        self.let_in(command.account_id)

    def check_id(self, subject_id: str) -> None:
        """Refuse an id that was used before."""
        if subject_id in self.used or subject_id in self.seen:
            raise Impossible(Reason.DUPLICATE_ID)

    @staticmethod
    def check_amount(amount: int) -> None:
        """Refuse what is not above zero, or more than all money."""
        if not 0 < amount <= money.ALL_MONEY:
            raise Impossible(Reason.INVALID_AMOUNT)

    def bring(self, amount: int) -> None:
        """Let money come in, if there is room for it."""
        if self.inside + amount > money.ALL_MONEY:
            raise Impossible(Reason.INVALID_AMOUNT)
        self.inside += amount

    def found(self, table: dict[str, tuple[str, int]], subject_id: str, account_id: str) -> int:
        """Take an account's open transfer out of a table, or refuse."""
        owner, amount = table.get(subject_id, ("", 0))
        if owner != account_id:
            raise Impossible(Reason.NOT_FOUND)
        del table[subject_id]
        return amount

    def do_FinalizeDeposit(self, command: c.FinalizeDeposit) -> None:  # noqa: N802 -- for it
        """Make a deposit final."""
        amount = self.found(self.deposits, command.deposit_id, command.account_id)
        self.books.account(command.account_id).unfinal -= amount

    def do_DropDeposit(self, command: c.DropDeposit) -> None:  # noqa: N802 -- for the command
        """Debit a dropped deposit: cash, then collateral, then the global fund, then the venue."""
        who = command.account_id
        amount = self.found(self.deposits, command.deposit_id, who)
        self.inside -= amount
        account = self.books.account(who)
        cash = min(amount, max(0, account.cash - account.held))
        account.cash -= cash
        account.unfinal -= amount
        self.tell("dropped", cash)
        before = {name: market.acting_state for name, market in self.books.markets.items()}
        for name in sorted(self.books.markets):
            if self.books.free(who) < 0 and who in self.market(name).positions:
                self.carry(name, who)
        missing = amount - cash
        for name in sorted(self.books.markets):
            held = self.market(name).position(who)
            taken = min(missing, max(0, held.collateral))
            if taken:
                held.collateral -= taken
                missing -= taken
                self.tell("covered", name, taken, 0, 0)
        if missing:
            shared = min(missing, self.books.global_fund)
            self.books.global_fund -= shared
            first = min(self.books.markets)
            self.market(first).debt += missing - shared
            self.tell("covered", first, 0, shared, missing - shared)
        for name in sorted(before):
            self.follow_state(name, before[name])

    def do_ReserveWithdrawal(self, command: c.ReserveWithdrawal) -> None:  # noqa: N802 -- for it
        """Hold free, final cash."""
        self.check_id(command.withdrawal_id)
        self.check_amount(command.amount_micro)
        account, amount = self.books.account(command.account_id), command.amount_micro
        if amount > max(0, self.books.free(command.account_id) - account.unfinal):
            raise Impossible(Reason.INSUFFICIENT_FUNDS)
        account.held += amount
        self.used.add(command.withdrawal_id)
        self.withdrawals[command.withdrawal_id] = (command.account_id, amount)

    def do_ConfirmWithdrawal(self, command: c.ConfirmWithdrawal) -> None:  # noqa: N802 -- for it
        """Let held cash leave."""
        amount = self.found(self.withdrawals, command.withdrawal_id, command.account_id)
        self.books.account(command.account_id).held -= amount
        self.books.account(command.account_id).cash -= amount
        self.inside -= amount

    def do_ReturnWithdrawal(self, command: c.ReturnWithdrawal) -> None:  # noqa: N802 -- for it
        """Hold the cash no longer."""
        amount = self.found(self.withdrawals, command.withdrawal_id, command.account_id)
        self.books.account(command.account_id).held -= amount

    # Funds.

    def do_ContributeInsurance(  # noqa: N802 -- named for the command
        self, command: c.ContributeInsurance
    ) -> None:
        """Pay into a fund, a market's debt first."""
        name, amount = command.market_id, command.amount_micro
        self.check_id(command.contribution_id)
        self.check_amount(amount)
        if name is not None:
            self.known(name)
        self.bring(amount)
        self.used.add(command.contribution_id)
        if name is None:
            self.books.global_fund += amount
            return
        market = self.known(name)
        before = market.acting_state
        repaid = min(market.debt, amount)
        market.debt -= repaid
        market.fund += amount - repaid
        self.follow_state(name, before)

    def do_FundBackstop(self, command: c.FundBackstop) -> None:  # noqa: N802 -- for the command
        """Move cash between the global fund and the backstop."""
        amount = command.amount_micro
        self.check_id(command.transfer_id)
        self.check_amount(abs(amount))
        there = self.books.global_fund if amount > 0 else self.books.free(BACKSTOP)
        if abs(amount) > there:
            raise Impossible(Reason.INSUFFICIENT_FUNDS)
        self.used.add(command.transfer_id)
        self.books.global_fund -= amount
        self.books.account(BACKSTOP).cash += amount
        self.tell("topped up", amount)

    # The end of a market.

    def do_SettleDelisting(self, command: c.SettleDelisting) -> None:  # noqa: N802 -- for it
        """Close all positions at one price; funds, winners and the venue bear the deficits."""
        market = self.known(command.market_id)
        price = command.price_half_ticks
        if market.state is not MarketState.DELISTED:
            raise Impossible(Reason.MARKET_CLOSED)
        worth = price * market.unit * max(1, self.open_interest(market))
        if price <= 0 or worth > money.ALL_WORTH:
            raise Impossible(Reason.INVALID_PRICE)
        held = {name: each for name, each in sorted(market.positions.items()) if each.size}
        if not held:
            return
        claims = {
            name: each.collateral + each.size * price * market.unit - each.cost
            for name, each in held.items()
        }
        missing = sum(max(0, -claim) for name, claim in claims.items() if name != BACKSTOP)
        fund = min(missing, market.fund)
        shared = min(missing - fund, self.books.global_fund)
        missing -= fund + shared
        for name in self.queue(market, price, True) + self.queue(market, price, False):
            profit = held[name].size * price * market.unit - held[name].cost
            cut = max(0, min(missing, profit, claims[name]))
            claims[name] -= cut
            missing -= cut
        market.fund -= fund
        self.books.global_fund -= shared
        market.debt += missing
        for name in held:
            if name in market.pairs:
                self.set_pair(command.market_id, name, (None, None))
        self.tell("settled", price, fund, shared, missing)
        for name, each in held.items():
            claim = claims[name] if name == BACKSTOP else max(0, claims[name])
            self.books.account(name).cash += claim
            fresh = Position(each.leverage, 0, 0, 0, each.buys_reserve, each.sells_reserve)
            market.positions[name] = fresh
