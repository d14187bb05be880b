"""Medians of integers, as the index uses them: always a number that somebody quoted.

What is not here: which numbers go in.
"""

from collections.abc import Sequence


def lower_median(values: Sequence[int]) -> int:
    """Return the middle value; of an even number, the lower of the two in the middle."""
    return sorted(values)[(len(values) - 1) // 2]


def middle_median(values: Sequence[int]) -> int:
    """Return the middle value; of an even number, the floored mean of the two middle ones."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2


def weighted_median_at(*, values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the position of the weighted median; at exactly half the weight, the lower."""
    order = sorted(range(len(values)), key=values.__getitem__)
    total = sum(weights)
    reached = 0
    for position in order:
        reached += weights[position]
        if 2 * reached >= total:
            return position
    raise ValueError("A weighted median needs a positive weight.")


def weighted_median(*, values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the weighted median; at exactly half the weight, the lower value."""
    return values[weighted_median_at(values=values, weights=weights)]


def weighted_deviation(*, values: Sequence[int], weights: Sequence[int], center: int) -> int:
    """Return the weighted median of the absolute deviations from the center."""
    return weighted_median(values=[abs(value - center) for value in values], weights=weights)
