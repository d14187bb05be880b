"""Checkpoints: all claims at the median marks, two roots over the same leaves, and the proofs."""

import json
import uuid
from hashlib import sha256

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from accounts.models import User
from chain.claims import ClaimsFile, Summed, SumPath, SumTree, claim_salt, has_id
from chain.client import Level
from chain.devchain.genesis import development_key
from chain.levels import plain_levels, sum_levels, sum_node_of
from chain.merkle import StateTree, root_of
from engine.vocabulary import Side
from godark_client.proofs import claim_at
from tests.chain.conftest import PACE, START_MS, chain
from tests.tidy.tree import ROOT
from tests.trading.test_settlement import BTC, USDT, Venue, order, venue
from trading import checkpoints
from trading.claim_proofs import basis_of, claim_proof
from trading.claims import Standing, Terms, claim_micro, median_marks, sizes_lots
from trading.models import Batch, Checkpoint, CheckpointLevel, Deposit
from trading.solana import own_vaults
from trading.state_leaves import NOBODY, Content, contents_as_of

__all__ = ["chain", "venue"]

MINUTE_MS = 60_000
OWNER = str(development_key("alice").pubkey())
TERMS = Terms(symbols=("A", "B"), marks_half_ticks=(2_000, 50), units_micro=(500, 1_000))


def content(*positions: tuple[int, int, int, int], cash: int, owner: str = OWNER) -> Content:
    return Content(
        account_id=uuid.UUID(int=7), owner=owner, vault_id=1, cash_micro=cash, positions=positions
    )


def two_traders(venue: Venue) -> tuple[User, User]:
    """Return two people with money of their own and a position each, in the newest root."""
    alice, wallet = venue.person("alice")
    bob, other = venue.person("bob")
    venue.deposit(wallet, 10_000)
    venue.deposit(other, 5_000)
    venue.exchange.give(order(alice, Side.SELL), order(bob, Side.BUY))
    venue.pass_time(PACE.finalize_ms)
    return alice, bob


def built(venue: Venue) -> Checkpoint:
    row = checkpoints.keep_committing(venue.door)
    assert row is not None
    return row


def landed(venue: Venue) -> Checkpoint:
    """Build a checkpoint, have it signed and confirmed."""
    row = built(venue)
    venue.witness.step()
    checkpoints.advance(venue.door)
    venue.devchain.sleep(PACE.confirm_ms / 1_000)
    checkpoints.advance(venue.door)
    row.refresh_from_db()
    return row


def test_a_median_is_of_what_stood_at_thirty_minutes() -> None:
    leap = 29 * MINUTE_MS
    standing = [
        Standing(1, 0, (100, 0)),
        Standing(2, leap - 1, (900, 0)),
        Standing(3, leap, (100, 7)),
    ]
    assert median_marks(standing, at_ms=leap) == (100, 7), "one leap moves nothing"
    standing = [Standing(minute, minute * MINUTE_MS, (minute + 1,)) for minute in range(30)]
    assert median_marks(standing, at_ms=leap) == (15,), "the lower of the two in the middle"
    assert median_marks(standing[:1], at_ms=leap) == (1,), "what stands, stands"
    assert median_marks([], at_ms=leap) == ()


