"""What a day is measured by: answers, latencies, fills, and what the machine did meanwhile."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from godark_client import Fill, Order
from godark_client.errors import ApiError, GoDarkError

UNANSWERED = "UNANSWERED"


class Filled(NamedTuple):
    """One execution as its owner was told of it."""

    kind: str
    symbol: str
    is_buy: bool
    price: Decimal
    size: Decimal
    fee: Decimal
    is_taker: bool
    executed_at: int


class Answered(NamedTuple):
    """An order that the venue has answered for."""

    client_order_id: str
    order_id: str
    status: str


class Quoted(NamedTuple):
    """The reference as everybody heard it."""

    at_ms: int
    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        """Return the middle."""
        return (self.bid + self.ask) / 2


class Sample(NamedTuple):
    """How things stood at a moment: seconds of the processor and MB, by process."""

    at_s: float
    usage: dict[str, tuple[float, float]]
    orders: int
    fills: int
    log_bytes: int


@dataclass
class Figures:
    """Everything that was counted."""

    sent: Counter[str] = field(default_factory=Counter)
    ended: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answered: list[tuple[float, float]] = field(default_factory=list)
    """When each order was answered, in Unix seconds, and after how many."""
    late: list[float] = field(default_factory=list)
    """By how many seconds takers' orders were sent after they were due."""
    wanted: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    filled: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    fills: list[Filled] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    quotes: list[Quoted] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    liquidations: Counter[str] = field(default_factory=Counter)
    prints: int = 0
    volume: Decimal = Decimal(0)
    newest_answer: tuple[float, float] = (0.0, 0.0)
    """When the newest answered order was sent and answered, in Unix seconds."""
    losses: int = 0
    """How often a socket was lost and came back."""
    surprises: Counter[str] = field(default_factory=Counter)
    """What should not have happened, in words."""

    def note_order(self, kind: str, order: Order, *, seconds: float) -> None:
        """Note an answer to an order."""
        self.waits[kind].append(seconds)
        now = time.time()
        self.answered.append((now, seconds))
        if now - seconds > self.newest_answer[0]:
            self.newest_answer = (now - seconds, now)
        self.ended[kind][order.status] += 1
        self.wanted[kind] += order.size or 0
        self.filled[kind] += order.filled_size or 0
        if order.client_order_id:
            self.answers.append(Answered(order.client_order_id, order.id, order.status))
        self.note_fills(kind, order.fills)

    def note_fills(self, kind: str, fills: Sequence[Fill]) -> None:
        """Note executions."""
        for one in fills:
            is_buy, is_taker = one.side == "BUY", one.liquidity == "TAKER"
            self.fills.append(
                Filled(
                    kind,
                    one.symbol,
                    is_buy,
                    one.price,
                    one.size,
                    one.fee,
                    is_taker,
                    one.executed_at,
                )
            )

    def note_refusal(self, kind: str, error: GoDarkError, *, seconds: float) -> None:
        """Note what the venue refused, or that it said nothing."""
        is_said = isinstance(error, ApiError)
        if is_said:
            self.waits[kind].append(seconds)
        self.refused[kind][error.code if isinstance(error, ApiError) else UNANSWERED] += 1


def percentile(numbers: Sequence[float], share: float) -> float:
    """Return the number below which a share of them lies; 0 of none."""
    if not numbers:
        return 0.0
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
