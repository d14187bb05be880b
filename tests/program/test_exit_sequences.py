"""Any life of the exchange, a freeze, and exits in every order, against plain Python.

What must hold, whatever happened before: the treasury ends at zero or above, nobody is paid more
than the rule gives him, and no order of exits changes anybody's share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair

from chain import exit_instructions, instructions
from chain.claims import Claim
from chain.exits import Divisor, exit_of
from chain.instructions import LeafProof
from tests.program.world import DAY, EXIT_TERMS, TWO_DAYS, USDT, RefusedError, World, key_of

OWNERS = 4
"""The last one is never credited: the venue has no leaf of his."""


class Step(NamedTuple):
    """Something that somebody does; who does it, to whom, and how much."""

    what: str
    who: int
    whom: int
    amount: int


WORDS = ("deposit", "deposit", "win", "release", "commit", "pay", "pay", "pay old", "wait", "close")
steps = st.builds(
    Step,
    what=st.sampled_from(WORDS),
    who=st.integers(0, OWNERS - 1),
    whom=st.integers(0, OWNERS - 1),
    amount=st.integers(1, 50) | st.integers(1, 150_000).map(lambda usdt: usdt * USDT),
)


@dataclass
class Book:
    """What the venue's honest book says of one owner."""

    deposits: int = 0
    released: int = 0
    cash: int = 0


@dataclass
class Story:
    """One exchange with an honest book, played step by step."""

    world: World = field(default_factory=World)
    books: dict[int, Book] = field(default_factory=dict)
    proofs: dict[int, list[LeafProof]] = field(default_factory=dict)
    venue_cash: int = 0
    closed_deposits: int = 0
    closed_released: int = 0
    claims: dict[int, Claim] = field(default_factory=dict)
    salts: int = 0

    def __post_init__(self) -> None:
        """Open the exchange and the vaults, with some money in each."""
        world = self.world
        world.open_exchange()
        self.keys = [world.alice, world.bob, key_of(30), key_of(31)]
        for at, key in enumerate(self.keys):
            world.svm.airdrop(key.pubkey(), 10**11)
            world.put_tokens(world.tokens_of(key), key.pubkey(), 10_000_000 * USDT)
            world.create_vault(key)
            world.deposit(key, (at + 1) * 10_000 * USDT)
            if at < OWNERS - 1:
                self.books[at] = Book()
                self.proofs[at] = []
        self.commit()

    def play(self, step: Step) -> None:
        """Let one thing happen, if it can."""
        who, whom = self.books.get(step.who), self.books.get(step.whom)
        key = self.keys[step.who]
        match step.what:
            case "deposit":
                self.world.deposit(key, step.amount)
            case "win" if who and whom:
                won = min(step.amount, whom.cash)
                whom.cash -= won
                who.cash += won
            case "release" if who:
                amount = min(step.amount, who.cash)
                who.cash -= amount
                who.released += amount
            case "commit":
                self.commit()
            case "pay" if who:
                self.pay(step, self.proofs[step.who][-1:])
            case "pay old" if who:
                self.pay(step, self.proofs[step.who][:-1][-2:-1])
            case "wait":
                self.world.set_time(self.world.now + TWO_DAYS)
                self.attempt_release(key)
            case "close" if who:
                self.close(step.who, who)
            case _:
                pass

    def commit(self) -> None:
        """Credit what came in, and commit the leaves."""
        leaves = []
        for at, book in self.books.items():
            vault = self.world.vault(self.keys[at])
            book.cash += vault.deposited_micro - book.deposits
            book.deposits = vault.deposited_micro
            self.salts += 1
            leaves.append(
                self.world.leaf(
                    self.keys[at],
                    released_micro=book.released,
                    cash_micro=book.cash,
                    salt=self.salts.to_bytes(32, "little"),
                )
            )
        self.world.commit(*leaves, marks_half_ticks=())
        for place, at in enumerate(self.books):
            self.proofs[at].append(self.world.proof(place))

    def pay(self, step: Step, proofs: Sequence[LeafProof]) -> None:
        """Pay what some proof shows, or a part of it."""
        vault = self.world.vault(self.keys[step.who])
        for proof in proofs:
            owed = proof.released_micro - vault.paid_micro - vault.queued_micro
            amount = min(step.amount, owed)
            if amount > 0:
                try:
                    self.world.pay_out(self.keys[step.who], amount, proof=proof)
                except RefusedError:
                    return  # too old a root, or something waits already

    def attempt_release(self, key: Keypair) -> None:
        if self.world.vault(key).queued_micro:
            self.world.release(key)

    def close(self, at: int, book: Book) -> None:
        """Pay everything out, close the vault and open another."""
        key = self.keys[at]
        vault = self.world.vault(key)
        if book.cash > 90_000 * USDT or vault.queued_micro or not vault.deposited_micro:
            return
        self.commit()
        book.released += book.cash
        book.cash = 0
        self.commit()
        proof = self.proofs[at][-1]
        owed = proof.released_micro - self.world.vault(key).paid_micro
        self.world.set_time(self.world.now + TWO_DAYS)
        if owed > 100_000 * USDT:
            return
        if owed:
            self.world.pay_out(key, owed, proof=proof)
        place = list(self.books).index(at)
        built = instructions.close_vault(
            self.world.addresses,
            owner=key.pubkey(),
            root_number=proof.root_number,
            salt=self.world.leaves[place].salt,
            path=proof.path,
        )
        self.world.send(built, signers=[key])
        self.closed_deposits += book.deposits
        self.closed_released += book.released
        self.world.create_vault(key)
        self.books[at] = Book()
        self.proofs[at] = []
        self.commit()

    def checkpoint(self, skew: int) -> None:
        """Commit claims: cash, moved by what positions are worth at marks of half an hour."""
        self.commit()
        worth = {at: book.cash for at, book in self.books.items()}
        worth[0] += skew
        worth[1] -= skew
        self.claims = {
            at: self.world.claim(
                self.keys[at],
                deposits_micro=book.deposits,
                released_micro=book.released,
                claim_micro=max(worth[at], 0),
            )
            for at, book in self.books.items()
        }
        sums = [self.claims[at] for at in self.books]
        self.world.set_time(self.world.now + EXIT_TERMS.interval_seconds)
        self.world.commit_checkpoint(
            *sums,
            self.world.venue_claim(0),
            deposits_micro=sum(one.deposits_micro for one in sums) + self.closed_deposits,
            released_micro=sum(one.released_micro for one in sums) + self.closed_released,
        )

    def freeze(self) -> None:
        self.world.set_time(self.world.now + DAY)
        self.world.send(exit_instructions.freeze(self.world.addresses))

    def claim_of(self, at: int) -> Claim | None:
        """Give the claim that still belongs to an owner's vault."""
        claim = self.claims.get(at)
        is_his = claim and claim.vault_id == self.world.vault(self.keys[at]).vault_id
        return claim if is_his else None

    def leave(self, at: int) -> int:
        """Let an owner leave, and give what came into his wallet."""
        key, claim = self.keys[at], self.claim_of(at)
        before = self.world.balance(self.world.tokens_of(key))
        built = (
            self.world.exit_by_claim(list(self.claims).index(at), key)
            if claim
            else self.world.exit_without_claim(key)
        )
        self.world.send(built, signers=[key])
        return self.world.balance(self.world.tokens_of(key)) - before


