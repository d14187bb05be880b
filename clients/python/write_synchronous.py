"""Write the synchronous client from the asynchronous one, word by word.

Run: `python clients/python/write_synchronous.py`. A test compares the two, so that neither is
ever changed alone.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "godark_client"
WORDS = (
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\basyncio\b", "time"),
    (r"\bhttpx\.AsyncClient\b", "httpx.Client"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAwaitable, ", ""),
    (r"for result in page\.results:\s+yield result", "yield from page.results"),
    (r"\bAwaitable\[(Page\[T\])\]", r"\1"),
    (r"\bAsync([A-Z]\w+)", r"\1"),
    (r"\b(self\.)?aclose\b", r"\1close"),
    (r"\bself\._http\.close\b", "self._http.close"),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"\bgodark_client\.asynchronous\b", "godark_client.synchronous"),
    (r"\bThe asynchronous client\b", "The synchronous client"),
)


def written() -> Iterator[tuple[Path, str]]:
    """Yield each file of the synchronous client and what it holds."""
    for source in sorted((PACKAGE / "asynchronous").glob("*.py")):
        text = source.read_text(encoding="utf-8")
        if source.name == "__init__.py":
            text = '"""The synchronous client, written by `write_synchronous.py`."""\n'
        for pattern, word in WORDS:
            text = re.sub(pattern, word, text)
        target = PACKAGE / "synchronous" / source.name
        for tool in (("check", "--fix", "--quiet", "--select", "I"), ("format", "--quiet")):
            text = _through(*tool, "--stdin-filename", str(target), "-", text=text)
        yield target, text


def _through(*words: str, text: str) -> str:
    """Return a text as ruff puts it in order."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *words],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    for path, text in written():
        path.write_text(text, encoding="utf-8")
