"""The one table that the parts of `bench/exchange.py` print."""

import statistics

ROW = "{:<46}{:>14}{:>14}{:>16}"


def row(name: str, figure: str = "", aim: str = "", baseline: str = "") -> None:
    """Print a line of the table."""
    print(ROW.format(name, figure, aim, baseline), flush=True)


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile of seconds, in milliseconds."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] * 1_000


def middle_and_worst(values: list[float]) -> str:
    """Return the median and the 99th of a hundred, in milliseconds."""
    return f"{percentile(values, 50):.1f} / {percentile(values, 99):.1f}"
