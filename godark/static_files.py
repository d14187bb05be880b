"""Static files served by the site itself: whitenoise, without a thread hop for the rest.

In production they are named by their contents and compressed when they are built, scripts'
imports of each other included. In development nothing is built: each is read anew and compressed
when it is asked for, so that what is edited while the site runs arrives whole.
"""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMPRESSED_TYPES = ("text/", "image/svg+xml", "application/json", "application/javascript")
LEVEL = 9
MOST_KEPT = 256


class BuiltStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # it has no types
    """What production serves; a module imports the others by the names that pages preload."""

    support_js_module_import_aggregation = True


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc] # it has no types
    """Whitenoise for both kinds of server.

    Its own middleware is sync only: under ASGI every request, of the API too, would cross
    into a thread and back.
    """

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        """Register a folder of files; one that is not built yet is simply empty."""
        if Path(root).is_dir():
            super().add_files(root, prefix=prefix)

    def __call__(self, request: HttpRequest) -> Any:
        """Answer with a file, or ask further in."""
        if iscoroutinefunction(self):
            return self.__acall__(request)
        return self.file_for(request) or self.get_response(request)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do the same on the event loop; only a file is read in a thread."""
        if not request.path_info.startswith(self.static_prefix):
            return await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        response = await sync_to_async(self.file_for)(request)
        if response is None:
            return await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        if response.streaming:
            response.streaming_content = _in_threads(iter(response.streaming_content))
        return cast("HttpResponseBase", response)

    def file_for(self, request: HttpRequest) -> Any:
        """Return the answer with the file that is asked for; None where there is none."""
        find = self.find_file if self.autorefresh else self.files.get
        static_file = find(request.path_info)
        if static_file is None:
            return None
        if self.autorefresh:
            return read_whole(request, static_file)
        return self.serve(static_file, request)


def read_whole(request: HttpRequest, static_file: Any) -> HttpResponse:
    """Return a file's answer with its bytes in hand, compressed for whoever takes gzip.

    Its length is that of what is sent, whatever was written to the file since it was looked up.
    """
    found = static_file.get_response(request.method, request.META)
    headers, body = dict(found.headers), b""
    if found.file is not None:
        with found.file as file:
            body = file.read()
        if found.status == HTTPStatus.OK and headers["Content-Type"].startswith(COMPRESSED_TYPES):
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                body = compressed(body)
        headers["Content-Length"] = str(len(body))
    return HttpResponse(body, status=found.status, headers=headers)


@lru_cache(maxsize=MOST_KEPT)
def compressed(body: bytes) -> bytes:
    """Return the bytes of a file, compressed."""
    return gzip.compress(body, LEVEL, mtime=0)


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks of a file, each read in a thread."""
    while (chunk := await sync_to_async(lambda: next(chunks, None))()) is not None:
        yield chunk
