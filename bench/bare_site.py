"""The baseline of REST: Django under daphne with one async view and nothing else.

Run: `python -m daphne -p PORT bench.bare_site:application`.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="none is needed",  # noqa: S106 - it guards nothing
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[],
)


async def bare(request: HttpRequest) -> HttpResponse:
    """Answer a few bytes."""
    del request
    return HttpResponse(b'{"is": "bare"}', content_type="application/json")


urlpatterns = [path("bare", bare)]

from django.core.asgi import get_asgi_application  # noqa: E402 - the settings come first

application = get_asgi_application()
