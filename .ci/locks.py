"""Compile the lock files from pyproject.toml (`make lock`), or check that they are fresh.

The present lock is the base, so a compilation changes only what pyproject.toml asks for. Needs
the package registry; says so where it cannot be reached.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.txt": [],
    "requirements-dev.txt": ["--group", "dev", "--constraint", "requirements.txt"],
}


def main() -> None:
    """Check with `--check`, else compile."""
    for lock, options in LOCKS.items():
        if not check_or_compile(lock, options=options):
            sys.exit(f"{lock} does not follow pyproject.toml: run `make lock`.")


def check_or_compile(lock: str, *, options: list[str]) -> bool:
    """Compile one lock file; with `--check` only return whether that would change it."""
    if "--check" not in sys.argv:
        compile_lock(ROOT / lock, options=options)
        return True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / lock
        shutil.copyfile(ROOT / lock, copy)
        compile_lock(copy, options=options)
        return copy.read_bytes() == (ROOT / lock).read_bytes()


def compile_lock(output: Path, *, options: list[str]) -> None:
    """Run uv; end with a sentence where it fails."""
    words = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    words += ["--python", sys.executable, "--python-version", "3.11", "--generate-hashes"]
    words += ["--custom-compile-command", "make lock", *options]
    words += ["pyproject.toml", "--output-file", str(output)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        sys.exit(
            "The lock files cannot be compared without the package registry: connect this machine"
            " to the network and run the same command again."
        )
    sys.exit(f"uv could not compile {output.name}:\n{done.stderr.strip()}")


if __name__ == "__main__":
    main()
