"""What the OpenAPI document says of every operation: its failures and its limits."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from godark.errors import Code

DESCRIPTION = """\
GoDark is a dark pool for perpetual futures, quoted and settled in USDT.

**Numbers.** Every price, size and amount is a string that holds a decimal. Times are integers,
Unix milliseconds UTC, in fields that end in `_at`. Ids are opaque strings.

**Lists** answer `{"results": [...], "next": cursor or null}`, newest first; `limit` is 1 to 500
(100 if you say nothing), `cursor` is the `next` of the page before.

**Failures** answer with their HTTP status and `{"code", "detail", "field", "extra"}`. Act on
`code`, which is stable; show `detail`, which is a sentence.

**Limits.** Every answer carries `X-RateLimit-Limit` (requests a minute), `X-RateLimit-Burst`
(how many of them at once), `X-RateLimit-Used` and `X-RateLimit-Reset` (seconds until none counts
as used any more). A 429 carries `Retry-After` in seconds. Who is refused in sixty different
seconds within ten minutes is banned for an hour. Cancels are counted apart.

**The socket** is at `/v1/ws`: JSON frames with a `type` and, if you like, a `request_id`, which the
answer carries again. `{"type": "ping"}` is answered by `{"type": "pong", "sent_at": ...}`, a frame
that is refused by `{"type": "result", "request_id": ..., "error": ...}` with a failure as above. A
frame holds at most 64 KiB; one too large, or too many for too long, closes the connection.

**Tracing.** Send `X-Request-ID` (8 to 64 letters, digits, dots, dashes or underscores) and it is
answered back; otherwise you are given one. Quote it when you ask us about a request.
"""


class Schema(AutoSchema):
    """Describes a view; also the body of a DELETE, where the view says that it takes one."""

    def _get_request_body(self, direction: str = "request") -> Any:
        method = self.method
        if method == "DELETE" and getattr(self.view, "delete_takes_a_body", False):
            self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # it has no types
        finally:
            self.method = method


FAILURE = {
    "type": "object",
    "description": "What went wrong.",
    "required": ["code", "detail", "field", "extra"],
    "properties": {
        "code": {
            "type": "string",
            "enum": [code.value for code in Code],
            "description": "Stable; "
            + ", ".join(f"`{code.value}` {code.status}" for code in Code)
            + ".",
        },
        "detail": {"type": "string", "description": "A sentence for a person."},
        "field": {"type": "string", "nullable": True, "description": "The field at fault."},
        "extra": {
            "type": "object",
            "additionalProperties": {},
            "description": "The limits that were broken, and the like.",
        },
    },
}
LIMITS = {
    "X-RateLimit-Limit": "Requests a minute.",
    "X-RateLimit-Burst": "Requests at once.",
    "X-RateLimit-Used": "Requests that count as used now.",
    "X-RateLimit-Reset": "Seconds until none does.",
    "X-Request-ID": "The name of this request in our records.",
}


def describe_failures_and_limits(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the failure answer and the limits' headers to every operation (a spectacular hook)."""
    result["info"]["description"] = DESCRIPTION
    result["components"].setdefault("schemas", {})["Failure"] = FAILURE
    reference = {"schema": {"$ref": "#/components/schemas/Failure"}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {
                "description": "The request was refused or failed.",
                "content": {"application/json": reference},
            }
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    answer["headers"] = {name: _header(told) for name, told in LIMITS.items()}
                    answer["description"] = answer["description"] or "As asked."
    return result


def _header(told: str) -> dict[str, Any]:
    kind = "string" if told.endswith("records.") else "integer"
    return {"schema": {"type": kind}, "description": told}
