"""What every request passes, and every answer carries."""

import re

import pytest
from django.conf import settings
from django.test import AsyncClient, Client, RequestFactory
from pytest_django import Settings

from godark import proxies
from godark.health import Watch

TIME = "/api/v1/time"


@pytest.mark.parametrize("name", ["abcdefgh", "7f0c-11.ee_X", "a" * 64])
def test_a_sane_request_id_is_answered_back(client: Client, name: str) -> None:
    assert client.get("/health", headers={"X-Request-ID": name}).headers["X-Request-ID"] == name


@pytest.mark.parametrize("name", ["", "short", "a" * 65, "two words", "a\tb-cdefgh", "<script>xx"])
def test_a_strange_request_id_is_replaced_by_one_of_ours(client: Client, name: str) -> None:
    answered = client.get("/health", headers={"X-Request-ID": name})
    assert re.fullmatch(r"[0-9a-f]{32}", answered.headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/health", TIME, "/api/v1/nothing", "/nothing"])
def test_every_answer_tells_browsers_what_the_page_may_do(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_sockets_of_the_site_itself_are_allowed_by_the_policy(client: Client) -> None:
    origin = settings.BASE_URL.replace("http", "ws", 1)
    assert (
        f"connect-src 'self' {origin}" in client.get("/health").headers["Content-Security-Policy"]
    )


def test_answers_of_the_api_are_not_kept_by_anybody(client: Client) -> None:
    assert client.get(TIME).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"), [(f"{TIME}?a=%00", 400), ("/api/v1/%00", 404), ("/x%00y", 404)]
)
def test_a_nul_in_the_address_is_refused(client: Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_a_body_too_large_is_refused_in_the_one_shape(client: Client) -> None:
    body = b"x" * (settings.MAX_BODY_BYTES + 1)
    answered = client.post(TIME, data=body, content_type="application/json")
    assert answered.status_code == 413
    assert answered.json()["code"] == "PAYLOAD_TOO_LARGE"
    assert answered.json()["extra"] == {"limit_bytes": settings.MAX_BODY_BYTES}


@pytest.mark.parametrize(
    "headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": "-1"}, {"Content-Length": "x"}]
)
def test_a_body_of_unknown_length_is_refused(client: Client, headers: dict[str, str]) -> None:
    answered = client.get(TIME, headers=headers)
    assert answered.status_code == 400
    assert answered.json()["code"] == "VALIDATION_ERROR"


@pytest.mark.django_db
@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\n"])
@pytest.mark.parametrize("name", ["User-Agent", "Accept", "Referer", "GD-API-KEY", "X-Anything"])
def test_a_control_character_in_a_header_is_refused(
    client: Client, name: str, control: str
) -> None:
    answered = client.get(TIME, headers={name: f"a{control}b"})
    assert answered.status_code == 400
    assert answered.json()["code"] == "VALIDATION_ERROR"
    assert control not in answered.json()["detail"]


@pytest.mark.django_db
def test_a_log_in_that_fails_under_a_strange_name_of_a_browser_is_refused(client: Client) -> None:
    typed = {"username": "nobody@godark.example", "password": "wrong"}
    answered = client.post("/login", typed, headers={"User-Agent": "a\x00b"})
    assert answered.status_code == 400


async def test_on_the_event_loop_the_same_is_refused_and_carried() -> None:
    client = AsyncClient()
    answered = await client.get("/health", headers={"X-Request-ID": "loop-0001"})
    assert answered.headers["X-Request-ID"] == "loop-0001"
    assert "Content-Security-Policy" in answered.headers
    assert (await client.get("/x%00y")).status_code == 404


