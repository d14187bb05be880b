"""A seeded stream of commands over every feature, for random tests and benches."""

from random import Random

from engine import commands as c
from engine.vocabulary import (
    MarketState,
    MinQuantityMode,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)

ACCOUNTS = ("alice", "bob", "carol", "dave", "erin", "frank")
MARKETS = ("BTC", "ETH")
_PEGS = (OrderType.PEG_MID, OrderType.PEG_BID, OrderType.PEG_ASK)


class RandomWorld:
    """Commands drawn from one seed: the same seed, the same world."""

    def __init__(self, *, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 -- a seeded world, no secret
        self.at_ms = 1_000_000
        self.order = 0
        self.transfer = 0
        self.hour = 0
        self.mid = dict.fromkeys(MARKETS, 2_000)
        self.owners: dict[str, str] = {}

    def opening(self) -> list[c.Command]:
        """List the markets, fund everybody and bring first prices."""
        at = self.at_ms
        found: list[c.Command] = [
            c.ListMarket(
                at_ms=at,
                spec=c.MarketSpec(
                    market_id=market_id, tick_size="0.1", lot_size="1", tick_lot_micro=100_000
                ),
                insurance_micro=self.random.choice((0, 10_000_000, 100_000_000_000)),
            )
            for market_id in MARKETS
        ]
        found.append(c.ContributeInsurance(at_ms=at, contribution_id="seed", amount_micro=10**9))
        found.append(c.FundBackstop(at_ms=at, transfer_id="seed-2", amount_micro=10**8))
        found += [
            c.CreditDeposit(
                at_ms=at,
                deposit_id="first-" + account_id,
                account_id=account_id,
                amount_micro=self.random.choice((50_000_000, 1_000_000_000, 20_000_000_000)),
            )
            for account_id in ACCOUNTS
        ]
        found.append(self.references())
        return found

    def references(self) -> c.MoveReferences:
        """Move every market's prices a little, sometimes much."""
        moves = []
        for market_id in MARKETS:
            jump = self.random.choice((0, 0, 1, 1, 2, 3, 5, 10, 60, 200))
            mid = max(300, self.mid[market_id] + self.random.randint(-jump, jump))
            self.mid[market_id] = mid
            width = self.random.choice((1, 1, 2, 3, 8))
            bid = (mid - width) // 2
            missing = self.random.random()
            mark = mid + self.random.randint(-3, 3)
            moves.append(
                c.ReferenceMove(
                    market_id=market_id,
                    bid_ticks=None if missing < 0.02 else bid,
                    ask_ticks=None if missing < 0.02 else bid + width,
                    quoted_at_ms=self.at_ms - self.random.choice((0,) * 12 + (2_000,)),
                    index_half_ticks=None if missing > 0.99 else mid,
                    mark_half_ticks=None if missing > 0.99 else mark,
                    dispersion_ppb=self.random.choice((0, 0, 5_000_000)),
                )
            )
        return c.MoveReferences(at_ms=self.at_ms, moves=tuple(moves))

    def command(self) -> c.Command:
        """Draw the next command."""
        self.at_ms += self.random.choice((0, 1, 5, 10, 50, 100, 400))
        kinds = (
            (self.submit, 50),
            (self.cancel, 14),
            (self.amend, 6),
            (self.references, 20),
            (self.account_command, 10),
            (self.venue_command, 5),
        )
        kind = self.random.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        return kind()

    def submit(self) -> c.Command:
        """Draw an order with any attributes that agree with each other, mostly."""
        r = self.random
        market_id = r.choice(MARKETS)
        self.order += 1
        account_id = self.owners[str(self.order)] = r.choice(ACCOUNTS)
        order_type = r.choice((OrderType.LIMIT,) * 4 + (OrderType.MARKET,) + _PEGS)
        tif = r.choice((TimeInForce.GTC,) * 4 + (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD))
        if order_type is OrderType.MARKET:
            tif = r.choice((TimeInForce.IOC, TimeInForce.FOK))
        limit: int | None = self.mid[market_id] // 2 + r.randint(-12, 12)
        if order_type is OrderType.MARKET or (order_type in _PEGS and r.random() < 0.6):
            limit = None
        quantity = r.choice((1, 2, 3, 5, 8, 13, 40))
        triggered = r.random() < 0.06
        pair = r.random() < 0.08
        return c.SubmitOrder(
            at_ms=self.at_ms,
            order_id=str(self.order),
            account_id=account_id,
            market_id=market_id,
            side=r.choice((Side.BUY, Side.SELL)),
            order_type=order_type,
            quantity_lots=quantity,
            limit_ticks=limit,
            time_in_force=tif,
            expires_at_ms=self.at_ms + 5_000 if tif is TimeInForce.GTD else None,
            all_or_none=r.random() < 0.1,
            min_quantity_lots=r.choice((0, 0, 0, 2, 3)) if quantity >= 3 else 0,
            min_quantity_mode=r.choice((MinQuantityMode.EACH, MinQuantityMode.FIRST)),
            nbbo_protection=r.random() < 0.1,
            post_only=r.random() < 0.1 and tif in (TimeInForce.GTC, TimeInForce.GTD),
            reduce_only=r.random() < 0.08,
            self_trade=r.choice(tuple(SelfTrade)),
            client_order_id=f"c{r.randint(1, 200)}" if r.random() < 0.1 else None,
            trigger=r.choice(tuple(TriggerKind)) if triggered else None,
            trigger_ticks=self.mid[market_id] // 2 + r.randint(-9, 9) if triggered else None,
            take_profit=self._protection(market_id) if pair else None,
            stop_loss=self._protection(market_id) if pair and r.random() < 0.5 else None,
            fee_discount_percent=r.choice((0, 0, 5, 20)),
            deposit_wait_ms=r.choice((0, 0, 0, 200, 15_000)),
        )

    def _protection(self, market_id: str) -> c.Protection:
        trigger = self.mid[market_id] // 2 + self.random.randint(-9, 9)
        limit = None if self.random.random() < 0.7 else trigger
        return c.Protection(trigger_ticks=trigger, limit_ticks=limit)

    def cancel(self) -> c.Command:
        """Draw a cancel of a recent order, sometimes of somebody else's."""
        order_id = str(max(1, self.order - self.random.randint(0, 40)))
        account_id = self.owners.get(order_id, self.random.choice(ACCOUNTS))
        if self.random.random() < 0.05:
            return c.CancelAll(at_ms=self.at_ms, account_id=account_id)
        return c.CancelOrder(at_ms=self.at_ms, order_id=order_id, account_id=account_id)

    def amend(self) -> c.Command:
        """Draw an amendment of a recent order."""
        r = self.random
        limit = self.mid["BTC"] // 2 + r.randint(-8, 8)
        order_id = str(max(1, self.order - r.randint(0, 30)))
        return c.AmendOrder(
            at_ms=self.at_ms,
            order_id=order_id,
            account_id=self.owners.get(order_id, "nobody"),
            quantity_lots=r.choice((None, 1, 2, 4, 9)),
            limit_ticks=r.choice((None, limit)),
        )

    def account_command(self) -> c.Command:
        """Draw a setting, a transfer, a close or a switch."""
        r = self.random
        account_id, market_id, at = r.choice(ACCOUNTS), r.choice(MARKETS), self.at_ms
        self.transfer += 1
        name = f"t{self.transfer}"
        amount = r.choice((1, 999_999, 5_000_000, 300_000_000))
        self.order += 1
        earlier = f"t{r.randint(1, self.transfer)}"
        choices: list[c.Command] = [
            c.SetLeverage(
                at_ms=at,
                account_id=account_id,
                market_id=market_id,
                leverage=r.choice((1, 3, 10, 25, 50, 100, 200, 500, 1_000)),
            ),
            c.MoveMargin(
                at_ms=at,
                transfer_id=name,
                account_id=account_id,
                market_id=market_id,
                amount_micro=r.choice((1, -1)) * amount,
            ),
            c.ClosePosition(
                at_ms=at,
                order_id=str(self.order),
                account_id=account_id,
                market_id=market_id,
                limit_ticks=r.choice((None, self.mid[market_id] // 2)),
            ),
            c.HandOverPosition(at_ms=at, account_id=account_id, market_id=market_id),
            c.SetPositionTriggers(
                at_ms=at,
                account_id=account_id,
                market_id=market_id,
                take_profit=self._protection(market_id),
                stop_loss=r.choice((None, self._protection(market_id))),
            ),
            c.ArmCancelAllAfter(
                at_ms=at, account_id=account_id, timeout_ms=r.choice((0, 1_000, 9_000))
            ),
            c.CreditDeposit(at_ms=at, deposit_id=name, account_id=account_id, amount_micro=amount),
            c.FinalizeDeposit(at_ms=at, deposit_id=earlier, account_id=account_id),
            c.DropDeposit(at_ms=at, deposit_id=earlier, account_id=account_id),
            c.ReserveWithdrawal(
                at_ms=at, withdrawal_id=name, account_id=account_id, amount_micro=amount
            ),
            c.ConfirmWithdrawal(at_ms=at, withdrawal_id=earlier, account_id=account_id),
            c.ReturnWithdrawal(at_ms=at, withdrawal_id=earlier, account_id=account_id),
        ]
        return r.choice(choices)

    def venue_command(self) -> c.Command:
        """Draw what time, staff and jobs do."""
        r = self.random
        market_id, at = r.choice(MARKETS), self.at_ms
        self.transfer += 1
        self.hour += 1
        premium = r.choice((None, 0, 200_000, -3_000_000, 9_000_000))
        samples = (c.FundingSample(market_id=market_id, premium_ppb=premium),)
        state = r.choice(tuple(MarketState)[:5])
        choices: list[c.Command] = [
            *[c.ExpireDue(at_ms=at)] * 4,
            c.SampleFunding(at_ms=at, samples=samples),
            c.PayFunding(at_ms=at, market_id=market_id, hour=self.hour),
            c.SetMarketState(at_ms=at, market_id=market_id, state=state),
            *[
                c.SetMarketState(at_ms=at, market_id=m, state=MarketState.ACTIVE)
                for m in MARKETS * 3
            ],
            c.TripBreaker(at_ms=at, market_id=market_id, until_ms=at + 1_000),
            c.PublishOpenInterest(at_ms=at),
            c.ContributeInsurance(
                at_ms=at,
                contribution_id=f"t{self.transfer}",
                amount_micro=50_000_000,
                market_id=r.choice((None, market_id)),
            ),
        ]
        return r.choice(choices)
