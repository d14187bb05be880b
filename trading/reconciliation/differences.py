"""A difference: what is not the same in two places, with both figures.

Figures are a table from (kind, account, market) to a number. What is missing is zero. What is
not here: where figures come from (`trading.reconciliation.figures`).
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

HIDDEN: Final = "hidden"
"""What kinds begin with that would tell of resting orders (I24)."""


class Key(NamedTuple):
    """What a figure is of: a kind, whose account, which market; empty where it has none."""

    kind: str
    account: str = ""
    market: str = ""


Figures = dict[Key, int]


class Difference(NamedTuple):
    """One difference between two places."""

    kind: str
    account: str
    market: str
    places: tuple[str, str]
    figures: tuple[str, str]

    def __str__(self) -> str:
        """Tell it to whoever may know everything."""
        of = " ".join(word for word in (self.kind, self.account, self.market) if word)
        sides = (f"{place} {figure}" for place, figure in zip(self.places, self.figures))  # noqa: B905 - both are pairs
        return f"{of}: {', '.join(sides)}"

    @property
    def is_hidden(self) -> bool:
        """Whether it would tell of a resting order."""
        return self.kind.startswith(HIDDEN)

    def told(self) -> dict[str, Any]:
        """Return it for the back office and the log: of what is hidden only that it differs."""
        if self.is_hidden:
            return {"kind": self.kind, "places": list(self.places)}
        return {**self._asdict(), "places": list(self.places), "figures": list(self.figures)}


def compare(
    first: str, figures: Mapping[Key, int], second: str, others: Mapping[Key, int], /
) -> list[Difference]:
    """Return where two tables of figures differ, in order of their keys."""
    return [
        Difference(*key, (first, second), (str(figures.get(key, 0)), str(others.get(key, 0))))
        for key in sorted({*figures, *others})
        if figures.get(key, 0) != others.get(key, 0)
    ]
