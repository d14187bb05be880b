"""Whom the gate lets through, whom not, and what it does when it cannot know."""

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import StaffAction, User
from accounts.roles import Role
from accounts.short_memory import ShortMemory
from compliance import gate
from compliance.models import AccountRestriction
from compliance.sanctions import BUNDLED, listed
from compliance.services import restrictions
from compliance.services.restrictions import UnchangedError, restrict
from godark.errors import Code
from tests.accounts.factories import UserFactory, staff_client, staff_member
from tests.accounts.signing import post, signer_of

pytestmark = pytest.mark.django_db
FREEZE, UNFREEZE = AccountRestriction.Action.FREEZE, AccountRestriction.Action.UNFREEZE
PAGE = "/admin/compliance/accountrestriction/restrict"
LISTED = "0x1da5821544e25c636c1417ba96ade4cf6d2f9b5a"


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


def forget() -> None:
    for memory in ShortMemory.everyone:
        memory.clear()


def freeze(trader: User, action: AccountRestriction.Action = FREEZE) -> None:
    restrict(account=trader, action=action, reason="case 1")
    forget()


def no_database(of: str) -> frozenset[Any]:
    raise OperationalError(of)


def test_whoever_is_not_restricted_goes_on(trader: User) -> None:
    assert gate.may_sign_up(address="203.0.113.7") is None
    assert gate.may_trade(trader.pk) is None
    assert gate.may_deposit(trader.pk, wallet="So1") is None
    assert gate.may_withdraw(trader.pk) is None
    assert gate.may_link(trader.pk, wallet="So1") is None


def test_a_frozen_account_trades_deposits_withdraws_and_links_nothing(trader: User) -> None:
    freeze(trader)
    asked = [
        gate.may_trade(trader.pk),
        gate.may_deposit(trader.pk),
        gate.may_withdraw(trader.pk),
        gate.may_link(trader.pk, wallet="So1"),
    ]
    assert {refusal and refusal.code for refusal in asked} == {Code.ACCOUNT_FROZEN}
    assert gate.may_trade(UserFactory.create().pk) is None
    freeze(trader, UNFREEZE)
    assert gate.may_trade(trader.pk) is None


def test_the_account_says_that_it_is_frozen(trader: User) -> None:
    freeze(trader)
    shown = signer_of(trader).send("GET", "/api/v1/account").json()
    assert (shown["status"], bool(shown["status_reason"])) == ("ACCOUNT_FROZEN", True)


def test_wallets_under_sanctions_neither_deposit_nor_withdraw_nor_link(trader: User) -> None:
    for wallet in (LISTED, LISTED.upper().replace("0X", "0x"), f" {LISTED} "):
        for refusal in (
            gate.may_deposit(trader.pk, wallet=wallet),
            gate.may_withdraw(trader.pk, wallet=wallet),
            gate.may_link(trader.pk, wallet=wallet),
        ):
            assert refusal is not None
            assert refusal.failure.code is Code.REGION_RESTRICTED
    assert gate.may_trade(trader.pk) is None


def test_the_bundled_lists_are_whole() -> None:
    assert len(listed(BUNDLED)) > 600
    assert (BUNDLED / "LICENSE").read_text().startswith("MIT")


@pytest.mark.parametrize("content", [None, "{", "[5]", '{"a": {}}\x00'])
def test_lists_that_cannot_be_read_close_deposits_and_open_withdrawals(
    trader: User, settings: Settings, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "list.json").write_text(content)
    settings.SANCTIONS_FOLDER = str(tmp_path)
    for refusal in (
        gate.may_deposit(trader.pk, wallet="So1"),
        gate.may_link(trader.pk, wallet="So1"),
    ):
        assert refusal is not None
        assert refusal.code is Code.UNAVAILABLE
    assert gate.may_withdraw(trader.pk, wallet="So1") is None
    assert gate.may_trade(trader.pk) is None


