"""The door for HTTP and WebSocket, served by daphne."""

import os
from typing import Any, cast
from urllib.parse import ParseResult

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")
django.setup(set_prefix=False)

from godark.on_the_loop import SiteHandler  # noqa: E402 - models exist only from here on
from trading.consumers import socket  # noqa: E402 - the same


class BrowserOrigin(OriginValidator):
    """Refuses sockets that a page of another site opens with our user's cookie.

    Only browsers send an origin, and they always do; whoever sends none is a program and
    brings no cookie that it does not own.
    """

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        """Tell whether a socket may be opened from there."""
        return parsed_origin is None or bool(super().valid_origin(parsed_origin))


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a socket at an address that has none."""
    await WebsocketDenier()(scope, receive, send)


def at_the_root(served: Any) -> Any:
    """Serve from the root only: daphne takes a root path from any client's header (I71)."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await served({**scope, "root_path": ""}, receive, send)

    return serve


routes: list[Any] = [
    path("v1/ws", cast("Any", socket.serve)),
    re_path("", cast("Any", refuse)),
]
sockets = URLRouter(routes)
application = at_the_root(
    ProtocolTypeRouter(
        {
            "http": cast("Any", SiteHandler()),
            "websocket": BrowserOrigin(
                sockets, [*settings.ALLOWED_HOSTS, *settings.CSRF_TRUSTED_ORIGINS]
            ),
        }
    )
)
