"""The test vectors of docs/PROOFS.md are what the code gives, word for word."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey

from chain.claims import (
    Claim,
    ClaimsFile,
    Summed,
    SumTree,
    claim_salt,
    id_chunks,
    order_seed,
    shuffled,
)
from chain.exits import Divisor, exit_of
from chain.layouts import Vault
from chain.leaves import Leaf, Position, leaf_salt, marks_root, owner_salt_key, trade_leaf
from chain.merkle import StateTree, node_hash, root_of
from godark_client import proofs as theirs
from trading.api.checkpoints import CheckpointMarketSerializer
from trading.api.roots import (
    ClaimProofSerializer,
    ClaimSerializer,
    ClaimStateSerializer,
    LeafSerializer,
    ProofSerializer,
    SumNodeSerializer,
)

PAGE = Path(__file__).resolve().parents[2] / "docs/PROOFS.md"


def given(section: str = "## Test vectors\n") -> Any:
    text = PAGE.read_text()
    found = re.search(r"```json\n(.*?)```", text[text.index(section) :], re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def leaves() -> list[Leaf]:
    key = owner_salt_key(master=b"m" * 32, owner=Pubkey(b"\x01" * 32))
    first = Leaf(
        owner=Pubkey(b"\x01" * 32),
        vault_id=1,
        deposits_micro=50_000_000_000,
        released_micro=700_000_000,
        cash_micro=49_000_000_000,
        positions=(
            Position(0, -3, -300_000_000, 30_000_000),
            Position(7, 10, 250_000_000, 25_000_000),
        ),
        salt=leaf_salt(key=key, change=4),
    )
    second = Leaf(
        owner=Pubkey(b"\x02" * 32),
        vault_id=2,
        deposits_micro=0,
        released_micro=0,
        cash_micro=0,
        positions=(),
        salt=b"\x22" * 32,
    )
    return [first, second]


def computed() -> dict[str, object]:
    first, second = leaves()
    tree = StateTree([first.hash, second.hash])
    tree.commit({2: b"\x33" * 32})
    trade = trade_leaf(
        trade_id=b"\x0f" * 16,
        market=7,
        price_half_ticks=50_000,
        size_lots=10,
        executed_at_ms=1_750_000_000_123,
    )
    return {
        "salt": first.salt.hex(),
        "head": first.head_hash.hex(),
        "body": first.body_hash.hex(),
        "leaf": first.hash.hex(),
        "owed_micro": first.owed_micro,
        "leaf_of_the_second": second.hash.hex(),
        "root_of_three": tree.root.hex(),
        "path_of_the_first": [sibling.hex() for sibling in tree.path(0).siblings],
        "path_of_the_third": [sibling.hex() for sibling in tree.path(2).siblings],
        "node_of_two_empty": node_hash(bytes(32), bytes(32)).hex(),
        "marks_root": marks_root((1_000_000, 50_000, 3_000)).hex(),
        "trade_leaf": trade.hex(),
        "trades_root": root_of([trade]).hex(),
    }


def test_the_page_gives_the_vectors_that_the_code_gives() -> None:
    assert given() == computed()


def test_a_stranger_climbs_from_the_leaf_to_the_root_with_the_page_alone() -> None:
    """Recompute with nothing but hashlib and the page's own words."""
    vectors = given()
    head, body = bytes.fromhex(vectors["head"]), bytes.fromhex(vectors["body"])
    value = sha256(b"godark:leaf:v1\0\0" + head + body).digest()
    for sibling in vectors["path_of_the_first"]:
        value = sha256(b"godark:node:v1\0\0" + value + bytes.fromhex(sibling)).digest()
    assert value.hex() == vectors["root_of_three"]


def claims() -> list[Claim]:
    """Give the three claims of the page's checkpoint, not yet shuffled."""
    told = (
        (b"\x01", 1, 50_000_000_000, 700_000_000, 48_955_000_000),
        (b"\x02", 300, 20_000_000, 0, 21_000_000),
        (b"\x00", 0, 0, 0, 5_000_000),
    )
    made = []
    for byte, vault_id, deposits, released, amount in told:
        owner = Pubkey(byte * 32)
        key = owner_salt_key(master=b"m" * 32, owner=owner)
        made.append(
            Claim(
                owner=owner,
                vault_id=vault_id,
                deposits_micro=deposits,
                released_micro=released,
                claim_micro=amount,
                salt=claim_salt(key=key, number=9),
            )
        )
    return made


