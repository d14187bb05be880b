"""Keeps the newest proof on disk. What is in it: `proofs`."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

OWNER_ONLY: Final = 0o600


def keep(path: Path, proof: Mapping[str, Any]) -> bool:
    """Write a proof, whole or not at all, unless a newer one is there; tell whether it was.

    Raises KeyError for what has no number: that is no proof, and what is kept stays.
    """
    number = proof["number"]
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["number"] > number:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(proof, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return True
