"""The web server: daphne, with bodies that are refused by their head.

Run as `python -m godark.web -b HOST -p PORT godark.asgi:application`; the options are daphne's.
Twisted, under daphne, takes a body whole before anybody may look at it, and parses every form
that daphne then never asks for: 20 MB held the process for seconds. Here a body that is too large,
or of unknown length, is never kept: the application gets the request without it and refuses it as
ever (`godark.middleware`), whoever still sends is listened to for a moment so that they can read
the answer, and then cut off.
"""

import os
from typing import Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")
LINGER_SECONDS = 2


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


# Daphne's server takes the factory by this name and has no other door for it.
daphne.server.HTTPFactory = VenueHTTPFactory

if __name__ == "__main__":
    CommandLineInterface.entrypoint()