def computed_checkpoint() -> dict[str, object]:
    first, second, venue = claims()
    seed = order_seed(master=b"m" * 32, number=9)
    made = [first, second, venue]
    order = shuffled([claim.hash for claim in made], seed=seed)
    placed = [made[at] for at in order]
    plain = StateTree([claim.hash for claim in placed])
    sums = SumTree([Summed(claim.hash, claim.claim_micro) for claim in placed])
    place = order.index(0)
    chunks = id_chunks([first.vault_id, second.vault_id])
    file = ClaimsFile(
        number=9,
        root_number=1_234,
        marks_half_ticks=(1_000_000, 50_000, 3_000),
        ids=tuple(chunks),
        hashes=tuple(claim.hash for claim in placed),
    )
    return {
        "salt": first.salt.hex(),
        "claim_of_the_first": first.hash.hex(),
        "claim_of_the_second": second.hash.hex(),
        "claim_of_the_venue": venue.hash.hex(),
        "secret_of_the_order": seed.hex(),
        "owners_in_their_places": [bytes(claim.owner)[0] for claim in placed],
        "plain_root": plain.root.hex(),
        "path_of_the_first": [sibling.hex() for sibling in plain.path(place).siblings],
        "sum_root": sums.root.hash.hex(),
        "sum_of_all_micro": sums.root.sum_micro,
        "sum_path_of_the_first": [
            [sibling.hash.hex(), sibling.sum_micro] for sibling in sums.path(place).siblings
        ],
        "map_of_vaults": [chunk.hex() for chunk in chunks],
        "map_root": root_of(chunks).hex(),
        "file_bytes": len(file.packed),
        "file_hash": file.digest.hex(),
    }


def test_the_page_gives_the_checkpoint_that_the_code_gives() -> None:
    assert given("## Test vectors of a checkpoint") == computed_checkpoint()


def test_a_stranger_climbs_from_the_claim_to_the_sum_of_all_with_the_page_alone() -> None:
    vectors = given("## Test vectors of a checkpoint")
    value, total = bytes.fromhex(vectors["claim_of_the_first"]), 48_955_000_000
    place = vectors["owners_in_their_places"].index(1)
    for level, (sibling, beside) in enumerate(vectors["sum_path_of_the_first"]):
        pair = [
            value + total.to_bytes(8, "little"),
            bytes.fromhex(sibling) + beside.to_bytes(8, "little"),
        ]
        if place >> level & 1:
            pair.reverse()
        value, total = sha256(b"godark:sum:v1\0\0\0" + b"".join(pair)).digest(), total + beside
    assert (value.hex(), total) == (vectors["sum_root"], vectors["sum_of_all_micro"])


def test_the_page_gives_the_exits_that_the_code_gives() -> None:
    told = given("## Test vectors of an exit")
    uncounted = told["deposited_ever_micro"] - told["deposits_micro"]
    reserve = uncounted + told["released_micro"] - told["paid_under_micro"]
    for case in told["cases"]:
        held, claims = case["treasury_micro"], told["claims_micro"]
        divisor = Divisor(held, reserve, claims, case["venue_micro"])
        exits = [exit_of(divisor, *vault_and_claim(one)).amount_micro for one in told["vaults"]]
        assert exits == case["exits_micro"]
        left = max(0, held - reserve - claims)
        assert case["venue_micro"] == min(told["venue_claims_micro"], left)
        assert sum(exits) + case["venue_micro"] <= held


def vault_and_claim(told: dict[str, Any]) -> tuple[Vault, Claim | None]:
    """Give a vault and its claim as the page has them; only their sums count in an exit."""
    owner = Pubkey(b"\x01" * 32)
    vault = Vault(owner, 1, 0, told["deposited_micro"], told["paid_micro"], *(0,) * 10, "")
    if told["claim"] is None:
        return vault, None
    deposits, released, amount = told["claim"]
    return vault, Claim(
        owner=owner,
        vault_id=1,
        deposits_micro=deposits,
        released_micro=released,
        claim_micro=amount,
        salt=bytes(32),
    )


def test_the_proof_of_an_account_holds_and_has_the_fields_that_the_api_gives() -> None:
    proof = given("## The proof of an account")
    checkpoint = proof["checkpoint"]
    for part, serializer in (
        (proof, ProofSerializer),
        (proof["leaf"], LeafSerializer),
        (checkpoint, ClaimProofSerializer),
        (checkpoint["leaf"], ClaimSerializer),
        (checkpoint["state"], ClaimStateSerializer),
        (checkpoint["sum_path"][0], SumNodeSerializer),
        (checkpoint["markets"][0], CheckpointMarketSerializer),
    ):
        assert list(part) == list(serializer().fields)
    path = [bytes.fromhex(sibling) for sibling in proof["path"]]
    assert theirs.climb(theirs.state_leaf(proof), proof["index"], path).hex() == proof["root"]
    claim = theirs.claim_of(checkpoint)
    assert claim.salt == theirs.claim_salt(bytes.fromhex(proof["salt_key"]), checkpoint["number"])
    marks, units = (
        [int(market[name]) for market in checkpoint["markets"]]
        for name in ("mark_half_ticks", "unit_micro")
    )
    state = checkpoint["state"]
    amount = theirs.claim_at(int(state["cash_micro"]), state["positions"], marks, units)
    assert claim.claim_micro == amount
    path = [bytes.fromhex(sibling) for sibling in checkpoint["path"]]
    plain = theirs.climb(claim.hash, checkpoint["index"], path)
    assert plain.hex() == checkpoint["plain_root"]
    root, _ = theirs.climb_sums(claim.hash, amount, checkpoint["index"], checkpoint["sum_path"])
    assert root.hex() == checkpoint["sum_root"]
