"""Sequences of all instructions against a model, with conservation of tokens after each."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from solders.instruction import Instruction
from solders.keypair import Keypair

from chain import instructions
from chain.layouts import PAUSE_DEPOSITS, PAUSE_PAYOUTS, PAUSE_ROOTS
from chain.leaves import Leaf
from chain.merkle import StateTree
from tests.program.model import ExchangeModel, LeafModel, RefusedByModelError
from tests.program.world import DAY, PARAMETERS, TWO_DAYS, USDT, World, key_of, refusal

OWNERS = ("alice", "bob", "carol")
PLACES = {owner: place for place, owner in enumerate(OWNERS)}
VENUE = len(OWNERS)
"""The place of the leaf that keeps what closed vaults were paid."""

RECENT = 6
"""Of so many proofs one is picked; older ones fail alike."""

owners = st.sampled_from(OWNERS)
amounts = st.integers(0, 40) | st.integers(0, 30_000).map(lambda usdt: usdt * USDT)


class Sequences(RuleBasedStateMachine):
    """Anybody does anything, in any order; the operator's books are honest."""

    @initialize()
    def open(self) -> None:
        self.world = World()
        self.world.open_exchange()
        self.keys = {"alice": self.world.alice, "bob": self.world.bob, "carol": key_of(30)}
        self.world.svm.airdrop(self.keys["carol"].pubkey(), 10**11)
        self.parameters = replace(
            PARAMETERS, daily_cap_micro=50_000 * USDT, delay_above_micro=20_000 * USDT
        )
        for key in self.keys.values():
            self.world.put_tokens(self.world.tokens_of(key), key.pubkey(), 100_000 * USDT)
        built = instructions.set_parameters(
            self.world.addresses,
            authority=self.world.authority.pubkey(),
            parameters=self.parameters,
        )
        self.world.send(built, signers=[self.world.authority])
        self.model = ExchangeModel(
            now=self.world.now,
            cap=self.parameters.daily_cap_micro,
            above=self.parameters.delay_above_micro,
            unit=self.parameters.deposit_unit_micro,
        )
        self.books: dict[str, LeafModel] = {}
        self.closed_released = 0
        self.proofs: list[tuple[str, LeafModel, instructions.LeafProof, Leaf]] = []
        self.salts = self.steps = 0
        for owner in ("alice", "bob"):
            self.create_vault(owner)
            self.deposit(owner, 30_000 * USDT)

    # The two sides.

    def both(self, predict: Callable[[], None], built: Instruction, *signers: Keypair) -> bool:
        """Let model and chain do the same; they agree, down to the reason of a refusal."""
        expected = None
        try:
            predict()
        except RefusedByModelError as refused:
            expected = refused.refusal
        if expected is None:
            self.world.send(built, signers=signers)
            return True
        assert refusal(self.world, built, signers=signers) is expected
        return False

    # What anybody does.

    @precondition(lambda self: len(self.model.vaults) < len(OWNERS) or self.steps % 8 == 0)
    @rule(owner=owners)
    def create_vault(self, owner: str) -> None:
        key = self.keys[owner]
        built = instructions.create_vault(self.world.addresses, owner=key.pubkey())
        if self.both(lambda: self.model.create_vault(owner), built, key):
            self.books[owner] = LeafModel(self.model.created, deposits=0, released=0, cash=0)

    @precondition(lambda self: self.model.vaults)
    @rule(owner=owners, amount=amounts)
    def deposit(self, owner: str, amount: int) -> None:
        key = self.keys[owner]
        amount = min(amount, self.tokens(owner))
        if owner not in self.model.vaults:
            return
        built = instructions.deposit(
            self.world.addresses,
            owner=key.pubkey(),
            source=self.world.tokens_of(key),
            amount_micro=amount,
        )
        self.both(lambda: self.model.deposit(owner, amount), built, key)

    @precondition(lambda self: self.model.vaults)
    @rule(owner=owners, allowed=amounts, units=st.integers(0, 3), everything=st.booleans())
    def draw(self, owner: str, allowed: int, units: int, *, everything: bool) -> None:
        if owner not in self.model.vaults:
            return
        self.world.authorize(self.keys[owner], allowed)
        most = min(allowed, self.tokens(owner))
        amount = most if everything else units * 1_000 * USDT + (units == 3)
        if amount > most:
            return
        built = instructions.deposit_by_delegate(
            self.world.addresses,
            operator=self.world.operator.pubkey(),
            owner=self.keys[owner].pubkey(),
            source=self.world.tokens_of(self.keys[owner]),
            amount_micro=amount,
        )
        self.both(
            lambda: self.model.deposit_by_delegate(owner, amount, everything=most),
            built,
            self.world.operator,
        )

    # What the operator does.

    @precondition(lambda self: self.books)
    @rule(
        winner=owners,
        loser=owners,
        won=st.integers(0, 50),
        percent=st.sampled_from((0, 5, 40, 100)),
    )
    def commit(self, winner: str, loser: str, won: int, percent: int) -> None:
        """Credit deposits, let somebody win from somebody, release withdrawals, commit."""
        books = {owner: replace(leaf) for owner, leaf in self.books.items()}
        for owner, leaf in books.items():
            if owner in self.model.vaults:
                leaf.cash += self.model.vaults[owner].deposited - leaf.deposits
                leaf.deposits = self.model.vaults[owner].deposited
        if winner in books and loser in books and books[loser].cash >= won:
            books[loser].cash -= won
            books[winner].cash += won
        if winner in books:
            amount = books[winner].cash * percent // 100
            books[winner].cash -= amount
            books[winner].released += amount
        self.commit_books(books)

    @precondition(lambda self: self.books)
    @rule()
    def commit_too_much(self) -> None:
        """One micro-USDT that nobody deposited."""
        total = self.model.deposited + 1
        built = self.world.commit_instruction(total_micro=total, marks_half_ticks=())
        assert not self.both(lambda: self.model.commit(total), built, *self.signers)

    @property
    def signers(self) -> tuple[Keypair, Keypair]:
        return self.world.operator, self.world.witness

    def commit_books(self, books: dict[str, LeafModel]) -> None:
        leaves = {PLACES[owner]: self.leaf(owner, book) for owner, book in books.items()}
        total = sum(leaf.owed_micro for leaf in leaves.values()) + self.closed_released
        before = self.world.tree
        self.world.tree = self.copy_with(leaves)
        built = self.world.commit_instruction(total_micro=total, marks_half_ticks=())
        if not self.both(lambda: self.model.commit(total), built, *self.signers):
            self.world.tree = before
            return
        self.books = books
        for owner, book in books.items():
            leaf = leaves[PLACES[owner]]
            self.world.leaves[PLACES[owner]] = leaf
            proof = self.world.proof(PLACES[owner])
            self.proofs.append((owner, replace(book), proof, leaf))

    def leaf(self, owner: str, book: LeafModel) -> Leaf:
        self.salts += 1
        return Leaf(
            owner=self.keys[owner].pubkey(),
            vault_id=book.vault_id,
            deposits_micro=book.deposits,
            released_micro=book.released,
            cash_micro=book.cash,
            positions=(),
            salt=self.salts.to_bytes(32, "little"),
        )

    def copy_with(self, leaves: dict[int, Leaf]) -> StateTree:
        tree = StateTree([bytes(32)] * (VENUE + 1))
        tree.commit({place: leaf.hash for place, leaf in leaves.items()})
        return tree

    @precondition(lambda self: self.books)
    @rule(owner=owners, waits=st.booleans(), closes=st.booleans())
    def leave(self, owner: str, *, waits: bool, closes: bool) -> None:
        """Take everything out: at once, or after the delay, and close behind oneself."""
        if owner not in self.model.vaults:
            return
        self.commit(winner=owner, loser=owner, won=0, percent=100)
        if self.proofs:
            self.pay_out(pick=self.newest(owner), percent=100)
        if waits:
            self.wait(TWO_DAYS)
            self.release(owner)
        if closes and self.proofs:
            self.close(pick=self.newest(owner))

    def newest(self, owner: str) -> int:
        recent = self.proofs[-RECENT:]
        return max((at for at, proof in enumerate(recent) if proof[0] == owner), default=0)

    # What proofs are good for, old ones too.

    @precondition(lambda self: self.proofs)
    @rule(pick=st.integers(0, 10**6), percent=st.sampled_from((0, 30, 100, 110)))
    def pay_out(self, pick: int, percent: int) -> None:
        recent = self.proofs[-RECENT:]
        owner, book, proof, _leaf = recent[pick % len(recent)]
        if owner not in self.model.vaults:
            return
        vault = self.model.vaults[owner]
        owed = max(book.released - vault.paid - vault.queued, 0)
        amount = owed * percent // 100 + (percent > 100)
        key = self.keys[owner]
        built = instructions.pay_out(
            self.world.addresses,
            caller=self.world.operator.pubkey(),
            owner=key.pubkey(),
            destination=self.world.tokens_of(key),
            amount_micro=amount,
            proof=proof,
        )
        self.both(lambda: self.model.pay_out(owner, amount, book), built, self.world.operator)

    @precondition(lambda self: self.proofs)
    @rule(pick=st.integers(0, 10**6))
    def close(self, pick: int) -> None:
        recent = self.proofs[-RECENT:]
        owner, book, proof, leaf = recent[pick % len(recent)]
        if owner not in self.model.vaults:
            return
        key = self.keys[owner]
        vault = self.model.vaults[owner]
        built = instructions.close_vault(
            self.world.addresses,
            owner=key.pubkey(),
            root_number=proof.root_number,
            salt=leaf.salt,
            path=proof.path,
        )
        if vault.deposited == 0 and vault.paid == 0 and vault.queued == 0:
            return  # such a one closes without proof, and refuses one
        if self.both(lambda: self.model.close(owner, book), built, key):
            # Its leaf's released total goes to the venue's own leaf, its cash is gone with it.
            self.closed_released += self.books[owner].released + self.books[owner].cash
            del self.books[owner]

    @precondition(lambda self: any(vault.queued for vault in self.model.vaults.values()))
    @rule(owner=owners)
    def release(self, owner: str) -> None:
        if owner not in self.model.vaults:
            return
        key = self.keys[owner]
        built = instructions.release_payout(
            self.world.addresses, owner=key.pubkey(), destination=self.world.tokens_of(key)
        )
        self.both(lambda: self.model.release(owner), built)

    @precondition(lambda self: self.steps % 4 == 0)
    @rule(owner=owners)
    def cancel(self, owner: str) -> None:
        if owner not in self.model.vaults:
            return
        built = instructions.cancel_payout(
            self.world.addresses,
            authority=self.world.authority.pubkey(),
            owner=self.keys[owner].pubkey(),
        )
        self.both(lambda: self.model.cancel(owner), built, self.world.authority)

    @precondition(lambda self: self.steps % 8 == 0)
    @rule(bits=st.sampled_from((PAUSE_DEPOSITS, PAUSE_PAYOUTS, PAUSE_ROOTS)))
    def pause(self, bits: int) -> None:
        built = instructions.pause(
            self.world.addresses, guardian=self.world.guardian.pubkey(), bits=bits
        )
        self.world.send(built, signers=[self.world.guardian])
        self.model.paused |= bits

    @precondition(lambda self: self.model.paused)
    @rule()
    def resume(self) -> None:
        built = instructions.resume(
            self.world.addresses, authority=self.world.authority.pubkey(), bits=7
        )
        self.world.send(built, signers=[self.world.authority])
        self.model.paused = 0

    @rule(seconds=st.sampled_from((1, DAY, TWO_DAYS)))
    def wait(self, seconds: int) -> None:
        self.world.set_time(self.world.now + seconds)
        self.model.now += seconds

    # What holds after each.

    def tokens(self, owner: str) -> int:
        return self.world.balance(self.world.tokens_of(self.keys[owner]))

    @invariant()
    def a_step_is_counted(self) -> None:
        self.steps += 1

    @invariant()
    def no_token_is_made_or_lost(self) -> None:
        wallets = sum(self.tokens(owner) for owner in OWNERS)
        assert wallets + self.world.held_micro == len(OWNERS) * 100_000 * USDT

    @invariant()
    def the_treasury_holds_what_came_in_less_what_went_out(self) -> None:
        exchange = self.world.exchange
        assert (exchange.deposited_micro, exchange.paid_micro) == (
            self.model.deposited,
            self.model.paid,
        )
        assert self.world.held_micro == self.model.deposited - self.model.paid

    @invariant()
    def every_vault_stands_as_the_model_says(self) -> None:
        for owner, model in self.model.vaults.items():
            vault = self.world.vault(self.keys[owner])
            assert (vault.vault_id, vault.deposited_micro) == (model.vault_id, model.deposited)
            assert (vault.paid_micro, vault.queued_micro) == (model.paid, model.queued)
            assert vault.queued_until == model.queued_until
            assert vault.window_paid_micro == model.window_paid

    @invariant()
    def nobody_was_paid_more_than_was_released(self) -> None:
        for owner, vault in self.model.vaults.items():
            assert vault.paid + vault.queued <= self.books[owner].released

    @invariant()
    def roots_and_totals_agree(self) -> None:
        exchange = self.world.exchange
        assert exchange.root_number == self.model.roots
        assert exchange.paused == self.model.paused


TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
