"""Requests on the event loop, and the few threads that they share where they must leave it.

Django's own middlewares cross into a thread and back before and after each request, though for the
API's requests they only look at headers; and Django gives every request a thread, and so a database
connection, of its own. Here the first stay on the loop, and the second are lanes that stand as long
as the process. What is not here: our own middlewares (`godark.middleware`), which never leave it.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import Any, Final, cast

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import set_script_prefix

from godark.error_pages import API_PREFIX

LANES: Final = 16
"""Threads with a connection each; many more requests than these may wait for the engine."""

WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class OnTheLoop:
    """Mixed into a middleware of Django's: requests to the API pass it without a thread."""

    get_response: Callable[[HttpRequest], Any]

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Look before and after; only a session that must be written leaves the loop."""
        if not request.path.startswith(API_PREFIX):
            passed: HttpResponseBase = await super().__acall__(request)  # type: ignore[misc] # Django's
            return passed
        before: Any = getattr(self, "process_request", None)
        response: HttpResponseBase | None = None if before is None else before(request)
        found: HttpResponseBase = response or await self.get_response(request)
        after: Any = getattr(self, "process_response", None)
        if after is None:
            return found
        if hasattr(request, "session") and request.session.modified:
            found = await sync_to_async(after)(request, found)
        else:
            found = after(request, found)
        return found


class Security(OnTheLoop, SecurityMiddleware):
    """Django's, on the loop."""


class Sessions(OnTheLoop, SessionMiddleware):
    """Django's, on the loop; nothing is read before somebody asks who it is."""


class Authentication(OnTheLoop, AuthenticationMiddleware):
    """Django's, on the loop."""


class Common(OnTheLoop, CommonMiddleware):
    """Django's, on the loop."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Look for another address for pages only: the API's are as they are."""
        is_page = not request.path.startswith(API_PREFIX)
        return is_page and super().should_redirect_with_slash(request)


class Csrf(OnTheLoop, CsrfViewMiddleware):
    """Django's, on the loop."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self._look_on_the_loop  # type: ignore[assignment] # as Django allows

    async def _look_on_the_loop(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        look = super().process_view
        if request.path.startswith(API_PREFIX):
            return look(request, view, args, kwargs)
        return await sync_to_async(look)(request, view, args, kwargs)


class Messages(OnTheLoop, MessageMiddleware):
    """Django's, on the loop."""


class Framing(OnTheLoop, XFrameOptionsMiddleware):
    """Django's, on the loop."""


STAND_INS: Final = {
    "django.middleware.security.SecurityMiddleware": Security,
    "django.contrib.sessions.middleware.SessionMiddleware": Sessions,
    "django.contrib.auth.middleware.AuthenticationMiddleware": Authentication,
    "django.middleware.common.CommonMiddleware": Common,
    "django.middleware.csrf.CsrfViewMiddleware": Csrf,
    "django.contrib.messages.middleware.MessageMiddleware": Messages,
    "django.middleware.clickjacking.XFrameOptionsMiddleware": Framing,
}


class LaneThread(ThreadPoolExecutor):
    """The thread of a lane, which counts what it was asked to do."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.asked = 0

    def submit(self, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do something in the thread."""
        self.asked += 1
        return super().submit(*args, **kwargs)


class Lane:
    """A thread that requests share, one after the other, with its own database connection."""

    def __init__(self) -> None:
        self.context = ThreadSensitiveContext()
        self.requests = 0
        self._thread = LaneThread()
        self._asked_before = 0
        # asgiref looks here for the thread of a context, and would make one of its own.
        SyncToAsync.context_to_thread_executor[self.context] = self._thread

    async def leave(self, response: HttpResponseBase) -> None:
        """End a request: as Django does, in the thread, where anybody has left the loop for it."""
        if self._thread.asked == self._asked_before:
            return
        await sync_to_async(response.close)()
        self._asked_before = self._thread.asked


class SiteHandler(ASGIHandler):
    """Django's handler with our stand-ins and lanes."""

    def __init__(self) -> None:
        super().__init__()
        # At the end of each request its thread does the same; before it, that costs a hop.
        request_started.disconnect(close_old_connections)
        request_started.disconnect(reset_queries)
        self.lanes = [Lane() for _ in range(LANES)]

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Load the list of the settings, which Django's checks read, with our stand-ins."""
        names = settings.MIDDLEWARE
        settings.MIDDLEWARE = [
            path_of(STAND_INS[name]) if name in STAND_INS else name for name in names
        ]
        try:
            super().load_middleware(is_async=is_async)
        finally:
            settings.MIDDLEWARE = names

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request in the lane that has the fewest."""
        lane = min(self.lanes, key=lambda one: one.requests)
        lane.requests += 1
        token = SyncToAsync.thread_sensitive_context.set(lane.context)
        try:
            if scope["method"] in WRITING and scope["path"].startswith(API_PREFIX):
                await self._write(lane, scope, receive, send)
            else:
                await self.handle(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            lane.requests -= 1

    async def _write(self, lane: Lane, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request that may write: to its end, whether or not its client waits for it.

        Django's way has two tasks more, of which one listens whether the client has gone; its
        answers may be endless streams, which none of these is.
        """
        try:
            body = await self._body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        request, refusal = self.create_request(scope, body)
        response = refusal or await self.run_get_response(cast("HttpRequest", request))
        await self.send_response(response, send)
        await lane.leave(response)

    async def _body(self, receive: Any) -> BytesIO:
        """Return the body, which the server has bounded."""
        body = BytesIO()
        is_more = True
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            body.write(message.get("body", b""))
            is_more = message.get("more_body", False)
        body.seek(0)
        return body


def path_of(kind: type) -> str:
    """Return how a class is imported."""
    return f"{kind.__module__}.{kind.__qualname__}"
