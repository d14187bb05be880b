"""`godark-verify`: checks what the venue has signed, by public bytes alone.

    godark-verify receipt.json --key HEX [--terms terms.json] [--opening opening.json]

A receipt (or an order that holds one) is checked against the venue's key. With the terms that the
owner sent, its digest is opened; with an auditor's opening, its place in the venue's log: the
commitment, and, where the opening holds events, the chain of hashes up to that place. The bytes are
written down in the venue's docs/PROOFS.md. It exits with 1 when anything is not as it was signed.
"""

import argparse
import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from godark_client.asynchronous.sending import TIMEOUT_SECONDS
from godark_client.synchronous.client import Client

Json = Mapping[str, Any]
TAG_SIZE = 16
HEAD_SIZE = 32


class FalseError(Exception):
    """Something is not as it was signed; the message says what."""


def canonical(view: Json) -> bytes:
    """Return JSON in its one form: UTF-8, keys in order, no spaces."""
    told = json.dumps(view, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return told.encode("utf-8")


def tag(name: str) -> bytes:
    """Return what stands before the bytes of one purpose."""
    return name.encode("ascii").ljust(TAG_SIZE, b"\0")


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
            check_chain(opening)
            yield f"chained from event {opening['since']['sequence']}"


def _read(path: str) -> Json:
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(told, dict):
        raise FalseError(f"{path} holds no JSON object.")
    return told


def main(words: Sequence[str] | None = None) -> int:
    """Check what the command line names; return 0 where all is as it was signed."""
    parser = argparse.ArgumentParser(prog="godark-verify", description=__doc__.split("\n")[0])
    parser.add_argument("receipt", help="a file with a receipt, or an order that holds one")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", help="the venue's public key, as hex")
    key.add_argument("--url", help=f"the venue, to ask for its keys ({TIMEOUT_SECONDS:.0f} s)")
    parser.add_argument("--terms", help="a file with the terms that were sent")
    parser.add_argument("--opening", help="a file with an auditor's opening")
    try:
        for line in findings(parser.parse_args(words)):
            print(f"ok: {line}")
    except (FalseError, KeyError, ValueError, OSError) as error:
        print(f"FALSE: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
