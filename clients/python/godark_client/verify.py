"""`godark-verify`: checks what the venue has signed and committed, and leaves without it.

    godark-verify receipt.json --key HEX [--terms terms.json] [--opening opening.json]
    godark-verify proof proof.json --rpc URL [--program ADDRESS]
    godark-verify exit request|freeze|claim --rpc URL --wallet KEYPAIR.json
        [--proof proof.json] [--claims FILE] [--program ADDRESS]
    godark-verify mirror FOLDER --url URL --rpc URL --program ADDRESS [--every SECONDS]

A receipt (or an order that holds one) is checked against the venue's key. With the terms that the
owner sent, its digest is opened; with an auditor's opening, its place in the venue's log: the
commitment, and, where the opening holds events, the chain of hashes from the state root that the
receipt names up to that place. With --url the root's own head is asked for: it stands on Solana in
the transaction that is named. A proof is checked against the chain's own accounts, the venue is not
asked. A mirror keeps the published file of each checkpoint that the chain holds, checked root by
root; --claims takes its folder too. How to leave is told in the venue's docs/ESCAPE.md, the bytes
in docs/PROOFS.md. It exits with 1 when anything is not as it was signed or committed.
"""

import argparse
import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import sleep

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from godark_client.asynchronous.sending import TIMEOUT_SECONDS
from godark_client.leaving import Leaver
from godark_client.mirroring import kept_file, mirror
from godark_client.proofs import (
    FalseError,
    Json,
    claim_at,
    claim_of,
    claim_salt,
    climb,
    climb_sums,
    marks_root,
    state_leaf,
    tag,
)
from godark_client.solana import ChainError, Node, Program, Wallet, from_base58
from godark_client.synchronous.client import Client

HEAD_SIZE = 32
BEGINNING = bytes(HEAD_SIZE).hex()
"""The head before the first event."""
MICRO = 1_000_000


def canonical(view: Json) -> bytes:
    """Return JSON in its one form: UTF-8, keys in order, no spaces."""
    told = json.dumps(view, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return told.encode("utf-8")


def check_signature(receipt: Json, keys: Sequence[str]) -> None:
    """Check that one of the venue's keys has signed a receipt. Raises FalseError."""
    if receipt.get("key") not in keys:
        raise FalseError("The receipt names a key that is not the venue's.")
    said = {name: value for name, value in receipt.items() if name != "signature"}
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt["key"]))
    try:
        key.verify(bytes.fromhex(receipt["signature"]), tag("godark:rcpt:v1") + canonical(said))
    except InvalidSignature:
        raise FalseError("The signature is not of this receipt.") from None


def check_terms(receipt: Json, terms: Json) -> None:
    """Check that a receipt is about these terms. Raises FalseError."""
    digest = hashlib.sha256(tag("godark:terms:v1") + canonical(terms)).hexdigest()
    if digest != receipt["digest"]:
        raise FalseError("The receipt is about other terms.")


def check_opening(receipt: Json, opening: Json) -> None:
    """Check that a receipt was committed at this place of the log. Raises FalseError."""
    salt, head = bytes.fromhex(opening["salt"]), bytes.fromhex(opening["head"])
    place = struct.pack("<Q", opening["sequence"])
    committed = hashlib.sha256(tag("godark:place:v1") + salt + place + head).hexdigest()
    if committed != receipt["commitment"]:
        raise FalseError("The receipt was committed at another place.")


def check_since(receipt: Json, opening: Json) -> None:
    """Check that the events begin where the receipt's root stands. Raises FalseError."""
    since, number = opening["since"], receipt["root_number"]
    if since.get("root_number") != number:
        raise FalseError("The events begin at another root than the receipt names.")
    if number is None and (since["sequence"], since["head"]) != (0, BEGINNING):
        raise FalseError("The events do not begin with the log.")


def check_root(receipt: Json, opening: Json, batch: Json) -> None:
    """Check that the events begin at the head of a published root. Raises FalseError."""
    if batch["root"] != receipt["root"]:
        raise FalseError("The venue published another root of this number.")
    if batch["chain_head"] != opening["since"]["head"]:
        raise FalseError("The published root has another head.")


def check_chain(opening: Json) -> None:
    """Check that the events of an opening lead from a known head to its own. Raises FalseError.

    `since` is a head that the auditor knows from elsewhere, `events` are the payloads after it, as
    hex, up to the place.
    """
    since, events = opening["since"], [bytes.fromhex(one) for one in opening["events"]]
    head = bytes.fromhex(since["head"])
    for payload in events:
        head = link(head, payload)
    if since["sequence"] + len(events) != opening["sequence"]:
        raise FalseError("The events do not reach up to the place.")
    if head.hex() != opening["head"]:
        raise FalseError("The events lead to another head: the log was changed.")


