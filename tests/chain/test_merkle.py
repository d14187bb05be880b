"""The incremental tree against a slow one that hashes everything each time."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.merkle import NODE_TAG, StateTree, UnknownVersionError, root_of

EMPTY = bytes(32)
leaf = st.integers(1, 255).map(lambda byte: bytes([byte]) * 32)
leaf_lists = st.lists(leaf, max_size=20)
change_sets = st.lists(st.dictionaries(st.integers(0, 40), leaf, max_size=6), max_size=8)


def slow_root(leaves: list[bytes]) -> bytes:
    width = 1
    while width < len(leaves):
        width *= 2
    row = leaves + [EMPTY] * (width - len(leaves))
    while len(row) > 1:
        row = [sha256(NODE_TAG + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def changed(leaves: list[bytes], changes: dict[int, bytes]) -> list[bytes]:
    longer = leaves + [EMPTY] * (max(changes, default=-1) + 1 - len(leaves))
    return [changes.get(at, value) for at, value in enumerate(longer)]


@given(leaf_lists)
def test_a_new_tree_has_the_slow_one_s_root(leaves: list[bytes]) -> None:
    assert StateTree(leaves).root == slow_root(leaves)
    assert root_of(leaves) == slow_root(leaves)


@given(leaf_lists, change_sets)
def test_every_change_gives_the_slow_one_s_root(
    leaves: list[bytes], changes: list[dict[int, bytes]]
) -> None:
    tree, expected = StateTree(leaves), list(leaves) or [EMPTY]
    for change in changes:
        expected = changed(expected, change)
        assert tree.commit(change) == slow_root(expected)
        assert len(tree) == len(expected)


@given(leaf_lists, change_sets)
def test_every_path_of_every_version_leads_to_that_version_s_root(
    leaves: list[bytes], changes: list[dict[int, bytes]]
) -> None:
    tree = StateTree(leaves)
    states = [list(leaves) or [EMPTY]]
    for change in changes:
        states.append(changed(states[-1], change))
        tree.commit(change)
    for version, state in enumerate(states):
        for index, value in enumerate(state):
            path = tree.path(index, version=version)
            assert path.root_of(value) == slow_root(state)


def test_a_version_that_was_forgotten_or_never_was_is_refused() -> None:
    tree = StateTree([b"\1" * 32] * 4, history=2)
    for byte in (2, 3, 4):
        tree.commit({0: bytes([byte]) * 32})
    assert tree.path(0, version=1).root_of(b"\2" * 32) != tree.root
    for version in (0, 4, -1):
        with pytest.raises(UnknownVersionError):
            tree.path(0, version=version)


def test_another_leaf_does_not_lead_to_the_root() -> None:
    tree = StateTree([bytes([at]) * 32 for at in range(1, 6)])
    assert tree.path(3).root_of(tree.leaf(3)) == tree.root
    assert tree.path(3).root_of(tree.leaf(2)) != tree.root
    assert tree.path(2).root_of(tree.leaf(3)) != tree.root


def test_a_tree_has_a_greatest_size() -> None:
    with pytest.raises(ValueError, match="at most 16777216"):
        StateTree().commit({2**24: EMPTY})