def by_the_rule(story: Story, at: int) -> int:
    """Give an owner's exit as docs/PROOFS.md writes it, in exact fractions."""
    world, vault = story.world, story.world.vault(story.keys[at])
    newest, exchange = world.checkpoints.newest, world.exchange
    assert newest is not None
    treasury = world.checkpoints.held_micro
    uncounted = exchange.deposited_micro - newest.deposits_micro
    reserve = uncounted + newest.released_micro - exchange.paid_under_micro
    assert world.checkpoints.reserve_micro == reserve >= 0
    claim = story.claim_of(at)
    c, dc, rc = (
        (claim.claim_micro, claim.deposits_micro, claim.released_micro) if claim else (0, 0, 0)
    )
    beside = (vault.deposited_micro - dc) + (rc - vault.paid_micro)
    free = max(0, treasury - reserve)
    scale = min(Fraction(1), Fraction(free, newest.claims_micro or 1))
    kept = min(Fraction(1), Fraction(treasury, reserve or 1))
    return int(max(0, c + min(0, beside)) * scale) + int(max(0, beside) * kept)


def played(before: list[Step], after: list[Step], skew: int) -> Story:
    story = Story()
    for step in before:
        story.play(step)
    story.checkpoint(skew)
    for step in after:
        story.play(step)
    story.freeze()
    return story


@given(
    before=st.lists(steps, max_size=12),
    after=st.lists(steps, max_size=12),
    skew=st.just(0) | st.integers(-60_000, 60_000).map(lambda usdt: usdt * USDT),
    order=st.permutations(range(OWNERS)),
)
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_no_order_of_exits_changes_a_share_and_the_treasury_ends_at_zero_or_above(
    before: list[Step], after: list[Step], skew: int, order: list[int]
) -> None:
    """The rule is reckoned for all before the first has left: what comes is that, in any order."""
    story = played(before, after, skew)
    frozen = story.world.checkpoints
    rule = {at: by_the_rule(story, at) for at in range(OWNERS)}
    told = {
        at: exit_of(
            Divisor.of_frozen(frozen), story.world.vault(story.keys[at]), story.claim_of(at)
        ).amount_micro
        for at in range(OWNERS)
    }
    assert sum(rule.values()) + frozen.venue_micro <= frozen.held_micro
    got = {at: story.leave(at) for at in order}
    assert got == rule == told
    assert story.world.held_micro == frozen.held_micro - sum(rule.values())


@given(after=st.lists(steps, max_size=12))
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_who_neither_traded_nor_was_paid_since_loses_nothing_where_claims_are_covered(
    after: list[Step],
) -> None:
    """Deposits after the checkpoint are no help to others, and cost nobody anything."""
    deposits = [step for step in after if step.what == "deposit"]
    story = played([], deposits, 0)
    for at in range(OWNERS):
        vault = story.world.vault(story.keys[at])
        assert story.leave(at) == vault.deposited_micro
    assert story.world.held_micro == 0
