"""State roots: built once, stored, co-signed, sent until they land, and final.

DUE > BUILT > SENT > CONFIRMED > FINALIZED; a batch whose bytes have expired gets new ones, with
nothing but another blockhash, after the program's own record was read at `finalized`. A root
follows every second in which money moved and is due after 20 s in any case. What is not here: what
leaves hold (`trading.state_leaves`), the witness (`trading.cosigning`), and the way of a
transaction (`trading.sending`).
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.db.models import Max

from chain import instructions
from chain.client import Level
from chain.instructions import Commitment
from chain.layouts import Market as ChainMarket
from chain.leaves import marks_root, trade_leaf
from chain.merkle import root_of
from chain.transactions import build_message, sign_partly
from engine.codec import decode_event
from engine.events import ReferenceMoved
from godark.clock import now_ms
from trading import cosigning, sending
from trading.cosigning import Answer
from trading.models import (
    Batch,
    BatchState,
    ChainTransaction,
    Event,
    LeafVersion,
    Market,
    SendingState,
    Signed,
    Trade,
)
from trading.solana import FEE, Solana
from trading.state_leaves import (
    VENUE_PLACES,
    Content,
    changed_accounts,
    content_of,
    contents,
    leaves_of_closed_vaults,
)
from trading.state_tree import RememberedTree

log = structlog.get_logger(__name__)

HEARTBEAT_MS = 20_000
PATIENCE_S = 0.7
POLL_S = 0.05
EMPTY_ROOT = bytes(32)
PPM = 1_000_000

_TREE = RememberedTree()


@dataclass(frozen=True)
class Cut:
    """One moment of the log, and what came before it in the newest batch."""

    sequence: int
    head: bytes
    at_ms: int
    previous: Batch | None

    @property
    def after(self) -> int:
        """Return the last event of the batch before."""
        return self.previous.event_sequence if self.previous else 0


def settle(door: Solana, /, *, patience_s: float = PATIENCE_S) -> Batch | None:
    """Take the settlement as far as it goes now; return the batch that was built, if any.

    Raises `ChainUnreachableError`; every step is written before the next begins.
    """
    advance(door)
    built = None
    is_open = Batch.objects.filter(state__in=[BatchState.BUILT, BatchState.SENT]).exists()
    if not is_open and not cosigning.is_resting(Signed.ROOT):
        built = build(door)
    ends = time.monotonic() + patience_s
    while built is not None and advance(door) and time.monotonic() < ends:
        time.sleep(POLL_S)
    return built


def advance(door: Solana, /) -> bool:
    """Take every batch that is not final one step further; tell whether one is on its way."""
    batches = list(
        Batch.objects.select_related("transaction")
        .exclude(state=BatchState.FINALIZED)
        .order_by("number")
    )
    batches = [batch for batch in batches if _is_still_wanted(door, batch)]
    sending.advance(door.client, [batch.transaction for batch in batches])
    for batch in batches:
        if batch.transaction.state in (SendingState.EXPIRED, SendingState.FAILED):
            _rebuild(door, batch)
        else:
            _note(batch)
    return any(batch.state in (BatchState.BUILT, BatchState.SENT) for batch in batches)


def _is_still_wanted(door: Solana, batch: Batch, /) -> bool:
    """Take the witness's answer where one is awaited; drop a root that it refuses."""
    if batch.transaction.is_complete or batch.state != BatchState.BUILT:
        return True
    record = door.records.exchange(level=Level.CONFIRMED)
    if record is None or record.witness is None:
        return True
    if cosigning.take_answer(batch, witness=record.witness) is not Answer.REFUSED:
        return True
    _drop(batch)
    return False


@transaction.atomic
def _drop(batch: Batch, /) -> None:
    """Forget a root that the witness refuses: without its signature it can never land."""
    log.error("root_refused", number=batch.number)
    LeafVersion.objects.filter(batch=batch).delete()
    batch.delete()
    row = batch.transaction
    row.state, row.error = SendingState.FAILED, "refused by the witness"
    row.save(update_fields=["state", "error"])
    forget_tree()


def build(door: Solana, /) -> Batch | None:
    """Build the next root if money moved or its time has come; store it, not yet sent."""
    chain_markets = door.records.markets(level=Level.CONFIRMED)
    is_inside = connection.in_atomic_block
    try:
        with transaction.atomic():
            if not is_inside:
                _look_at_one_moment()
            return _build(door, chain_markets)
    except BaseException:
        # What this process remembers may be of a batch that never was.
        forget_tree()
        raise


def forget_tree() -> None:
    """Forget the remembered tree; the next root begins with the kept leaves."""
    global _TREE  # noqa: PLW0603 - one tree a process
    _TREE = RememberedTree()


