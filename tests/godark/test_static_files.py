"""How static files are sent: whole, and compressed for whoever takes it; and how they are built."""

import gzip
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.test import AsyncClient, Client
from pytest_django import Settings

from godark.static_files import BuiltStaticFiles

SCRIPT = "/static/js/trade/trade.js"
TAKES_GZIP = {"Accept-Encoding": "gzip, deflate, br"}
IMPORTED = re.compile(rb'(?:from|^import) "(\.[^"]+)"', re.MULTILINE)

# What is past the files looks whether somebody is logged in.
pytestmark = pytest.mark.django_db


def test_a_script_is_compressed_for_whoever_takes_it(client: Client) -> None:
    plain, short = client.get(SCRIPT), client.get(SCRIPT, headers=TAKES_GZIP)
    assert "Content-Encoding" not in plain.headers
    assert short.headers["Content-Encoding"] == "gzip"
    for answer in (plain, short):
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert gzip.decompress(short.content) == plain.content
    assert plain.content == (settings.BASE_DIR / SCRIPT.removeprefix("/")).read_bytes()


async def test_on_the_event_loop_too() -> None:
    answer = await AsyncClient().get(SCRIPT, headers=TAKES_GZIP)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert gzip.decompress(answer.content).startswith(b"// The terminal")


def test_what_is_compressed_already_is_sent_as_it_is(client: Client) -> None:
    answer = client.get("/static/fonts/mona-sans-latin.woff2", headers=TAKES_GZIP)
    assert "Content-Encoding" not in answer.headers
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_file_that_grew_while_the_site_runs_arrives_whole(
    client: Client, tmp_path: Path, settings: Settings
) -> None:
    settings.STATICFILES_DIRS = [tmp_path]
    script = tmp_path / "one.js"
    for text in ("1;\n", "1;\n" * 999):
        script.write_text(text, encoding="utf-8")
        answer = client.get("/static/one.js", headers=TAKES_GZIP)
        assert gzip.decompress(answer.content).decode() == text


def test_part_of_a_file_and_its_head_alone_may_be_asked_for(client: Client) -> None:
    part = client.get(SCRIPT, headers={**TAKES_GZIP, "Range": "bytes=0-1"})
    assert part.status_code == HTTPStatus.PARTIAL_CONTENT
    assert b"".join(part) == b"//"
    assert client.head(SCRIPT, headers=TAKES_GZIP).status_code == HTTPStatus.OK
    tag = client.get(SCRIPT).headers["ETag"]
    again = client.get(SCRIPT, headers={"If-None-Match": tag})
    assert again.status_code == HTTPStatus.NOT_MODIFIED


def test_what_is_built_is_compressed_and_imports_what_is_preloaded(tmp_path: Path) -> None:
    source = FileSystemStorage(location=settings.STATICFILES_DIRS[0])
    paths = [path.relative_to(source.location) for path in Path(source.location).rglob("*.*")]
    built = BuiltStaticFiles(location=tmp_path)
    for path in paths:
        with source.open(str(path)) as file:
            built.save(str(path), file)
    list(built.post_process({str(path): (source, str(path)) for path in paths}))
    trade = built.hashed_files["js/trade/trade.js"]
    to_see, seen = [tmp_path / trade], set[Path]()
    while to_see:
        module = to_see.pop()
        seen.add(module)
        packed = module.with_name(module.name + ".gz")
        assert not packed.exists() or gzip.decompress(packed.read_bytes()) == module.read_bytes()
        imported = {
            (module.parent / name.decode()).resolve()
            for name in IMPORTED.findall(module.read_bytes())
        }
        to_see += imported - seen
    names = {str(path.relative_to(tmp_path)) for path in seen}
    assert names <= set(built.hashed_files.values())
    assert len(names) > 25


async def test_what_is_built_is_sent_compressed_and_whole(
    tmp_path: Path, settings: Settings
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    script = b"export const one = 1;\n" * 9_999
    (tmp_path / "one.0123456789ab.js").write_bytes(script)
    (tmp_path / "one.0123456789ab.js.gz").write_bytes(gzip.compress(script))
    answer = await AsyncClient().get("/static/one.0123456789ab.js", headers=TAKES_GZIP)
    body = b"".join([chunk async for chunk in cast("Any", answer)])
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(body) < 2_000
    assert gzip.decompress(body) == script
