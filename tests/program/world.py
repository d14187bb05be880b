"""A small world around the built program: an exchange, three markets, two owners, a tree.

`PROGRAM=path` runs the same tests against another build.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from solders.account import Account
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.token.state import Mint, TokenAccount, TokenAccountState
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from chain import exit_instructions, instructions, multisig
from chain.addresses import LOADER_PROGRAM, TOKEN_PROGRAM, Addresses, token_account
from chain.claims import IDS_PER_CHUNK, VENUE, Claim, ClaimsFile, Summed, SumTree, id_chunks
from chain.errors import Refusal, refusal_of
from chain.instructions import (
    CheckpointCommitment,
    Commitment,
    ExitTerms,
    Keys,
    LeafProof,
    MarketTerms,
    Parameters,
)
from chain.layouts import (
    PAUSE_DEPOSITS,
    Checkpoints,
    Exchange,
    Market,
    Multisig,
    Proposal,
    Vault,
    parse_markets,
)
from chain.leaves import Leaf, marks_root
from chain.merkle import StateTree, root_of

PROGRAM_FILE = FilePath(
    os.environ.get("PROGRAM")
    or FilePath(__file__).resolve().parents[2] / "programs/godark/godark.so"
)
USDT = 1_000_000
DAY = 86_400
TWO_DAYS = 2 * DAY
START = 1_750_000_000
PARAMETERS = Parameters(
    daily_cap_micro=1_000_000 * USDT,
    delay_above_micro=100_000 * USDT,
    delay_seconds=TWO_DAYS,
    deposit_unit_micro=1_000 * USDT,
)
EXIT_TERMS = ExitTerms(interval_seconds=600, bond_lamports=50_000_000)
MARKETS = ("BTC-USDT-PERP", "ETH-USDT-PERP", "SOL-USDT-PERP")
NOTHING = bytes(32)


def key_of(seed: int) -> Keypair:
    """Give the same key for the same number."""
    return Keypair.from_seed(bytes([seed]) * 32)


class RefusedError(Exception):
    """The chain said no."""

    def __init__(self, failed: FailedTransactionMetadata) -> None:
        super().__init__(str(failed.err()), failed.meta().logs()[-4:])
        code = getattr(getattr(failed.err(), "err", None), "code", None)
        self.refusal = refusal_of(code)
        self.error = str(failed.err())


@dataclass
class World:
    """The chain, its actors, and the leaves that the operator would keep."""

    svm: LiteSVM = field(default_factory=LiteSVM)
    payer: Keypair = field(default_factory=lambda: key_of(1))
    upgrader: Keypair = field(default_factory=lambda: key_of(2))
    authority: Keypair = field(default_factory=lambda: key_of(3))
    guardian: Keypair = field(default_factory=lambda: key_of(4))
    operator: Keypair = field(default_factory=lambda: key_of(5))
    witness: Keypair = field(default_factory=lambda: key_of(6))
    alice: Keypair = field(default_factory=lambda: key_of(7))
    bob: Keypair = field(default_factory=lambda: key_of(8))
    members: list[Keypair] = field(default_factory=lambda: [key_of(40 + at) for at in range(5)])
    mint: Pubkey = field(default_factory=lambda: Pubkey(bytes([9]) * 32))
    addresses: Addresses = field(default_factory=lambda: Addresses(key_of(10).pubkey()))
    tree: StateTree = field(default_factory=StateTree)
    leaves: dict[int, Leaf] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        """Put program, mint and wallets there; the exchange itself is not yet."""
        self.set_time(START)
        self.put_program(PROGRAM_FILE.read_bytes())
        self.put_mint(self.mint)
        for actor in (self.payer, self.upgrader, self.operator, self.alice, self.bob):
            self.svm.airdrop(actor.pubkey(), 10**11)
        for owner in (self.alice, self.bob):
            self.put_tokens(self.tokens_of(owner), owner.pubkey(), 10_000_000 * USDT)

    # Setting up, past the runtime's own checks.

    def put_program(self, elf: bytes) -> None:
        """Lay program and program data as the upgradeable loader would."""
        head = struct.pack("<IQB32s", 3, 0, 1, bytes(self.upgrader.pubkey()))
        where = self.addresses.program_data
        self.put(where, data=head + elf, owner=LOADER_PROGRAM)
        body = struct.pack("<I32s", 2, bytes(where))
        program = Account(10**9, body, LOADER_PROGRAM, executable=True)
        self.svm.set_account(self.addresses.program, program)

    def put(self, where: Pubkey, *, data: bytes, owner: Pubkey, lamports: int = 10**11) -> None:
        """Lay an account anywhere."""
        self.svm.set_account(where, Account(lamports, data, owner))

    def put_mint(self, mint: Pubkey, *, decimals: int = 6) -> None:
        """Lay a mint."""
        state = Mint(self.payer.pubkey(), 10**17, decimals, is_initialized=True)
        self.put(mint, data=bytes(state), owner=TOKEN_PROGRAM, lamports=10**9)

    def put_tokens(
        self, where: Pubkey, owner: Pubkey, amount_micro: int, *, mint: Pubkey | None = None
    ) -> None:
        """Lay a token account."""
        state = TokenAccount(
            mint=mint or self.mint,
            owner=owner,
            amount=amount_micro,
            delegate=None,
            state=TokenAccountState.Initialized,
            is_native=None,
            delegated_amount=0,
            close_authority=None,
        )
        self.put(where, data=bytes(state), owner=TOKEN_PROGRAM, lamports=10**9)

    def set_time(self, now: int) -> None:
        """Move the chain's clock, in Unix seconds."""
        clock = self.svm.get_clock()
        clock.unix_timestamp = now
        self.svm.set_clock(clock)

    @property
    def now(self) -> int:
        return self.svm.get_clock().unix_timestamp

    # Sending.

    def send(self, *built: Instruction, signers: Sequence[Keypair] = ()) -> TransactionMetadata:
        """Send instructions, paid by the payer; raise `RefusedError` if the chain says no."""
        self.svm.expire_blockhash()
        message = Message(list(built), self.payer.pubkey())
        wanted = set(message.account_keys[: message.header.num_required_signatures])
        keys = [self.payer, *(key for key in signers if key.pubkey() in wanted)]
        unique = list({key.pubkey(): key for key in keys}.values())
        sent = self.svm.send_transaction(Transaction(unique, message, self.svm.latest_blockhash()))
        if isinstance(sent, FailedTransactionMetadata):
            raise RefusedError(sent)
        return sent

    # The usual course of things.

    @property
    def keys(self) -> Keys:
        return Keys(
            authority=self.authority.pubkey(),
            guardian=self.guardian.pubkey(),
            operator=self.operator.pubkey(),
            witness=self.witness.pubkey(),
        )

    def open_exchange(self) -> None:
        """Create the exchange and list three markets."""
        self.send(
            instructions.initialize_exchange(
                self.addresses,
                payer=self.upgrader.pubkey(),
                mint=self.mint,
                keys=self.keys,
                parameters=PARAMETERS,
            ),
            signers=[self.upgrader],
        )
        for number, symbol in enumerate(MARKETS):
            self.send(self.market_instruction(number, symbol), signers=[self.authority])
        self.send(
            instructions.open_checkpoints(
                self.addresses,
                payer=self.upgrader.pubkey(),
                authority=self.authority.pubkey(),
                terms=EXIT_TERMS,
            ),
            signers=[self.upgrader, self.authority],
        )

    def market_instruction(self, number: int, symbol: str, **changes: int) -> Instruction:
        """List a market whose mark may move 10% at once and 0.1% more each second."""
        terms = {"unit_micro": 500, "step_ppm": 100_000, "per_second_ppm": 1_000} | changes
        listed = bool(terms.pop("listed", 1))
        return instructions.set_market(
            self.addresses,
            authority=self.authority.pubkey(),
            terms=MarketTerms(number=number, symbol=symbol, listed=listed, **terms),
        )

    def tokens_of(self, owner: Keypair) -> Pubkey:
        """Name an owner's own USDT account."""
        return token_account(owner=owner.pubkey(), mint=self.mint)

    def create_vault(self, owner: Keypair) -> None:
        """Open an owner's vault."""
        built = instructions.create_vault(self.addresses, owner=owner.pubkey())
        self.send(built, signers=[owner])

    def deposit(self, owner: Keypair, amount_micro: int) -> TransactionMetadata:
        """Deposit, signed by the owner."""
        built = instructions.deposit(
            self.addresses,
            owner=owner.pubkey(),
            source=self.tokens_of(owner),
            amount_micro=amount_micro,
        )
        return self.send(built, signers=[owner])

    def authorize(self, owner: Keypair, amount_micro: int) -> None:
        """Approve the delegate."""
        built = instructions.authorize(
            self.addresses, owner=owner.pubkey(), mint=self.mint, amount_micro=amount_micro
        )
        self.send(built, signers=[owner])

    def leaf(self, owner: Keypair, **changes: object) -> Leaf:
        """Give the leaf that an honest operator would write now."""
        vault = self.vault(owner)
        fields: dict[str, object] = {
            "owner": owner.pubkey(),
            "vault_id": vault.vault_id,
            "deposits_micro": vault.deposited_micro,
            "released_micro": 0,
            "cash_micro": vault.deposited_micro,
            "positions": (),
            "salt": bytes([len(self.leaves) + 1]) * 32,
        }
        return Leaf(**(fields | changes))  # type: ignore[arg-type]  # named for what they are

    def commitment(self, **changes: object) -> Commitment:
        """Give the next commitment for the tree as it stands."""
        exchange = self.exchange
        fields: dict[str, object] = {
            "number": exchange.root_number + 1,
            "previous_root": exchange.root,
            "root": self.tree.root,
            "total_micro": sum(leaf.owed_micro for leaf in self.leaves.values()),
            "trades_root": NOTHING,
            "chain_head": bytes([7]) * 32,
            "marks_half_ticks": (1_000_000, 50_000, 3_000),
        }
        return Commitment(**(fields | changes))  # type: ignore[arg-type]  # named likewise

    def commit(self, *leaves: Leaf, **changes: object) -> TransactionMetadata:
        """Put leaves into the tree, one place each, and commit its root."""
        self.leaves.update(dict(enumerate(leaves)))
        self.tree.commit({index: leaf.hash for index, leaf in enumerate(leaves)})
        return self.send(self.commit_instruction(**changes), signers=[self.operator, self.witness])

    def commit_instruction(self, **changes: object) -> Instruction:
        """Build the next commitment."""
        return instructions.commit_root(
            self.addresses,
            operator=self.operator.pubkey(),
            witness=self.witness.pubkey(),
            commitment=self.commitment(**changes),
        )

    def proof(self, index: int, **changes: object) -> LeafProof:
        """Prove a leaf under the newest root."""
        leaf = self.leaves[index]
        fields: dict[str, object] = {
            "root_number": self.exchange.root_number,
            "deposits_micro": leaf.deposits_micro,
            "released_micro": leaf.released_micro,
            "body_hash": leaf.body_hash,
            "path": self.tree.path(index),
        }
        return LeafProof(**(fields | changes))  # type: ignore[arg-type]  # named likewise

    def claim(self, owner: Keypair, **changes: object) -> Claim:
        """Give the claim that an honest operator would write now."""
        vault = self.vault(owner)
        fields: dict[str, object] = {
            "owner": owner.pubkey(),
            "vault_id": vault.vault_id,
            "deposits_micro": vault.deposited_micro,
            "released_micro": vault.paid_micro,
            "claim_micro": vault.deposited_micro - vault.paid_micro,
            "salt": bytes([vault.vault_id]) * 32,
        }
        return Claim(**(fields | changes))  # type: ignore[arg-type]  # named for what they are

    def venue_claim(self, claim_micro: int) -> Claim:
        """Give a claim of the venue itself."""
        return Claim(
            owner=VENUE,
            vault_id=0,
            deposits_micro=0,
            released_micro=0,
            claim_micro=claim_micro,
            salt=bytes(32),
        )

    def exit_by_claim(self, place: int, owner: Keypair, **changes: object) -> Instruction:
        """Leave with the claim in some place of the last checkpoint."""
        claim = replace(self.claims[place], **changes)  # type: ignore[arg-type]  # its own fields
        return exit_instructions.exit_by_claim(
            self.addresses,
            claim=replace(claim, owner=owner.pubkey()),
            path=StateTree([row.hash for row in self.claims]).path(place),
            destination=self.tokens_of(owner),
        )

    def exit_without_claim(self, owner: Keypair) -> Instruction:
        """Leave with the proof that there is no claim; without one beyond the map."""
        chunks = id_chunks(claim.vault_id for claim in self.claims if claim.owner != VENUE)
        at = self.vault(owner).vault_id // IDS_PER_CHUNK
        newest = self.checkpoints.newest
        is_beyond = newest is None or at >> newest.ids_depth
        return exit_instructions.exit_without_claim(
            self.addresses,
            owner=owner.pubkey(),
            destination=self.tokens_of(owner),
            chunk=b"" if is_beyond else [*chunks, bytes(32)][min(at, len(chunks))],
            path=None if is_beyond else StateTree(chunks).path(at),
        )

    def checkpoint(self, *claims: Claim, **changes: object) -> CheckpointCommitment:
        """Give the next checkpoint, at the newest root, with these claims in these places."""
        self.claims = claims
        hashes = [claim.hash for claim in claims]
        users = [claim for claim in claims if claim.owner != VENUE]
        chunks = id_chunks(claim.vault_id for claim in users)
        number, root_number = self.checkpoints.number + 1, self.exchange.root_number
        file = ClaimsFile(number, root_number, (1, 2, 3), tuple(chunks), tuple(hashes))
        fields: dict[str, object] = {
            "number": number,
            "root_number": root_number,
            "claims_micro": sum(claim.claim_micro for claim in users),
            "venue_micro": sum(claim.claim_micro for claim in claims if claim.owner == VENUE),
            "deposits_micro": sum(claim.deposits_micro for claim in claims),
            "released_micro": sum(claim.released_micro for claim in claims),
            "paid_micro": self.exchange.paid_micro,
            "count": len(claims),
            "depth": StateTree(hashes).depth,
            "ids_depth": StateTree(chunks).depth,
            "plain_root": StateTree(hashes).root,
            "sum_root": SumTree(Summed(c.hash, c.claim_micro) for c in claims).root.hash,
            "ids_root": root_of(chunks),
            "marks_root": marks_root((1, 2, 3)),
            "file_hash": file.digest,
        }
        return CheckpointCommitment(**(fields | changes))  # type: ignore[arg-type]  # likewise

    def checkpoint_instruction(self, commitment: CheckpointCommitment) -> Instruction:
        """Build the commitment of a checkpoint."""
        return instructions.commit_checkpoint(
            self.addresses,
            operator=self.operator.pubkey(),
            witness=self.witness.pubkey(),
            commitment=commitment,
        )

    def commit_checkpoint(self, *claims: Claim, **changes: object) -> TransactionMetadata:
        """Commit the next checkpoint."""
        built = self.checkpoint_instruction(self.checkpoint(*claims, **changes))
        return self.send(built, signers=[self.operator, self.witness])

    def pay_out(
        self, owner: Keypair, amount_micro: int, *, proof: LeafProof, by: Keypair | None = None
    ) -> TransactionMetadata:
        """Pay what a proof shows, asked for by the operator or by somebody else."""
        caller = by or self.operator
        built = instructions.pay_out(
            self.addresses,
            caller=caller.pubkey(),
            owner=owner.pubkey(),
            destination=self.tokens_of(owner),
            amount_micro=amount_micro,
            proof=proof,
        )
        return self.send(built, signers=[caller])

    def release(self, owner: Keypair) -> TransactionMetadata:
        """Pay what has waited."""
        built = instructions.release_payout(
            self.addresses, owner=owner.pubkey(), destination=self.tokens_of(owner)
        )
        return self.send(built)

    # Reading.

    def data(self, where: Pubkey) -> bytes:
        account = self.svm.get_account(where)
        return b"" if account is None else bytes(account.data)

    @property
    def exchange(self) -> Exchange:
        return Exchange.parse(self.data(self.addresses.exchange))

    @property
    def markets(self) -> tuple[Market, ...]:
        return parse_markets(self.data(self.addresses.markets))

    def resuming(self) -> Instruction:
        """Build what lets deposits go on, to be proposed."""
        return instructions.resume(
            self.addresses, authority=self.addresses.multisig, bits=PAUSE_DEPOSITS
        )

    def propose(self, call: Instruction) -> int:
        """Let the first member propose a call, and give its number."""
        number = self.multisig.proposals + 1
        member = self.members[0]
        built = multisig.propose(self.addresses, member=member.pubkey(), number=number, call=call)
        self.send(built, signers=[member])
        return number

    def approve(self, number: int, *members: Keypair) -> None:
        """Let members approve."""
        for member in members:
            built = multisig.approve(self.addresses, member=member.pubkey(), number=number)
            self.send(built, signers=[member])

    def execution(self, number: int) -> Instruction:
        """Build what executes a proposal, by the last member."""
        member = self.members[4].pubkey()
        return multisig.execute(self.addresses, member=member, proposal=self.proposal(number))

    def decide(self, call: Instruction) -> TransactionMetadata:
        """Propose, approve, wait and execute."""
        number = self.propose(call)
        self.approve(number, *self.members[1:3])
        self.set_time(self.now + TWO_DAYS)
        return self.send(self.execution(number), signers=[self.members[4]])

    @property
    def multisig(self) -> Multisig:
        return Multisig.parse(self.data(self.addresses.multisig))

    def proposal(self, number: int) -> Proposal:
        return Proposal.parse(self.data(self.addresses.proposal(number)))

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints.parse(self.data(self.addresses.checkpoints))

    def vault(self, owner: Keypair) -> Vault:
        return Vault.parse(self.data(self.addresses.vault(owner.pubkey())))

    def balance(self, where: Pubkey) -> int:
        return TokenAccount.from_bytes(self.data(where)).amount

    @property
    def held_micro(self) -> int:
        """What lies in the treasury."""
        return self.balance(self.addresses.treasury)


def opened() -> World:
    """Give a world with an exchange, two vaults, and 50,000 and 20,000 USDT in them."""
    world = World()
    world.open_exchange()
    for owner, amount in ((world.alice, 50_000), (world.bob, 20_000)):
        world.create_vault(owner)
        world.deposit(owner, amount * USDT)
    return world


def refusal(world: World, *built: Instruction, signers: Sequence[Keypair] = ()) -> Refusal | None:
    """Send what must fail, and give the program's reason (None: the runtime's or another's)."""
    try:
        world.send(*built, signers=signers)
    except RefusedError as refused:
        return refused.refusal
    msg = "the chain let it pass"
    raise AssertionError(msg)
