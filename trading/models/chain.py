"""What passes between venue and chain: deposits, withdrawals, payouts, state roots, their leaves.

Each row is a state machine that a job advances one step at a time; the bytes of a transaction are
stored before they are sent. What is not here: how (`trading.deposits`, `trading.withdrawals`,
`trading.settlement`).
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class SendingState(models.TextChoices):
    """How far a transaction has come."""

    BUILT = "BUILT", "Built and stored"
    SENT = "SENT", "Sent"
    CONFIRMED = "CONFIRMED", "Confirmed"
    FINALIZED = "FINALIZED", "Finalized"
    FAILED = "FAILED", "Refused by the chain"
    EXPIRED = "EXPIRED", "Never landed"


class ChainTransaction(models.Model):
    """One transaction of the venue: its bytes, kept from before they are first sent."""

    id = models.BigAutoField(primary_key=True)
    signature = models.CharField(max_length=88, unique=True)
    raw = models.BinaryField()
    is_complete = models.BooleanField(
        default=True, help_text="Whether everybody has signed; else it cannot be sent."
    )
    last_valid_height = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=SendingState.choices, default=SendingState.BUILT)
    purpose = models.CharField(max_length=16)
    error = models.CharField(max_length=200, blank=True, default="")
    built_at_ms = models.BigIntegerField()
    sent_at_ms = models.BigIntegerField(null=True, blank=True)
    confirmed_at_ms = models.BigIntegerField(null=True, blank=True)
    finalized_at_ms = models.BigIntegerField(null=True, blank=True)
    failed_at_ms = models.BigIntegerField(
        null=True, blank=True, help_text="When it was known never to land, or to have been refused."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=SendingState.values), name="chain_transaction_state_in_list"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["failed_at_ms"],
                condition=Q(failed_at_ms__isnull=False),
                name="chain_transaction_failed",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["BUILT", "SENT", "CONFIRMED"]),
                name="chain_transaction_open",
            ),
        ]

    def __str__(self) -> str:
        """Return its signature."""
        return self.signature


class DepositState(models.TextChoices):
    """Where a deposit stands."""

    CONFIRMED = "CONFIRMED", "Confirmed: may be traded with"
    FINALIZED = "FINALIZED", "Finalized: owed for good"
    DROPPED = "DROPPED", "Vanished from the chain"


class Deposit(models.Model):
    """What a vault's total on chain rose by, from one sum to another, as the venue saw it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account_id = models.UUIDField()
    address = models.CharField(max_length=44)
    vault_id = models.BigIntegerField()
    from_micro = models.BigIntegerField(help_text="The vault's total before.")
    to_micro = models.BigIntegerField(help_text="The vault's total after.")
    state = models.CharField(max_length=9, choices=DepositState.choices)
    signature = models.CharField(max_length=88, blank=True, default="")
    seen_at_ms = models.BigIntegerField()
    changed_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=DepositState.values), name="deposit_state_in_list"
            ),
            models.CheckConstraint(
                condition=Q(to_micro__gt=F("from_micro"), from_micro__gte=0),
                name="deposit_total_rises",
            ),
            models.UniqueConstraint(
                fields=["vault_id", "from_micro"],
                condition=~Q(state="DROPPED"),
                name="deposit_counted_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-seen_at_ms", "-id"], name="deposit_by_account"),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)

    @property
    def amount_micro(self) -> int:
        """What came in."""
        return self.to_micro - self.from_micro


class WithdrawalState(models.TextChoices):
    """Where a withdrawal stands."""

    REQUESTED = "REQUESTED", "Asked of the engine"
    HELD = "HELD", "Reserved, and waiting for a check"
    RELEASED = "RELEASED", "Released: in the next root, there is no way back"
    PAID = "PAID", "Paid to the wallet"
    RETURNED = "RETURNED", "Given back before release"
    REFUSED = "REFUSED", "Refused by the engine"


