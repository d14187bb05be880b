"""The doors of money ask for the permission and then the gate, before anything else."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Permission, User, Wallet, WalletChallenge
from tests.accounts.factories import UserFactory
from tests.accounts.signing import bearer, post, signer_of, tokens_of
from tests.compliance.test_gate import freeze

pytestmark = pytest.mark.django_db
WALLET = "7v91N7iZ9mNicL8WfG6cgSCKyRXydQjLh6UYBWwm6y1Q"
AMOUNT = json.dumps({"amount": "1"})
MOVING = ("/api/v1/vault/authorize", "/api/v1/vault/deposit", "/api/v1/vault/withdraw")
PERSONAL = ("/api/v1/wallet/challenge", "/api/v1/wallet/link", "/api/v1/wallet/unlink")


@pytest.fixture
def trader() -> User:
    user = UserFactory.create()
    Wallet.objects.create(user=user, address=WALLET)
    return user


@pytest.mark.parametrize("path", [*MOVING, "/api/v1/vault/revoke"])
def test_a_key_without_withdraw_moves_no_money(trader: User, path: str) -> None:
    signer = signer_of(trader, Permission.READ, Permission.TRADE)
    answer = signer.send("POST", path, AMOUNT)
    assert (answer.status_code, answer.json()["extra"]) == (403, {"permission": "WITHDRAW"})


@pytest.mark.parametrize("path", PERSONAL)
def test_no_key_links_or_unlinks_a_wallet(trader: User, path: str) -> None:
    answer = signer_of(trader).send("POST", path, "{}")
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("path", MOVING)
def test_a_frozen_account_moves_no_money(trader: User, path: str) -> None:
    freeze(trader)
    answer = signer_of(trader).send("POST", path, AMOUNT)
    assert (answer.status_code, answer.json()["code"]) == (403, "ACCOUNT_FROZEN")


@pytest.mark.parametrize("path", MOVING)
def test_a_wallet_under_sanctions_moves_no_money(
    trader: User, settings: Any, tmp_path: Any, path: str
) -> None:
    (tmp_path / "list.json").write_text(json.dumps([WALLET]))
    settings.SANCTIONS_FOLDER = str(tmp_path)
    answer = signer_of(trader).send("POST", path, AMOUNT)
    assert (answer.status_code, answer.json()["code"]) == (451, "REGION_RESTRICTED")


def test_a_wallet_under_sanctions_is_neither_challenged_nor_linked(
    settings: Any, tmp_path: Any
) -> None:
    (tmp_path / "list.json").write_text(json.dumps([WALLET]))
    settings.SANCTIONS_FOLDER = str(tmp_path)
    person = bearer(tokens_of(UserFactory.create()))
    typed = {"address": WALLET, "signature": "x"}
    asked = post(Client(), PERSONAL[0], {"address": WALLET}, **person)
    linked = post(Client(), PERSONAL[1], typed, **person)
    assert [asked.status_code, linked.status_code] == [451, 451]
    assert not WalletChallenge.objects.exists()
