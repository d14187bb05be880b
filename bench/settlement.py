"""What settlement costs: one table, with aims, as far as it needs no database.

Run: `python bench/settlement.py`. Ratios are to the same number of bare SHA-256 hashes in the same
run. The development chain runs in a process of its own, as under `make run`.
"""

import csv
import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chain import instructions
from chain.addresses import token_account
from chain.client import ChainClient, Level
from chain.devchain.genesis import Genesis, development_key
from chain.errors import ChainUnreachableError
from chain.instructions import Commitment, Keys, LeafProof, MarketTerms, Parameters
from chain.leaves import Leaf, Position
from chain.merkle import StateTree
from chain.records import Records
from chain.setup import Plan, ensure_exchange
from chain.signer import KeypairSigner
from chain.transactions import Fee, SignedTransaction, sign

ROOT = Path(__file__).resolve().parents[1]
COSTS = ROOT / "programs/godark/costs.csv"
PORT = 28_899
ACCOUNTS = 100_000
MARKETS = 60
CHANGED = 100
ROUNDS = 60
USERS = 60
USDT = 1_000_000
LAMPORTS = 10**9
SIGNATURE_LAMPORTS = 5_000
SECONDS_PER_DAY = 86_400
GENESIS = Genesis()
FEE = Fee(compute_units=30_000)
UNLIMITED = Parameters(
    daily_cap_micro=2**62, delay_above_micro=2**62, delay_seconds=0, deposit_unit_micro=USDT
)


def row(name: str, figure: str, aim: str = "", ratio: str = "") -> None:
    """Print one line of the table."""
    print(f"{name:<46} {figure:>22} {aim:>18} {ratio:>10}")


def spread(seconds: Sequence[float]) -> tuple[float, float]:
    """Give median and 95th percentile in milliseconds."""
    cuts = quantiles(seconds, n=20)
    return cuts[9] * 1_000, cuts[18] * 1_000


def timed(work: Callable[[], object]) -> float:
    """Give the processor seconds that some work takes, the collector out of the way."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    work()
    gc.enable()
    return time.process_time() - began


def leaf(random: Random, positions: int) -> Leaf:
    """Draw an account."""
    return Leaf(
        owner=Pubkey(random.randbytes(32)),
        vault_id=random.getrandbits(20),
        deposits_micro=random.getrandbits(40),
        released_micro=random.getrandbits(40),
        cash_micro=random.getrandbits(40),
        positions=tuple(
            Position(market, random.getrandbits(20), random.getrandbits(40), 1)
            for market in range(positions)
        ),
        salt=random.randbytes(32),
    )


def hashes_alone(count: int) -> float:
    """Give the seconds of so many hashes of a node's size."""
    data = bytes(80)

    def work() -> None:
        for _ in range(count):
            sha256(data).digest()

    return timed(work)


def bench_tree(count: int, random: Random) -> None:
    """Measure a tree of so many leaves."""
    hashes = [random.randbytes(32) for _ in range(count)]
    tracemalloc.start()
    tree = StateTree(hashes)
    megabytes = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    built = timed(lambda: StateTree(hashes))
    row(f"tree of {count:,} leaves, built whole", f"{built:.2f} s, {megabytes:.0f} MB")
    roots, whole = [], []
    for _ in range(ROUNDS):
        accounts = {place: leaf(random, 3) for place in random.sample(range(count), CHANGED)}
        ready = {place: account.hash for place, account in accounts.items()}
        roots.append(timed(lambda ready=ready: tree.commit(ready)))  # type: ignore[misc]  # bound
        started = time.process_time()
        tree.commit({place: account.hash for place, account in accounts.items()})
        whole.append(time.process_time() - started)
    ratio = spread(roots)[0] / 1_000 / hashes_alone(CHANGED * tree.depth)
    aim = "< 5 ms" if count == ACCOUNTS else ""
    median, high = spread(roots)
    row(f"  root after {CHANGED} changed", f"{median:.2f} / {high:.2f} ms", aim, f"{ratio:.1f}x")
    median, high = spread(whole)
    row("  the same with its leaves of 3 positions", f"{median:.2f} / {high:.2f} ms", aim)
    paths = [timed(lambda at=at: tree.path(at, version=tree.version - 100)) for at in range(50)]  # type: ignore[misc]  # bound
    row("  path as of 100 roots ago", f"{spread(paths)[0]:.3f} ms")
    row("  its bytes in a payout", f"{tree.depth * 32} bytes")


