"""An auditor's opening of a receipt: checked by `godark-verify`, kept, reported, and for few."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import StaffAction
from accounts.roles import Role
from godark_client import verify
from tests.accounts.factories import staff_client, staff_member
from tests.chain.conftest import chain
from tests.exchange import Exchange
from tests.trading.orders.conftest import Person, person
from tests.trading.test_settlement import Venue, venue
from trading.models import Alert, Batch, Receipt, ReceiptOpening
from trading.receipts import receipt_view

__all__ = ["chain", "person", "venue"]
OPEN = "/admin/trading/receiptopening/open"
REASON = "Case 18: the owner says that his order came first."
Json = dict[str, Any]


def auditor() -> Client:
    return staff_client(staff_member(Role.AUDITOR))


def newest_receipt() -> Json:
    return receipt_view(Receipt.objects.select_related("key").latest("pk"))


def opened(client: Client, receipt: Any) -> Json:
    typed = receipt if isinstance(receipt, str) else json.dumps(receipt)
    answer = client.post(OPEN, {"receipt": typed, "reason": REASON})
    assert answer["Content-Type"] == "application/json", answer.text
    assert "no-store" in answer["Cache-Control"]
    told: Json = answer.json()
    return told


def checked(folder: Path, capsys: pytest.CaptureFixture[str], receipt: Json, opening: Json) -> Any:
    """Return the exit code of `godark-verify`, and what it said."""
    paths = []
    for name, content in (("receipt", receipt), ("opening", opening)):
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(content))
    words = [str(paths[0]), "--key", receipt["key"], "--opening", str(paths[1])]
    code = verify.main(words)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_an_order_is_opened_from_the_beginning_where_no_root_stands_yet(
    person: Callable[..., Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = person().place(limit_price="94321")
    person().place(limit_price="94322")
    receipt = order["receipt"]
    told = opened(auditor(), order)
    code, said = checked(tmp_path, capsys, receipt, told)
    assert code == 0, said
    assert "chained from event 0" in said
    assert opened(auditor(), receipt) == opened(auditor(), order["id"]) == told
    told["events"][3] = told["events"][2]
    assert "the log was changed" in checked(tmp_path, capsys, receipt, told)[1]


def test_an_order_is_opened_from_the_root_that_its_receipt_names(
    venue: Venue,
    person: Callable[..., Person],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, wallet = venue.person("alice")
    venue.deposit(wallet, 2_000)
    venue.exchange.restart()
    trader = person()
    receipt = trader.place(limit_price="94321")["receipt"]
    batch = Batch.objects.get(number=receipt["root_number"])
    told = opened(auditor(), receipt)
    assert told["since"]["sequence"] == batch.event_sequence > 0
    code, said = checked(tmp_path, capsys, receipt, told)
    assert code == 0, said
    assert f"its head must be {bytes(batch.chain_head).hex()}" in said
    shown = trader.get(f"/settlement/batches/{batch.number}")
    verify.check_root(receipt, told, shown)


def test_every_opening_is_kept_and_reported(
    exchange: Exchange, person: Callable[..., Person]
) -> None:
    order = person().place(limit_price="94321")
    one = auditor()
    opened(one, order)
    opening = ReceiptOpening.objects.get()
    assert opening.reason == REASON
    assert Alert.objects.get(kind="RECEIPT_OPENED").detail == f"number {opening.pk}"
    kept = StaffAction.objects.get(action="open_receipt")
    assert (kept.object_id, kept.reason) == (str(opening.pk), REASON)
    for page in ("changelist", "change"):
        args = [opening.pk] if page == "change" else []
        shown = one.get(reverse(f"admin:trading_receiptopening_{page}", args=args)).text
        assert REASON in shown
        assert order["id"] not in shown
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        ReceiptOpening.objects.update(reason="None.")


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        ("", "required"),
        ("no receipt", "neither JSON nor"),
        ("[" * 9_000, "neither JSON nor"),
        ("[]", "This is no receipt"),
        ('{"receipt": null}', "This is no receipt"),
        ('{"account_id": 7, "account_sequence": "x"}', "This is no receipt"),
        ("00000000-0000-4000-8000-000000000001", "No receipt names this order"),
    ],
)
@pytest.mark.usefixtures("exchange")
def test_what_is_no_receipt_opens_nothing(receipt: str, said: str) -> None:
    assert said in auditor().post(OPEN, {"receipt": receipt, "reason": REASON}).text
    assert not ReceiptOpening.objects.exists()


def test_a_receipt_that_was_changed_or_a_reason_too_short_opens_nothing(
    person: Callable[..., Person],
) -> None:
    receipt = person().place(limit_price="94321")["receipt"]
    for field, value in (("digest", "00" * 32), ("account_sequence", 99), ("root_number", 3)):
        typed = json.dumps(receipt | {field: value})
        page = auditor().post(OPEN, {"receipt": typed, "reason": REASON}).text
        assert "no such receipt" in page
    assert "errorlist" in auditor().post(
        OPEN, {"receipt": json.dumps(receipt), "reason": "so"}
    ).text  # fmt: skip
    assert not ReceiptOpening.objects.exists()


@pytest.mark.parametrize("role", [Role.RISK, Role.SUPPORT, Role.COMPLIANCE, Role.TREASURY])
def test_other_roles_open_no_receipt(person: Callable[..., Person], role: Role) -> None:
    order = person().place(limit_price="94321")
    client = staff_client(staff_member(role))
    assert client.get(OPEN).status_code == 403
    assert client.post(OPEN, {"receipt": order["id"], "reason": REASON}).status_code == 403
    assert not ReceiptOpening.objects.exists()
