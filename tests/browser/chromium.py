"""Find a Chromium for the browser tests, and install one where none is.

`make test` runs this file before the tests; the tests themselves only look. Without a browser
they fail: they are never skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SENTENCE = (
    "The browser tests need Chromium, and none was found or could be installed: install the"
    " package chromium, or run `.venv/bin/playwright install chromium`, or set GODARK_CHROMIUM"
    " to the path of one."
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium that starts, or None."""
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[str]:
    """Yield where a Chromium may be: the one named, the system's, playwright's."""
    if named := os.environ.get("GODARK_CHROMIUM"):
        yield named
        return
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        yield own


def starts(path: str) -> bool:
    """Tell whether the program tells its version: some are stubs that ask for another package."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install_chromium() -> None:
    """Install Chromium from Debian where we are root, else (or failing that) by playwright."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *words], env=environment, check=False)  # noqa: S607 - found on PATH above
        if find_chromium():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    """Make sure that there is a Chromium, and say which."""
    if find_chromium() is None:
        sys.stdout.write("No Chromium found: installing one for the browser tests.\n")
        sys.stdout.flush()
        install_chromium()
    found = find_chromium()
    sys.stdout.write(f"Chromium: {found}\n" if found else SENTENCE + "\n")
    sys.exit(0 if found else 1)


if __name__ == "__main__":
    main()
