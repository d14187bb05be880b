"""The notation: commands, events, books, positions and balances as lines of text.

One command per line, in a trader's words; every number is a decimal in the units of the
market (`tick_size`, `lot_size` of its spec) or in USDT. A `Notation` knows the clock and
the markets; the market may be left out where there is only one.

Words in capitals stand for: P price, Q quantity, A amount in USDT, R rate (`0.05%`),
T moment (`12:00:00.250` of day zero, or bare milliseconds), D span (`250ms`, `5s`, `2m`,
`1h`), M market, W account (never a keyword), N whole number, ID any word without blanks.
`[...]` may be left out, `|` separates choices. Options stand in any order.

Orders::

    #ID W buys|sells Q [M] limit P | market | peg mid|bid|ask [cap P]
        [GTC|IOC|FOK|until T] [aon] [min Q [each|first]] [nbbo] [post-only] [reduce-only]
        [stp EXPIRE_TAKER|EXPIRE_MAKER|EXPIRE_BOTH|DECREMENT] [leverage N] [client ID]
        [stop P | take-profit P] [tp P[/P]] [sl P[/P]] [discount N%] [probes N]
        [awaits MS]
    #ID W amends [to Q] [limit P]
    #ID W cancels
    W cancels all [M] [as the switch does]
    W arms cancel-all-after D        W disarms cancel-all-after
    #ID W closes [Q] [M] [limit P] [client ID] [discount N%] [probes N]
    W hands over [M]

`stop P` and `take-profit P` make the order wait for the mark; `tp` and `sl` attach a pair
to the position that the order opens (trigger price, and a limit after the slash). A market
order is IOC unless it says FOK. `awaits MS`: if funds do not carry it, it waits so long for a
deposit.

Settings, margin, money::

    W sets leverage N [M]
    W adds A margin [M] [as ID]      W takes A margin [M] [as ID]
    W protects [M] [tp P[/P]] [sl P[/P]]
    W deposits A [as ID]             deposit ID of W finalized|dropped
    W withdraws A [as ID]            withdrawal ID of W confirmed|returned

Prices, time and the venue::

    reference [M] P/P|none [index P|none] [mark P|none] [dispersion R] [age D] [; M ...]
    expire
    sample M R|none [for N] [; M ...]
    funding M N
    market M [tick P] [lot Q] [MARKET OPTIONS] [insurance A] [state STATE]
    limits M [MARKET OPTIONS]
    state M STATE [hours-closed]     breaker M D
    publish
    contribute A [M] [as ID]         backstop A [as ID]
    settle M P

MARKET OPTIONS: `max-leverage N`, `maker R`, `taker R`, `position-limit Q`,
`open-interest-limit Q`, `stress-gap R`, `pricing THREE_POINTS|LIMIT_MIDPOINT`, `collar R`.
In `reference` index and mark are the mid unless they are given; `age` says how old the
quote is. `at T` and `wait D` move the clock and are no commands (`Notation.at_ms`).

Answers are told in brief, separated by commas: `accepted`, `filled 3 @ 100 with #1`,
`reduced by 2 (REDUCE_ONLY)`, `canceled (SELF_TRADE)`, `rejected PROBING_LIMIT`; what concerns
another order than the command's own begins with its id (`#1 canceled (...)`), what concerns
an account with its name. Resting, and events that only count, are not told. Every event
also has a full form that loses nothing: its name and a JSON object (`full`, `read_full`).

What lives where: `notation.read` text to commands, `notation.write` commands to text,
`notation.tell` events, books, positions and balances to text, `notation.numbers` decimals.
What is not here: what any of it means.
"""

from engine.notation.numbers import Notation
from engine.notation.read import read_command
from engine.notation.tell import (
    brief,
    full,
    read_full,
    tell_balance,
    tell_book,
    tell_funds,
    tell_position,
)
from engine.notation.write import write_command

__all__ = [
    "Notation",
    "brief",
    "full",
    "read_command",
    "read_full",
    "tell_balance",
    "tell_book",
    "tell_funds",
    "tell_position",
    "write_command",
]
