"""The page of who administers the program, and what is proposed there."""

from collections.abc import Sequence

import pytest
from django.urls import reverse
from solders.instruction import Instruction
from solders.keypair import Keypair

from accounts.roles import Role
from chain import instructions, multisig
from chain.devchain.genesis import development_key
from chain.signer import KeypairSigner
from chain.transactions import sign
from tests.accounts.factories import staff_client, staff_member
from tests.chain.conftest import PACE, Devchain, chain
from tests.trading.chain_door import door_to
from trading.admin import roots

__all__ = ["chain"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def door(monkeypatch: pytest.MonkeyPatch, chain: Devchain) -> None:
    monkeypatch.setattr(roots, "solana", lambda: door_to(chain))


def page() -> str:
    client = staff_client(staff_member(Role.AUDITOR))
    text: str = client.get(reverse("admin:trading_chain_administration")).text
    return text


def send(chain: Devchain, built: Instruction, signers: Sequence[Keypair]) -> None:
    keys = [KeypairSigner(key) for key in signers]
    chain.client.submit(sign([built], signers=keys, blockhash=chain.client.latest_blockhash()))
    chain.sleep(PACE.finalize_ms / 1_000)


def governed(chain: Devchain) -> list[Keypair]:
    """Hand the authority over to five members, and return them."""
    chain.open_exchange()
    authority = chain.rich("authority")
    members = [chain.rich(f"member {seat}") for seat in range(5)]
    addresses = chain.genesis.addresses
    opening = multisig.open_multisig(
        addresses,
        payer=authority.pubkey(),
        authority=authority.pubkey(),
        members=[member.pubkey() for member in members],
    )
    send(chain, opening, [authority])
    handing = instructions.set_key(
        addresses, authority=authority.pubkey(), duty="authority", key=addresses.multisig
    )
    send(chain, handing, [authority])
    return members


def test_one_key_as_the_authority_is_told_as_what_it_is(chain: Devchain) -> None:
    assert "There is no exchange on this chain" in page()
    chain.open_exchange()
    chain.sleep(PACE.finalize_ms / 1_000)
    text = page()
    assert "One key is the authority" in text
    assert str(development_key("authority").pubkey()) in text


def test_what_is_proposed_is_told_decoded_with_who_and_until_when(chain: Devchain) -> None:
    members = governed(chain)
    addresses = chain.genesis.addresses
    call = instructions.set_key(
        addresses, authority=addresses.multisig, duty="guardian", key=members[4].pubkey()
    )
    proposing = multisig.propose(addresses, member=members[0].pubkey(), number=1, call=call)
    send(chain, proposing, [members[0]])
    text = page()
    assert "One key is the authority" not in text
    assert all(str(member.pubkey()) in text for member in members)
    assert "set_keys" in text
    assert f"key: {members[4].pubkey()}" in text
    assert "1 of 3 approvals" in text
    for member in members[1:3]:
        approving = multisig.approve(addresses, member=member.pubkey(), number=1)
        send(chain, approving, [member])
    assert "Waits until" in page()
    chain.sleep(multisig.TIMELOCK_SECONDS)
    assert "May be executed" in page()
    chain.sleep(14 * 86_400)
    assert "Expired" in page()


def test_who_may_not_see_roots_does_not_see_it() -> None:
    client = staff_client(staff_member(Role.SUPPORT))
    answer = client.get(reverse("admin:trading_chain_administration"))
    assert answer.status_code == 403
