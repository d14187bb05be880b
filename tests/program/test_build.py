"""The committed bytes, the names that Rust and Python share, and the loader's own verdict."""

import hashlib
import re
import struct
from pathlib import Path

import pytest
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import CreateAccountParams, create_account
from solders.sysvar import CLOCK, RENT
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from chain import addresses, claims, instructions, layouts, leaves, merkle
from chain.addresses import LOADER_PROGRAM
from chain.errors import Refusal
from tests.program.scenarios import ONLY_BY_EXECUTE, SCENARIOS
from tests.program.world import PROGRAM_FILE, key_of

HOME = Path(__file__).resolve().parents[2] / "programs/godark"
SOURCE = HOME / "src"


def recorded() -> dict[str, str]:
    lines = (HOME / "godark.so.build").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_committed_bytes_are_the_recorded_ones() -> None:
    digest = hashlib.sha256((HOME / "godark.so").read_bytes()).hexdigest()
    assert digest == recorded()["bytes"]


def test_the_source_has_not_changed_since_it_was_built() -> None:
    """`make program` builds anew; the digest is that of `sha256sum` over the sorted files."""
    files = [HOME / "Cargo.lock", HOME / "Cargo.toml", *SOURCE.rglob("*.rs")]
    names = sorted(path.relative_to(HOME).as_posix() for path in files)
    sums = (f"{hashlib.sha256((HOME / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    assert hashlib.sha256("".join(sums).encode()).hexdigest() == recorded()["source"]


def test_the_record_names_compiler_and_linker() -> None:
    assert re.search(r"\d+\.\d+\.\d+", recorded()["compiler"])
    assert recorded()["linker"]


def test_seeds_are_the_same_on_both_sides() -> None:
    rust = dict(re.findall(r'const (\w+): &\[u8\] = b"(\w+)"', (SOURCE / "seeds.rs").read_text()))
    python = {
        name.removesuffix("_SEED"): value.decode()
        for name, value in vars(addresses).items()
        if name.endswith("_SEED")
    }
    assert rust == python
    assert len(rust) == 9


def test_error_numbers_are_the_same_on_both_sides() -> None:
    rust = re.findall(r"^    (\w+) = (\d+),", (SOURCE / "errors.rs").read_text(), re.MULTILINE)
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper(): int(number) for name, number in rust}
    assert names == {refusal.name: refusal.value for refusal in Refusal}


def test_instruction_numbers_are_the_same_on_both_sides() -> None:
    text = (SOURCE / "lib.rs").read_text()
    rust = {name: int(n) for n, name in re.findall(r"(\d+) => instructions::(\w+)::run", text)}
    assert rust == {name: getattr(instructions, name.upper()) for name in rust}
    assert [name for name in rust if name not in ONLY_BY_EXECUTE] == list(SCENARIOS)


def test_every_instruction_tells_its_number_and_accounts() -> None:
    for name in SCENARIOS:
        number = getattr(instructions, name.upper())
        text = (SOURCE / f"instructions/{name}.rs").read_text()
        assert text.startswith(f"//! {number}: ")
        rows = re.findall(r"^//! \| (\d+) \| (\w[\w ]*?) +\|([ sw]+)\|", text, re.MULTILINE)
        metas = SCENARIOS[name]().built.accounts
        told = [("s" in flags, "w" in flags) for _number, _name, flags in rows]
        signed = [(meta.is_signer, meta.is_writable) for meta in metas]
        # After its own accounts come those of the proposal.
        assert told == (signed[: len(told)] if name == "execute" else signed), name


