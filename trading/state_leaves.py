"""What each account's leaf of the state tree holds, read from the rows of one moment.

A leaf's cash is everything the account has in USDT: free, reserved, held, and what its positions
hold as collateral; deposits that are not final are left out, as they are not owed. So the sum of
cash - cost + released is what the venue owes at any price. The venue's own money stands at place
0, the backstop at place 1. What is not here: hashing (`chain.leaves`), the tree and its way to the
chain (`trading.settlement`).
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from django.db import connection
from django.db.models import F, OuterRef, Subquery, Sum
from solders.pubkey import Pubkey

from accounts.ledger.models import Posting
from chain.leaves import Leaf, leaf_salt, owner_salt_key
from chain.leaves import Position as LeafPosition
from engine.codec import decode_event
from engine.events import DepositDropped, DepositFinalized
from trading.engine_words import account_id_of
from trading.models import (
    BACKSTOP_ACCOUNT_ID,
    Balance,
    ClosedVault,
    Deposit,
    DepositState,
    Event,
    LeafVersion,
    MarketFunds,
    Position,
    VenueFunds,
)

VENUE_ACCOUNT_ID: Final = uuid.UUID("00000000-0000-4000-8000-00000000da4c")
VENUE_PLACES: Final = {VENUE_ACCOUNT_ID: 0, BACKSTOP_ACCOUNT_ID: 1}
NOBODY: Final = str(Pubkey.default())
# One look into the index of places for each, however long the history of a leaf is.
LEAVES_AS_OF: Final = """
    SELECT leaf.account_id, leaf.owner, leaf.vault_id,
        leaf.deposits_micro, leaf.released_micro, leaf.cash_micro, leaf.positions
    FROM generate_series(
        0, (SELECT max(place) FROM trading_leafversion WHERE batch_id <= %s)
    ) AS places (place)
    CROSS JOIN LATERAL (
        SELECT * FROM trading_leafversion
        WHERE place = places.place AND batch_id <= %s ORDER BY batch_id DESC LIMIT 1
    ) AS leaf
    ORDER BY places.place
"""
_ROWS: Final = msgspec.json.Decoder(tuple[tuple[int, int, int, int], ...])
_OWED_LATER = ("DepositFinalized", "DepositDropped")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a leaf holds but for its salt; money in micro-USDT."""

    account_id: uuid.UUID
    owner: str = NOBODY
    vault_id: int = 0
    deposits_micro: int = 0
    released_micro: int = 0
    cash_micro: int = 0
    positions: tuple[tuple[int, int, int, int], ...] = field(default=())

    def leaf(self, *, master: bytes, change: int) -> Leaf:
        """Return the leaf with the salt of its n-th change."""
        key = self.salt_key(master=master)
        return Leaf(
            owner=Pubkey.from_string(self.owner),
            vault_id=self.vault_id,
            deposits_micro=self.deposits_micro,
            released_micro=self.released_micro,
            cash_micro=self.cash_micro,
            positions=tuple(LeafPosition(*row) for row in self.positions),
            salt=leaf_salt(key=key, change=change),
        )

    def salt_key(self, *, master: bytes) -> bytes:
        """Return the key of this leaf's salts, which its owner is given."""
        # Leaves without an owner have salts by account, or two of them would share one.
        is_nobodys = self.owner == NOBODY
        named = self.account_id.bytes * 2 if is_nobodys else bytes(Pubkey.from_string(self.owner))
        return owner_salt_key(master=master, owner=Pubkey(named))

    @property
    def owed_micro(self) -> int:
        """Return this leaf's share of the total."""
        return self.cash_micro - sum(row[2] for row in self.positions) + self.released_micro


def content_of(row: LeafVersion, /) -> Content:
    """Return what a kept leaf holds."""
    return Content(
        account_id=row.account_id,
        owner=row.owner,
        vault_id=row.vault_id,
        deposits_micro=row.deposits_micro,
        released_micro=row.released_micro,
        cash_micro=row.cash_micro,
        positions=tuple((each[0], each[1], each[2], each[3]) for each in row.positions),
    )


def contents_as_of(number: int, /) -> list[Content]:
    """Return what all leaves held as of a root, in the order of their places."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVES_AS_OF, [number, number])
        return [
            Content(
                account_id=account_id,
                owner=owner,
                vault_id=vault_id,
                deposits_micro=deposits,
                released_micro=released,
                cash_micro=cash,
                positions=_ROWS.decode(rows),
            )
            for account_id, owner, vault_id, deposits, released, cash, rows in cursor
        ]


def changed_accounts(*, after: int, until: int) -> set[uuid.UUID]:
    """Return whose money moved by the events of a range; the venue's own included."""
    owners = (
        Posting.objects.filter(entry_id__gt=after, entry_id__lte=until)
        .values_list("account__owner_id", flat=True)
        .distinct()
    )
    changed = {owner or VENUE_ACCOUNT_ID for owner in owners}
    later = Event.objects.filter(
        sequence__gt=after, sequence__lte=until, kind__in=_OWED_LATER
    ).values_list("payload", flat=True)
    for payload in later:
        event = decode_event(bytes(payload))
        if isinstance(event, DepositFinalized | DepositDropped):
            changed.add(account_id_of(event.account_id))
    return changed


