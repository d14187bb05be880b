"""What the site writes down about itself: one line per happening, and what no line may hold.

Every logger of every library ends in the one formatter made here, so redaction is the last
thing before a line is rendered and nobody has to remember it.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
DEEPEST = 6
MINUTE_S = 60.0
# Names whose values never reach a line: what opens an account, who somebody is, what they order.
ACCESS_NAMES = (
    r"pass(?:word|phrase|wd)|secret|token|authorization|cookie|session|signature|api[-_]?key"
    r"|private[-_]?key|otp|csrf|credential"
)
PRIVATE_NAMES = (
    r"e[-_]?mail|username|query|body|payload|order|price|quantity|lots|amount|leverage|collateral"
)
WHOLE_NAMES = r"side|size|symbol|args|kwargs|params|data|content|phone|name_of_user"
SENSITIVE_NAME = re.compile(
    rf"(?i)(?:{ACCESS_NAMES}|{PRIVATE_NAMES})|^(?:{WHOLE_NAMES})$",
)
# What a name of ours may hold although it sounds private.
PLAIN_NAMES = frozenset({"event", "request_id", "task_id", "level", "logger", "timestamp"})
_VALUE = r"""(?:"[^"]*"|'[^']*'|\([^)]*\)|\[[^\]]*\]|[^\s,;)}\]&]+)"""
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"//[^\s/@:]*:[^\s/@]+@"), "//[redacted]@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?<=[\w/%.-])\?[^\s\"'<>]+"), "?[redacted]"),
    # Twisted names its requests by their whole address.
    (re.compile(r"\buri=\S+"), "uri=[redacted]"),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}"), r"\1 [redacted]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), REDACTED),
    (re.compile(r"\bgq_\w+"), REDACTED),
    (
        re.compile(rf"(?i)\b(pass(?:word|phrase)|secret|token)s?\s+(?:is\s+|was\s+)?{_VALUE}"),
        r"\1 [redacted]",
    ),
    (
        re.compile(rf"(?i)(\b\w*(?:{ACCESS_NAMES}|{PRIVATE_NAMES})\w*[\"')]*\s*[:=]\s*){_VALUE}"),
        r"\1[redacted]",
    ),
    (re.compile(rf"(?i)(\b(?:{WHOLE_NAMES})[\"')]*\s*[:=]\s*){_VALUE}"), r"\1[redacted]"),
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), REDACTED),
    # An order's, an account's: a line is found by its request's id, which is told elsewhere.
    (re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), REDACTED),
    (
        re.compile(r"\b(?=[\w+-]*\d)(?=[\w+-]*[A-Z])(?=[\w+-]*[a-z])[\w+-]{32,}={0,2}"),
        REDACTED,
    ),
)


def configure(*, as_json: bool, level: str) -> dict[str, Any]:
    """Set up structlog; return Django's LOGGING for it, JSON lines or readable ones."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_first_steps(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": lambda: formatter(as_json=as_json)}},
        "filters": {
            "with_traceback": {"()": lambda: has_traceback},
            "once_a_minute": {"()": OnceAMinute},
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # Django gives these handlers of their own, which would pass the formatter by.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # The site's own line per request says it already, without the path's secrets.
            "django.request": {"level": "ERROR", "filters": ["with_traceback"]},
            "django.db.backends": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            # Celery says at every attempt, every few seconds for hours, that Redis is away.
            "celery.worker.consumer.consumer": {"filters": ["once_a_minute"]},
            # Jobs run every second and leave a row each; their lines would bury the others.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.worker.request": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING", "filters": ["once_a_minute"]},
        },
    }


class OnceAMinute(logging.Filter):
    """Lets the same sentence of a logger pass once a minute, whatever figures stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is told."""
        sentence = str(record.msg)
        if record.created - self._told_at.get(sentence, -MINUTE_S) < MINUTE_S:
            return False
        self._told_at[sentence] = record.created
        return True


def has_traceback(record: logging.LogRecord) -> bool:
    """Tell whether a line of Django's says more of a failed request than our own line of it."""
    return record.exc_info is not None


def formatter(*, as_json: bool) -> structlog.stdlib.ProcessorFormatter:
    """Return the one formatter that every line of every logger passes."""
    renderer: Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer(default=str)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
            pad_event_to=24,
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_first_steps(),
        processors=[
            name_route,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )


def _first_steps() -> list[Processor]:
    """Return what every line begins with: context (the request id), logger, level, time."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def name_route(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return Django's line about a request with its route in place of its path.

    A path may be a token: a link that verifies an address, say.
    """
    request = getattr(line.get("_record"), "request", None)
    path = getattr(request, "path", "")
    if len(path) > 1:
        line["event"] = str(line["event"]).replace(path, route_of(request))
    return line


def route_of(request: Any) -> str:
    """Return the pattern that matched a request's path."""
    match = getattr(request, "resolver_match", None)
    return "unmatched" if match is None else match.route.strip("^") or "home"


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return the line without secrets, tokens, e-mails, query strings and orders."""
    return {name: _without_secrets(name, value, 0) for name, value in line.items()}


def redact_text(text: str) -> str:
    """Return a sentence without what no line may hold."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _without_secrets(name: str, value: object, depth: int) -> object:
    """Return what may be told of a value called `name`."""
    if name in PLAIN_NAMES:
        return redact_text(str(value)) if name == "event" else value
    if SENSITIVE_NAME.search(name) or depth > DEEPEST:
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            redact_text(str(key)): _without_secrets(str(key), inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets("", inner, depth + 1) for inner in value]
    return redact_text(str(value))
