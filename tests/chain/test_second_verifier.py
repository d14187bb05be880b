"""The verifier in JavaScript makes the vectors of docs/PROOFS.md, and sees a changed one."""

import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def verified(page: Path) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    words = [NODE, str(DOCS / "proofs_verifier.mjs"), "vectors", str(page)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)


def test_it_makes_every_vector_of_the_page() -> None:
    told = verified(DOCS / "PROOFS.md")
    assert (told.returncode, told.stdout) == (0, "all of it holds\n"), told.stderr


@pytest.mark.parametrize("name", ["leaf", "plain_root", "claim_micro", "digest"])
def test_it_sees_a_changed_vector(name: str, tmp_path: Path) -> None:
    before, after = (DOCS / "PROOFS.md").read_text(encoding="utf-8").split(f'"{name}":', 1)
    at = next(place for place, letter in enumerate(after) if letter.isdigit())
    digit = str((int(after[at]) + 1) % 10)
    page = tmp_path / "PROOFS.md"
    page.write_text(f'{before}"{name}":{after[:at]}{digit}{after[at + 1 :]}', encoding="utf-8")
    told = verified(page)
    assert told.returncode == 1
    assert "does not hold" in told.stdout + told.stderr