def bench_instructions() -> None:
    """Print the kept table of costs."""
    with COSTS.open(newline="") as rows:
        for item in csv.DictReader(rows):
            figure = f"{int(item['compute_units']):,} CU, {item['bytes']} bytes"
            row(f"  {item['instruction']}", figure, "<= 1,232 bytes")


class Venue:
    """An exchange on a development chain, with users who have money in it."""

    def __init__(self, client: ChainClient) -> None:
        self.client = client
        self.addresses = GENESIS.addresses
        self.operator, self.witness = development_key("operator"), development_key("witness")
        self.users = [development_key(f"user {number}") for number in range(USERS)]
        self.tree = StateTree([bytes(32)] * 1_024)
        self.previous, self.number = bytes(32), 0
        self.marks = tuple(range(1_000_000, 1_000_000 + MARKETS))

    def open(self) -> None:
        """Create the exchange, list the markets, fund everybody."""
        names = ("authority", "guardian", "operator", "witness")
        keys = Keys(**{name: development_key(name).pubkey() for name in names})
        markets = [
            MarketTerms(
                number=number,
                symbol=f"M{number}-USDT-PERP",
                unit_micro=500,
                step_ppm=100_000,
                per_second_ppm=1_000,
            )
            for number in range(MARKETS)
        ]
        for key in (self.operator, *self.users):
            self.client.call("requestAirdrop", str(key.pubkey()), 10 * LAMPORTS)
        for user in self.users:
            self.client.call("devchain_faucet", str(user.pubkey()), 1_000 * USDT)
        ensure_exchange(
            Records(self.client, self.addresses),
            plan=Plan(mint=GENESIS.mint, keys=keys, parameters=UNLIMITED, markets=markets),
            upgrade_authority=KeypairSigner(GENESIS.upgrade_authority),
            authority=KeypairSigner(development_key("authority")),
        )

    def signed(self, built: Sequence[Instruction], *keys: Keypair) -> SignedTransaction:
        """Sign with a new blockhash."""
        blockhash = self.client.latest_blockhash()
        return sign(
            built, signers=[KeypairSigner(key) for key in keys], blockhash=blockhash, fee=FEE
        )

    def commit(self, changes: dict[int, bytes], total_micro: int) -> SignedTransaction:
        """Build and sign the next root."""
        root = self.tree.commit(changes)
        commitment = Commitment(
            number=self.number + 1,
            previous_root=self.previous,
            root=root,
            total_micro=total_micro,
            trades_root=bytes(32),
            chain_head=root,
            marks_half_ticks=self.marks,
        )
        self.previous, self.number = root, self.number + 1
        built = instructions.commit_root(
            self.addresses,
            operator=self.operator.pubkey(),
            witness=self.witness.pubkey(),
            commitment=commitment,
        )
        return self.signed([built], self.operator, self.witness)

    def tokens(self, user: Keypair) -> Pubkey:
        """Name a user's USDT account."""
        return token_account(owner=user.pubkey(), mint=GENESIS.mint)

    def send_all(self, transactions: Sequence[SignedTransaction]) -> float:
        """Send and wait for all, and give how many a second were confirmed."""
        began = time.perf_counter()
        for transaction in transactions:
            self.client.send(transaction.raw)
        waiting = [transaction.signature for transaction in transactions]
        while waiting:
            statuses = self.client.statuses(waiting)
            waiting = [
                signature
                for signature, status in zip(waiting, statuses, strict=True)
                if status is None or not Level.CONFIRMED.reached_by(status.level)
            ]
        return len(transactions) / (time.perf_counter() - began)


def bench_roots(venue: Venue, random: Random) -> None:
    """Measure from a root that is due to the same root confirmed."""
    took, signing = [], []
    for _ in range(ROUNDS):
        changes = {place: random.randbytes(32) for place in random.sample(range(1_024), CHANGED)}
        began = time.perf_counter()
        transaction = venue.commit(changes, total_micro=0)
        signing.append(time.perf_counter() - began)
        venue.client.submit(transaction, poll_seconds=0.01)
        took.append(time.perf_counter() - began)
    median, high = spread(took)
    row("root of 60 marks, due to confirmed", f"{median:.0f} / {high:.0f} ms", "p95 < 300 ms")
    row("  of it building and signing", f"{spread(signing)[0]:.1f} ms")


