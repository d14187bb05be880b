"""The verifier in JavaScript makes the vectors of docs/PROOFS.md, and sees a changed one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.chain.test_proofs_page import given

DOCS = Path(__file__).resolve().parents[2] / "docs"
NODE = shutil.which("node")

VECTORS = ["leaf", "plain_root", "claim_micro", "exits_micro", "venue_micro", "salt_key", "digest"]

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def verified(page: Path, what: str = "vectors") -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    words = [NODE, str(DOCS / "proofs_verifier.mjs"), what, str(page)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)


def test_it_makes_every_vector_of_the_page() -> None:
    told = verified(DOCS / "PROOFS.md")
    assert (told.returncode, told.stdout) == (0, "all of it holds\n"), told.stderr


def test_it_takes_the_proof_of_an_account_and_refuses_another_balance(tmp_path: Path) -> None:
    proof = given("## The proof of an account")
    kept = tmp_path / "proof.json"
    kept.write_text(json.dumps(proof), encoding="utf-8")
    assert verified(kept, "proof").stdout == "all of it holds\n"
    kept.write_text(json.dumps({**proof, "checkpoint": None}), encoding="utf-8")
    assert verified(kept, "proof").stdout == "all of it holds\n"
    proof["leaf"]["cash_micro"] = str(int(proof["leaf"]["cash_micro"]) + 1)
    proof["checkpoint"]["state"]["cash_micro"] = proof["leaf"]["cash_micro"]
    kept.write_text(json.dumps(proof), encoding="utf-8")
    told = verified(kept, "proof")
    assert (told.returncode, told.stdout) == (1, "does not hold: root, checkpoint\n")


@pytest.mark.parametrize(
    "name",
    ["leaf", "plain_root", "claim_micro", "exits_micro", "venue_micro", "salt_key", "digest"],
)
def test_it_sees_a_changed_vector(name: str, tmp_path: Path) -> None:
    before, after = (DOCS / "PROOFS.md").read_text(encoding="utf-8").split(f'"{name}":', 1)
    at = next(place for place, letter in enumerate(after) if letter.isdigit())
    digit = str((int(after[at]) + 1) % 10)
    page = tmp_path / "PROOFS.md"
    page.write_text(f'{before}"{name}":{after[:at]}{digit}{after[at + 1 :]}', encoding="utf-8")
    told = verified(page)
    assert told.returncode == 1
    assert "does not hold" in told.stdout + told.stderr