def test_a_list_of_ones_own_counts_instead(
    trader: User, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "list.json").write_text(json.dumps(["So1Sanctioned"]))
    settings.SANCTIONS_FOLDER = str(tmp_path)
    assert gate.may_link(trader.pk, wallet="So1Sanctioned") == gate.SANCTIONED
    assert gate.may_link(trader.pk, wallet="so1sanctioned") is None


def test_without_a_database_new_orders_are_closed_and_withdrawals_open(
    trader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restrictions, "frozen", ShortMemory(no_database))
    for refusal in (gate.may_trade(trader.pk), gate.may_deposit(trader.pk)):
        assert refusal == gate.UNCERTAIN
    assert async_to_sync(gate.may_trade_async)(trader.pk) == gate.UNCERTAIN
    assert gate.may_withdraw(trader.pk) is None


def test_on_the_event_loop_it_says_the_same(trader: User) -> None:
    freeze(trader)
    assert async_to_sync(gate.may_trade_async)(trader.pk) == gate.FROZEN
    assert async_to_sync(gate.may_trade_async)(UserFactory.create().pk) is None


def test_a_look_costs_nothing_while_it_is_remembered(
    trader: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        for _ in range(5):
            gate.may_trade(trader.pk)


def test_restrictions_are_never_rewritten(trader: User) -> None:
    freeze(trader)
    for statement in (
        "UPDATE compliance_accountrestriction SET reason = 'x'",
        "DELETE FROM compliance_accountrestriction",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(UnchangedError):
        freeze(trader)


def test_the_doors_of_sign_up_ask_the_gate(settings: Settings) -> None:
    settings.GATE = "tests.compliance.closed_gate"
    typed = {
        "email": "new@godark.example",
        "password": "Correct-Horse-7",
        "confirm_password": "Correct-Horse-7",
    }
    answer = post(Client(), "/api/v1/auth/register", typed | {"agreed_to_terms": True})
    assert (answer.status_code, answer.json()["code"]) == (451, "REGION_RESTRICTED")
    page = Client().post("/signup", typed | {"agreed_to_terms": "on"})
    assert page.status_code == 451
    assert not User.objects.exists()


def test_compliance_freezes_by_two_clicks_with_a_reason_in_the_audit_log(trader: User) -> None:
    officer = staff_member(Role.COMPLIANCE)
    client = staff_client(officer)
    typed = {"account": trader.email, "action": "FREEZE", "reason": "case 7"}
    listing = client.get("/admin/compliance/accountrestriction/").content.decode()
    assert f'href="{PAGE}"' in listing
    first = client.post(PAGE, typed)
    assert str(trader.pk) in first.content.decode()
    assert not AccountRestriction.objects.exists()
    second = client.post(PAGE, typed | {"confirmed": "yes"})
    assert second.status_code == 302
    row = AccountRestriction.objects.get()
    assert (row.account_id, row.by, row.reason) == (trader.pk, officer, "case 7")
    action = StaffAction.objects.get(action="freeze")
    assert (action.actor, action.object_id, action.reason) == (officer, str(trader.pk), "case 7")
    assert action.object_name == ""
    again = client.post(PAGE, typed | {"confirmed": "yes"})
    assert "frozen already" in again.content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {"account": "nobody@godark.example", "action": "FREEZE", "reason": "x"},
        {"account": "a", "action": "FREEZE", "reason": ""},
        {"account": "a", "action": "DELETE", "reason": "x"},
    ],
)
def test_a_freeze_without_account_action_or_reason_is_refused(typed: dict[str, str]) -> None:
    client = staff_client(staff_member(Role.COMPLIANCE))
    answer = client.post(PAGE, typed | {"confirmed": "yes"})
    assert "errorlist" in answer.content.decode()
    assert not AccountRestriction.objects.exists()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR, Role.RISK])
def test_nobody_else_freezes(trader: User, role: Role) -> None:
    typed = {"account": trader.email, "action": "FREEZE", "reason": "x", "confirmed": "yes"}
    assert staff_client(staff_member(role)).post(PAGE, typed).status_code == 403
    assert not AccountRestriction.objects.exists()