def test_sizes_and_rents_are_as_the_source_tells() -> None:
    svm = LiteSVM()
    for kind, size in (
        ("exchange", layouts.EXCHANGE_SIZE),
        ("markets", layouts.MARKETS_SIZE),
        ("roots", layouts.ROOTS_SIZE),
        ("checkpoints", layouts.CHECKPOINTS_SIZE),
        ("multisig", layouts.MULTISIG_SIZE),
        ("proposal", layouts.PROPOSAL_SIZE),
        ("vault", layouts.VAULT_SIZE),
    ):
        text = (SOURCE / f"state/{kind}.rs").read_text()
        told = re.search(r"/// ([\d,]+) bytes; rent ([\d,]+) lamports", text)
        assert told is not None
        assert int(told[1].replace(",", "")) == size
        rent = svm.minimum_balance_for_rent_exemption(size)
        assert int(told[2].replace(",", "")) == rent


def test_tags_are_the_same_on_both_sides() -> None:
    text = (SOURCE / "hashing.rs").read_text()
    rust = dict(re.findall(r'const (\w+): &\[u8; 16\] = b"([^"]+)"', text))
    python = vars(leaves) | vars(claims) | {"NODE_TAG": merkle.NODE_TAG}
    for name, tag in rust.items():
        assert python[f"{name}_TAG"] == tag.replace(r"\0", "\0").encode()


def deploy(elf: bytes) -> str:
    """Deploy as anybody would, through the upgradeable loader, and give the answer's name."""
    svm, payer, program = LiteSVM(), key_of(1), key_of(2)
    svm.airdrop(payer.pubkey(), 10**13)
    buffer = Pubkey(bytes([6]) * 32)
    head = struct.pack("<IB32s", 1, 1, bytes(payer.pubkey()))
    svm.set_account(buffer, Account(10**11, head + elf, LOADER_PROGRAM))
    sent = send(
        svm,
        deploy_instructions(svm, payer.pubkey(), program.pubkey(), buffer, len(elf)),
        [payer, program],
    )
    if isinstance(sent, FailedTransactionMetadata):
        return str(sent.err())
    svm.warp_to_slot(svm.get_clock().slot + 2)
    answer = send(svm, [Instruction(program.pubkey(), b"\xff", [])], [payer])
    assert isinstance(answer, FailedTransactionMetadata)
    return str(answer.err())


def send(
    svm: LiteSVM, built: list[Instruction], signers: list[Keypair]
) -> TransactionMetadata | FailedTransactionMetadata:
    svm.expire_blockhash()
    message = Message(built, signers[0].pubkey())
    return svm.send_transaction(Transaction(signers, message, svm.latest_blockhash()))


def deploy_instructions(
    svm: LiteSVM, payer: Pubkey, program: Pubkey, buffer: Pubkey, length: int
) -> list[Instruction]:
    data_account, _bump = Pubkey.find_program_address([bytes(program)], LOADER_PROGRAM)
    params = CreateAccountParams(
        from_pubkey=payer,
        to_pubkey=program,
        lamports=svm.minimum_balance_for_rent_exemption(36),
        space=36,
        owner=LOADER_PROGRAM,
    )
    accounts = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(data_account, is_signer=False, is_writable=True),
        AccountMeta(program, is_signer=False, is_writable=True),
        AccountMeta(buffer, is_signer=False, is_writable=True),
        AccountMeta(RENT, is_signer=False, is_writable=False),
        AccountMeta(CLOCK, is_signer=False, is_writable=False),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
        AccountMeta(payer, is_signer=True, is_writable=False),
    ]
    deploying = Instruction(LOADER_PROGRAM, struct.pack("<IQ", 2, length), accounts)
    return [create_account(params), deploying]


def test_the_loader_accepts_the_program_and_it_answers() -> None:
    assert "InvalidInstructionData" in deploy(PROGRAM_FILE.read_bytes())


@pytest.mark.parametrize("syscall", [b"sol_sha256", b"sol_get_sysvar"])
def test_the_loader_would_notice_an_unknown_syscall(syscall: bytes) -> None:
    elf = PROGRAM_FILE.read_bytes()
    assert syscall in elf
    broken = elf.replace(syscall, syscall[:-1] + b"X")
    assert "InvalidInstructionData" not in deploy(broken)