def _look_at_one_moment() -> None:
    """Let all reads of this transaction see the same commit of the runner."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _build(door: Solana, chain_markets: Sequence[ChainMarket], /) -> Batch | None:
    newest = Event.objects.order_by("-sequence").first()
    previous = Batch.objects.order_by("-number").first()
    if newest is None:
        return None
    cut = Cut(newest.sequence, bytes(newest.head), newest.at_ms, previous)
    accounts = changed_accounts(after=cut.after, until=cut.sequence) | leaves_of_closed_vaults()
    at_ms = now_ms()
    if not accounts and previous is not None and at_ms - previous.built_at_ms < HEARTBEAT_MS:
        return None
    numbers = _market_numbers(chain_markets)
    if previous is None:
        accounts |= set(VENUE_PLACES)
    found = contents(accounts, market_numbers=numbers)
    return _store(door, cut, found, chain_markets=chain_markets, numbers=numbers, due_at_ms=at_ms)


def _store(
    door: Solana,
    cut: Cut,
    found: Mapping[uuid.UUID, Content],
    *,
    chain_markets: Sequence[ChainMarket],
    numbers: Mapping[int, int],
    due_at_ms: int,
) -> Batch:
    """Write batch, leaves and transaction; they stand or fall together."""
    number = cut.previous.number + 1 if cut.previous else 1
    _TREE.catch_up(number - 1)
    rows, gained_micro = _versions(found, number=number, master=door.salt_master)
    root = _TREE.commit(number, {row.place: bytes(row.leaf_hash) for row in rows})
    marks = _marks(cut, chain_markets)
    trades, last_trade = _trades(cut, numbers=numbers)
    stood = tuple(
        mark or market.mark_half_ticks for mark, market in zip(marks, chain_markets, strict=True)
    )
    batch = Batch(
        number=number,
        event_sequence=cut.sequence,
        previous_root=bytes(cut.previous.root) if cut.previous else EMPTY_ROOT,
        root=root,
        total_micro=(cut.previous.total_micro if cut.previous else 0) + gained_micro,
        trades_root=root_of(trades) if trades else EMPTY_ROOT,
        trades=len(trades),
        last_trade=last_trade,
        changed_leaves=len(rows),
        chain_head=cut.head,
        marks_root=marks_root(stood),
        marks_half_ticks=list(marks),
        standing_half_ticks=list(stood),
        at_ms=cut.at_ms,
        state=BatchState.BUILT,
        due_at_ms=min(due_at_ms, cosigning.first_due_ms(number) or due_at_ms),
        built_at_ms=now_ms(),
    )
    batch.transaction = _transaction(door, batch)
    batch.save(force_insert=True)
    LeafVersion.objects.bulk_create(rows)
    return batch


def _versions(
    found: Mapping[uuid.UUID, Content], /, *, number: int, master: bytes
) -> tuple[list[LeafVersion], int]:
    """Return the rows of the changed leaves, and by how much the total rises with them."""
    before = {
        row.account_id: row
        for row in LeafVersion.objects.filter(account_id__in=[str(key) for key in found])
        .order_by("account_id", "-batch_id")
        .distinct("account_id")
    }
    most = LeafVersion.objects.aggregate(most=Max("place"))["most"]
    next_place = max(len(VENUE_PLACES), -1 if most is None else most + 1)
    rows, gained_micro = [], 0
    for content in sorted(found.values(), key=lambda each: str(each.account_id)):
        old = before.get(content.account_id)
        if old is not None and content_of(old) == content:
            continue
        place = old.place if old is not None else VENUE_PLACES.get(content.account_id)
        if place is None:
            place, next_place = next_place, next_place + 1
        change = old.change + 1 if old is not None else 1
        gained_micro += content.owed_micro - (content_of(old).owed_micro if old else 0)
        rows.append(_version(content, place=place, number=number, change=change, master=master))
    return rows, gained_micro


def _version(
    content: Content, /, *, place: int, number: int, change: int, master: bytes
) -> LeafVersion:
    return LeafVersion(
        place=place,
        batch_id=number,
        account_id=content.account_id,
        owner=content.owner,
        vault_id=content.vault_id,
        change=change,
        deposits_micro=content.deposits_micro,
        released_micro=content.released_micro,
        cash_micro=content.cash_micro,
        positions=[list(row) for row in content.positions],
        leaf_hash=content.leaf(master=master, change=change).hash,
    )


def _market_numbers(chain_markets: Sequence[ChainMarket], /) -> dict[int, int]:
    """Return the chain's number of each of our markets, by our own key."""
    numbers = {market.symbol: number for number, market in enumerate(chain_markets)}
    rows = Market.objects.values_list("pk", "symbol")
    return {key: numbers[symbol] for key, symbol in rows if symbol in numbers}