STRANGE_NAMES = [r'"\000abcdefgh"', "short", "A" * 32, "x" * 33, "a" * 31 + "'"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", STRANGE_NAMES)
@pytest.mark.parametrize("path", [TIME, "/login", "/admin/"])
def test_a_session_name_that_is_none_of_ours_is_no_session(
    client: Client, name: str, path: str
) -> None:
    plain = client.get(path)
    answered = client.get(path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={name}"})
    assert answered.status_code == plain.status_code
    told = [one.headers.get("X-RateLimit-Used") for one in (plain, answered)]
    assert told == (["1", "2"] if path == TIME else [None, None])


def test_static_files_come_from_the_site_and_are_not_sessions(client: Client) -> None:
    answered = client.get("/static/css/tokens.css")
    assert answered.status_code == 200
    assert b"--ground" in answered.content
    assert "Content-Security-Policy" not in answered.headers
    assert "Referrer-Policy" not in answered.headers
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    image = client.get("/static/img/favicon.svg")
    assert "default-src 'self'" in image.headers["Content-Security-Policy"]
    assert "Vary" not in answered.headers or "Cookie" not in answered.headers["Vary"]


async def test_static_files_come_on_the_event_loop_too() -> None:
    answered = await AsyncClient().get("/static/css/tokens.css")
    assert (answered.status_code, b"--ground" in answered.content) == (200, True)
    assert (await AsyncClient().get("/static/nothing.css")).status_code == 404


@pytest.mark.parametrize(
    ("forwarded_for", "count", "client_is"),
    [
        ("198.51.100.7", 0, "10.0.0.1"),
        ("", 1, "10.0.0.1"),
        ("198.51.100.7", 1, "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", 1, "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.0.0.2", 2, "198.51.100.7"),
        ("198.51.100.7", 2, "10.0.0.1"),
        ("6.6.6.6, unknown", 1, "10.0.0.1"),
        ("198.51.100.7:4711", 1, "198.51.100.7"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("::ffff:198.51.100.7", 1, "198.51.100.7"),
    ],
)
def test_the_client_is_counted_from_the_right(
    forwarded_for: str, count: int, client_is: str
) -> None:
    found = proxies.client_address(remote="10.0.0.1", forwarded_for=forwarded_for, proxies=count)
    assert found == client_is


def test_a_client_on_a_unix_socket_has_no_address() -> None:
    assert proxies.client_address(remote="", forwarded_for="", proxies=0) == "0.0.0.0"  # noqa: S104 - nothing listens


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "count", "inside"),
    [
        ("127.0.0.1", "", 0, True),
        ("::1", "", 0, True),
        ("10.1.2.3", "", 0, True),
        ("203.0.113.9", "", 0, False),
        ("203.0.113.9", "127.0.0.1", 0, False),
        ("127.0.0.1", "203.0.113.9", 0, False),
        ("127.0.0.1", "127.0.0.1, 203.0.113.9", 1, False),
        ("127.0.0.1", "10.1.2.3", 1, True),
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", 1, False),
        ("127.0.0.1", "garbage", 0, False),
        ("", "", 0, False),
    ],
)
def test_who_is_inside_is_inside_by_every_account(
    settings: Settings, remote: str, forwarded_for: str, count: int, *, inside: bool
) -> None:
    settings.TRUSTED_PROXIES = count
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    request = RequestFactory().get("/metrics", REMOTE_ADDR=remote, headers=headers)
    assert proxies.is_inside(request, ["10.0.0.0/8"]) is inside


@pytest.mark.django_db
def test_metrics_are_for_the_inside_only(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("godark.scrape.watch", Watch({"jobs": list}))
    client.get(TIME)
    told = client.get("/metrics")
    assert told.status_code == 200
    assert (
        b'godark_http_requests_total{method="GET",route="api/v1/time",status="200"}' in told.content
    )
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.post("/metrics").status_code == 405


@pytest.mark.django_db
def test_figures_name_routes_and_never_paths(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("godark.scrape.watch", Watch({"jobs": list}))
    client.get("/api/v1/nothing/secret-4711")
    client.generic("BREW", "/secret-4712")
    told = client.get("/metrics").content
    assert b"secret-47" not in told
    assert b'method="OTHER"' in told
