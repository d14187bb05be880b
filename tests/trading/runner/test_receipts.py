"""Receipts: signed, checkable from the page alone, and silent about how much happens."""

import json
import re
import struct
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from nacl.signing import VerifyKey

from engine import commands as c
from engine.vocabulary import OrderType, Side
from tests.exchange import Exchange
from trading.models import Event, Receipt, VenueKey
from trading.receipts import receipt_view
from trading.selectors.receipts import receipts_of

PAGE = Path(__file__).resolve().parents[3] / "docs/PROOFS.md"
ALICE, BOB = str(uuid.uuid4()), str(uuid.uuid4())


def as_the_page_says(view: dict[str, Any]) -> bytes:
    """Return JSON in the page's one form, by Python's own library."""
    return json.dumps(view, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def tag(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def check_signature(receipt: dict[str, Any], key: str) -> None:
    """Check a receipt as a stranger would, from docs/PROOFS.md; raise where it is false."""
    said = {name: value for name, value in receipt.items() if name != "signature"}
    signed = tag("godark:rcpt:v1") + as_the_page_says(said)
    VerifyKey(bytes.fromhex(key)).verify(signed, bytes.fromhex(receipt["signature"]))


def order(account_id: str = ALICE, **terms: Any) -> c.SubmitOrder:
    usual: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_ticks": 955_000}
    usual["quantity_lots"] = 15
    return c.SubmitOrder(
        at_ms=0,
        order_id=str(uuid.uuid4()),
        account_id=account_id,
        market_id="BTC-USDT-PERP",
        side=Side.BUY,
        **usual | terms,
    )


@pytest.fixture
def funded(exchange: Exchange) -> Exchange:
    """Return the exchange with a trader who has money."""
    exchange.fund(ALICE)
    return exchange


def test_the_vector_of_the_page_holds() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    given = next(json.loads(block) for block in blocks if '"receipt"' in block)
    receipt, opening = given["receipt"], given["opening"]
    check_signature(receipt, receipt["key"])
    terms = sha256(tag("godark:terms:v1") + as_the_page_says(given["terms"]))
    assert terms.hexdigest() == receipt["digest"]
    place = bytes.fromhex(opening["salt"]) + struct.pack("<Q", opening["sequence"])
    committed = sha256(tag("godark:place:v1") + place + bytes.fromhex(opening["head"]))
    assert committed.hexdigest() == receipt["commitment"]


def test_a_stranger_can_check_an_orders_receipt(funded: Exchange, client: Client) -> None:
    given = order(client_order_id="mine", leverage=10)
    funded.give(given)
    receipt = receipts_of([given.order_id])[given.order_id]
    check_signature(receipt, client.get("/api/v1/venue-key").json()["public_key"])
    terms = {
        "command": "SubmitOrder",
        "account_id": ALICE,
        "order_id": given.order_id,
        "symbol": "BTC-USDT-PERP",
        "side": "BUY",
        "type": "LIMIT",
        "size": "0.0015",
        "limit_price": "95500",
        "time_in_force": "GTC",
        "leverage": 10,
        "client_order_id": "mine",
        "all_or_none": False,
        "min_quantity_mode": "EACH",
        "nbbo_protection": False,
        "post_only": False,
        "reduce_only": False,
        "stp": "EXPIRE_TAKER",
    }
    digest = sha256(tag("godark:terms:v1") + as_the_page_says(terms)).hexdigest()
    assert receipt["digest"] == digest
    assert receipt["subject_id"] == given.order_id


def test_a_changed_receipt_does_not_verify(funded: Exchange) -> None:
    given = order()
    funded.give(given)
    receipt = receipts_of([given.order_id])[given.order_id]
    for name, other in (("digest", "00" * 32), ("account_sequence", 99), ("root", "00" * 32)):
        with pytest.raises(Exception, match=r"[Ss]ignature"):
            check_signature(receipt | {name: other}, receipt["key"])


def test_an_auditor_opens_the_commitment_and_finds_the_event(funded: Exchange) -> None:
    given = order()
    funded.give(given)
    kept = Receipt.objects.get(subject_id=given.order_id)
    event = Event.objects.get(sequence=kept.event_sequence)
    assert bytes(event.head) == bytes(kept.head)
    place = bytes(kept.salt) + struct.pack("<Q", event.sequence) + bytes(event.head)
    assert bytes(kept.commitment) == sha256(tag("godark:place:v1") + place).digest()


def test_two_receipts_of_equal_places_and_terms_tell_no_global_number(funded: Exchange) -> None:
    one, two = order(), order()
    funded.give(one, two)
    first, second = (receipts_of([each.order_id])[each.order_id] for each in (one, two))
    assert first["commitment"] != second["commitment"]
    numbers = {value for value in first.values() if isinstance(value, int)}
    assert numbers == {first["account_sequence"], first["issued_at"]}


def test_each_accepted_command_has_one_and_no_refused_or_repeated_one(funded: Exchange) -> None:
    stands = order(client_order_id="mine")
    again = order(client_order_id="mine")
    refused = order(quantity_lots=10_000_000_000)
    cancel = c.CancelOrder(at_ms=0, order_id=stands.order_id, account_id=ALICE)
    change = c.AmendOrder(at_ms=0, order_id=stands.order_id, account_id=ALICE, quantity_lots=9)
    for command in (stands, again, refused, change, cancel):
        funded.give(command)
    kept = Receipt.objects.order_by("account_sequence").values_list("kind", "account_sequence")
    assert list(kept) == [
        ("CreditDeposit", 1),
        ("FinalizeDeposit", 2),
        ("SubmitOrder", 3),
        ("AmendOrder", 6),
        ("CancelOrder", 7),
    ]
    changed = receipt_view(Receipt.objects.get(kind="AmendOrder"))
    terms = {"command": "AmendOrder", "account_id": ALICE, "order_id": stands.order_id}
    digest = sha256(tag("godark:terms:v1") + as_the_page_says(terms | {"size": "0.0009"}))
    assert changed["digest"] == digest.hexdigest()


def test_earlier_keys_stay_known(funded: Exchange, client: Client) -> None:
    VenueKey.objects.create(public_key=b"\x07" * 32, first_used_at_ms=5)
    told = client.get("/api/v1/venue-key").json()
    assert told["algorithm"] == "ED25519"
    assert [key["public_key"] for key in told["former"]] == ["07" * 32]
