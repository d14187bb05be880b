"""The operator's processes are stopped for good, and everybody leaves by what is on their disk.

From the stop on nothing of the venue is called: only `godark-verify`, with the kept proofs, the
published file, and a node of Solana.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from solders.keypair import Keypair

from accounts.models import User
from chain import exit_instructions
from chain.addresses import token_account
from chain.claims import Claim
from chain.client import Level
from chain.errors import TransactionRefusedError
from chain.merkle import Path as TreePath
from chain.signer import KeypairSigner
from chain.transactions import Fee, sign
from engine.vocabulary import Side
from tests.chain.conftest import PACE, START_MS, chain
from tests.trading.leaving import Verifier, proof_of, verifier
from tests.trading.test_checkpoints import collect, landed
from tests.trading.test_settlement import USDT, Venue, order, venue
from trading import withdrawals
from trading.models import Checkpoint, Withdrawal
from trading.services import vaults
from trading.services.chain_setup import deposit_test_usdt

__all__ = ["chain", "venue", "verifier"]

DAY_S = 86_400


@dataclass
class Stopped:
    """A venue that has stopped: who has money in it, what they kept, and the published file."""

    venue: Venue
    verifier: Verifier
    wallets: dict[str, Keypair]
    proofs: dict[str, str]
    claims: str

    def say(self, who: str, step: str, **files: str) -> list[str]:
        """Let somebody take a step of an exit; return the exit code and what was said."""
        given = {"proof": self.proofs.get(who), "claims": self.claims, **files}
        words = [word for name, path in given.items() if path for word in (f"--{name}", path)]
        program = str(self.venue.door.addresses.program)
        wallet = self.verifier.wallet(self.wallets[who])
        return self.verifier("exit", step, "--wallet", wallet, "--program", program, *words)

    def usdt_of(self, who: str) -> int:
        """Return what lies in a wallet, in micro-USDT."""
        tokens = token_account(owner=self.wallets[who].pubkey(), mint=self.venue.door.mint)
        return self.venue.door.client.token_balance(tokens, level=Level.CONFIRMED) or 0

    @property
    def treasury_micro(self) -> int:
        return self.venue.door.records.treasury_micro(level=Level.CONFIRMED)

    def leave(self, who: str, **files: str) -> int:
        """Let somebody leave; return what came into the wallet."""
        before = self.usdt_of(who)
        said = self.say(who, "claim", **files)
        assert said[0] == "0", said
        return self.usdt_of(who) - before


def people(venue: Venue) -> tuple[dict[str, User], dict[str, Keypair]]:
    users, wallets = {}, {}
    for name, usdt in (("alice", 10_000), ("bob", 5_000), ("carol", 3_000)):
        users[name], wallets[name] = venue.person(name)
        venue.deposit(wallets[name], usdt)
    wallets["dave"] = venue.person("dave")[1]
    return users, wallets


def release_unpaid(venue: Venue, user: User, usdt: int) -> None:
    """Release a withdrawal into the next root, and stop before it is paid."""
    vaults.withdraw(venue.door, user=user, amount_micro=usdt * USDT)
    withdrawals.release()
    venue.exchange.settle()
    withdrawals.hear_of_releases()
    assert Withdrawal.objects.get().state == "RELEASED"
    venue.settle()


@pytest.fixture
def stopped(venue: Venue, verifier: Verifier, client: Client) -> Stopped:
    """Return a venue that stopped after its last checkpoint; one more deposited afterwards."""
    users, wallets = people(venue)
    venue.exchange.give(order(users["alice"], Side.SELL), order(users["bob"], Side.BUY))
    venue.exchange.move(BTC=(1_030_000, 1_030_002))
    venue.settle()
    release_unpaid(venue, users["carol"], 1_200)
    row = landed(venue)
    proofs = {
        name: verifier.keep(f"{name}.json", proof_of(client, user, venue.devchain))
        for name, user in users.items()
    }
    told = client.get(f"/api/v1/settlement/checkpoints/{row.number}/leaves")
    claims = verifier.keep("last.claims", collect(told))
    deposit_test_usdt(venue.door, wallets["dave"], amount_micro=700 * USDT)
    venue.devchain.sleep(PACE.finalize_ms / 1_000)
    return Stopped(venue, verifier, wallets, proofs, claims)


def read(path: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(path).read_text())
    return told


def test_three_leave_a_liar_gets_nothing_and_the_sums_agree(stopped: Stopped) -> None:
    claims = {
        name: int(read(path)["checkpoint"]["leaf"]["claim_micro"])
        for name, path in stopped.proofs.items()
    }
    assert read(stopped.proofs["alice"])["leaf"]["positions"], "a position is open"
    assert stopped.say("alice", "request")[0] == "0"
    early = stopped.say("alice", "freeze")
    assert early[0] == "1", "a day has to pass"
    assert early[-1].endswith("your request or the last state root (error 152)")
    living = stopped.say("alice", "claim")
    assert living[0] == "1", "nobody leaves what lives"
    assert living[-1].endswith("nobody leaves by a claim yet (error 154)")
    stopped.venue.devchain.sleep(DAY_S + 60)
    before = stopped.treasury_micro
    assert stopped.say("alice", "freeze")[0] == "0"
    paid = {
        "alice": stopped.leave("alice"),
        "dave": stopped.leave("dave", proof=""),
        "carol": stopped.leave("carol"),
    }
    assert paid["alice"] == claims["alice"] != 10_000 * USDT
    assert paid["carol"] == claims["carol"] + 1_200 * USDT == 3_000 * USDT
    assert paid["dave"] == 700 * USDT
    for who in paid:
        again = stopped.say(who, "claim")
        assert (again[0], again[-1]) == (
            "1",
            "FALSE: The program refuses: you have left already (error 155)",
        )
    lies_of_bob(stopped)
    paid["bob"] = stopped.leave("bob")
    assert paid["bob"] == claims["bob"]
    assert stopped.treasury_micro == before - sum(paid.values())
    row = Checkpoint.objects.latest("number")
    assert claims["alice"] + claims["bob"] + claims["carol"] == row.users_micro
    assert stopped.treasury_micro >= row.venue_micro


def lies_of_bob(stopped: Stopped) -> None:
    """Try what a liar may think of: more, another's, none at all, another path."""
    truth = read(stopped.proofs["bob"])
    more = json.loads(json.dumps(truth))
    more["checkpoint"]["leaf"]["claim_micro"] = str(9_999_999 * USDT)
    path = stopped.verifier.keep("more.json", more)
    assert stopped.say("bob", "claim", proof=path)[0] == "1"
    assert stopped.say("bob", "claim", proof=stopped.proofs["alice"])[0] == "1"
    told, wallet = truth["checkpoint"], stopped.wallets["bob"]
    siblings = tuple(bytes.fromhex(step) for step in told["path"])
    tokens = token_account(owner=wallet.pubkey(), mint=stopped.venue.door.mint)
    honest: dict[str, Any] = {
        "owner": wallet.pubkey(),
        "vault_id": int(told["leaf"]["vault_id"]),
        "deposits_micro": int(told["leaf"]["deposits_micro"]),
        "released_micro": int(told["leaf"]["released_micro"]),
        "claim_micro": int(told["leaf"]["claim_micro"]),
        "salt": bytes.fromhex(told["salt"]),
    }
    addresses = stopped.venue.door.addresses
    for lie in (
        {"claim_micro": honest["claim_micro"] + 1},
        {"deposits_micro": 0},
        {"released_micro": 5_000 * USDT},
        {"salt": bytes(32)},
    ):
        built = exit_instructions.exit_by_claim(
            addresses,
            claim=Claim(**{**honest, **lie}),
            path=TreePath(told["index"], siblings),
            destination=tokens,
        )
        assert is_refused(stopped, wallet, built)
    hidden = exit_instructions.exit_without_claim(
        addresses, owner=wallet.pubkey(), destination=tokens
    )
    assert is_refused(stopped, wallet, hidden), "who has a claim cannot hide it"


