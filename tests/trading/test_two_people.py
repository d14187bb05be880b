"""What changes risk takes two people; states of markets and pauses take a reason (I77)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import StaffAction
from accounts.roles import Role
from engine import commands as c
from tests.accounts.factories import UserFactory, staff_client, staff_member
from tests.exchange import Exchange
from tests.trading.orders.conftest import BTC, Person
from trading.admin.proposals import ParametersForm
from trading.models import Market, Proposal, VenueModeChange

REASON = "Thin books since the listing."
SET = "/admin/trading/statewish/set"
PAUSE = "/admin/trading/venuemodechange/pause"
LEVEL = "/admin/trading/proposal/level"


@pytest.fixture
def bitcoin(exchange: Exchange) -> Market:
    """Return the market, open."""
    return Market.objects.get(symbol=BTC)


def risk() -> Client:
    return staff_client(staff_member(Role.RISK))


def form_of(market: Market, **wanted: str) -> dict[str, Any]:
    """Return the form as it stands before anybody has typed, and what is typed into it."""
    untouched = {
        name: field.prepare_value(field.initial)
        for name, field in ParametersForm(None, market=market).fields.items()
    }
    return untouched | wanted | {"reason": REASON}


def propose(client: Client, market: Market, **wanted: str) -> Proposal:
    address = reverse("admin:trading_propose_parameters", args=[market.pk])
    client.post(address, form_of(market, **wanted) | {"confirmed": "yes"})
    return Proposal.objects.latest("pk")


def decide(client: Client, proposal: Proposal, verb: str = "approve") -> str:
    address = reverse("admin:trading_decide", args=[proposal.pk])
    return str(client.post(address, {verb: "yes"}, follow=True).text)


def engine_leverage(exchange: Exchange) -> int:
    return exchange.runner.state.markets[BTC].spec.max_leverage


def test_a_parameter_changes_when_another_approves_and_the_engine_hears_of_it(
    exchange: Exchange, bitcoin: Market
) -> None:
    first, before = risk(), engine_leverage(exchange)
    proposal = propose(first, bitcoin, max_leverage="100")
    exchange.settle()
    assert engine_leverage(exchange) == before
    assert "does not approve" in decide(first, proposal)
    exchange.settle()
    assert engine_leverage(exchange) == before
    assert "Approved and done" in decide(risk(), proposal)
    exchange.settle()
    assert engine_leverage(exchange) == 100
    assert Market.objects.get(pk=bitcoin.pk).max_leverage == 100
    kept = StaffAction.objects.filter(object_type="trading.proposal").order_by("pk")
    assert [row.action for row in kept] == ["propose", "approve"]
    assert "not open" in decide(risk(), proposal)


def test_the_first_look_shows_the_diff_and_whom_it_touches_and_writes_nothing(
    exchange: Exchange, bitcoin: Market
) -> None:
    buyer, seller = (Person(UserFactory.create()) for _ in range(2))
    for one in (buyer, seller):
        exchange.fund(one.user.pk)
        one.client.force_login(one.user, backend="django.contrib.auth.backends.ModelBackend")
    for one, leverage in ((buyer, 50), (seller, 20)):
        owner = {"account_id": str(one.user.pk), "market_id": BTC}
        exchange.give(c.SetLeverage(at_ms=0, leverage=leverage, **owner))
    seller.place(side="SELL", limit_price="95400")
    buyer.place(limit_price="95600")
    address = reverse("admin:trading_propose_parameters", args=[bitcoin.pk])
    page = risk().post(address, form_of(bitcoin, max_leverage="40x")).text
    assert "<td>40x</td>" in page
    assert str(buyer.user.pk) in page
    assert str(seller.user.pk) not in page
    assert not Proposal.objects.exists()
    proposal = propose(risk(), bitcoin, max_leverage="40")
    shown = risk().get(reverse("admin:trading_proposal_change", args=[proposal.pk])).text
    assert "<td>40x</td>" in shown, "who decides sees the same"
    assert str(buyer.user.pk) in shown
    assert str(seller.user.pk) not in shown


def test_a_proposal_whose_ground_has_moved_or_that_is_old_is_not_made(
    exchange: Exchange, bitcoin: Market
) -> None:
    first, second = (propose(risk(), bitcoin, max_leverage=to) for to in ("100", "200"))
    decide(risk(), first)
    assert "changed meanwhile" in decide(risk(), second)
    third = propose(risk(), Market.objects.get(pk=bitcoin.pk), taker_fee="0.06")
    Proposal.objects.filter(pk=third.pk).update(proposed_at=timezone.now() - timedelta(hours=25))
    assert "older than a day" in decide(risk(), third)
    decide(risk(), third, "reject")
    exchange.settle()
    assert engine_leverage(exchange) == 100
    assert list(Proposal.objects.order_by("pk").values_list("state", flat=True)) == [
        "APPROVED",
        "OPEN",
        "REJECTED",
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({}, "Nothing would change"),
        ({"max_leverage": "2000"}, "From 1 to 1,000 x"),
        ({"position_limit": "0.0001"}, "market_sizes_ordered"),
        ({"taker_fee": "0"}, "market_rebate_within_taker_fee"),
        ({"taker_fee": "0.00000001"}, "smallest step is 0.0000001 %"),
        ({"position_limit": "10.00001"}, "smallest step is"),
        ({"stress_gap": "-1"}, "From 0 to"),
        ({"stress_gap": "2e3"}, "Type a figure"),
    ],
)
def test_what_no_market_may_have_is_refused_before_it_is_proposed(
    bitcoin: Market, wanted: dict[str, str], said: str
) -> None:
    address = reverse("admin:trading_propose_parameters", args=[bitcoin.pk])
    page = risk().post(address, form_of(bitcoin, **wanted) | {"confirmed": "yes"}).text
    assert said in page
    assert not Proposal.objects.exists()


def test_the_database_refuses_a_proposal_that_its_own_author_approved(bitcoin: Market) -> None:
    author = staff_member(Role.RISK)
    with pytest.raises(IntegrityError, match="approved_by_another"), transaction.atomic():
        Proposal.objects.create(
            kind="RISK_PARAMETERS",
            market=bitcoin,
            changes={},
            reason=REASON,
            state="APPROVED",
            proposed_by=author,
            proposed_at=timezone.now(),
            decided_by=author,
            decided_at=timezone.now(),
        )


def test_staff_halts_and_reopens_a_market_with_a_reason(
    exchange: Exchange, bitcoin: Market
) -> None:
    ops = staff_client(staff_member(Role.MARKET_OPS))
    for state in ("HALTED", "ACTIVE"):
        ops.post(SET, {"markets": [bitcoin.pk], "state": state, "reason": REASON})
        exchange.settle()
        bitcoin.refresh_from_db()
        assert bitcoin.state == state
    kept = StaffAction.objects.filter(action="set_market_states").order_by("pk")
    assert [row.changes for row in kept] == [
        {BTC: ["ACTIVE", "HALTED"]},
        {BTC: ["HALTED", "ACTIVE"]},
    ]
    assert {row.reason for row in kept} == {REASON}
    page = ops.post(SET, {"markets": [bitcoin.pk], "state": "HALTED", "reason": "so"})
    assert "errorlist" in page.text


@pytest.mark.usefixtures("bitcoin")
def test_one_pauses_up_to_level_3_and_resumes() -> None:
    ops = staff_client(staff_member(Role.MARKET_OPS))
    for level in (1, 3, 0, 4):
        ops.post(PAUSE, {"level": level, "reason": REASON})
    assert list(VenueModeChange.objects.order_by("pk").values_list("level", flat=True)) == [1, 3, 0]
    kept = StaffAction.objects.filter(action__in=["pause", "resume"]).order_by("pk")
    assert [row.changes["level"] for row in kept] == [[0, 1], [1, 3], [3, 0]]


@pytest.mark.usefixtures("bitcoin")
def test_a_full_stop_begins_and_ends_by_two_superadmins() -> None:
    one, two = (staff_client(staff_member(Role.SUPERADMIN)) for _ in range(2))
    assert "takes two superadmins" in risk().post(LEVEL, {"level": 4, "reason": REASON}).text
    one.post(LEVEL, {"level": 4, "reason": REASON})
    stop = Proposal.objects.get()
    assert "takes two superadmins" in decide(risk(), stop)
    assert not VenueModeChange.objects.exists()
    decide(two, stop)
    assert VenueModeChange.objects.latest("pk").level == 4
    page = one.post(PAUSE, {"level": 0, "reason": REASON}).text
    assert "two superadmins" in page
    assert VenueModeChange.objects.latest("pk").level == 4
    two.post(LEVEL, {"level": 0, "reason": REASON})
    decide(one, Proposal.objects.latest("pk"))
    assert VenueModeChange.objects.latest("pk").level == 0


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT, Role.TREASURY, Role.COMPLIANCE])
def test_other_roles_change_nothing_of_the_market(bitcoin: Market, role: Role) -> None:
    client = staff_client(staff_member(role))
    parameters = reverse("admin:trading_propose_parameters", args=[bitcoin.pk])
    for address in (SET, PAUSE, LEVEL, parameters):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
    proposal = propose(risk(), bitcoin, max_leverage="100")
    assert client.post(reverse("admin:trading_decide", args=[proposal.pk])).status_code == 403
