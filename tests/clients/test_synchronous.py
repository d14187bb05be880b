"""The synchronous client is the asynchronous one, word by word."""

import importlib.util
from pathlib import Path

WRITER = Path(__file__).resolve().parents[2] / "clients" / "python" / "write_synchronous.py"


def test_the_synchronous_client_is_what_its_writer_writes() -> None:
    spec = importlib.util.spec_from_file_location("write_synchronous", WRITER)
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    files = list(writer.written())
    assert len(files) > 5
    changed = [path.name for path, text in files if path.read_text(encoding="utf-8") != text]
    assert not changed, "Run python clients/python/write_synchronous.py."
