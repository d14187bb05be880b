"""Shrinking: the fewest commands that still fail, told as a scenario in the notation.

Commands are data, so leaving some out always gives another world. What is not here: what
failing means; the caller says.
"""

from collections.abc import Callable

from engine import commands as c
from engine.notation import Notation, write_command
from engine.notation.numbers import NotationError

MOST_TRIES = 400


def shrunk(commands: list[c.Command], fails: Callable[[list[c.Command]], bool]) -> list[c.Command]:
    """Leave out ever smaller pieces as long as what remains still fails; markets stay."""
    listed = [each for each in commands if isinstance(each, c.ListMarket)]
    kept = [each for each in commands if not isinstance(each, c.ListMarket)]
    piece, tries = len(kept) // 2, 0
    while piece and tries < MOST_TRIES:
        at = 0
        while at < len(kept) and tries < MOST_TRIES:
            fewer = kept[:at] + kept[at + piece :]
            tries += 1
            if fails(listed + fewer):
                kept = fewer
            else:
                at += piece
        piece //= 2
    return listed + kept


def scenario(commands: list[c.Command]) -> str:
    """Tell commands in the notation, the clock where it moves."""
    notation = Notation(at_ms=0)
    lines: list[str] = []
    for command in commands:
        if command.at_ms != notation.at_ms:
            notation.at_ms = command.at_ms
            lines.append(f"at {command.at_ms}")
        if isinstance(command, c.ListMarket | c.SetMarketLimits):
            notation.know(command.spec)
        try:
            lines.append(write_command(command, notation))
        except NotationError:
            lines.append(f"// {command!r}")
    return "\n".join(lines)
