"""No line, of whatever logger, holds a secret, a token, an e-mail, a query string or an order."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.module_loading import autodiscover_modules

from godark import api, error_pages, logs
from godark.celery import app
from godark.health import Watch
from godark.jobs import JOBS

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLXBhcnQ"
API_KEY = "gq_0123456789abcdef0123456789abcdef"
HMAC = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SESSION = "k2j4h5g6f7d8s9a0q1w2e3r4t5y6u7i8"
ORDER = {"symbol": "BTC-USDT-PERP", "side": "BUY", "size": "1.2345", "limit_price": "98765.5"}
# Text that a careless line might hold -> what of it must be gone.
TEXTS = {
    "Login failed for anna.smith+x@example.co.uk today": "anna.smith",
    "Key (email)=(anna@example.com) already exists.": "anna@",
    "GET /reset?code=4711abc&next=/x HTTP/1.1": "4711abc",
    "see https://godark.example/verify?t=s3cr3t": "s3cr3t",
    f"Authorization: Bearer {JWT}": "eyJ",
    f"got {JWT} here": "eyJ",
    f"GD-API-KEY {API_KEY}": "gq_0123",
    f"signed with {HMAC}": "9f86d0",
    "password is hunter2!": "hunter2",
    "wrong password hunter2!": "hunter2",
    "{'passphrase': 'open sesame', 'a': 1}": "sesame",
    '{"secret": "abc def", "otp": "123456"}': "123456",
    f"Cookie: sessionid={SESSION}": "k2j4h5",
    "postgres://godark:s3cr3t@db:5432/godark": "s3cr3t",
    "redis://:s3cr3t@127.0.0.1:6379/0": "s3cr3t",
    f"order {ORDER!r} refused": "98765.5",
    f"body {json.dumps(ORDER)}": "1.2345",
    "SubmitOrder(account=7, price_ticks=9876550, quantity_lots=12345)": "9876550",
    "SubmitOrder(account=7, price_ticks=9876551, quantity_lots=12345)": "12345)",
    "token=abcDEF123 rest": "abcDEF123",
    "There is no 0190a6f2-1c3d-7e4f-8a5b-6c7d8e9f0a1b.": "1c3d-7e4f",
    "api_key: zzz999": "zzz999",
    "<WebRequest at 0x7f method=GET uri=/verify/T0KEN clientproto=HTTP/1.1>": "T0KEN",
}
FIELDS: dict[str, Any] = {
    "password": "hunter2!",
    "new_password": "hunter2!",
    "access_token": "hunter2!",
    "secret": b"hunter2!",
    "GD-SIGNATURE": "hunter2!",
    "Authorization": "hunter2!",
    "email": "hunter2!",
    "query": "hunter2!",
    "order": {"hunter2!": 1},
    "limit_price": 770077,
    "quantity_lots": 770077,
    "size": "770077",
    "body": "hunter2!",
    "request": {"headers": {"cookie": "hunter2!"}, "tokens": ["hunter2!"]},
    "rows": [{"api_key": "hunter2!"}, ("a", {"passphrase": "hunter2!"})],
}


class DeepError(Exception):
    """An exception that says too much."""


@pytest.fixture(params=[True, False], ids=["json", "readable"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Return what is written down while the test runs, as production and as development do."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(as_json=request.param))
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.parametrize(("text", "gone"), TEXTS.items())
def test_a_text_loses_what_it_must_not_hold(text: str, gone: str) -> None:
    assert gone not in logs.redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "request answered in 12.5 ms",
        'File "/srv/godark/django/contrib/sessions/backends/base.py", line 12, in load',
        "job_failed",
        "Listening on 127.0.0.1:8000",
    ],
)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert logs.redact_text(text) == text


@pytest.mark.parametrize(("name", "value"), FIELDS.items())
def test_a_field_loses_what_it_must_not_hold(lines: io.StringIO, name: str, value: Any) -> None:
    structlog.get_logger("godark.test").warning("happened", **{name: value})
    assert "happened" in lines.getvalue()
    assert "hunter2" not in lines.getvalue()
    assert "770077" not in lines.getvalue()


@pytest.mark.parametrize(("text", "gone"), TEXTS.items())
def test_no_logger_writes_it_down(lines: io.StringIO, text: str, gone: str) -> None:
    for name in ("godark", "django.request", "django.security", "celery.worker", "axes", "root"):
        logging.getLogger(name).error("told: %s", text)
        logging.getLogger(name).error("told", extra={"detail": text})
    structlog.get_logger("godark.test").error(text)
    structlog.get_logger("godark.test").error("told: %s", text)
    structlog.get_logger("godark.test").error("told", detail=text)
    assert lines.getvalue().count("told") >= 12
    assert gone not in lines.getvalue()


@pytest.mark.parametrize(("text", "gone"), TEXTS.items())
def test_no_exception_writes_it_down(lines: io.StringIO, text: str, gone: str) -> None:
    try:
        _fail_twice(text)
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/x")
        structlog.get_logger("godark.test").exception("broke")
    assert lines.getvalue().count("Traceback") >= 2
    assert gone not in lines.getvalue()


def test_django_says_nothing_of_a_failed_request_that_our_own_line_does_not(
    lines: io.StringIO, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _away() -> None:
        raise ConnectionError

    monkeypatch.setattr(api, "watch", Watch({"database": _away, "jobs": list}))
    assert client.get("/api/v1/health").status_code == 503
    assert "Service Unavailable" not in lines.getvalue()


def _fail_twice(text: str) -> None:
    first = DeepError(text)
    first.add_note(text)
    raise ValueError(text) from first


def _breaks(request: HttpRequest) -> HttpResponse:
    locals_too = {"password": "hunter2!"}
    raise DeepError(f"password={locals_too['password']} of {request.GET['email']}")


BREAKING = "/api/v1/reset/SESAME77"
urlpatterns = [path("api/v1/reset/<str:token>", _breaks)]
handler500 = error_pages.server_error


@pytest.mark.urls(__name__)
def test_a_request_that_breaks_writes_down_where_and_not_what(lines: io.StringIO) -> None:
    asked = Client(raise_request_exception=False)
    answered = asked.get(BREAKING, {"email": "anna@example.com"})
    assert answered.status_code == 500
    assert answered.json()["code"] == "INTERNAL_ERROR"
    _assert_says_where_and_not_what(lines.getvalue(), answered.headers["X-Request-ID"])


@pytest.mark.urls(__name__)
async def test_on_the_event_loop_the_same_is_written_down(
    lines: io.StringIO, on_loop: None
) -> None:
    asked = AsyncClient(raise_request_exception=False)
    answered = await asked.get(BREAKING, {"email": "anna@example.com"})
    assert answered.status_code == 500
    _assert_says_where_and_not_what(lines.getvalue(), answered.headers["X-Request-ID"])


def _assert_says_where_and_not_what(written: str, request_id: str) -> None:
    assert "_breaks" in written
    assert "reset/<str:token>" in written
    assert written.count(request_id) == 2
    for gone in ("hunter2", "anna@", "?email", "SESAME77"):
        assert gone not in written


def test_every_line_of_a_request_carries_its_id(client: Client, lines: io.StringIO) -> None:
    client.get("/api/v1/time?email=anna@example.com", headers={"X-Request-ID": "my-request-1"})
    written = [line for line in lines.getvalue().splitlines() if line]
    assert written
    assert all("my-request-1" in line for line in written)
    assert "anna" not in lines.getvalue()


def test_in_production_a_line_is_one_json_object() -> None:
    record = logging.LogRecord("a.b", logging.INFO, "x.py", 1, "one\ntwo %s", ("3",), None)
    line = logs.formatter(as_json=True).format(record)
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("one\ntwo 3", "info", "a.b")
    assert "\n" not in line


@pytest.mark.django_db
def test_every_line_of_a_task_carries_its_id(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        logging.getLogger("anywhere").warning("inside")
        _fail_twice("of the job")

    autodiscover_modules("tasks")
    monkeypatch.setitem(JOBS, "heartbeat", fail)
    app.tasks["heartbeat"].apply(task_id="task-0001")
    told = [
        line for line in lines.getvalue().splitlines() if "inside" in line or "job_failed" in line
    ]
    assert len(told) == 2
    assert all("task-0001" in line and "heartbeat" in line for line in told)
    structlog.get_logger("godark.test").warning("afterwards")
    assert "task-0001" not in lines.getvalue().splitlines()[-1]


@pytest.mark.parametrize("name", ["celery.worker.consumer.consumer", "celery.beat"])
def test_celery_says_once_a_minute_that_redis_is_away(name: str) -> None:
    configured = logs.configure(as_json=False, level="INFO")
    (chosen,) = configured["loggers"][name]["filters"]
    once = configured["filters"][chosen]["()"]()
    told = []
    for second in range(0, 122, 2):
        for sentence in ("Cannot connect: %s.", "Something else"):
            record = logging.LogRecord(name, logging.ERROR, "", 0, sentence, (second,), None)
            record.created = float(second)
            if once.filter(record):
                told.append((second, sentence))
    assert [second for second, sentence in told if sentence != "Something else"] == [0, 60, 120]
    assert len(told) == 6