def leaves_of_closed_vaults() -> set[uuid.UUID]:
    """Return whose newest leaf still names a vault that is closed, and the venue's own with them.

    What a closed vault was paid moves from its owner's leaf to the venue's; both in one root.
    """
    newest = (
        LeafVersion.objects.filter(account_id=OuterRef("account_id"))
        .order_by("-batch_id")
        .values("vault_id")[:1]
    )
    rows = ClosedVault.objects.annotate(shown=Subquery(newest)).filter(shown=F("vault_id"))
    owners = set(rows.values_list("account_id", flat=True))
    return owners | {VENUE_ACCOUNT_ID} if owners else owners


def contents(
    accounts: Collection[uuid.UUID], /, *, market_numbers: Mapping[int, int]
) -> dict[uuid.UUID, Content]:
    """Return what the leaves of some accounts hold now; markets by their number on chain."""
    asked = [account for account in accounts if account != VENUE_ACCOUNT_ID]
    vaults = _vaults(asked)
    closed = _closed(asked)
    positions = _positions(asked, market_numbers)
    found = {}
    for row in Balance.objects.filter(account_id__in=asked):
        account_id = row.account_id
        owner, vault_id = vaults.get(account_id, (NOBODY, 0))
        gone_deposits, gone_released = closed.get(account_id, (0, 0))
        rows = positions[account_id]
        collateral_micro = sum(each[3] for each in rows)
        found[account_id] = Content(
            account_id=account_id,
            owner=owner,
            vault_id=vault_id,
            deposits_micro=row.deposited_micro - row.unfinal_micro - gone_deposits,
            released_micro=row.withdrawn_micro - gone_released,
            cash_micro=row.cash_micro + collateral_micro - row.unfinal_micro,
            positions=tuple(sorted(rows)),
        )
    if BACKSTOP_ACCOUNT_ID in accounts and BACKSTOP_ACCOUNT_ID not in found:
        found[BACKSTOP_ACCOUNT_ID] = Content(account_id=BACKSTOP_ACCOUNT_ID)
    if VENUE_ACCOUNT_ID in accounts:
        found[VENUE_ACCOUNT_ID] = venue_content()
    return found


def venue_content() -> Content:
    """Return the venue's own leaf: fees, funds, pots, less debts; what closed vaults paid."""
    own = VenueFunds.objects.first()
    sums = MarketFunds.objects.aggregate(
        funds=Sum("insurance_micro"), pots=Sum("funding_pot_micro"), debts=Sum("debt_micro")
    )
    released = ClosedVault.objects.aggregate(sum=Sum("released_micro"))["sum"] or 0
    cash = (sums["funds"] or 0) + (sums["pots"] or 0) - (sums["debts"] or 0)
    if own is not None:
        cash += own.fees_micro + own.global_insurance_micro
    return Content(account_id=VENUE_ACCOUNT_ID, cash_micro=cash, released_micro=released)


def _vaults(accounts: Iterable[uuid.UUID], /) -> dict[uuid.UUID, tuple[str, int]]:
    """Return owner and vault of each account: those of its newest final deposit, if still open."""
    gone = set(
        ClosedVault.objects.filter(account_id__in=accounts).values_list("vault_id", flat=True)
    )
    rows = (
        Deposit.objects.filter(account_id__in=accounts, state=DepositState.FINALIZED)
        .order_by("account_id", "-vault_id")
        .distinct("account_id")
    )
    return {row.account_id: (row.address, row.vault_id) for row in rows if row.vault_id not in gone}


def _closed(accounts: Iterable[uuid.UUID], /) -> dict[uuid.UUID, tuple[int, int]]:
    """Return what each account's closed vaults had taken in and paid."""
    rows = (
        ClosedVault.objects.filter(account_id__in=accounts)
        .values("account_id")
        .annotate(deposits=Sum("deposits_micro"), released=Sum("released_micro"))
    )
    return {row["account_id"]: (row["deposits"], row["released"]) for row in rows}


def _positions(
    accounts: Iterable[uuid.UUID], market_numbers: Mapping[int, int], /
) -> defaultdict[uuid.UUID, list[tuple[int, int, int, int]]]:
    """Return the open positions of each account as (market, size, cost, collateral)."""
    found: defaultdict[uuid.UUID, list[tuple[int, int, int, int]]] = defaultdict(list)
    rows = Position.objects.filter(account_id__in=accounts).exclude(
        size_lots=0, cost_micro=0, collateral_micro=0
    )
    for row in rows:
        number = market_numbers[row.market_id]
        found[row.account_id].append((number, row.size_lots, row.cost_micro, row.collateral_micro))
    return found
