"""The web's requests stay on the event loop, and share a few threads where they must leave it."""

import asyncio
import threading
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.utils.log import log_response
from django.utils.module_loading import import_string

from godark.counting import limiter
from godark.on_the_loop import LANES, STAND_INS, SiteHandler

COMMUNICATOR: Any = ApplicationCommunicator  # it has no types


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-length", b"0")],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }


def test_each_stand_in_is_the_middleware_that_it_stands_for() -> None:
    for name, stand_in in STAND_INS.items():
        assert name in settings.MIDDLEWARE
        assert issubclass(stand_in, import_string(name))


def test_the_settings_keep_the_names_that_djangos_checks_look_for() -> None:
    before = list(settings.MIDDLEWARE)
    SiteHandler()
    assert before == settings.MIDDLEWARE


@pytest.mark.django_db
def test_an_order_at_the_door_passes_every_middleware_without_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = SiteHandler()
    hops: list[object] = []
    crossing = SyncToAsync.__call__

    def crossed(self: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(self.func)
        return crossing(self, *args, **kwargs)

    async def ask() -> int:
        monkeypatch.setattr(SyncToAsync, "__call__", crossed)
        scope = scope_of("POST", "/api/v1/orders")
        scope["headers"].append((b"authorization", b"Bearer nobody"))
        response = await handler.get_response_async(ASGIRequest(scope, BytesIO()))
        await limiter.close()
        return int(response.status_code)

    assert asyncio.run(ask()) == 401
    assert hops == [log_response]  # which Django does in a thread, for what fails


def test_any_number_of_requests_share_a_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = SiteHandler()
    seen: set[int] = set()

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.add(await sync_to_async(threading.get_ident)())

    monkeypatch.setattr(handler, "handle", look)

    async def ask_all() -> None:
        crowd = [handler(scope_of("GET", "/health"), no_message, no_message) for _ in range(200)]
        await asyncio.gather(*crowd)

    asyncio.run(ask_all())
    assert 1 < len(seen) <= LANES
    assert all(lane.requests == 0 for lane in handler.lanes)


async def no_message(*_: Any) -> Any:
    return {"type": "http.disconnect"}


@pytest.mark.django_db
def test_a_page_is_served_as_ever() -> None:
    async def ask() -> list[Any]:
        communicator: Any = COMMUNICATOR(SiteHandler(), scope_of("GET", "/health"))
        await communicator.send_input({"type": "http.request", "body": b""})
        answered = [await communicator.receive_output(timeout=30) for _ in range(2)]
        await communicator.wait(timeout=30)
        return answered

    start, body = asyncio.run(ask())
    assert start["status"] == 200
    assert body["type"] == "http.response.body"
