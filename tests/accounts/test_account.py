"""What a person sees and changes of the own account by REST."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import AccountActivity, Permission, StaffAction, User
from accounts.services.tiers import find_tier, give_tier
from accounts.short_memory import ShortMemory
from godark.limits import Kind, Tier, allowance_of, rate_of
from tests.accounts.factories import PASSWORD, UserFactory, authenticator_of
from tests.accounts.signing import bearer, post, signer_of, tokens_of

pytestmark = pytest.mark.django_db
ACCOUNT = "/api/v1/account"
ACTIVITY = "/api/v1/account/activity"
CHANGE = "/api/v1/account/change-password"
NEW_PASSWORD = "Another-Horse-8"


@pytest.fixture
def trader() -> User:
    return UserFactory.create()


def change(**changed: Any) -> dict[str, Any]:
    return {
        "current_password": PASSWORD,
        "new_password": NEW_PASSWORD,
        "confirm_password": NEW_PASSWORD,
    } | changed


def test_the_account_shows_its_tier_and_what_is_left(trader: User) -> None:
    signer = signer_of(trader, Permission.READ)
    shown = signer.send("GET", ACCOUNT).json()
    assert (shown["id"], shown["email"]) == (str(trader.pk), trader.email)
    assert (shown["status"], shown["status_reason"], shown["tier"]) == ("ACTIVE", "", "FREE")
    assert shown["permissions"] == ["READ"]
    requests = shown["limits"]["requests"]
    assert (requests["per_minute"], requests["burst"]) == (60, 40)
    assert requests["left"] == 40 - requests["used"]
    assert shown["limits"]["orders"]["left"] == 30
    assert shown["limits"]["cancels"]["left"] == 60
    assert shown["limits"]["unfilled_attempts_per_minute"] == 20
    assert shown["limits"]["open_orders"] == 20
    for number in range(20):
        signer.send("POST", f"/api/v1/orders/none/of/these?n={number}", "{}")
    orders = signer.send("GET", ACCOUNT).json()["limits"]["orders"]
    assert orders["left"] == 30 - orders["used"] < 30


def test_a_key_without_read_does_not_see_it_and_nobody_is_nobody(trader: User) -> None:
    assert signer_of(trader, Permission.TRADE).send("GET", ACCOUNT).status_code == 403
    assert Client().get(ACCOUNT).status_code == 401


def test_a_second_factor_is_shown(trader: User) -> None:
    authenticator_of(trader)
    assert signer_of(trader).send("GET", ACCOUNT).json()["two_factor_enabled"] is True


@pytest.mark.parametrize("tier", list(Tier))
def test_a_tier_holds_for_every_kind_of_credentials(trader: User, tier: Tier) -> None:
    give_tier(user=trader, tier=tier)
    browser = Client()
    headers = bearer(tokens_of(trader, client=browser))
    answers = [
        signer_of(trader).send("GET", ACCOUNT),
        Client().get(ACCOUNT, headers=headers),
        browser.get(ACCOUNT),
    ]
    rate = rate_of(tier=tier, kind=Kind.ORDERS)
    for answer in answers:
        assert answer.json()["tier"] == tier.value
        orders = answer.json()["limits"]["orders"]
        assert (orders and orders["per_minute"]) == (rate and rate.per_minute)


def test_load_is_no_tier_in_production(trader: User, settings: Settings) -> None:
    call_command("give_tier", trader.email, "LOAD")
    assert find_tier(trader.pk) is Tier.LOAD
    settings.IN_PRODUCTION = True
    assert allowance_of(Tier.LOAD) == allowance_of(Tier.FREE)
    with pytest.raises(CommandError, match="development only"):
        call_command("give_tier", trader.email, "LOAD")
    call_command("give_tier", trader.email, "MARKET_MAKER", "--reason", "approved, case 7")
    row = StaffAction.objects.filter(action="give_tier").latest("pk")
    assert (row.changes, row.reason) == ({"tier": ["LOAD", "MARKET_MAKER"]}, "approved, case 7")
    with pytest.raises(CommandError, match="Nobody"):
        call_command("give_tier", "nobody@godark.example", "PRO")


def test_activity_lists_what_happened_newest_first_with_address_and_device(trader: User) -> None:
    client = Client(headers={"User-Agent": "curl/8 \x9b[31m" + "x" * 500})
    tokens = tokens_of(trader, client=client)
    signer_of(trader)
    found = Client().get(ACTIVITY, headers=bearer(tokens)).json()
    assert [row["kind"] for row in found["results"]] == ["API_KEY_CREATED", "LOGGED_IN"]
    logged_in = found["results"][1]
    assert logged_in["address"] == "127.0.0.1"
    assert logged_in["device"].startswith("curl/8 [31mxx")
    assert len(logged_in["device"]) == 200
    assert found["next"] is None


def test_activity_is_paged_and_ones_own_only(trader: User) -> None:
    for owner in (trader, trader, trader, UserFactory.create()):
        AccountActivity.objects.create(user=owner, kind="LOGGED_OUT")
    browser = Client()
    tokens_of(trader, client=browser)
    first = browser.get(f"{ACTIVITY}?limit=3").json()
    second = browser.get(f"{ACTIVITY}?limit=3&cursor={first['next']}").json()
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(ids)) == 4
    assert second["next"] is None
    assert signer_of(trader).send("GET", ACTIVITY).status_code == 403


def test_a_new_password_ends_every_other_log_in_and_begins_one(trader: User) -> None:
    page, browser = Client(), Client()
    page.post("/login", {"email": trader.email, "password": PASSWORD})
    old = tokens_of(trader, client=browser)
    new = post(Client(), CHANGE, change(), **bearer(old))
    assert new.status_code == 200
    for memory in ShortMemory.everyone:
        memory.clear()
    assert Client().get(ACCOUNT, headers=bearer(old)).status_code == 401
    assert page.get(ACCOUNT).status_code == browser.get(ACCOUNT).status_code == 401
    assert Client().get(ACCOUNT, headers=bearer(new.json())).status_code == 200
    assert tokens_of(trader, password=NEW_PASSWORD)
    kinds = AccountActivity.objects.filter(user=trader).values_list("kind", flat=True)
    assert "PASSWORD_CHANGED" in kinds


def test_a_browser_that_changes_the_password_stays_logged_in(trader: User) -> None:
    browser = Client()
    tokens_of(trader, client=browser)
    assert post(browser, CHANGE, change()).status_code == 200
    assert browser.get(ACCOUNT).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"current_password": "Wrong-Horse-7"}, 403, "current_password"),
        ({"new_password": "weak", "confirm_password": "weak"}, 400, "new_password"),
        ({"confirm_password": "Third-Horse-9"}, 400, "confirm_password"),
        ({"new_password": PASSWORD, "confirm_password": PASSWORD}, 400, "new_password"),
        ({"new_password": 5}, 400, "new_password"),
    ],
)
def test_a_wrong_change_of_password_changes_nothing(
    trader: User, changed: dict[str, Any], status: int, field: str
) -> None:
    headers = bearer(tokens_of(trader))
    answer = post(Client(), CHANGE, change(**changed), **headers)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert Client().get(ACCOUNT, headers=headers).status_code == 200
    trader.refresh_from_db()
    assert trader.check_password(PASSWORD)
