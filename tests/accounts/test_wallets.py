from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from accounts.ledger.models import LedgerAccount, Purpose
from accounts.models import User, Wallet
from accounts.services.wallets import unlink_wallet
from godark.errors import Failure
from tests.accounts.factories import UserFactory

pytestmark = pytest.mark.django_db


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(client: Client, address: str) -> dict[str, str]:
    answer = client.post(
        "/api/v1/wallet/challenge", {"address": address}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def link(client: Client, address: str, signature: str) -> tuple[int, dict[str, str]]:
    answer = client.post(
        "/api/v1/wallet/link",
        {"address": address, "signature": signature},
        content_type="application/json",
    )
    return answer.status_code, dict(answer.json())


def linked(client: Client, wallet: Keypair) -> tuple[int, dict[str, str]]:
    address = str(wallet.pubkey())
    message = ask(client, address)["message"]
    return link(client, address, str(wallet.sign_message(message.encode())))


def test_a_wallet_that_signs_the_challenge_is_linked_and_shown() -> None:
    client, wallet = logged_in(UserFactory.create()), Keypair()
    assert client.get("/api/v1/wallet/info").json() == {"address": None, "linked_at": None}
    status, body = linked(client, wallet)
    assert (status, body["address"]) == (201, str(wallet.pubkey()))
    assert client.get("/api/v1/wallet/info").json() == body


def test_the_challenge_names_site_account_wallet_nonce_and_end() -> None:
    user, wallet = UserFactory.create(), Keypair()
    challenge = ask(logged_in(user), str(wallet.pubkey()))
    for part in (str(user.pk), str(wallet.pubkey()), "127.0.0.1", "Nonce: ", "Expires: "):
        assert part in challenge["message"]
    assert ask(logged_in(user), str(wallet.pubkey()))["message"] != challenge["message"]


def test_a_challenge_serves_once_and_not_after_five_minutes() -> None:
    client, wallet = logged_in(UserFactory.create()), Keypair()
    address = str(wallet.pubkey())
    signature = str(wallet.sign_message(ask(client, address)["message"].encode()))
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert link(client, address, signature)[0] == 400
    assert link(client, address, signature)[0] == 201
    client.post("/api/v1/wallet/unlink")
    status, body = link(client, address, signature)
    assert (status, body["field"]) == (400, "address")


@pytest.mark.parametrize("case", ["other wallet", "other message", "nonsense", "empty"])
def test_what_the_wallet_did_not_sign_links_nothing(case: str) -> None:
    client, wallet = logged_in(UserFactory.create()), Keypair()
    address = str(wallet.pubkey())
    message = ask(client, address)["message"]
    signature = {
        "other wallet": str(Keypair().sign_message(message.encode())),
        "other message": str(wallet.sign_message(message.encode() + b" ")),
        "nonsense": "11111",
        "empty": "",
    }[case]
    status, body = link(client, address, signature)
    assert (status, body["field"]) == (400, "signature")
    assert not Wallet.objects.exists()


def test_anothers_challenge_links_nothing() -> None:
    wallet = Keypair()
    address = str(wallet.pubkey())
    message = ask(logged_in(UserFactory.create()), address)["message"]
    signature = str(wallet.sign_message(message.encode()))
    other = logged_in(UserFactory.create())
    assert link(other, address, signature)[0] == 400
    ask(other, address)
    assert link(other, address, signature)[0] == 400


def test_one_wallet_per_account_and_one_account_per_wallet() -> None:
    mine, other, wallet = (
        logged_in(UserFactory.create()),
        logged_in(UserFactory.create()),
        Keypair(),
    )
    assert linked(mine, wallet)[0] == 201
    status, body = linked(other, wallet)
    assert (status, body["code"]) == (409, "WALLET_TAKEN")
    assert linked(mine, Keypair())[0] == 409


def test_the_database_itself_holds_one_to_one() -> None:
    user = UserFactory.create()
    address = str(Keypair().pubkey())
    Wallet.objects.create(user=user, address=address)
    with pytest.raises(IntegrityError), transaction.atomic():
        Wallet.objects.create(user=user, address=str(Keypair().pubkey()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Wallet.objects.create(user=UserFactory.create(), address=address)


@pytest.mark.parametrize("purpose", [Purpose.CASH, Purpose.HELD, Purpose.MARGIN, Purpose.COST])
def test_a_wallet_stays_while_the_account_holds_anything(purpose: Purpose) -> None:
    user, wallet = UserFactory.create(), Keypair()
    client = logged_in(user)
    linked(client, wallet)
    row = LedgerAccount.objects.create(owner_id=user.pk, purpose=purpose, balance_micro=1)
    answer = client.post("/api/v1/wallet/unlink")
    assert (answer.status_code, answer.json()["code"]) == (422, "FUNDS_REMAIN")
    LedgerAccount.objects.filter(pk=row.pk).update(balance_micro=0)
    assert client.post("/api/v1/wallet/unlink").status_code == 200
    assert linked(logged_in(UserFactory.create()), wallet)[0] == 201


def test_without_a_wallet_there_is_nothing_to_unlink() -> None:
    with pytest.raises(Failure, match="No wallet"):
        unlink_wallet(user=UserFactory.create(), has_vault=lambda _: False)


@pytest.mark.parametrize(
    "address",
    ["", "0OIl", "1" * 31, "x" * 45, str(Pubkey.find_program_address([b"a"], Pubkey.default())[0])],
)
def test_what_is_no_wallets_address_gets_no_challenge(address: str) -> None:
    client = logged_in(UserFactory.create())
    answer = client.post(
        "/api/v1/wallet/challenge", {"address": address}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "address")


def test_strangers_are_asked_to_log_in() -> None:
    for path in ("challenge", "link", "unlink"):
        answer = Client().post(f"/api/v1/wallet/{path}", {}, content_type="application/json")
        assert answer.status_code in {401, 403}
    assert Client().get("/api/v1/wallet/info").status_code in {401, 403}
