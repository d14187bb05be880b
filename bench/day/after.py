"""Afterwards: does everything agree, and what happened that only the venue's rows tell.

The comparisons are the venue's own commands; what was answered is compared with the rows. Nothing
here changes anything.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.day.figures import Answered, Figures
from bench.day.people import Person
from bench.day.proofs import verify_all
from bench.day.venue import Venue
from bench.venue import wait_for

SETTLE_S: Final = 180.0
MOST_WORDS: Final = 12
"""So many lines are kept of a comparison that finds differences."""
STILL_WAITING: Final = "SELECT count(*) FROM trading_command WHERE status = 'WAITING'"
STILL_SETTLING: Final = """
    SELECT count(*) FROM trading_batch WHERE state NOT IN ('CONFIRMED', 'FINALIZED')
"""
ORDERS: Final = """
    SELECT client_order_id, id::text, status FROM trading_order WHERE client_order_id IS NOT NULL
"""
REPEATED: Final = "SELECT id::text, order_id::text FROM trading_repeatedorder"
LIQUIDATIONS: Final = """
    SELECT count(*), count(*) FILTER (WHERE book_lots <> 0),
        count(*) FILTER (WHERE backstop_lots <> 0),
        count(*) FILTER (WHERE deleveraged_lots <> 0),
        coalesce(sum(notional_micro), 0)::bigint, coalesce(sum(fee_micro), 0)::bigint,
        coalesce(sum(insurance_micro), 0)::bigint,
        coalesce(sum(global_insurance_micro), 0)::bigint, coalesce(sum(debt_micro), 0)::bigint
    FROM trading_liquidation
"""
FUNDING: Final = """
    SELECT count(*), coalesce(sum(amount_micro) FILTER (WHERE amount_micro < 0), 0)::bigint,
        coalesce(sum(amount_micro) FILTER (WHERE amount_micro > 0), 0)::bigint
    FROM trading_fundingpayment
"""
SETTLED: Final = """
    SELECT confirmed_at_ms - due_at_ms, changed_leaves, trades FROM trading_batch
    WHERE confirmed_at_ms IS NOT NULL ORDER BY number
"""
ALERTS: Final = "SELECT kind, count(*) FROM trading_alert GROUP BY kind ORDER BY kind"
EVENTS: Final = "SELECT kind, count(*) FROM trading_event GROUP BY kind ORDER BY 2 DESC"
CHECKS: Final = (
    ("engine = projections = ledger", ("reconcile",)),
    ("rows = replay of the log", ("rebuild_projections", "--check")),
    ("replay audit", ("replay_audit",)),
)


@dataclass
class Found:
    """What the venue itself says of the day."""

    checks: list[tuple[str, bool, str]] = field(default_factory=list)
    """What was compared, whether it agrees, and the words."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    later_rejected: int = 0
    liquidations: tuple[int, ...] = ()
    funding: tuple[int, ...] = ()
    settled: list[tuple[int, int, int]] = field(default_factory=list)
    alerts: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled or different."""
        return all(agrees for _, agrees, _ in self.checks) and not (self.lost or self.doubled)


def look(venue: Venue, figures: Figures, traders: Sequence[Person]) -> Found:
    """Wait until all is decided and settled, then compare everything."""
    wait_for(lambda: venue.rows(STILL_WAITING)[0][0] == 0, seconds=SETTLE_S)
    wait_for(lambda: venue.rows(STILL_SETTLING)[0][0] == 0, seconds=SETTLE_S)
    found = Found(
        liquidations=tuple(map(int, venue.rows(LIQUIDATIONS)[0])),
        funding=tuple(map(int, venue.rows(FUNDING)[0])),
        settled=[(int(a), int(b), int(c)) for a, b, c in venue.rows(SETTLED)],
        alerts=dict(venue.rows(ALERTS)),
        events=dict(venue.rows(EVENTS)),
    )
    _compare_answers(venue, figures.answers, found)
    for name, words in CHECKS:
        began = time.perf_counter()
        code, said = venue.manage(*words)
        lines = said.splitlines() or [""]
        last = lines[-1] if code == 0 else " | ".join(lines[-MOST_WORDS:])
        found.checks.append((name, code == 0, f"{last} ({time.perf_counter() - began:.1f} s)"))
    found.checks.append(("every trader's proof", *verify_all(venue, traders)))
    return found


def _compare_answers(venue: Venue, answers: Sequence[Answered], found: Found) -> None:
    """Every answered order stands under its name, and under no other id."""
    standing: dict[str, set[str]] = defaultdict(set)
    rejected: dict[str, set[str]] = defaultdict(set)
    for name, order_id, status in venue.rows(ORDERS):
        (rejected if status == "REJECTED" else standing)[name].add(order_id)
    firsts: dict[str, str] = dict(venue.rows(REPEATED))
    for one in answers:
        name = one.client_order_id
        if one.order_id in standing[name] or firsts.get(one.order_id) in standing[name]:
            continue
        if one.order_id in rejected[name]:
            found.later_rejected += 1
        else:
            found.lost.append(one.order_id)
    found.doubled = [name for name, ids in standing.items() if len(ids) > 1]


def totals(figures: Figures) -> Counter[str]:
    """Return how many orders were sent and taken, refused or left unanswered."""
    refused = sum(
        count
        for codes in figures.refused.values()
        for code, count in codes.items()
        if code != "UNANSWERED"
    )
    silent = sum(codes["UNANSWERED"] for codes in figures.refused.values())
    return Counter(sent=sum(figures.sent.values()), refused=refused, unanswered=silent)
