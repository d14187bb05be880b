"""The inbox: the one way in. Whoever wants something of the exchange writes a command here.

`put` is for jobs and services: a row, inside the caller's transaction or its own. `ask` and
`ask_many` are for doors that answer a person: they write and wait for what the engine says, at
most half a second; a command that is not answered by then stands all the same. `ask_plainly` is
the same without an event loop. What is not here: deciding (`trading.runner`).
"""

from trading.inbox.asking import WAIT_MS, ask, ask_many, ask_plainly
from trading.inbox.outcomes import Outcome, UnavailableError
from trading.inbox.writing import put, put_many, put_references

__all__ = [
    "WAIT_MS",
    "Outcome",
    "UnavailableError",
    "ask",
    "ask_many",
    "ask_plainly",
    "put",
    "put_many",
    "put_references",
]