def test_a_claim_is_cash_and_what_positions_are_worth_and_never_negative() -> None:
    # Market 0 at 1 USDT a lot, market 1 at 0.05.
    profit = (0, 10, 8_000_000, 1_000_000)
    assert claim_micro(content(profit, cash=5_000_000), TERMS) == 5_000_000 + 2_000_000
    short = (1, -100, -6_000_000, 500_000)
    assert claim_micro(content(short, cash=500_000), TERMS) == 500_000 + 1_000_000
    ruined = (0, 10, 12_000_000, 1_500_000)
    assert claim_micro(content(ruined, cash=4_000_000), TERMS) == 2_500_000, "margin is isolated"
    assert claim_micro(content(ruined, cash=4_000_000, owner=NOBODY), TERMS) == 2_000_000
    assert claim_micro(content(ruined, cash=1_500_000, owner=NOBODY), TERMS) == 0
    assert sizes_lots([content(profit, short, cash=0), content(short, cash=0)], markets=2) == (
        10,
        -200,
    )


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_levels_are_the_plain_tree_and_carry_their_sums(count: int) -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(count)]
    levels = plain_levels(b"".join(leaves))
    assert levels[-1] == StateTree(leaves).root
    sums = sum_levels(
        b"".join(leaf + number.to_bytes(8, "little") for number, leaf in enumerate(leaves))
    )
    whole = SumTree(Summed(leaf, number) for number, leaf in enumerate(leaves))
    assert sum_node_of(sums[-1]) == whole.root
    assert whole.root.sum_micro == sum(range(count))
    assert len(sums) == len(levels) == whole.depth + 1


def test_a_checkpoint_holds_every_claim_once_and_all_sizes_sum_to_zero(venue: Venue) -> None:
    alice, bob = two_traders(venue)
    row = built(venue)
    contents = contents_as_of(row.batch_id)
    terms = basis_of(row).terms
    assert {content.account_id for content in contents} >= {alice.pk, bob.pk}
    assert row.leaves == len(contents)
    assert set(row.sizes_lots) == {0}
    claims = {each.account_id: claim_micro(each, terms) for each in contents}
    users = sum(claims[each.account_id] for each in contents if each.owner != NOBODY)
    assert (row.users_micro, row.users_micro + row.venue_micro) == (users, sum(claims.values()))
    assert 10_000 * USDT * 0.99 < claims[alice.pk] < 10_000 * USDT * 1.01
    assert row.deposits_micro == Batch.objects.get(number=row.batch_id).total_micro
    record = venue.door.records.exchange(level=Level.CONFIRMED)
    assert record is not None
    assert row.deposits_micro <= record.deposited_micro
    assert row.paid_micro == record.paid_micro <= row.released_micro
    assert any(each.positions for each in contents if each.account_id == alice.pk)


def test_a_proof_leads_to_both_roots(venue: Venue) -> None:
    alice, _bob = two_traders(venue)
    row = built(venue)
    for account_id in [each.account_id for each in contents_as_of(row.batch_id)]:
        proof = claim_proof(account_id, row)
        assert proof is not None
        assert proof.path.root_of(proof.claim.hash) == bytes(row.plain_root)
        leaf = Summed(proof.claim.hash, proof.claim.claim_micro)
        total = row.users_micro + row.venue_micro
        assert SumPath(proof.path.index, proof.sum_path).root_of(leaf) == (
            bytes(row.sum_root),
            total,
        )
    assert claim_proof(uuid.uuid4(), row) is None
    assert claim_proof(alice.pk, row) is not None


def test_it_lands_once_an_interval_with_both_signatures(venue: Venue) -> None:
    two_traders(venue)
    first = landed(venue)
    assert first.state == "CONFIRMED"
    known = venue.door.records.checkpoints(level=Level.CONFIRMED)
    assert known is not None
    assert known.newest is not None
    assert (known.newest.number, known.newest.root_number) == (1, first.batch_id)
    assert known.newest.plain_root == bytes(first.plain_root)
    assert known.newest.sum_root == bytes(first.sum_root)
    assert known.newest.file_hash == bytes(first.file_digest)
    assert checkpoints.keep_committing(venue.door) is None
    venue.devchain.sleep(900)
    with time_machine.travel(START_MS / 1_000 + 900, tick=False):
        venue.pass_time(PACE.finalize_ms)
        second = landed(venue)
    checkpoints.advance(venue.door)
    first.refresh_from_db()
    assert (first.state, second.number, second.state) == ("FINALIZED", 2, "CONFIRMED")
    assert second.plain_root != first.plain_root
    hashes = [bytes(row.hashes) for row in CheckpointLevel.objects.filter(level=0)]
    assert not set(cut(hashes[0])) & set(cut(hashes[1])), "no leaf can be followed"


