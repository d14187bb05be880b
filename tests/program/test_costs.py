"""What each instruction costs, against the kept table `programs/godark/costs.csv`.

A rise of more than 5% fails. `KEEP_COSTS=1` writes the table anew.
"""

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from solders.message import Message
from solders.transaction import Transaction

from chain import instructions
from tests.program.scenarios import SCENARIOS, Call
from tests.program.world import USDT, opened

TABLE = Path(__file__).resolve().parents[2] / "programs/godark/costs.csv"
PACKET_BYTES = 1_232
FIELDS = ("instruction", "compute_units", "bytes")


def commit_root_of_sixty_markets() -> Call:
    world = opened()
    for number in range(3, 60):
        world.send(world.market_instruction(number, f"M{number}"), signers=[world.authority])
    marks = tuple(range(1_000_000, 1_000_060))
    world.commit(marks_half_ticks=marks)
    moved = tuple(mark + 1_000 for mark in marks)
    built = world.commit_instruction(marks_half_ticks=moved)
    return Call(world, built, (world.operator, world.witness))


def pay_out_among_a_million() -> Call:
    """Pay along a path of twenty steps; the other leaves are what their hashes would be."""
    world = opened()
    leaf = replace(world.leaf(world.alice), released_micro=USDT, cash_micro=49_999 * USDT)
    world.commit(leaf)
    world.tree.commit({2**20 - 1: bytes(range(32))})
    world.commit()
    built = instructions.pay_out(
        world.addresses,
        caller=world.operator.pubkey(),
        owner=world.alice.pubkey(),
        destination=world.tokens_of(world.alice),
        amount_micro=USDT,
        proof=world.proof(0),
    )
    return Call(world, built, (world.operator,))


CASES: dict[str, Callable[[], Call]] = SCENARIOS | {
    case.__name__: case for case in (commit_root_of_sixty_markets, pay_out_among_a_million)
}


def measure(call: Call) -> dict[str, int]:
    """Send the call, paid by its first signer, and give compute units and packet size."""
    world = call.world
    signers = call.signers or (world.payer,)
    message = Message([call.built], signers[0].pubkey())
    size = len(bytes(Transaction(list(signers), message, world.svm.latest_blockhash())))
    sent = world.send(call.built, signers=call.signers)
    return {"compute_units": sent.compute_units_consumed(), "bytes": size}


def kept() -> dict[str, dict[str, int]]:
    with TABLE.open(newline="") as rows:
        return {
            row["instruction"]: {field: int(row[field]) for field in FIELDS[1:]}
            for row in csv.DictReader(rows)
        }


def keep(table: dict[str, dict[str, int]]) -> None:
    with TABLE.open("w", newline="") as rows:
        writer = csv.DictWriter(rows, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({"instruction": name, **costs} for name, costs in table.items())


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, int]]:
    """Give the kept table, written anew where that is asked for."""
    if os.environ.get("KEEP_COSTS"):
        keep({name: measure(case()) for name, case in CASES.items()})
    return kept()


@pytest.mark.parametrize("name", CASES)
def test_no_instruction_costs_more_than_it_did(name: str, table: dict[str, dict[str, int]]) -> None:
    costs = measure(CASES[name]())
    for field, value in costs.items():
        assert value <= table[name][field] * 1.05, f"{name}: {field} rose to {value}"
    assert costs["bytes"] <= PACKET_BYTES


def test_the_table_names_every_instruction_and_no_other(
    table: dict[str, dict[str, int]],
) -> None:
    assert list(table) == list(CASES)