def _marks(cut: Cut, chain_markets: Sequence[ChainMarket], /) -> tuple[int, ...]:
    """Return each market's newest mark in the cut; zero for one that stands or moved too far.

    The bound grows with time, so a mark that is held back now is committed by a later root.
    """
    newest: dict[str, int | None] = {}
    moved = Event.objects.filter(
        sequence__gt=cut.after, sequence__lte=cut.sequence, kind="ReferenceMoved"
    ).order_by("sequence")
    for payload in moved.values_list("payload", flat=True).iterator():
        event = decode_event(bytes(payload))
        if isinstance(event, ReferenceMoved) and event.move.mark_half_ticks is not None:
            newest[event.move.market_id] = event.move.mark_half_ticks
    at_s = now_ms() // 1_000
    return tuple(_allowed(market, newest.get(market.symbol), at_s=at_s) for market in chain_markets)


def _allowed(market: ChainMarket, mark: int | None, /, *, at_s: int) -> int:
    """Return a mark if the program will take it, else zero."""
    old = market.mark_half_ticks
    if mark is None or mark == old:
        return 0
    if old == 0:
        return mark
    # A second less than has passed: the chain's clock may be behind ours.
    seconds = max(0, at_s - market.marked_at - 1)
    bound = old * (market.step_ppm + seconds * market.per_second_ppm) // PPM
    if abs(mark - old) > bound:
        log.warning("mark_held_back", market=market.symbol)
        return 0
    return mark


def _trades(cut: Cut, /, *, numbers: Mapping[int, int]) -> tuple[list[bytes], int]:
    """Return the leaves of the trades since the batch before, in order, and the last number."""
    last = cut.previous.last_trade if cut.previous else 0
    leaves = []
    for row in Trade.objects.filter(number__gt=last).order_by("number"):
        last = row.number
        leaves.append(
            trade_leaf(
                trade_id=row.id.bytes,
                market=numbers[row.market_id],
                price_half_ticks=row.price_half_ticks,
                size_lots=row.quantity_lots,
                executed_at_ms=row.executed_at_ms,
            )
        )
    return leaves, last


def _transaction(door: Solana, batch: Batch, /) -> ChainTransaction:
    """Sign a batch's commitment with the newest blockhash, store the bytes, and ask the witness."""
    record = door.records.exchange(level=Level.CONFIRMED)
    witness = record.witness if record else None
    built = instructions.commit_root(
        door.addresses,
        operator=door.operator.public_key,
        witness=witness,
        commitment=Commitment(
            number=batch.number,
            previous_root=bytes(batch.previous_root),
            root=bytes(batch.root),
            total_micro=batch.total_micro,
            trades_root=bytes(batch.trades_root),
            chain_head=bytes(batch.chain_head),
            marks_half_ticks=tuple(batch.marks_half_ticks),
        ),
    )
    blockhash = door.client.latest_blockhash()
    payer = door.operator.public_key
    message = build_message([built], payer=payer, blockhash=blockhash.value, fee=FEE)
    height = blockhash.last_valid_height
    signed = sign_partly(message, signers=[door.operator], last_valid_height=height)
    row = sending.store(signed, purpose="root", is_complete=witness is None)
    if witness is not None:
        cosigning.ask(batch, row, due_at_ms=batch.due_at_ms)
    return row


@transaction.atomic
def _rebuild(door: Solana, batch: Batch, /) -> None:
    """Give a batch new bytes, unless the chain has it: its record is asked, at `finalized`."""
    record = door.records.exchange(level=Level.FINALIZED)
    if record is not None and record.root_number >= batch.number:
        batch.state = BatchState.FINALIZED
        batch.finalized_at_ms = batch.finalized_at_ms or now_ms()
        batch.confirmed_at_ms = batch.confirmed_at_ms or batch.finalized_at_ms
        batch.save(update_fields=["state", "finalized_at_ms", "confirmed_at_ms"])
        return
    sending.is_failing("root")
    log.warning("root_rebuilt", number=batch.number, error=batch.transaction.error)
    batch.transaction = _transaction(door, batch)
    batch.rebuilds += 1
    batch.state = BatchState.BUILT
    batch.save(update_fields=["transaction", "rebuilds", "state"])


def _note(batch: Batch, /) -> None:
    """Write on the batch how far its transaction is."""
    state = BatchState(batch.transaction.state)
    if state == batch.state:
        return
    batch.state = state
    batch.confirmed_at_ms = batch.transaction.confirmed_at_ms
    batch.finalized_at_ms = batch.transaction.finalized_at_ms
    batch.save(update_fields=["state", "confirmed_at_ms", "finalized_at_ms"])
