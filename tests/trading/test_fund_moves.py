"""The venue's own money: shown to who may see it, moved by two people, never more than there is."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import StaffAction
from accounts.roles import Role
from chain.devchain.genesis import development_key
from tests.accounts.factories import staff_client, staff_member
from tests.chain.conftest import PACE, chain
from tests.exchange import Exchange
from tests.trading.jobs.positions import BTC
from tests.trading.test_settlement import USDT, Venue, venue
from tests.trading.test_two_people import decide
from trading.models import Market, Proposal
from trading.services import fund_moves
from trading.services.chain_setup import deposit_test_usdt
from trading.services.genesis import GLOBAL_INSURANCE_MICRO

__all__ = ["chain", "venue"]
INSURANCE = "/admin/trading/proposal/insurance"
BACKSTOP = "/admin/trading/proposal/backstop"
REASON = "The fund stands below its target."
SURE = {"reason": REASON, "confirmed": "yes"}


@pytest.fixture
def covered(exchange: Exchange, settings: Settings) -> None:
    """Let the venue's wallet pay in by itself, as in development; nobody has given anything yet."""
    assert exchange.runner.state.global_fund_micro == 0
    settings.IN_DEVELOPMENT = True


def treasury() -> Client:
    return staff_client(staff_member(Role.TREASURY))


def page_of(model: str, pk: Any) -> str:
    answer = treasury().get(reverse(f"admin:trading_{model}_change", args=[pk]))
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.usefixtures("covered")
def test_two_people_give_money_to_a_fund_and_its_debt_is_repaid_first(exchange: Exchange) -> None:
    market = Market.objects.get(symbol=BTC)
    ours = exchange.runner.state.markets[BTC]
    before, ours.debt_micro = ours.fund_micro, 300 * USDT
    one = treasury()
    asked = {"market": market.pk, "amount": "1,000"}
    look = one.post(INSURANCE, asked | {"reason": REASON}).text
    assert "101,000.00 USDT" in look
    assert not Proposal.objects.exists()
    one.post(INSURANCE, asked | SURE)
    proposal = Proposal.objects.get()
    assert "does not approve" in decide(one, proposal)
    exchange.settle()
    assert ours.fund_micro == before
    assert "has not taken it yet" in decide(treasury(), proposal)
    exchange.settle()
    assert (ours.fund_micro - before, ours.debt_micro) == (700 * USDT, 0)
    done = decide(treasury(), proposal)
    assert "The engine did it" in done
    assert "<td>1,000.00 USDT</td>" in done
    shown = page_of("marketfunds", market.pk)
    for word in ("100,700.00", "InsuranceContributed", "VENUE_DEBT", "700.000000"):
        assert word in shown
    kept = StaffAction.objects.filter(object_type="trading.proposal").order_by("pk")
    assert [(row.action, row.reason) for row in kept] == [("propose", REASON), ("approve", "")]


@pytest.mark.usefixtures("covered")
def test_money_goes_to_the_backstop_and_back_never_more_than_there_is(exchange: Exchange) -> None:
    one, two = treasury(), staff_client(staff_member(Role.RISK))
    one.post(INSURANCE, {"amount": "1000"} | SURE)
    decide(two, Proposal.objects.latest("pk"))
    exchange.settle()
    for way, amount, said in (
        ("to", "1000.000001", "does not hold so much"),
        ("from", "1", "has not so much cash"),
        ("to", "600", None),
        ("from", "601", "has not so much cash"),
        ("from", "200", None),
    ):
        page = one.post(BACKSTOP, {"way": way, "amount": amount} | SURE, follow=True).text
        if said is not None:
            assert said in page
            continue
        decide(two, Proposal.objects.latest("pk"))
        exchange.settle()
    state = exchange.runner.state
    assert state.global_fund_micro == 600 * USDT
    assert state.account("@backstop").cash_micro == 400 * USDT
    shown = page_of("venuefunds", 1)
    for word in ("600.00", "400.00", "2,000.00", "BackstopFunded", "CASH of the backstop"):
        assert word in shown


@pytest.mark.usefixtures("covered")
def test_what_the_engine_refuses_meanwhile_is_said(exchange: Exchange) -> None:
    one, two = treasury(), treasury()
    one.post(INSURANCE, {"amount": "500"} | SURE)
    decide(two, Proposal.objects.latest("pk"))
    exchange.settle()
    one.post(BACKSTOP, {"way": "to", "amount": "500"} | SURE)
    late = Proposal.objects.latest("pk")
    decide(two, late)
    exchange.runner.state.global_fund_micro = 0
    exchange.settle()
    shown = one.get(reverse("admin:trading_proposal_change", args=[late.pk])).text
    assert "refused it: INSUFFICIENT_FUNDS" in shown


def test_no_money_is_counted_to_a_fund_that_the_treasury_does_not_hold(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, exchange: Exchange
) -> None:
    monkeypatch.setattr(fund_moves, "solana", lambda: venue.door)
    spare = GLOBAL_INSURANCE_MICRO // USDT
    for _ in range(2):
        venue.pass_time(PACE.finalize_ms)
    one = treasury()
    said = f"holds {spare} USDT more"
    assert said in one.post(INSURANCE, {"amount": f"{spare}.01"} | SURE).text
    deposit_test_usdt(venue.door, development_key("venue"), amount_micro=700 * USDT)
    for _ in range(2):
        venue.pass_time(PACE.finalize_ms)
    for _ in range(2):
        one.post(INSURANCE, {"amount": f"{spare + 700}"} | SURE)
    first, second = Proposal.objects.order_by("pk")
    decide(treasury(), first)
    assert "on its way" in decide(treasury(), second)
    exchange.settle()
    assert "holds 0 USDT more" in decide(treasury(), second)
    assert exchange.runner.state.global_fund_micro == (spare + 700) * USDT


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT, Role.COMPLIANCE, Role.MARKET_OPS])
@pytest.mark.usefixtures("covered")
def test_other_roles_move_no_money(exchange: Exchange, role: Role) -> None:
    client = staff_client(staff_member(role))
    for address in (INSURANCE, BACKSTOP):
        assert client.get(address).status_code == 403
        assert client.post(address, {"amount": "1"} | SURE).status_code == 403
    treasury().post(INSURANCE, {"amount": "500"} | SURE)
    proposal = Proposal.objects.get()
    assert client.post(reverse("admin:trading_decide", args=[proposal.pk])).status_code == 403
    assert Proposal.objects.get().state == "OPEN"
