"""The tables of a day, in the order in which one reads them; as words, for text and HTML alike."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bench.day.after import Found, totals
from bench.day.bots.pinger import learned
from bench.day.course import CRASH_TAKEN_USDT, Day
from bench.day.figures import Figures, percentile
from bench.venue import machine

MICRO: Final = 1_000_000
MARKS_S: Final = (1, 10, 60)
NEAR_MS: Final = 2_000


class Table(NamedTuple):
    """One table: its heading, its columns, its rows."""

    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables_of(day: Day, found: Found) -> Iterable[Table]:
    """Return the tables of a day in the order in which one reads them."""
    figures = day.figures
    yield _overview(day)
    yield _by_kind(figures)
    yield _latencies(figures)
    yield _quality(figures)
    yield _risk(day, found)
    yield _settlement(found)
    yield _pings(day)
    yield _machine(figures)
    yield _steadiness(figures)
    if day.faults:
        yield _faults(day)
    yield Table("Agreement", ("what", "agrees", "words"),
                [(name, "yes" if agrees else "NO", said) for name, agrees, said in found.checks]
                + [("answered orders", "yes" if not found.lost + found.doubled else "NO",
                    (f"{len(figures.answers):,} answered, {len(found.lost)} lost,"
                    f" {len(found.doubled)} doubled, {found.later_rejected} answered 202 and"
                    " rejected later"))])  # fmt: skip
    if figures.surprises:
        rows = [(name, f"{count}") for name, count in figures.surprises.most_common()]
        yield Table("What should not have been", ("what", "times"), rows)
    if found.alerts:
        rows = [(name, f"{count}") for name, count in found.alerts.items()]
        yield Table("Alerts to staff", ("kind", "times"), rows)


def _overview(day: Day) -> Table:
    figures, count = day.figures, totals(day.figures)
    rate = count["sent"] / day.lasted_s if day.lasted_s else 0
    return Table("The day", ("what", "figure"), [
        ("recording", (f"{day.terms.recording.name}, {day.tape.seconds:,.0f} s,"
                      f" {day.terms.speed:g} times as fast, seed {day.terms.seed}")),
        ("machine", machine()),
        ("traders brought on the real path", f"{day.traders} in {day.bringing_s:.1f} s"),
        ("lasted", f"{day.lasted_s:,.1f} s"),
        ("orders sent", f"{count['sent']:,} ({rate:,.0f}/s)"),
        ("refused / unanswered", f"{count['refused']:,} / {count['unanswered']:,}"),
        ("prints / volume, USDT", f"{figures.prints:,} / {figures.volume:,.0f}"),
        ("takers late, s: p50 / p99", (f"{percentile(figures.late, 0.5):.3f} /"
                                      f" {percentile(figures.late, 0.99):.3f}")),
        ("sockets lost and back", f"{figures.losses}"),
    ])  # fmt: skip


def _by_kind(figures: Figures) -> Table:
    rows = []
    for kind, sent in sorted(figures.sent.items()):
        wanted, filled = figures.wanted[kind], figures.filled[kind]
        share = f"{filled / wanted:.1%}" if wanted else "-"
        codes = ", ".join(f"{code} {n:,}" for code, n in figures.refused[kind].most_common(6))
        rows.append((kind, f"{sent:,}", f"{wanted:,.4f}", share, codes or "-"))
    return Table("Orders by kind", ("kind", "sent", "size", "filled", "refused"), rows)


def _latencies(figures: Figures) -> Table:
    rows = []
    for kind, waits in sorted(figures.waits.items()):
        marks = [f"{percentile(waits, share) * 1_000:,.0f}" for share in (0.5, 0.95, 0.99)]
        rows.append((kind, f"{len(waits):,}", *marks, f"{max(waits) * 1_000:,.0f}"))
    columns = ("answered after, ms", "answers", "p50", "p95", "p99", "most")
    return Table("Latencies by kind", columns, rows)


def _quality(figures: Figures) -> Table:
    """Price improvement against the far quote, and mark-outs, of takers; in basis points."""
    times = [one.at_ms for one in figures.quotes]
    better: dict[str, list[float]] = defaultdict(list)
    marks: dict[tuple[str, int], list[float]] = defaultdict(list)
    for fill in figures.fills:
        place = bisect_right(times, fill.executed_at) - 1
        if not fill.is_taker or place < 0 or fill.executed_at - times[place] > NEAR_MS:
            continue
        quote, sign = figures.quotes[place], 1 if fill.is_buy else -1
        far = quote.ask if fill.is_buy else quote.bid
        better[fill.kind].append(float(sign * (far - fill.price) / quote.mid) * 10_000)
        for seconds in MARKS_S:
            later = bisect_left(times, fill.executed_at + seconds * 1_000)
            if later < len(times):
                mid = figures.quotes[later].mid
                marks[fill.kind, seconds].append(float(sign * (mid - fill.price) / mid) * 10_000)
    rows = [
        (kind, f"{len(values):,}", f"{_mean(values):+.3f}",
         *(f"{_mean(marks[kind, seconds]):+.3f}" for seconds in MARKS_S))
        for kind, values in sorted(better.items())
    ]  # fmt: skip
    columns = ("takers", "fills", "improvement, bp", *(f"mark-out {s} s" for s in MARKS_S))
    return Table("Execution quality", columns, rows)


def _risk(day: Day, found: Found) -> Table:
    (number, book, backstop, adl, notional, fees, fund, venue_fund, debt) = found.liquidations
    payments, paid, received = found.funding
    said = ", ".join(f"hour {hour}: {words}" for hour, words in day.hours.items()) or "none ended"
    return Table("Liquidations, funding, funds", ("what", "figure"), [
        ("liquidations", f"{number:,}"),
        ("met by the book / backstop / deleveraged", f"{book:,} / {backstop:,} / {adl:,}"),
        ("worth, USDT", _usdt(notional)),
        ("fees to the fund, USDT", _usdt(fees)),
        ("paid by the market's fund / the global / venue debt, USDT",
         f"{_usdt(fund)} / {_usdt(venue_fund)} / {_usdt(debt)}"),
        ("recorded hours paid", said),
        *([("taken from the backstop beforehand, USDT", f"{CRASH_TAKEN_USDT:,}: {day.thinned}")]
          if day.thinned else []),
        ("funding payments", f"{payments:,}"),
        ("paid / received, USDT", f"{_usdt(paid)} / {_usdt(received)}"),
    ])  # fmt: skip


def _settlement(found: Found) -> Table:
    waits = [one[0] / 1_000 for one in found.settled]
    leaves = [float(one[1]) for one in found.settled]
    return Table("Settlement", ("what", "p50", "p95", "most"), [
        (f"due to confirmed, s ({len(waits):,} roots)", *_marks(waits, "{:.3f}")),
        ("changed leaves a root", *_marks(leaves, "{:.0f}")),
        ("trades a root", *_marks([float(one[2]) for one in found.settled], "{:.0f}")),
    ])  # fmt: skip


def _pings(day: Day) -> Table:
    told = learned(day.pings, seed=day.terms.seed)
    return Table("What the pinger learned", ("what", "figure"), [
        ("pings / filled", f"{told.pings:,} / {told.filled:,}"),
        ("correlation with presence at the mid", f"{told.about_presence:+.3f}"),
        ("correlation with hidden size, where something was", f"{told.about_size:+.3f}"),
        ("the same with its answers shuffled, 95th percentile", f"{told.by_chance:.3f}"),
    ])  # fmt: skip


def _machine(figures: Figures) -> Table:
    if len(figures.samples) < 2:  # noqa: PLR2004 - nothing to compare
        return Table("Processes", ("process",), [])
    first, last = figures.samples[0], figures.samples[-1]
    seconds = last.at_s - first.at_s
    rows = []
    for name, (cpu, memory) in sorted(last.usage.items()):
        before, began = first.usage.get(name, (0.0, memory))
        used = max(0.0, cpu - before) / seconds
        rows.append((name, f"{used:.1%}", f"{began:,.0f}", f"{memory:,.0f}"))
    return Table("Processes", ("process", "of one core", "MB before", "MB after"), rows)


def _steadiness(figures: Figures) -> Table:
    """Put the first and the last quarter side by side: whether anything grows."""
    columns = ("steadiness", "first quarter", "last quarter")
    quarter = len(figures.answered) // 4
    samples = figures.samples
    if not quarter or len(samples) < 4:  # noqa: PLR2004 - there are no quarters
        return Table("Steadiness", columns, [])
    rows = []
    for words, share in (("p50", 0.5), ("p99", 0.99)):
        first, last = (
            percentile([seconds for _, seconds in part], share) * 1_000
            for part in (figures.answered[:quarter], figures.answered[-quarter:])
        )
        rows.append((f"answered after, ms, {words}", f"{first:,.0f}", f"{last:,.0f}"))
    part = len(samples) // 4
    for name in sorted(samples[-1].usage):
        first, last = (
            percentile([one.usage[name][1] for one in some if name in one.usage], 0.5)
            for some in (samples[:part], samples[-part:])
        )
        rows.append((f"{name}, MB", f"{first:,.0f}", f"{last:,.0f}"))
    grown, orders = samples[-1].log_bytes - samples[0].log_bytes, samples[-1].orders
    rows.append(("the log, MB", f"{samples[0].log_bytes / MICRO:,.1f}",
                 f"{samples[-1].log_bytes / MICRO:,.1f}"))  # fmt: skip
    rows.append(("the log's bytes an order, prices included", "", f"{grown / max(1, orders):,.0f}"))
    return Table("Steadiness", columns, rows)


def _faults(day: Day) -> Table:
    felt: dict[str, list[float]] = defaultdict(list)
    open_ended: dict[str, int] = defaultdict(int)
    for fault in day.faults:
        if fault.felt_s is None:
            open_ended[fault.name] += 1
        else:
            felt[fault.name].append(fault.felt_s)
    rows = [
        (name, f"{len(felt[name]) + open_ended[name]}", f"{percentile(felt[name], 0.5):.2f}",
         f"{max(felt[name], default=0.0):.2f}", f"{open_ended[name]}")
        for name in sorted({*felt, *open_ended})
    ]  # fmt: skip
    columns = ("fault", "times", "median s", "longest s", "not over at the end")
    return Table("Faults: until an order was answered again", columns, rows)


def _marks(values: Sequence[float], form: str) -> tuple[str, str, str]:
    middle, high = percentile(values, 0.5), percentile(values, 0.95)
    return form.format(middle), form.format(high), form.format(max(values, default=0.0))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _usdt(micro: int) -> str:
    return f"{micro / MICRO:,.2f}"