def is_refused(stopped: Stopped, wallet: Keypair, built: Any) -> bool:
    """Tell whether the program itself refuses, whatever a client would have said."""
    client = stopped.venue.door.client
    fee = Fee(compute_units=200_000)
    blockhash = client.latest_blockhash()
    signed = sign([built], signers=[KeypairSigner(wallet)], blockhash=blockhash, fee=fee)
    try:
        client.submit(signed)
    except TransactionRefusedError:
        return True
    return False


def test_an_older_proof_and_the_published_file_suffice_while_nothing_moved(
    venue: Venue, verifier: Verifier, client: Client
) -> None:
    users, wallets = people(venue)
    venue.exchange.give(order(users["alice"], Side.SELL), order(users["bob"], Side.BUY))
    venue.pass_time(PACE.finalize_ms)
    landed(venue)
    kept = verifier.keep("alice.json", proof_of(client, users["alice"], venue.devchain))
    venue.exchange.move(BTC=(1_050_000, 1_050_002))
    venue.devchain.sleep(900)
    with time_machine.travel(START_MS / 1_000 + 900, tick=False):
        venue.pass_time(PACE.finalize_ms)
        newer = landed(venue)
    assert (newer.number, newer.state) == (2, "CONFIRMED")
    told = client.get(f"/api/v1/settlement/checkpoints/{newer.number}/leaves")
    claims = verifier.keep("last.claims", collect(told))
    stopped = Stopped(venue, verifier, wallets, {"alice": kept}, claims)
    venue.devchain.sleep(DAY_S + 60)
    assert stopped.say("bob", "freeze")[0] == "0"
    mirror = Path(claims).with_name("mirror")
    mirror.mkdir()
    assert stopped.say("alice", "claim", claims=str(mirror))[0] == "1", "it is not there"
    (mirror / "checkpoint-2.claims").write_bytes(Path(claims).read_bytes())
    stopped.claims = str(mirror)
    nothing = stopped.say("alice", "claim", claims="")
    assert nothing[-1] == "FALSE: Name the published file of checkpoint 2."
    assert stopped.leave("alice") > 0
