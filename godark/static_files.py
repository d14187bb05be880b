"""Static files served by the site itself: whitenoise, without a thread hop for the rest."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


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
        return super().__call__(request)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do the same on the event loop; only a file is read in a thread."""
        if not request.path_info.startswith(self.static_prefix):
            return await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        find = self.find_file if self.autorefresh else self.files.get
        static_file = await sync_to_async(find)(request.path_info)
        if static_file is None:
            return await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        response = await sync_to_async(self.serve)(static_file, request)
        response.streaming_content = _in_threads(iter(response.streaming_content))
        return cast("HttpResponseBase", response)


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks of a file, each read in a thread."""
    while (chunk := await sync_to_async(lambda: next(chunks, None))()) is not None:
        yield chunk
