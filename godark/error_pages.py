"""What an address answers when no view does: JSON under /api/, a page elsewhere.

Django calls these for unmatched addresses, refused hosts, bodies and tokens, and for every
exception that nobody caught. They read nothing but the request's path.
"""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from django.views.decorators.csrf import csrf_exempt

from godark.errors import UNEXPECTED, Code, Failure, failure_of

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django finds suspicious (host, body, headers)."""
    failure = failure_of(exception) or Failure(
        Code.VALIDATION_ERROR, "The request is not one that this site understands."
    )
    return answer(request, failure)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer somebody who may not do this."""
    return answer(request, Failure(Code.PERMISSION_DENIED, "You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a form or call without its CSRF token."""
    return answer(
        request,
        Failure(
            Code.PERMISSION_DENIED,
            "The page was open for too long or was not ours (CSRF); reload it and try again.",
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer an address at which nothing is."""
    return answer(request, Failure(Code.NOT_FOUND, "There is no such address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that no view caught; Django has logged it."""
    return answer(request, failure_of(sys.exc_info()[1]) or UNEXPECTED)


@csrf_exempt
def unmatched(request: HttpRequest) -> HttpResponse:
    """Answer every address under /api/ at which nothing is, whatever the method."""
    return answer(request, Failure(Code.NOT_FOUND, "There is no such address in the API."))


def answer(request: HttpRequest, failure: Failure) -> HttpResponse:
    """Return the failure as JSON under /api/, else as the page of its status."""
    status = failure.code.status
    if request.path.startswith(API_PREFIX):
        return JsonResponse(failure.body, status=status, headers=failure.headers)
    return HttpResponse(_page(request, failure), status=status, headers=failure.headers)


def _page(request: HttpRequest, failure: Failure) -> str:
    """Return the page of a status; 400.html and so on, or the plain sentence without one."""
    try:
        template = loader.get_template(f"{failure.code.status}.html")
    except TemplateDoesNotExist:
        return f"<!doctype html><title>{failure.code.status}</title><p>{failure.detail}</p>"
    # A page about a broken venue asks nothing of it, not even who is looking.
    asks = failure.code.status < Code.INTERNAL_ERROR.status
    return template.render({"failure": failure}, request if asks else None)
