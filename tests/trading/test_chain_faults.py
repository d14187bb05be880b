"""The operations page: state roots, and the switches of a development chain that misbehaves."""

import pytest
from django.conf import settings
from django.urls import reverse
from solders.pubkey import Pubkey

from accounts.models import StaffAction
from accounts.roles import Role
from chain.devchain.machine import Faults as MachineFaults
from tests.accounts.factories import staff_client, staff_member
from tests.chain.conftest import Devchain, chain
from tests.trading.chain_door import door_to
from trading.admin import roots

__all__ = ["chain"]

# As on the site, no view runs inside of a transaction that a test has opened.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
PAGE = "/admin/trading/batch/"
TITLE = "Let the chain misbehave"


@pytest.fixture(autouse=True)
def development(monkeypatch: pytest.MonkeyPatch, chain: Devchain) -> None:
    """Be in development, with a chain of its own."""
    monkeypatch.setattr(settings, "IN_DEVELOPMENT", True)
    monkeypatch.setattr(roots, "solana", lambda: door_to(chain))


def test_the_switches_are_turned_and_the_audit_log_has_it(chain: Devchain) -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    assert TITLE in client.get(PAGE).text
    form = {"drop": "on", "stall": "on", "delay_ms": "1500"}
    client.post(reverse("admin:trading_chain_faults"), form)
    faults = chain.machine.faults
    assert faults == MachineFaults(drop=-1, delay_ms=1_500, duplicate=False, confirm=False)
    page = client.get(PAGE).text
    assert page.count(" checked>") == 2
    assert 'value="1500"' in page
    client.post(reverse("admin:trading_chain_faults"), {"delay_ms": "0"})
    assert chain.machine.faults == MachineFaults()
    assert StaffAction.objects.filter(action="turn_chain").count() == 2


def test_a_fork_undoes_what_is_not_final(chain: Devchain) -> None:
    owner = Pubkey.new_unique()
    chain.client.call("devchain_faucet", str(owner), 1_000_000)
    client = staff_client(staff_member(Role.SUPERADMIN))
    answer = client.post(reverse("admin:trading_chain_fork"), follow=True)
    assert "Transactions that vanished" in answer.text
    assert StaffAction.objects.filter(action="fork_chain").count() == 1


@pytest.mark.parametrize("delay", ["", "-1", "120001", "1e3", "x"])
def test_a_strange_delay_turns_nothing(chain: Devchain, delay: str) -> None:
    client = staff_client(staff_member(Role.MARKET_OPS))
    form = {"drop": "on", "delay_ms": delay}
    answer = client.post(reverse("admin:trading_chain_faults"), form, follow=True)
    assert "A delay is from 0" in answer.text
    assert chain.machine.faults == MachineFaults()


@pytest.mark.parametrize("door", ["trading_chain_faults", "trading_chain_fork"])
def test_nobody_else_may_and_nobody_in_production(
    chain: Devchain, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"drop": "on", "delay_ms": "0"}
    auditor = staff_client(staff_member(Role.AUDITOR))
    assert TITLE not in auditor.get(PAGE).text
    assert auditor.post(reverse(f"admin:{door}"), form).status_code == 403
    operator = staff_client(staff_member(Role.MARKET_OPS))
    assert operator.get(reverse(f"admin:{door}")).status_code == 403
    monkeypatch.setattr(settings, "IN_DEVELOPMENT", False)
    assert TITLE not in operator.get(PAGE).text
    answer = operator.post(reverse(f"admin:{door}"), form, follow=True)
    assert "Only a development chain can misbehave" in answer.text
    assert chain.machine.faults == MachineFaults()
