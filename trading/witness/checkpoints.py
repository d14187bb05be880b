"""The witness's finding of a checkpoint: every part made anew from the leaves that it knows itself.

A request's message names a root and a number; the leaves of that root, the marks that roots
committed and the secret give one checkpoint only. What is not here: what a claim is
(`trading.claims`), and who asks (`process`).
"""

from typing import Final

from chain import instructions
from chain.client import Level
from chain.instructions import CheckpointCommitment
from chain.layouts import Exchange
from trading.claim_trees import Basis, claim_trees, commitment_of, uncollected
from trading.claims import median_marks, terms_of
from trading.solana import own_vaults
from trading.witness.book import Book, UnknownRootError
from trading.witness.judging import (
    Means,
    Reason,
    RefusedError,
    Witness,
    data_for,
    refuse_other_message,
)

COMPARED: Final = {
    "claims_micro": Reason.CLAIMS,
    "venue_micro": Reason.CLAIMS,
    "deposits_micro": Reason.DEPOSITS,
    "released_micro": Reason.RELEASED,
    "count": Reason.LEAF,
    "depth": Reason.LEAF,
    "plain_root": Reason.LEAF,
    "sum_root": Reason.SUM_ROOT,
    "ids_depth": Reason.VAULTS,
    "ids_root": Reason.VAULTS,
    "marks_root": Reason.MARK,
    "file_hash": Reason.FILE,
}


def sign_checkpoint(witness: Witness, message: bytes, /) -> bytes:
    """Return the signature of a checkpoint that is true; raises `RefusedError`.

    Two true ones of one number may be signed: the program takes one of a number.
    """
    means, book = witness.means, witness.book
    said = read_checkpoint(message, means)
    exchange = means.records.exchange(level=Level.CONFIRMED)
    known = means.records.checkpoints(level=Level.CONFIRMED)
    if exchange is None or known is None:
        raise RefusedError(Reason.MESSAGE)
    if said.number != known.number + 1:
        raise RefusedError(Reason.NUMBER)
    _refuse_other_paid(said, book, exchange)
    with uncollected():
        found = find(said, book, means)
    for name, reason in COMPARED.items():
        if getattr(said, name) != getattr(found, name):
            raise RefusedError(reason)
    built = instructions.commit_checkpoint(
        means.addresses,
        operator=exchange.operator,
        witness=means.signer.public_key,
        commitment=found,
    )
    refuse_other_message(message, built, exchange)
    return bytes(means.signer.sign(message))


def read_checkpoint(message: bytes, means: Means, /) -> CheckpointCommitment:
    """Return what a message commits to; raises `RefusedError` for any other message."""
    try:
        return instructions.read_commit_checkpoint(data_for(message, means.addresses))
    except ValueError:
        raise RefusedError(Reason.MESSAGE) from None


def find(said: CheckpointCommitment, book: Book, means: Means, /) -> CheckpointCommitment:
    """Make the checkpoint of the root that is named; what was paid is checked apart."""
    past = book.past(said.root_number)
    until = [one for one in book.standing if one.number <= said.root_number]
    markets = means.records.markets(level=Level.CONFIRMED)
    basis = Basis(
        number=said.number,
        root_number=said.root_number,
        terms=terms_of(markets, median_marks(until, at_ms=past.at_ms)),
        own_vaults=own_vaults(means.records),
        master=means.salt_master,
    )
    contents = book.contents_as_of(said.root_number)
    return commitment_of(
        claim_trees(contents, basis),
        basis,
        deposits_micro=sum(content.owed_micro for content in contents),
        paid_micro=said.paid_micro,
    )


def _refuse_other_paid(said: CheckpointCommitment, book: Book, exchange: Exchange, /) -> None:
    """Refuse more than can have been paid under the root, and less than had been before it.

    What the chain had paid when the root was signed is the least; what it had paid when the next
    one was signed, or has now where there is no next one, the most.
    """
    number = said.root_number
    try:
        least = book.past(number).paid_before_micro or 0
        most = book.past(number + 1).paid_before_micro if number < book.number else None
    except UnknownRootError:
        raise RefusedError(Reason.ROOT_NUMBER) from None
    most = exchange.paid_micro if most is None else most
    if not least <= said.paid_micro <= most:
        raise RefusedError(Reason.PAID)
