"""Leaves: one state has one hash, and each field is in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from chain.leaves import Leaf, Position, leaf_salt, owner_salt_key

LEAF = Leaf(
    owner=Pubkey(b"\1" * 32),
    vault_id=1,
    deposits_micro=100,
    released_micro=20,
    cash_micro=50,
    positions=(Position(1, 5, 40, 4), Position(2, -5, -10, 4)),
    salt=b"\7" * 32,
)


@pytest.mark.parametrize(
    "other",
    [
        {"owner": Pubkey(b"\2" * 32)},
        {"vault_id": 2},
        {"deposits_micro": 101},
        {"released_micro": 21},
        {"cash_micro": 51},
        {"cash_micro": -50},
        {"salt": b"\6" * 32},
        {"positions": ()},
        {"positions": LEAF.positions[:1]},
        {"positions": (Position(1, 5, 40, 5), LEAF.positions[1])},
        {"positions": (Position(1, 5, 41, 4), LEAF.positions[1])},
        {"positions": (Position(1, 6, 40, 4), LEAF.positions[1])},
        {"positions": (Position(0, 5, 40, 4), LEAF.positions[1])},
    ],
)
def test_every_field_changes_the_hash(other: dict[str, object]) -> None:
    assert replace(LEAF, **other).hash != LEAF.hash  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "positions",
    [tuple(reversed(LEAF.positions)), (LEAF.positions[0], LEAF.positions[0])],
)
def test_positions_stand_in_one_order_only(positions: tuple[Position, ...]) -> None:
    with pytest.raises(ValueError, match="sorted by market"):
        replace(LEAF, positions=positions)


def test_what_is_owed_is_cash_less_cost_plus_what_was_released() -> None:
    assert LEAF.owed_micro == 50 - 40 + 10 + 20


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_no_two_changes_share_a_salt(first: int, second: int) -> None:
    key = owner_salt_key(master=b"m", owner=LEAF.owner)
    same = leaf_salt(key=key, change=first) == leaf_salt(key=key, change=second)
    assert same is (first == second)


def test_no_two_owners_share_a_key() -> None:
    other = Pubkey(b"\2" * 32)
    assert owner_salt_key(master=b"m", owner=LEAF.owner) != owner_salt_key(master=b"m", owner=other)
