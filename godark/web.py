"""The web server: daphne, with bodies refused by their head and sockets written to directly.

Run as `python -m godark.web -b HOST -p PORT godark.asgi:application`; the options are daphne's.
Twisted, under daphne, takes a body whole before anybody may look at it, and parses every form
that daphne then never asks for: 20 MB held the process for seconds. Here a body that is too large,
or of unknown length, is never kept: the application gets the request without it and refuses it as
ever (`godark.middleware`), whoever still sends is listened to for a moment so that they can read
the answer, and then cut off.

A socket's scope holds its wire under the extension `godark.wire` (what that is says
`trading.consumers.wire`), and a close carries its reason.
"""

import gc
import os
import sys
from http import HTTPStatus
from typing import Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from twisted.internet.protocol import connectionDone
from twisted.web.http import RESPONSES, HTTPChannel

from godark.reading import serve_here

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")
os.environ.setdefault("GODARK_CONNECTION_SECONDS", "600")
LINGER_SECONDS = 2
# Twice what the application answers with a reason; beyond that nothing is even read.
LARGEST_FRAME_BYTES = 128 * 1024
MOST_WAITING_FRAMES = 1_000
CLOSED_AS_TOO_FAST = 4429
# A look through the youngest objects after so many new ones; through older ones seldom.
GARBAGE = (20_000, 20, 20)
# Twisted knows no phrase for 429, 451 and other statuses of this century.
RESPONSES.update({status.value: status.phrase.encode() for status in HTTPStatus})


class VenueRequest(WebRequest):  # type: ignore[misc]  # daphne ships no types
    """A request whose form is Django's alone to parse."""

    def __init__(self, channel: Any, queued: Any = False) -> None:  # noqa: FBT002 - Twisted's signature
        super().__init__(channel, queued, parsePOSTFormSubmission=False)


class VenueChannel(HTTPChannel):
    """A connection on which a body beyond the limit is passed over, and then the end is near."""

    transport: Any
    callLater: Any
    passes_over = False
    cutting_off: Any = None

    def allHeadersReceived(self) -> None:
        """Decide by the head whether the body will be kept."""
        if self.length is None or self.length > settings.MAX_BODY_BYTES:
            self.passes_over, self.length = True, 0
            request = self.requests[-1]
            request.requestHeaders.removeHeader(b"expect")  # nobody is told to go on
            request.responseHeaders.setRawHeaders(b"connection", [b"close"])
        super().allHeadersReceived()  # type: ignore[no-untyped-call]  # Twisted has no types for it
        if self.passes_over:
            self.persistent = False

    def rawDataReceived(self, data: bytes) -> None:
        """Drop what belongs to a body that is passed over."""
        if not self.passes_over:
            super().rawDataReceived(data)

    def loseConnection(self) -> None:
        """Close; where somebody may still be sending, say so first and read on for a moment.

        Closed at once, the kernel answers what is under way with a reset, and the client never
        reads why it was refused.
        """
        if not self.passes_over:
            super().loseConnection()  # type: ignore[no-untyped-call]  # Twisted has no types for it
        elif self.cutting_off is None:
            self.setTimeout(None)  # type: ignore[no-untyped-call]  # Twisted has no types for it
            self._networkProducer.unregisterProducer()
            self.transport.loseWriteConnection()
            self.cutting_off = self.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Forget the cutting off of whoever has gone."""
        if self.cutting_off is not None and self.cutting_off.active():
            self.cutting_off.cancel()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted has no types for it


class VenueHTTPFactory(HTTPFactory):  # type: ignore[misc]  # daphne ships no types
    """Makes our connections."""

    protocol = VenueChannel

    def buildProtocol(self, addr: Any) -> Any:
        """Return a connection; daphne names its own kind of request in passing."""
        channel = super().buildProtocol(addr)
        channel.requestFactory = VenueRequest
        return channel


class DirectWire:
    """A socket's connection, to which frames are written as they are."""

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol

    def write(self, frames: Any) -> None:
        """Send frames: at once where nothing waits before them, else behind it."""
        if self._protocol.state != WebSocketProtocol.STATE_OPEN:
            return
        transport, data = self._protocol.transport, frames.on_the_wire()
        if self.unsent_bytes():
            transport.write(data)
            return
        sent = transport.writeSomeData(data)
        if not isinstance(sent, int):
            transport.abortConnection()
        elif sent < len(data):
            transport.write(data[sent:])

    def unsent_bytes(self) -> int:
        """Return how much the kernel has not taken, because the other side does not read."""
        transport = self._protocol.transport
        if transport is None:
            return 0
        waiting: int = transport._tempDataLen  # noqa: SLF001 - Twisted tells no other way
        behind: int = transport.offset
        return len(transport.dataBuffer) - behind + waiting

    def close(self, code: int, reason: str) -> None:
        """End, saying why; autobahn cuts off whoever does not answer that within a second."""
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.sendClose(code=code, reason=reason)


class VenueSocketProtocol(WebSocketProtocol):  # type: ignore[misc]  # daphne ships no types
    """A socket that says why it closes, and keeps a bounded number of frames waiting."""

    def onMessage(self, payload: bytes, isBinary: Any) -> None:  # noqa: N803 - autobahn's signature
        """Let a frame wait for its answer; close where too many do."""
        if self.application_queue.qsize() < MOST_WAITING_FRAMES:
            super().onMessage(payload, isBinary)
        elif self.state == self.STATE_OPEN:
            self.sendClose(code=CLOSED_AS_TOO_FAST, reason="Too many frames wait for an answer.")

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Do what the application says."""
        if message.get("type") == "websocket.close" and self.state == self.STATE_OPEN:
            self.sendClose(code=message.get("code") or 1000, reason=message.get("reason"))
            return
        super().handle_reply(message)


class VenueSocketFactory(WebSocketFactory):  # type: ignore[misc]  # daphne ships no types
    """Makes our sockets; a frame beyond the largest is refused by its head, with a reason."""

    protocol = VenueSocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:
        """Take daphne's options, and ours."""
        ours = dict.fromkeys(("maxFramePayloadSize", "maxMessagePayloadSize"), LARGEST_FRAME_BYTES)
        super().setProtocolOptions(**options | ours | {"failByDrop": False})


class VenueServer(daphne.server.Server):  # type: ignore[misc]  # daphne ships no types
    """Daphne's server, which gives each socket its wire."""

    def run(self) -> None:
        """Serve; what was made until now stays, so nobody looks through it for garbage."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        super().run()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Serve a request or a socket."""
        serve_here()
        if scope["type"] == "websocket":
            scope.setdefault("extensions", {})["godark.wire"] = DirectWire(protocol)
        return super().create_application(protocol, scope)


class VenueCommandLine(CommandLineInterface):  # type: ignore[misc]  # daphne ships no types
    """Daphne's command line for our server."""

    server_class = VenueServer


# Daphne's server takes the factories by these names and has no other door for them.
daphne.server.HTTPFactory = VenueHTTPFactory
daphne.server.WebSocketFactory = VenueSocketFactory

if __name__ == "__main__":
    try:
        VenueCommandLine.entrypoint()
    except ImproperlyConfigured as error:
        sys.exit(f"GoDark does not start: {error}")
