"""What the program should do, in plain Python without a chain.

Every method either changes the model or names the refusal that the program must give.
"""

from dataclasses import dataclass, field

from chain.errors import Refusal
from chain.layouts import PAUSE_DEPOSITS, PAUSE_PAYOUTS, PAUSE_ROOTS
from tests.program.world import DAY, TWO_DAYS


class RefusedByModelError(Exception):
    """The model says no."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


def require(*, holds: bool, refusal: Refusal) -> None:
    if not holds:
        raise RefusedByModelError(refusal)


@dataclass
class VaultModel:
    """One vault, and the leaf that stands for it in the newest root."""

    vault_id: int
    deposited: int = 0
    paid: int = 0
    queued: int = 0
    queued_until: int = 0
    window_started: int = 0
    window_paid: int = 0


@dataclass
class LeafModel:
    """What the newest committed root says of an owner."""

    vault_id: int
    deposits: int
    released: int
    cash: int


@dataclass
class ExchangeModel:
    """Totals, bounds, pauses, vaults, and the committed leaves."""

    now: int
    cap: int
    above: int
    unit: int
    vaults: dict[str, VaultModel] = field(default_factory=dict)
    created: int = 0
    deposited: int = 0
    paid: int = 0
    paused: int = 0
    day: int = 0
    day_in: int = 0
    day_out: int = 0
    roots: int = 0

    def create_vault(self, owner: str) -> None:
        require(holds=owner not in self.vaults, refusal=Refusal.ALREADY_EXISTS)
        self._require_open(PAUSE_DEPOSITS)
        self.created += 1
        self.vaults[owner] = VaultModel(vault_id=self.created)

    def deposit(self, owner: str, amount: int) -> None:
        self._require_open(PAUSE_DEPOSITS)
        require(holds=amount > 0, refusal=Refusal.ZERO_AMOUNT)
        self._roll_day()
        self.vaults[owner].deposited += amount
        self.deposited += amount
        self.day_in += amount

    def deposit_by_delegate(self, owner: str, amount: int, *, everything: int) -> None:
        self._require_open(PAUSE_DEPOSITS)
        require(holds=amount > 0, refusal=Refusal.ZERO_AMOUNT)
        round_units = amount % self.unit == 0 or amount == everything
        require(holds=round_units, refusal=Refusal.NOT_ROUND_UNITS)
        self.deposit(owner, amount)

    def commit(self, total: int) -> None:
        self._require_open(PAUSE_ROOTS)
        held = self.deposited - self.paid
        require(holds=total <= held + self.paid, refusal=Refusal.NOT_COVERED)
        self.roots += 1

    def pay_out(self, owner: str, amount: int, leaf: LeafModel) -> None:
        self._require_open(PAUSE_PAYOUTS)
        vault = self.vaults[owner]
        require(holds=leaf.vault_id == vault.vault_id, refusal=Refusal.PROOF_FAILS)
        require(holds=amount > 0, refusal=Refusal.ZERO_AMOUNT)
        owed = max(leaf.released - vault.paid - vault.queued, 0)
        require(holds=amount <= owed, refusal=Refusal.NOTHING_OWED)
        fresh = self.now >= vault.window_started + TWO_DAYS
        started, before = (self.now, 0) if fresh else (vault.window_started, vault.window_paid)
        if before + amount > self.above:
            require(holds=vault.queued == 0, refusal=Refusal.PAYOUT_QUEUED)
            vault.queued, vault.queued_until = amount, self.now + TWO_DAYS
            return
        self._pay(vault, amount)
        vault.window_started, vault.window_paid = started, before + amount

    def release(self, owner: str) -> None:
        self._require_open(PAUSE_PAYOUTS)
        vault = self.vaults[owner]
        due = vault.queued > 0 and self.now >= vault.queued_until
        require(holds=due, refusal=Refusal.PAYOUT_NOT_DUE)
        self._pay(vault, vault.queued)
        vault.queued = vault.queued_until = 0

    def cancel(self, owner: str) -> None:
        vault = self.vaults[owner]
        require(holds=vault.queued > 0, refusal=Refusal.PAYOUT_NOT_DUE)
        vault.queued = vault.queued_until = 0

    def close(self, owner: str, leaf: LeafModel) -> None:
        vault = self.vaults[owner]
        counted = (leaf.vault_id, leaf.deposits, leaf.released, leaf.cash)
        empty = counted == (vault.vault_id, vault.deposited, vault.paid, 0)
        require(holds=vault.queued == 0 and empty, refusal=Refusal.VAULT_NOT_EMPTY)
        del self.vaults[owner]

    def _pay(self, vault: VaultModel, amount: int) -> None:
        same_day = self.now // DAY == self.day
        day_in, day_out = (self.day_in, self.day_out) if same_day else (0, 0)
        require(holds=day_out + amount <= self.cap + day_in, refusal=Refusal.CAP_REACHED)
        self._roll_day()
        vault.paid += amount
        self.paid += amount
        self.day_out += amount

    def _roll_day(self) -> None:
        if self.now // DAY != self.day:
            self.day, self.day_in, self.day_out = self.now // DAY, 0, 0

    def _require_open(self, bit: int) -> None:
        require(holds=not self.paused & bit, refusal=Refusal.PAUSED)
