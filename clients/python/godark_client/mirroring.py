"""A mirror: the published files of the checkpoints that the chain holds, each checked before kept.

What is not here: the bytes of a file (`proofs`), leaving by one (`leaving`), the command line
(`verify`).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from godark_client.errors import GoDarkError
from godark_client.proofs import ClaimsFile, FalseError, marks_root, root_over
from godark_client.solana import Checkpoint, Program

Fetch = Callable[[int], bytes]
"""Gets the file of the n-th checkpoint from wherever it is published. Raises GoDarkError."""


def name_of(number: int) -> str:
    """Return the file's name in a mirror."""
    return f"checkpoint-{number}.claims"


def check_file(data: bytes, known: Checkpoint) -> ClaimsFile:
    """Return a file that is what the chain committed to, root by root. Raises FalseError."""
    file = ClaimsFile.parse(data)
    if file.digest != known.file_hash:
        raise FalseError(f"The file is not that of checkpoint {known.number}.")
    said = (file.number, file.root_number, len(file.hashes))
    if said != (known.number, known.root_number, known.leaves):
        raise FalseError(f"The file of checkpoint {known.number} speaks of another.")
    for what, made, committed in (
        ("claims", root_over(file.hashes), known.plain_root),
        ("map of vaults", root_over(file.chunks), known.ids_root),
        ("marks", marks_root(file.marks_half_ticks), known.marks_root),
    ):
        if made != committed:
            raise FalseError(
                f"The {what} in the file of checkpoint {known.number} make another root."
            )
    return file


def mirror(program: Program, folder: Path, fetch: Fetch) -> Iterator[str]:
    """Keep the files that the folder lacks, oldest first; yield a line for each.

    Raises FalseError at the end where one could not be had, or was not what the chain says: it is
    not kept, and the others are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refused = []
    for number, known in sorted(program.checkpoints().items()):
        place = folder / name_of(number)
        try:
            if place.exists():
                check_file(place.read_bytes(), known)
                continue
            data = fetch(number)
            file = check_file(data, known)
        except (FalseError, GoDarkError) as error:
            refused.append(f"checkpoint {number}: {error}")
            continue
        passing = place.with_suffix(".part")
        passing.write_bytes(data)
        passing.replace(place)
        yield f"checkpoint {number}: {len(file.hashes):,} claims at state root {file.root_number}"
    if refused:
        raise FalseError("; ".join(refused))


def kept_file(place: Path, program: Program) -> ClaimsFile:
    """Return a file, or of a mirror the file of the last checkpoint on chain. Raises OSError."""
    if place.is_dir():
        place /= name_of(max(program.checkpoints(), default=0))
    return ClaimsFile.parse(place.read_bytes())
