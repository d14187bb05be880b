"""Claims, their order, the two trees, the map of vaults and the published file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from chain.claims import (
    BadClaimsFileError,
    Claim,
    ClaimsFile,
    Summed,
    SumTree,
    claim_salt,
    has_id,
    id_chunks,
    order_seed,
    shuffled,
    sum_node,
)
from chain.merkle import StateTree

SUMS = st.lists(st.integers(0, 2**40), min_size=1, max_size=20)


def summed(sums: list[int]) -> list[Summed]:
    return [Summed(at.to_bytes(32, "little"), value) for at, value in enumerate(sums, start=1)]


def claim(**changes: int) -> Claim:
    fields = {"vault_id": 3, "deposits_micro": 5, "released_micro": 7, "claim_micro": 11} | changes
    return Claim(owner=Pubkey(b"\x01" * 32), salt=b"\x02" * 32, **fields)


def test_a_claim_is_read_as_it_was_written() -> None:
    assert Claim.parse(claim().packed()) == claim()
    assert len(claim().packed()) == 96


def test_every_field_of_a_claim_changes_its_hash() -> None:
    names = ("vault_id", "deposits_micro", "released_micro", "claim_micro")
    assert len({claim().hash, *(claim(**{name: 1}).hash for name in names)}) == 5


def test_a_salt_serves_one_checkpoint_of_one_owner() -> None:
    salts = {
        claim_salt(key=key, number=number) for key in (b"a" * 32, b"b" * 32) for number in (1, 2)
    }
    assert len(salts) == 4


def test_another_checkpoint_is_shuffled_otherwise_and_the_same_one_alike() -> None:
    hashes = [at.to_bytes(32, "little") for at in range(50)]
    orders = [
        shuffled(hashes, seed=order_seed(master=b"m" * 32, number=number)) for number in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert all(sorted(order) == list(range(50)) for order in orders)


def test_the_places_do_not_tell_in_which_order_the_claims_came() -> None:
    hashes = [at.to_bytes(32, "little") for at in range(50)]
    seed = order_seed(master=b"m" * 32, number=1)
    placed = [hashes[at] for at in shuffled(hashes, seed=seed)]
    turned = hashes[::-1]
    assert [turned[at] for at in shuffled(turned, seed=seed)] == placed


@given(sums=SUMS)
def test_every_claim_climbs_to_the_root_and_to_the_sum_of_all(sums: list[int]) -> None:
    leaves = summed(sums)
    tree = SumTree(leaves)
    assert tree.root.sum_micro == sum(sums)
    assert tree.depth == StateTree([leaf.hash for leaf in leaves]).depth
    for at, leaf in enumerate(leaves):
        assert tree.path(at).root_of(leaf) == tree.root
        assert tree.path(at).root_of(Summed(leaf.hash, leaf.sum_micro + 1)) != tree.root


def test_a_sum_beyond_sixty_four_bits_is_refused() -> None:
    most = Summed(b"\x01" * 32, 2**64 - 1)
    with pytest.raises(OverflowError):
        sum_node(most, Summed(b"\x02" * 32, 1))


@given(ids=st.sets(st.integers(1, 2_000)))
def test_the_map_names_the_vaults_that_have_a_claim_and_no_other(ids: set[int]) -> None:
    chunks = id_chunks(ids)
    found = {at for at in range(256 * len(chunks)) if has_id(chunks[at // 256], at)}
    assert found == ids


def test_the_file_is_read_as_it_was_written() -> None:
    file = ClaimsFile(
        number=4,
        root_number=900,
        marks_half_ticks=(1, 0, 3),
        ids=tuple(id_chunks([1, 700])),
        hashes=(b"\x05" * 32, b"\x06" * 32),
    )
    assert ClaimsFile.parse(file.packed) == file
    for wrong in (b"", file.packed[:-1], file.packed + b"\0", b"x" + file.packed[1:]):
        with pytest.raises(BadClaimsFileError):
            ClaimsFile.parse(wrong)