def bench_money(venue: Venue) -> None:
    """Measure deposits and payouts of many users at once."""
    amount = 100 * USDT
    openings, deposits, payouts = [], [], []
    for user in venue.users:
        owner, source = user.pubkey(), venue.tokens(user)
        built = instructions.create_vault(venue.addresses, owner=owner)
        openings.append(venue.signed([built], user))
        built = instructions.deposit(
            venue.addresses, owner=owner, source=source, amount_micro=amount
        )
        deposits.append(venue.signed([built], user))
    row("vaults opened", f"{venue.send_all(openings):.0f} a second")
    row("deposits", f"{venue.send_all(deposits):.0f} a second")
    leaves = released_leaves(venue, amount)
    changes = {place: item.hash for place, item in enumerate(leaves)}
    venue.client.submit(venue.commit(changes, total_micro=USERS * amount), poll_seconds=0.01)
    for place, (user, item) in enumerate(zip(venue.users, leaves, strict=True)):
        proof = LeafProof(
            root_number=venue.number,
            deposits_micro=item.deposits_micro,
            released_micro=item.released_micro,
            body_hash=item.body_hash,
            path=venue.tree.path(place),
        )
        built = instructions.pay_out(
            venue.addresses,
            caller=venue.operator.pubkey(),
            owner=user.pubkey(),
            destination=venue.tokens(user),
            amount_micro=amount,
            proof=proof,
        )
        payouts.append(venue.signed([built], venue.operator))
    row("payouts with proof", f"{venue.send_all(payouts):.0f} a second")


def released_leaves(venue: Venue, amount_micro: int) -> list[Leaf]:
    """Release everything that everybody deposited."""
    owners = [user.pubkey() for user in venue.users]
    records = Records(venue.client, venue.addresses)
    vaults = records.vaults(owners, level=Level.CONFIRMED)
    return [
        Leaf(
            owner=vault.owner,
            vault_id=vault.vault_id,
            deposits_micro=amount_micro,
            released_micro=amount_micro,
            cash_micro=0,
            positions=(),
            salt=bytes(vault.owner),
        )
        for vault in vaults
        if vault is not None
    ]


@contextmanager
def running_chain() -> Iterator[ChainClient]:
    """Run a development chain in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, ChainClient(f"http://127.0.0.1:{PORT}") as client:
        path = Path(folder) / "devchain.sqlite3"
        command = [sys.executable, "-m", "chain.devchain", "--port", str(PORT), "--file", str(path)]
        process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 - our own module, no shell
        try:
            while not answers(client):
                time.sleep(0.05)
            yield client
        finally:
            process.terminate()
            process.wait(10)


def answers(client: ChainClient) -> bool:
    """Tell whether the chain is there."""
    try:
        client.call("getHealth")
    except ChainUnreachableError:
        return False
    return True


def print_prices() -> None:
    """Print what a day and what a million users cost, in SOL."""
    daily = SECONDS_PER_DAY * 2 * SIGNATURE_LAMPORTS / LAMPORTS
    row("a day of roots, one a second, two signatures", f"{daily:.3f} SOL")
    row("  a quiet day of heartbeats", f"{daily / 20:.4f} SOL")
    fixed = (6_236_160 + 36_693_120 + 67_818_240 + 2_039_280) / LAMPORTS
    row("rent of the exchange, whatever the users", f"{fixed:.4f} SOL")
    row("rent of a vault, paid by and returned to users", f"{2_672_640 / LAMPORTS:.5f} SOL")
    row("  of 1,000,000 of them together", f"{2_672_640_000_000 / LAMPORTS:,.0f} SOL")
    row("a root of 1,000,000 users on chain", "the same bytes and units")


def main() -> None:
    """Measure and print."""
    random = Random(7)  # the same accounts each time
    row("settlement (median / p95)", "figure", "aim", "baseline")
    bench_tree(ACCOUNTS, random)
    bench_tree(1_000_000, random)
    row("per instruction (programs/godark/costs.csv)", "")
    bench_instructions()
    with running_chain() as client:
        venue = Venue(client)
        venue.open()
        bench_roots(venue, random)
        bench_money(venue)
    print_prices()


if __name__ == "__main__":
    main()
