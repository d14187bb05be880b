"""Wallet addresses under sanctions, from lists in a folder; nothing is asked of anybody.

The folder holds JSON lists of addresses (`compliance/data/sanctions/SOURCE.md` says whose). It
is read once; a process that has to know a newer one is started again.
"""

import json
from functools import cache
from pathlib import Path

from django.conf import settings

BUNDLED = Path(__file__).parent / "data" / "sanctions"


class ListMissingError(Exception):
    """The lists cannot be read: nobody can tell who is under sanctions."""


def is_sanctioned(address: str) -> bool:
    """Tell whether an address is listed; ListMissingError where the lists cannot be read."""
    return written_alike(address) in listed(Path(settings.SANCTIONS_FOLDER or BUNDLED))


@cache
def listed(folder: Path) -> frozenset[str]:
    """Return all addresses in the lists of a folder."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ListMissingError(f"There is no list in {folder}.")
    try:
        lists = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return frozenset(written_alike(address) for one in lists for address in one)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ListMissingError(f"A list in {folder} cannot be read: {error}.") from error


def written_alike(address: str) -> str:
    """Return an address as it is compared: capitals mean nothing in those that begin with 0x."""
    bare = address.strip()
    return bare.lower() if bare[:2].lower() == "0x" else bare
