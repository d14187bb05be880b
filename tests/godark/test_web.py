"""What the web server does with bodies before any of our code sees them, over real sockets."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.live_site import LiveSite

FORM = "application/x-www-form-urlencoded"
LARGE = 20 * 1024 * 1024
PIECE = b"a&" * 32 * 1024


def head(site: LiveSite, path: str, *lines: str) -> bytes:
    host = urlsplit(site.url).netloc
    told = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Type: {FORM}", *lines, "", ""]
    return "\r\n".join(told).encode()


@contextmanager
def wire_to(site: LiveSite) -> Iterator[socket.socket]:
    where = urlsplit(site.url)
    with socket.create_connection((where.hostname, where.port), timeout=30) as wire:
        yield wire


def read_to_the_end(wire: socket.socket) -> bytes:
    said = b""
    while piece := wire.recv(65_536):
        said += piece
    return said


def code_of(said: bytes) -> str:
    return str(json.loads(said[said.index(b"{") : said.rindex(b"}") + 1])["code"])


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (f"Content-Length: {LARGE}", b"413", "PAYLOAD_TOO_LARGE"),
        (f"Content-Length: {'9' * 30}", b"413", "PAYLOAD_TOO_LARGE"),
        ("Transfer-Encoding: chunked", b"400", "VALIDATION_ERROR"),
    ],
)
def test_a_body_is_refused_by_its_head_before_a_byte_of_it_has_come(
    live_site: LiveSite, line: str, status: bytes, code: str
) -> None:
    with wire_to(live_site) as wire:
        wire.sendall(head(live_site, "/api/v1/time", line, "Expect: 100-continue"))
        said = read_to_the_end(wire)
    assert said.split(b" ", 2)[1] == status  # and no 100 before it
    assert b"connection: close" in said.lower()
    assert b"x-request-id: " in said.lower()
    assert b"x-ratelimit-used: " in said.lower()
    assert code_of(said) == code


def test_whoever_sends_all_of_it_nevertheless_reads_the_refusal(live_site: LiveSite) -> None:
    with wire_to(live_site) as wire:
        wire.sendall(head(live_site, "/api/v1/time", f"Content-Length: {LARGE}"))
        for _ in range(LARGE // len(PIECE)):
            wire.sendall(PIECE)
        assert code_of(read_to_the_end(wire)) == "PAYLOAD_TOO_LARGE"


def test_whoever_sends_without_end_is_cut_off(live_site: LiveSite) -> None:
    deadline = time.monotonic() + 30
    with wire_to(live_site) as wire:
        wire.sendall(head(live_site, "/api/v1/time", "Transfer-Encoding: chunked"))
        with suppress(ConnectionError):
            while time.monotonic() < deadline:
                wire.sendall(PIECE)
    assert time.monotonic() < deadline


def test_a_page_goes_on_answering_while_large_forms_arrive(live_site: LiveSite) -> None:
    """Sixteen forms of the largest size that is taken: what Twisted would parse for seconds."""
    done = Event()

    def press() -> None:
        size = settings.MAX_BODY_BYTES // len(PIECE) * len(PIECE)
        for _ in range(8):
            with wire_to(live_site) as wire:
                line = f"Content-Length: {size}"
                wire.sendall(head(live_site, "/nothing", line, "Connection: close"))
                wire.sendall(PIECE * (size // len(PIECE)))
                assert read_to_the_end(wire).startswith(b"HTTP/1.1 404")
        done.set()

    pressing = Thread(target=press)
    pressing.start()
    seconds: list[float] = []
    while not done.is_set() and pressing.is_alive():
        began = time.monotonic()
        with wire_to(live_site) as wire:
            host = urlsplit(live_site.url).netloc
            wire.sendall(
                f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            assert read_to_the_end(wire).startswith(b"HTTP/1.1 200")
        seconds.append(time.monotonic() - began)
    pressing.join()
    assert done.is_set()
    # Half of them: a loaded machine holds one up, a parser holds up nearly all.
    assert median(seconds) < 0.6
