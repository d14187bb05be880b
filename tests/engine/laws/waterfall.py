"""Laws of what follows the book in a liquidation, and of funding rates, by the rules alone.

Each function takes one step and asserts. What is not here: fees and shares of liquidations
(`tests.engine.laws.risk`).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise

from engine import events as ev
from engine.events import Filled
from engine.state import BACKSTOP
from engine.units import PPB
from engine.vocabulary import TradeKind
from tests.engine.laws.facts import Facts, MarketFacts, Step
from tests.engine.laws.risk import trades


def funds_pay_in_order(step: Step) -> None:
    """I7: the market's fund pays first, the global one only what that one lacks."""
    for happening in step.happenings:
        event = happening.event
        if isinstance(event, ev.InsurancePaid | ev.DelistingSettled):
            after = happening.after
            if event.global_insurance_micro:
                assert after.markets[event.market_id].fund == 0, event
            if isinstance(event, ev.DelistingSettled) and event.debt_micro:
                assert after.global_fund == 0, event
        if isinstance(event, ev.InsurancePaid):
            assert happening.before.markets[event.market_id].equity(event.account_id) < 0, event


def winners_bear_no_more_than_their_profit(step: Step) -> None:
    """I7: who is deleveraged was in profit, and what is taken is at most that profit."""
    for happening, event in trades(step, TradeKind.DELEVERAGE):
        before = happening.before.markets[event.market_id]
        loser, winner = event.taker.account_id, event.maker.account_id
        assert before.equity(loser) < 0, event
        held = before.position(winner)
        value = held.size_lots * (before.mark or 0) * before.unit
        assert value > held.cost_micro, event
        assert event.maker.realized_pnl_micro >= 0, event
        assert event.maker.cash_micro >= 0, event
        assert event.fees_micro == event.insurance_micro == 0, event


def winners_come_by_rank(step: Step) -> None:
    """I7: the queue goes by profit and leverage, the greatest first."""
    found = trades(step, TradeKind.DELEVERAGE)
    for _, group in groupby(found, key=lambda each: (each[1].market_id, each[1].taker.account_id)):
        queue = list(group)
        ranks = [
            rank(queue[0][0].before.markets[event.market_id], event.maker.account_id)
            for _, event in queue
        ]
        close = all(a + Fraction(1, 10**8) >= b for a, b in pairwise(ranks))
        assert close, [event for _, event in queue]


def rank(market: MarketFacts, account_id: str) -> Fraction:
    """Return (long mark / entry, short entry / mark) x (notional / equity)."""
    held = market.position(account_id)
    value = abs(held.size_lots) * (market.mark or 0) * market.unit
    gain = Fraction(value, abs(held.cost_micro)) if held.size_lots > 0 else Fraction(1)
    if held.size_lots < 0:
        gain = Fraction(abs(held.cost_micro), value)
    return gain * Fraction(value, market.equity(account_id))


def the_backstop_keeps_its_limit(step: Step) -> None:
    """I7: taking over, the backstop's notional stays within five times its equity."""
    if any(isinstance(event, ev.VenueDebtBooked) for event in step.events):
        return
    for happening, event in trades(step, TradeKind.BACKSTOP, TradeKind.HAND_OVER):
        was = happening.before.markets[event.market_id].position(BACKSTOP).size_lots
        if was * event.maker.lots < 0 or _goes_beyond(step, event):
            continue
        notional, equity = exposure(happening.after)
        assert notional <= 5 * equity + event.insurance_micro, event


def leavers_are_taken_over_at_the_mark(step: Step) -> None:
    """I39: at the mark for at most the taker's fee, from the healthy, to the cost of nobody."""
    for happening, event in trades(step, TradeKind.HAND_OVER):
        leaver, before = event.taker.account_id, happening.before
        there, after = before.markets[event.market_id], happening.after.markets[event.market_id]
        assert event.price_half_ticks == there.mark, event
        assert not there.is_liquidatable(leaver), event
        assert not after.is_liquidatable(leaver), event
        rate = there.spec.taker_fee_ppb
        assert 0 <= event.fees_micro <= -(-event.notional_micro * rate // PPB), event
        assert event.fees_micro == event.taker.fee_micro, event
        assert (event.maker.account_id, event.maker.fee_micro) == (BACKSTOP, 0), event
        cash = happening.after.account(leaver).cash_micro - before.account(leaver).cash_micro
        lost = there.equity(leaver) - after.equity(leaver) - cash
        assert lost == event.fees_micro, event
        for name in {*there.positions, *after.positions} - {leaver, BACKSTOP}:
            assert there.position(name) == after.position(name), event
            assert before.account(name) == happening.after.account(name), event


def _goes_beyond(step: Step, event: Filled) -> bool:
    """Tell whether winners came first, so that only what nobody bears is left."""
    return any(
        other.taker.account_id == event.taker.account_id
        for _, other in trades(step, TradeKind.DELEVERAGE)
    )


def exposure(facts: Facts) -> tuple[int, int]:
    """Return the backstop's notional and equity at the marks."""
    notional, equity = 0, facts.account(BACKSTOP).cash_micro
    for market in facts.markets.values():
        size = market.position(BACKSTOP).size_lots
        if size and market.mark is not None:
            notional += abs(size) * market.mark * market.unit
            equity += market.equity(BACKSTOP)
    return notional, equity


@dataclass
class Hours:
    """The premiums of each running hour, as the events tell them, and the hours paid (I38)."""

    premiums: dict[str, list[int | None]] = field(default_factory=dict)
    paid: set[tuple[str, int]] = field(default_factory=set)

    def follow(self, step: Step) -> None:
        """Follow one step and compare each rate with the average of its samples."""
        for event in step.events:
            if isinstance(event, ev.FundingSampled):
                for sample in event.samples:
                    told = [sample.premium_ppb] * sample.seconds
                    self.premiums.setdefault(sample.market_id, []).extend(told)
            if isinstance(event, ev.FundingRateSet):
                assert (event.market_id, event.hour) not in self.paid, event
                self.paid.add((event.market_id, event.hour))
                self._judge(event, self.premiums.pop(event.market_id, []))

    @staticmethod
    def _judge(event: ev.FundingRateSet, premiums: list[int | None]) -> None:
        known = [premium for premium in premiums if premium is not None]
        if not known or 2 * (len(premiums) - len(known)) > len(premiums):
            assert event.rate_ppb is None, event
            return
        if event.rate_ppb is not None:
            mean = Fraction(sum(known), len(known))
            rate = clamped((mean + clamped(100_000 - mean)) / 8)
            assert abs(rate - event.rate_ppb) <= 1, event


def clamped(rate: Fraction) -> Fraction:
    """Keep a rate within 0.05% to either side."""
    return max(Fraction(-500_000), min(Fraction(500_000), rate))
