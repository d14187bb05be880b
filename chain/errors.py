"""What the chain and the road to it can answer other than yes.

What lives here: the program's refusals with their numbers (the same as in
`programs/godark/src/errors.rs`, which a test compares) and the failures of the client.
"""

from enum import IntEnum


class Refusal(IntEnum):
    """Why the program refused; the number is the chain's `custom program error`."""

    MISSING_SIGNATURE = 100
    NOT_WRITABLE = 101
    WRONG_OWNER = 102
    WRONG_ADDRESS = 103
    WRONG_KIND = 104
    WRONG_MINT = 105
    WRONG_TOKEN_OWNER = 106
    WRONG_PROGRAM = 107
    WRONG_KEY = 108
    ALREADY_EXISTS = 109
    OVERFLOW = 110
    ZERO_AMOUNT = 111
    PAUSED = 120
    FROZEN = 121
    BAD_KEYS = 122
    BAD_PARAMETER = 123
    BAD_MARKET = 124
    NUMBER_NOT_NEXT = 130
    PREVIOUS_ROOT_DIFFERS = 131
    MARK_OUT_OF_BOUND = 132
    NOT_COVERED = 133
    CHECKPOINT_TOO_SOON = 134
    BAD_CHECKPOINT = 135
    CLAIMS_OUT_OF_BOUND = 136
    UNKNOWN_ROOT = 140
    PROOF_FAILS = 141
    NOTHING_OWED = 142
    CAP_REACHED = 143
    PAYOUT_QUEUED = 144
    PAYOUT_NOT_DUE = 145
    NOT_ROUND_UNITS = 146
    VAULT_NOT_EMPTY = 147
    EXIT_REQUESTED = 150
    NO_EXIT_REQUESTED = 151
    NOT_OVERDUE = 152
    SANCTIONED = 153
    NOT_FROZEN = 154
    ALREADY_EXITED = 155
    VENUE_NOT_DUE = 156
    NOT_ALLOWED = 160
    ALREADY_APPROVED = 161
    PROPOSAL_OVER = 162
    PROPOSAL_NOT_DUE = 163
    DURABLE_NONCE = 164


class ChainError(Exception):
    """The world broke on the way to the chain or back."""


class ChainUnreachableError(ChainError):
    """The node did not answer in time, or not in its own language."""


class TransactionExpiredError(ChainError):
    """The blockhash expired before the transaction was seen: it can never land any more."""


class TransactionTooLargeError(ChainError):
    """A transaction would not fit the 1,232 bytes of a packet."""


class TransactionRefusedError(ChainError):
    """The chain ran the transaction, or its dry run, and it failed."""

    def __init__(self, detail: str, *, refusal: Refusal | None, logs: tuple[str, ...] = ()) -> None:
        """Keep the node's words, the program's refusal where it was one, and the log."""
        super().__init__(f"{detail} ({refusal.name})" if refusal else detail)
        self.refusal = refusal
        self.logs = logs


def refusal_of(number: int | None) -> Refusal | None:
    """Name a custom program error, if it is one of ours."""
    return Refusal(number) if number in set(Refusal) else None
