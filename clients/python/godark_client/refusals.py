"""What the program's refusals mean to whoever leaves, by their numbers on the chain.

The numbers are those of `custom program error`; the venue's `chain/errors.py` names all of them.
What is not here: what other programs (tokens, fees) refuse, which is told as the node says it.
"""

from typing import Any, Final

REFUSALS: Final = {
    121: "the exchange is frozen already, everybody leaves by `claim`",
    141: "the proof does not lead to what is committed",
    142: "nothing is owed to you",
    150: "an exit is asked for already",
    151: "no exit is asked for",
    152: "nothing is overdue: 24 hours have to pass since your request or the last state root",
    153: "the owner is under sanctions",
    154: "the exchange is not frozen, so nobody leaves by a claim yet",
    155: "you have left already",
    156: "the venue's own claims are paid a month after everybody's",
}


def refusal_in(error: Any) -> str:
    """Return what the program refused, from a transaction's `err`; empty where it was another."""
    match error:
        case {"InstructionError": [_, {"Custom": int(number)}]} if number in REFUSALS:
            return f"{REFUSALS[number]} (error {number})"
    return ""
