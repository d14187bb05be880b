"""The browser makes the vectors of docs/PROOFS.md: another language, the same bytes."""

import json
import re
from typing import Any

from playwright.sync_api import Page
from solders.pubkey import Pubkey

from tests.tidy.tree import ROOT

HASH = """async ({ first, claim, sums, worth }) => {
  const at = "/static/js/proofs/";
  const made = await import(`${at}formats.js`);
  const { claimHash, claimOf, climb, climbSums, leafHash, marksRoot } = made;
  const { hex } = await import(`${at}bytes.js`);
  const claimed = await claimHash(claim.leaf, claim.salt);
  const top = await climbSums(claimed, claim.leaf.claim_micro, claim.index, sums);
  return {
    leaf: hex(await leafHash(first.leaf, first.salt)),
    state_root: hex(await climb(await leafHash(first.leaf, first.salt), 0, first.path)),
    marks: hex(await marksRoot(first.markets)),
    claim: hex(claimed),
    plain_root: hex(await climb(claimed, claim.index, claim.path)),
    sum_root: hex(top.hash),
    sum: String(top.sum),
    worth: String(claimOf(worth.state, worth.markets)),
  };
}"""


def vectors() -> list[dict[str, Any]]:
    page = (ROOT / "docs" / "PROOFS.md").read_text(encoding="utf-8")
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]


def test_the_browser_makes_the_same_bytes(page: Page) -> None:
    state, checkpoint, worth = vectors()[:3]
    owner = str(Pubkey(bytes([1]) * 32))
    usdt = 1_000_000
    totals = {
        "owner": owner,
        "vault_id": "1",
        "deposits_micro": str(50_000 * usdt),
        "released_micro": str(700 * usdt),
    }
    positions = [
        ["0", "-3", str(-300 * usdt), str(30 * usdt)],
        ["7", "10", str(250 * usdt), str(25 * usdt)],
    ]
    markets = [{"mark_half_ticks": mark} for mark in ("1000000", "50000", "3000")]
    given = {
        "first": {
            "leaf": totals | {"cash_micro": str(49_000 * usdt), "positions": positions},
            "salt": state["salt"],
            "path": state["path_of_the_first"],
            "markets": markets,
        },
        "claim": {
            "leaf": totals | {"claim_micro": str(48_955 * usdt)},
            "salt": checkpoint["salt"],
            "index": checkpoint["owners_in_their_places"].index(1),
            "path": checkpoint["path_of_the_first"],
        },
        "sums": [
            {"hash": node, "sum_micro": str(sum_micro)}
            for node, sum_micro in checkpoint["sum_path_of_the_first"]
        ],
        "worth": {
            "state": {
                "cash_micro": str(worth["cash_micro"]),
                "positions": [[str(number) for number in row] for row in worth["positions"]],
            },
            "markets": [
                {"mark_half_ticks": str(mark), "unit_micro": str(unit)}
                for mark, unit in zip(worth["marks_half_ticks"], worth["units_micro"], strict=True)
            ],
        },
    }
    page.goto("/login")
    assert page.evaluate(HASH, given) == {
        "leaf": state["leaf"],
        "state_root": state["root_of_three"],
        "marks": state["marks_root"],
        "claim": checkpoint["claim_of_the_first"],
        "plain_root": checkpoint["plain_root"],
        "sum_root": checkpoint["sum_root"],
        "sum": str(checkpoint["sum_of_all_micro"]),
        "worth": str(worth["claim_micro"]),
    }