class Withdrawal(models.Model):
    """One request to be paid; `to_micro` is the account's released total with it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account_id = models.UUIDField()
    address = models.CharField(max_length=44)
    vault_id = models.BigIntegerField()
    amount_micro = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=WithdrawalState.choices)
    hold_reason = models.CharField(max_length=40, blank=True, default="")
    to_micro = models.BigIntegerField(null=True, blank=True)
    signature = models.CharField(max_length=88, blank=True, default="")
    requested_at_ms = models.BigIntegerField()
    changed_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=WithdrawalState.values), name="withdrawal_state_in_list"
            ),
            models.CheckConstraint(
                condition=Q(amount_micro__gt=0), name="withdrawal_amount_positive"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account_id", "-requested_at_ms", "-id"], name="withdrawal_by_account"
            ),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["REQUESTED", "HELD", "RELEASED"]),
                name="withdrawal_open",
            ),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class BatchState(models.TextChoices):
    """Where a state root stands; `REBUILT` is one whose bytes were made anew."""

    BUILT = "BUILT", "Built"
    SENT = "SENT", "Sent"
    CONFIRMED = "CONFIRMED", "Confirmed"
    FINALIZED = "FINALIZED", "Finalized"


class Batch(models.Model):
    """One state root: what it commits to, and its way to the chain.

    The root, the total and the marks are made once; only the transaction may be built again, with
    a new blockhash, after the bytes before have expired.
    """

    number = models.BigIntegerField(primary_key=True)
    event_sequence = models.BigIntegerField(help_text="The last event in it; internal.")
    previous_root = models.BinaryField(max_length=32)
    root = models.BinaryField(max_length=32)
    total_micro = models.BigIntegerField()
    trades_root = models.BinaryField(max_length=32)
    trades = models.IntegerField(default=0)
    last_trade = models.BigIntegerField(
        default=0, help_text="The number of its last trade; internal."
    )
    changed_leaves = models.IntegerField(default=0)
    chain_head = models.BinaryField(max_length=32)
    marks_root = models.BinaryField(max_length=32)
    marks_half_ticks = ArrayField(models.BigIntegerField())
    standing_half_ticks = ArrayField(
        models.BigIntegerField(), default=list, help_text="The marks that stood after it."
    )
    at_ms = models.BigIntegerField(default=0, help_text="The moment of its last event.")
    state = models.CharField(max_length=9, choices=BatchState.choices)
    transaction = models.ForeignKey(
        ChainTransaction, on_delete=models.PROTECT, related_name="batches"
    )
    rebuilds = models.PositiveSmallIntegerField(default=0)
    due_at_ms = models.BigIntegerField()
    built_at_ms = models.BigIntegerField()
    confirmed_at_ms = models.BigIntegerField(null=True, blank=True)
    finalized_at_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "state root"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="batch_state_in_list"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["number"], condition=~Q(state="FINALIZED"), name="batch_not_final"
            ),
        ]

    def __str__(self) -> str:
        """Return its number."""
        return str(self.number)


class LeafVersion(models.Model):
    """What a leaf held from one root on; append-only. The newest of a place is the tree's."""

    id = models.BigAutoField(primary_key=True)
    place = models.IntegerField(help_text="In the tree, from 0.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="leaves")
    account_id = models.UUIDField(help_text="The account, or the venue's own.")
    owner = models.CharField(max_length=44)
    vault_id = models.BigIntegerField()
    change = models.BigIntegerField(help_text="Which change of the leaf; makes its salt.")
    deposits_micro = models.BigIntegerField()
    released_micro = models.BigIntegerField()
    cash_micro = models.BigIntegerField()
    positions = models.JSONField(help_text="[market number, size, cost, collateral] each.")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "batch"], name="leaf_once_a_batch"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-batch"], name="leaf_by_account"),
        ]

    def __str__(self) -> str:
        """Return where and since when."""
        return f"place {self.place} since {self.batch_id}"


class ClosedVault(models.Model):
    """What a vault had taken in and paid when it was closed; the next one begins at zero."""

    vault_id = models.BigIntegerField(primary_key=True)
    account_id = models.UUIDField()
    deposits_micro = models.BigIntegerField()
    released_micro = models.BigIntegerField()
    closed_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return its number on chain."""
        return str(self.vault_id)


class Payout(models.Model):
    """One payment out of the program's treasury to an owner, by proof against a root."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()
    address = models.CharField(max_length=44)
    vault_id = models.BigIntegerField()
    amount_micro = models.BigIntegerField()
    to_micro = models.BigIntegerField(help_text="The vault's paid total afterwards.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="payouts")
    transaction = models.ForeignKey(
        ChainTransaction, on_delete=models.PROTECT, related_name="payouts"
    )
    is_open = models.BooleanField(default=True)
    built_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["vault_id"], condition=Q(is_open=True), name="payout_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        """Return how much."""
        return f"{self.amount_micro}"


class DepositDraw(models.Model):
    """One drawing of an authorized deposit by the program's delegate."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()
    address = models.CharField(max_length=44)
    amount_micro = models.BigIntegerField()
    transaction = models.ForeignKey(
        ChainTransaction, on_delete=models.PROTECT, related_name="draws"
    )
    is_open = models.BooleanField(default=True)
    built_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account_id"], condition=Q(is_open=True), name="draw_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        """Return how much."""
        return f"{self.amount_micro}"


class Authorization(models.Model):
    """What an account's wallet was last seen to let the venue draw: a hint, the chain decides."""

    account_id = models.UUIDField(primary_key=True)
    authorized_micro = models.BigIntegerField()
    seen_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return how much."""
        return f"{self.authorized_micro}"


class ChainCursor(models.Model):
    """How far a watcher has read an address's history."""

    name = models.CharField(max_length=16, primary_key=True)
    signature = models.CharField(max_length=88, blank=True, default="")

    def __str__(self) -> str:
        """Return whose."""
        return self.name
