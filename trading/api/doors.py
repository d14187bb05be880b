"""What all doors of trading share: who trades, how fast, and how an answer is written down.

Each door asks one service or selector. The order of the checks is the same at all of them: who
asks, whether their key may do this, and how fast they are (before the view is called), whether
compliance lets them (`enter`), the shape of the body, and then the service.
"""

from collections.abc import Sequence
from http import HTTPStatus
from inspect import isawaitable
from typing import Any, cast

from adrf.views import APIView as AsyncAPIView
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import MayRead, MayReadOrTrade
from accounts.services.callers import Caller
from compliance import gate
from godark import counting
from godark.errors import Code, Failure
from godark.limits import Kind
from trading.services.order_entry import Answer
from trading.services.traders import Trader


def caller_of(request: Request) -> Caller:
    """Return who asks; the permission of every private door has made sure that there is one."""
    return cast("Caller", request.auth)


class ReadingDoor(APIView):
    """A door behind which an account's rows are read."""

    permission_classes = (MayRead,)


class TradingDoor(AsyncAPIView):  # type: ignore[misc] # adrf ships no types
    """A door behind which the engine is asked. Nothing here leaves the event loop by itself."""

    permission_classes = (MayReadOrTrade,)

    async def async_dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Do what adrf's does, but check on the event loop: no check of ours blocks."""
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(self.request, *args, **kwargs)
            wanted = (request.method or "").lower()
            known = wanted if wanted in self.http_method_names else ""
            handler: Any = getattr(self, known, self.http_method_not_allowed)
            response = handler(self.request, *args, **kwargs)
            if isawaitable(response):  # REST framework's own OPTIONS is not
                response = await response
        except Exception as error:  # noqa: BLE001 - REST framework's handler raises what it does not know
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return rendered(self.response)

    async def enter(self, request: Request) -> Trader:
        """Return who trades, with what compliance says of them."""
        caller = caller_of(request)
        refusal = await gate.may_trade_async(caller.account_id)
        return Trader(
            account_id=caller.account_id,
            allowance=caller.allowance,
            refusal=None if refusal is None else refusal.failure,
        )


def rendered(response: HttpResponseBase) -> HttpResponseBase:
    """Return an answer ready to be sent; what is not rendered yet, Django renders in a thread."""
    if not isinstance(response, Response):
        return response
    ready = HttpResponse(response.render().content, status=response.status_code)
    ready.headers = response.headers
    return ready


async def spend(request: Request, kind: Kind, *, cost: int) -> None:
    """Take more tokens for a request that asks for several things at once."""
    if cost > 0:
        of_django = request._request  # noqa: SLF001 - REST framework's own way to Django's
        await sync_to_async(counting.spend)(of_django, kind, cost=cost)


def written(answer: Answer) -> Response:
    """Return an answer as HTTP writes it."""
    return Response(answer.body, status=answer.status)


def written_each(answers: Sequence[Answer | Failure]) -> Response:
    """Return the answers to a batch, in their order: objects and failures."""
    return Response({"results": [answer.body for answer in answers]}, status=HTTPStatus.OK)


def data_of(request: Request) -> Any:
    """Return what the body says; no body is an empty object, and `null` is none."""
    data: Any = request.data
    if data is None:
        raise Failure(Code.VALIDATION_ERROR, "The body is a JSON object.")
    return data
