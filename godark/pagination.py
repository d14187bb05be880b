"""How every list of the API is cut into pages: newest first, by an opaque cursor."""

import re
from typing import Any, Final

from django.core import signing
from django.core.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.errors import Code, Failure

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 500
LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def limit_of(request: Request) -> int:
    """Return how many rows the caller asked for; refuse what is no number from 1 to the largest."""
    asked = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not LIMIT.fullmatch(asked) or int(asked) > LARGEST_LIMIT:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"limit is a whole number from 1 to {LARGEST_LIMIT}.",
            field="limit",
        )
    return int(asked)


class CursorPage(CursorPagination):
    """A page `{"results": [...], "next": cursor | null}`; a subclass may set `ordering`.

    Cursors are signed, so that a forged position never reaches the database. The first
    name of `ordering` must be indexed, unchanging and nearly unique.
    """

    ordering: str | tuple[str, ...] = ("-created_at", "-id")
    page_size = DEFAULT_LIMIT
    page_size_query_param = "limit"
    page_size_query_description = f"How many to answer, 1 to {LARGEST_LIMIT}."
    max_page_size = LARGEST_LIMIT
    cursor_query_description = "The `next` of the page before this one."
    template = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return one page of rows; refuse a limit or a cursor that is not ours."""
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except (ValueError, ValidationError) as error:
            raise _strange_cursor() from error

    def get_page_size(self, request: Request) -> int:
        """Return the number of rows that the caller asked for."""
        return limit_of(request)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place that the caller's cursor names, None for the first page."""
        token = request.query_params.get(self.cursor_query_param)
        if token is None:
            return None
        try:
            offset, position = signing.loads(token, salt=self._salt())
        except signing.BadSignature as error:
            raise _strange_cursor() from error
        return Cursor(offset=offset, reverse=False, position=position)

    def encode_cursor(self, cursor: Cursor) -> str:
        """Return the token of a place in the list."""
        return signing.dumps([cursor.offset, cursor.position], salt=self._salt())

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page in the contract's shape."""
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the page's shape for the OpenAPI document."""
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": "string",
                    "nullable": True,
                    "description": "The cursor of the page after this one; null: there is none.",
                    "example": "WzAsIjIwMjYtMTEtMjAiXQ:1vM0xk:rC3v",
                },
            },
        }

    def _salt(self) -> str:
        """Return what ties a cursor to lists in this order."""
        return f"cursor:{','.join(self.ordering)}"


def _strange_cursor() -> Failure:
    return Failure(Code.VALIDATION_ERROR, "This cursor is not one of ours.", field="cursor")