def link(head: bytes, payload: bytes) -> bytes:
    """Return the chain's head after an event."""
    return hashlib.blake2b(head + payload, digest_size=HEAD_SIZE).digest()


def receipt_in(told: Json) -> Json:
    """Return a receipt, or the one of an order."""
    found = told.get("receipt", told)
    if not isinstance(found, Mapping) or "signature" not in found:
        raise FalseError("There is no receipt in this file.")
    return found


def venue_keys(url: str) -> list[str]:
    """Return the keys that the venue says are its own, the one in use first."""
    with Client(url) as client:
        told = client.call("GET", "/venue-key")
    return [told["public_key"], *(one["public_key"] for one in told.get("former", []))]


def root_of(url: str, number: int) -> Json:
    """Return a state root as the venue publishes it."""
    with Client(url) as client:
        found: Json = client.call("GET", f"/settlement/batches/{number}")
    return found


def findings(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield a line for each thing that was checked. Raises FalseError."""
    receipt = receipt_in(_read(chosen.receipt))
    keys = [chosen.key] if chosen.key else venue_keys(chosen.url)
    check_signature(receipt, keys)
    yield f"signed by {receipt['key']}"
    if chosen.terms:
        check_terms(receipt, _read(chosen.terms))
        yield "about these terms"
    if chosen.opening:
        opening = _read(chosen.opening)
        check_opening(receipt, opening)
        yield f"committed at event {opening['sequence']}"
        if "events" in opening:
            yield from _chain_findings(receipt, opening, chosen.url)


def _chain_findings(receipt: Json, opening: Json, url: str | None) -> Iterator[str]:
    check_since(receipt, opening)
    check_chain(opening)
    since = opening["since"]
    yield f"chained from event {since['sequence']}"
    number = receipt["root_number"]
    if number is None:
        return
    if url is None:
        yield f"from root {number}: on Solana its head must be {since['head']}"
        return
    batch = root_of(url, number)
    check_root(receipt, opening, batch)
    yield f"from root {number}, on Solana in transaction {batch['signature']}"


def _read(path: str) -> Json:
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(told, dict):
        raise FalseError(f"{path} holds no JSON object.")
    return told


def proof_findings(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield a line for each thing that the chain bears out. Raises FalseError."""
    proof = _read(chosen.file)
    program = program_of(chosen, proof)
    known = program.roots().get(proof["number"])
    path = [bytes.fromhex(step) for step in proof["path"]]
    root = climb(state_leaf(proof), proof["index"], path)
    if known is None:
        yield f"leads to {root.hex()}; the chain has forgotten state root {proof['number']}"
    elif root != known:
        raise FalseError("The leaf does not lead to the state root on chain.")
    else:
        yield f"balance in state root {proof['number']}, which the chain holds"
    if proof.get("checkpoint"):
        yield from claim_findings(proof, program)


def claim_findings(proof: Json, program: Program) -> Iterator[str]:
    """Yield a line for each thing about the claim. Raises FalseError."""
    told = proof["checkpoint"]
    known = program.checkpoints().get(told["number"])
    if known is None:
        raise FalseError(f"The chain has no checkpoint {told['number']} any more.")
    claim, path = claim_of(told), [bytes.fromhex(step) for step in told["path"]]
    if claim.salt != claim_salt(bytes.fromhex(proof["salt_key"]), told["number"]):
        raise FalseError("The salt does not come from the kept key.")
    yield "salt of the kept key"
    if climb(claim.hash, told["index"], path) != known.plain_root:
        raise FalseError("The claim does not lead to the checkpoint on chain.")
    yield f"claim of {usdt(claim.claim_micro)} USDT in checkpoint {told['number']}"
    total = known.users_micro + known.venue_micro
    top = climb_sums(claim.hash, claim.claim_micro, told["index"], told["sum_path"])
    if top != (known.sum_root, total):
        raise FalseError("The sums on the path do not make the sum on chain.")
    yield f"counted in the sum of all claims, {usdt(total)} USDT"
    marks = [int(market["mark_half_ticks"]) for market in told["markets"]]
    units = [int(market["unit_micro"]) for market in told["markets"]]
    state = told["state"]
    worth = claim_at(int(state["cash_micro"]), state["positions"], marks, units)
    if marks_root(marks) != known.marks_root or worth != claim.claim_micro:
        raise FalseError("At the committed marks the claim would be another.")
    yield "made again at the committed marks"


def leave(chosen: argparse.Namespace) -> Iterator[str]:
    """Do one step of an exit, and tell what came of it. Raises FalseError and ChainError."""
    proof = _read(chosen.proof) if chosen.proof else None
    program = program_of(chosen, proof)
    file = kept_file(Path(chosen.claims), program) if chosen.claims else None
    leaver = Leaver(program, Wallet.read(chosen.wallet), proof, file)
    if chosen.step == "claim":
        signature, paid_micro = leaver.claim()
        yield f"paid {usdt(paid_micro)} USDT by {signature}"
        return
    signature = leaver.request() if chosen.step == "request" else leaver.freeze()
    yield f"{'asked to leave' if chosen.step == 'request' else 'frozen'} by {signature}"


def mirrored(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield a line for each file that a mirror got, once or again and again. Raises FalseError."""
    program, folder = program_of(chosen, None), Path(chosen.folder)
    with Client(chosen.url) as client:

        def fetch(number: int) -> bytes:
            return client.read(f"/settlement/checkpoints/{number}/leaves", bytes)

        while chosen.every:
            try:
                yield from mirror(program, folder, fetch)
            except (FalseError, ChainError) as error:
                yield f"NOT KEPT, tried again in {chosen.every} s: {error}"
            sleep(chosen.every)
        yield from mirror(program, folder, fetch)
    yield f"{sum(1 for _ in folder.glob('*.claims'))} files in {folder}"


def program_of(chosen: argparse.Namespace, proof: Json | None) -> Program:
    """Return the program that is named, or the one that the proof was kept with."""
    named = chosen.program or (proof or {}).get("program")
    if not named:
        raise FalseError("Name the venue's program: --program ADDRESS.")
    return Program(Node(chosen.rpc), from_base58(named))


def usdt(amount_micro: int) -> str:
    """Return micro-USDT as people read them."""
    whole, rest = divmod(amount_micro, MICRO)
    return f"{whole:,}" + (f".{rest:06d}".rstrip("0") if rest else "")


def receipt_words() -> argparse.ArgumentParser:
    """Return what may be said about a receipt."""
    parser = argparse.ArgumentParser(prog="godark-verify", description=__doc__.split("\n")[0])
    parser.add_argument("receipt", help="a file with a receipt, or an order that holds one")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", help="the venue's public key, as hex")
    key.add_argument("--url", help=f"the venue, to ask for its keys ({TIMEOUT_SECONDS:.0f} s)")
    parser.add_argument("--terms", help="a file with the terms that were sent")
    parser.add_argument("--opening", help="a file with an auditor's opening")
    return parser


def proof_words() -> argparse.ArgumentParser:
    """Return what may be said about a proof."""
    parser = argparse.ArgumentParser(prog="godark-verify proof")
    parser.add_argument("file", help="a kept proof")
    _add_chain(parser)
    return parser


def exit_words() -> argparse.ArgumentParser:
    """Return what may be said about an exit."""
    parser = argparse.ArgumentParser(prog="godark-verify exit")
    parser.add_argument("step", choices=("request", "freeze", "claim"))
    parser.add_argument("--wallet", required=True, help="the wallet's key pair, a JSON list")
    parser.add_argument("--proof", help="a kept proof")
    parser.add_argument("--claims", help="the published file of the last checkpoint, or a mirror")
    _add_chain(parser)
    return parser


def mirror_words() -> argparse.ArgumentParser:
    """Return what may be said about a mirror."""
    parser = argparse.ArgumentParser(prog="godark-verify mirror")
    parser.add_argument("folder", help="where the files are kept")
    parser.add_argument("--url", required=True, help="the venue, or another mirror of its paths")
    parser.add_argument("--every", type=int, default=0, metavar="SECONDS", help="go on so")
    _add_chain(parser)
    return parser


def _add_chain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rpc", required=True, help="any node of Solana")
    parser.add_argument("--program", help="the venue's program, unless the proof names it")


KINDS = {
    "proof": (proof_words, proof_findings),
    "exit": (exit_words, leave),
    "mirror": (mirror_words, mirrored),
}


def main(words: Sequence[str] | None = None) -> int:
    """Check or do what the command line names; return 0 where all is as it was signed."""
    said = list(sys.argv[1:] if words is None else words)
    parser, check = KINDS.get(said[0] if said else "", (receipt_words, findings))
    try:
        for line in check(parser().parse_args(said[1:] if said and said[0] in KINDS else said)):
            print(f"ok: {line}")
    except (FalseError, ChainError, KeyError, TypeError, ValueError, OSError) as error:
        print(f"FALSE: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
