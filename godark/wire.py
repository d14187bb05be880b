"""How JSON comes in, and that JSON goes out whatever a client says it accepts."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import NotAcceptable, ParseError
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JsonParser(BaseParser):
    """Reads a body as RFC 8259 has it: UTF-8, finite numbers, each name once per object.

    REST framework's own parser honors a charset that the client names, and answers 500 to a
    deep nesting or a lone surrogate.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - REST framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> Any:
        """Return what the body says; ParseError where it is not JSON."""
        try:
            return read_json(stream.read())
        except ValueError as error:
            raise ParseError(str(error)) from error


def read_json(body: bytes) -> Any:
    """Return what the JSON says; ValueError with a sentence where it is none."""
    try:
        parsed = json.loads(
            body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_object
        )
        if b"\\u" in body:
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error
    except UnicodeError as error:
        raise ValueError("The JSON is not valid UTF-8.") from error
    except ValueError as error:
        raise ValueError(f"This is not valid JSON: {error}.") from error
    return parsed


def write_json(value: Any) -> str:
    """Return the JSON of a value, without spaces; floats that are no numbers are a bug."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a name that comes twice would mean two things to two readers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return found


class NothingMore(BaseMetadata):
    """Answers OPTIONS with the methods alone: what a call takes stands in the API's document."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:  # noqa: ARG002 - REST framework's signature
        """Return no more than the Allow header says."""
        return {}


class JsonWhateverIsAccepted(DefaultContentNegotiation):
    """Chooses by Accept where there is a choice, else answers in the view's first form."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and its media type; never refuse for the Accept header."""
        choice = list(renderers)
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(
                request, choice, format_suffix
            )
        except NotAcceptable:
            return choice[0], str(choice[0].media_type)
        return chosen
