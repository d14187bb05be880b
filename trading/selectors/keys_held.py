"""Every key of the venue: who holds it, what it may do, and what happens when it is stolen.

The trust page and the disclosure are written from this one table. What each key may do is what the
program and the site let it do today; where that changes, the line changes in the same commit.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One key, as people are told of it."""

    name: str
    held_by: str
    may: str
    stolen: str


KEYS: Final = (
    HeldKey(
        "Your wallet's key",
        "You, in your own wallet. We never see it.",
        "Deposit, authorize, receive every withdrawal, ask for a forced exit, leave in a freeze.",
        "The thief receives what is paid to your wallet. Tell support at once: a withdrawal that "
        "is not released yet can be held. Nobody can change the wallet of a vault.",
    ),
    HeldKey(
        "Your password, second factor and API keys",
        "You. We keep a hash of the password; secrets of API keys are encrypted.",
        "Trade, and withdraw to your own wallet where the key has that permission.",
        "The thief can trade badly in your name. He cannot take money out: it goes to your wallet "
        "alone. Log out everywhere and delete the keys.",
    ),
    HeldKey(
        "Operator",
        "The settlement process of the venue.",
        "Propose state roots and checkpoints, send payouts to their owners, draw deposits that "
        "you authorized.",
        "Alone it commits nothing: a root needs the witness's signature too. It can hold payouts "
        "back, draw authorized deposits into your own vault, and stop; then the rules of delay and "
        "the way out act. It cannot pay anybody but the owner of a proven leaf.",
    ),
    HeldKey(
        "Witness",
        "A process of its own, with its own memory and node.",
        "Co-sign a root or a checkpoint that it made again itself from the event log.",
        "Alone it commits nothing. With the operator's key too, a thief could commit balances "
        "that are not the log's, within what the program checks: never more than the treasury "
        "holds, and never a payout above the day's cap.",
    ),
    HeldKey(
        "Authority",
        "The venue's administration: a single key, or the program's own multisig of three of five "
        "with 48 hours between approval and deed. Which of the two, the disclosure says.",
        "List markets, set keys, parameters and the terms of exits, resume after a pause, take "
        "back a payout that still waits its delay.",
        "Where it is a single key, the thief can set keys of his own and with them commit roots of "
        "his own: the gravest theft, public on chain the moment that it happens. Where it is the "
        "multisig, three keys have to be stolen and everybody has 48 hours to leave.",
    ),
    HeldKey(
        "Program's upgrade key",
        "The venue's administration; named on chain. It belongs to the multisig's address.",
        "Replace the program.",
        "The thief can make the program pay anybody. Whoever watches the program's account sees "
        "the new bytes; they can be compared with those that are built from the public source.",
    ),
    HeldKey(
        "Guardian",
        "Somebody who is awake.",
        "Pause deposits, payouts or roots. Nothing else; it cannot resume.",
        "The venue stands still until the authority resumes it. No money moves by it.",
    ),
    HeldKey(
        "Receipt key",
        "The engine.",
        "Sign the receipt of an accepted command.",
        "The thief can write receipts that look like ours. They prove nothing about balances; the "
        "key is changed, and the former ones stay published with their time.",
    ),
    HeldKey(
        "Secret of the salts",
        "Settlement and witness.",
        "Make the salts of all leaves.",
        "Whoever has it can guess what a leaf holds and find whose it is: privacy is lost, money "
        "is not.",
    ),
    HeldKey(
        "Database and servers",
        "The venue's operations.",
        "Run the exchange.",
        "Rows that were changed are refused by the witness and named by reconciliation. Hidden "
        "orders could be read. What was committed on chain stays, and so does the way out.",
    ),
)