def collect(answer: HttpResponseBase) -> bytes:
    """Read a streamed answer as a server does."""
    assert isinstance(answer, StreamingHttpResponse)

    async def read() -> bytes:
        return b"".join([piece async for piece in answer])

    return async_to_sync(read)()


def cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def test_anybody_gets_the_leaves_and_makes_the_root_of_them(venue: Venue, client: Client) -> None:
    alice, _bob = two_traders(venue)
    row = built(venue)
    listed = client.get("/api/v1/settlement/checkpoints").json()["results"]
    told = client.get(f"/api/v1/settlement/checkpoints/{row.number}").json()
    assert listed == [told]
    assert told["markets"][0]["symbol"] == BTC
    assert told["leaves"] == row.leaves
    answer = client.get(told["file_path"])
    data = collect(answer)
    assert len(data) == int(answer["Content-Length"])
    assert sha256(data).hexdigest() == told["file_sha256"]
    file = ClaimsFile.parse(data)
    assert root_of(file.hashes).hex() == told["plain_root"]
    assert root_of(file.ids).hex() == told["ids_root"]
    assert [str(mark) for mark in file.marks_half_ticks] == [
        market["mark_half_ticks"] for market in told["markets"]
    ]
    assert has_id(file.ids[0], own_vaults(venue.door.records)[0])
    vaults = Deposit.objects.values_list("vault_id", flat=True)
    assert all(has_id(file.ids[vault // 256], vault) for vault in vaults)
    text = str(told)
    assert str(alice.pk) not in text
    assert OWNER not in text
    assert client.get("/api/v1/settlement/checkpoints/9").status_code == 404
    CheckpointLevel.objects.all().delete()
    assert client.get(told["file_path"]).status_code == 404


def test_the_owner_gets_proof_and_salt_key_and_nobody_elses(venue: Venue, client: Client) -> None:
    alice, bob = two_traders(venue)
    client.force_login(alice)
    assert client.get("/api/v1/proofs/account").json()["checkpoint"] is None
    row = landed(venue)
    told = client.get("/api/v1/proofs/account").json()
    claim = told["checkpoint"]
    assert (claim["number"], claim["leaf"]["owner"]) == (row.number, OWNER)
    assert claim_salt(key=bytes.fromhex(told["salt_key"]), number=row.number).hex() == claim["salt"]
    assert len(claim["state"]["positions"]) == 1
    assert len(claim["path"]) == len(claim["sum_path"]) == row.depth
    client.force_login(bob)
    other = client.get("/api/v1/proofs/account").json()
    assert other["salt_key"] != told["salt_key"]
    assert str(alice.pk) not in str(other)
    assert OWNER not in str(other)


def test_the_vectors_of_the_page_hold_here_and_at_the_client() -> None:
    page = (ROOT / "docs" / "PROOFS.md").read_text(encoding="utf-8")
    begins = page.index("## Test vectors of a claim")
    given = json.loads(page[page.index("{", begins) : page.index("```\n", begins + 500)])
    marks, units = given["marks_half_ticks"], given["units_micro"]
    rows = tuple(tuple(row) for row in given["positions"])
    terms = Terms(symbols=("A", "B", "C"), marks_half_ticks=tuple(marks), units_micro=tuple(units))
    assert claim_micro(content(*rows, cash=given["cash_micro"]), terms) == given["claim_micro"]
    assert claim_at(given["cash_micro"], rows, marks, units) == given["claim_micro"]
    standing = [
        Standing(number, at_ms, tuple(marks))
        for number, (at_ms, marks) in enumerate(given["standing"])
    ]
    assert list(median_marks(standing, at_ms=given["at_ms"])) == given["median_half_ticks"]
