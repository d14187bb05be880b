"""The words of one line, taken one after another.

What is not here: what they mean.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from engine.notation.numbers import Notation, NotationError

T = TypeVar("T")


class Words:
    """A line of words with a place in it."""

    def __init__(self, text: str, /) -> None:
        self._words = text.split()
        self._at = 0

    def left(self) -> bool:
        """Tell whether words are left."""
        return self._at < len(self._words)

    def peek(self) -> str | None:
        """Return the next word without taking it."""
        return self._words[self._at] if self.left() else None

    def next(self) -> str:
        """Take the next word."""
        if not self.left():
            raise NotationError("the line ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def next_of(self, choices: Iterable[str], /) -> str | None:
        """Take the next word if it is one of these."""
        return self.next() if self.peek() in tuple(choices) else None

    def next_number(self) -> str | None:
        """Take the next word if it begins like a number."""
        word = self.peek()
        return self.next() if word is not None and word[0].isdigit() else None

    def choose(self, choices: Mapping[str, T], /) -> T:
        """Take the next word, which must be one of these."""
        word = self.next()
        if word not in choices:
            raise NotationError(f"{word!r} is none of {', '.join(choices)}")
        return choices[word]

    def expect(self, word: str, /) -> None:
        """Take the next word, which must be this."""
        found = self.next()
        if found != word:
            raise NotationError(f"{found!r} stands where {word!r} should")

    def id_or(self, n: Notation, prefix: str, /) -> str:
        """Take `as ID`, or give an id."""
        if self.next_of(("as",)) is None:
            return n.fresh_id(prefix)
        return self.next()

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.left():
            raise NotationError(f"{self._words[self._at]!r} is too much")
