"""The one shape of every failure that the site answers, and its stable codes."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler


def answer_failure(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to a failed request."""
    return exception_handler(error, context)
