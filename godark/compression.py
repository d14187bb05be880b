"""Which answers are sent compressed: lists that are the same for everybody, and one large page.

Where a body holds a secret beside something that an attacker chooses, its compressed length tells
the secret letter by letter (BREACH). So compression is by a table of addresses whose answers hold
no secret, no session and nothing of the one who asks, and pages, which carry form tokens, are not
in it. Nothing dark is in a public list either: its length tells no more than the list itself.

The terminal is the one page that is: it is large, it shows nothing of its query, headers or body
(a test asks), its figures come by script, and its form tokens are masked anew in every answer, so
that there is nothing to be guessed twice.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from godark.logs import route_of
from godark.middleware import Middleware, SiteRequest

OK = 200
PUBLIC_ROUTES = frozenset(
    {
        "api/schema/",
        "api/v1/markets",
        "api/v1/markets/<str:symbol>/candles",
        "api/v1/markets/<str:symbol>/funding",
        "api/v1/markets/<str:symbol>/liquidations",
        "api/v1/markets/<str:symbol>/reference",
        "api/v1/markets/<str:symbol>/trades",
        "api/v1/settlement/batches",
        "api/v1/status",
    }
)
TERMINAL_ROUTE = "trade/<str:symbol>"


class CompressionMiddleware(Middleware):
    """Compresses what is public, for whoever takes gzip."""

    gzip = GZipMiddleware(lambda _request: HttpResponse())

    def after(self, request: SiteRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer, compressed where that is shorter and may be."""
        if may_be_compressed(request, response):
            return self.gzip.process_response(request, response)
        return response


def may_be_compressed(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Tell whether an answer is one that everybody gets, and sets nothing for the one who asks.

    The terminal may set its form token: a cookie is in the head, which is not compressed.
    """
    if request.method != "GET" or response.status_code != OK:
        return False
    route = route_of(request)
    return route == TERMINAL_ROUTE or (route in PUBLIC_ROUTES and not response.cookies)
