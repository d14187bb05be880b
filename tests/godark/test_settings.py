"""Production starts with everything it needs, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

PRODUCTION = {
    "GODARK_ENVIRONMENT": "production",
    "GODARK_SECRET_KEY": "only-for-tests-7Qw5zXn2Lr8vTb4KmY6cHd9sJf3gPa1eWu0i",
    "GODARK_FIELD_KEYS": "b25seS1mb3ItdGVzdHMtb2YtcHJvZHVjdGlvbi0tLS0=",
    "GODARK_BASE_URL": "https://godark.example",
    "GODARK_ALLOWED_HOSTS": "godark.example",
    "GODARK_TRUSTED_PROXIES": "1",
    "DATABASE_URL": "postgres://godark@127.0.0.1/godark",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SOLANA_PROGRAM_ID": "11111111111111111111111111111111",
    "SOLANA_USDT_MINT": "11111111111111111111111111111111",
    "GODARK_OPERATOR_KEY": "env:NOBODY",
    "GODARK_VENUE_KEY": "env:NOBODY",
    "GODARK_VENUE_WALLET": "11111111111111111111111111111111",
    "GODARK_SALT_MASTER": "5a" * 32,
}
SECRETS = (
    "GODARK_SECRET_KEY",
    "GODARK_FIELD_KEYS",
    "SOLANA_PROGRAM_ID",
    "SOLANA_USDT_MINT",
    "GODARK_OPERATOR_KEY",
    "GODARK_VENUE_KEY",
    "GODARK_VENUE_WALLET",
    "GODARK_SALT_MASTER",
    "GODARK_BASE_URL",
    "GODARK_ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
)


def _start(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python under the site's settings and nothing of ours around them."""
    return _run("-c", program, **environment)


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these words, in the same way."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "godark.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("given", [None, ""])
def test_production_does_not_start_without_each_of_its_secrets(
    name: str, given: str | None
) -> None:
    environment = {key: value for key, value in PRODUCTION.items() if key != name}
    if given is not None:
        environment[name] = given
    done = _start("import godark.settings", **environment)
    assert done.returncode != 0
    assert "ImproperlyConfigured" in _last_line(done)
    assert name in _last_line(done)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("GODARK_SECRET_KEY", "short"),
        ("GODARK_FIELD_KEYS", "too-short"),
        ("GODARK_FIELD_KEYS", "ZGV2ZWxvcG1lbnQtb25seS1rZXktb2YtZmllbGRzLS0="),
        ("GODARK_BASE_URL", "http://godark.example"),
        ("GODARK_TRUSTED_PROXIES", "-1"),
        ("GODARK_TRUSTED_PROXIES", "one"),
        ("GODARK_METRICS_NETWORKS", "10.0.0.0/33"),
        ("GODARK_SALT_MASTER", "zz" * 32),
        ("GODARK_SALT_MASTER", "5a" * 31),
        ("GODARK_SALT_MASTER", "11" * 32),
        ("GODARK_ENVIRONMENT", "live"),
    ],
)
def test_production_does_not_start_with_a_setting_that_cannot_be(name: str, given: str) -> None:
    done = _start("import godark.settings", **PRODUCTION | {name: given})
    assert done.returncode != 0
    assert name in _last_line(done)
    assert "short" not in _last_line(done)


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "godark.web", "godark.asgi:application"),
        ("-m", "godark.supervisor.prepare"),
        ("-m", "celery", "-A", "godark.celery", "worker"),
        ("-m", "celery", "-A", "godark.celery", "beat"),
        ("manage.py", "check"),
    ],
)
def test_whoever_starts_production_without_a_secret_reads_one_sentence(
    words: tuple[str, ...],
) -> None:
    without = {key: value for key, value in PRODUCTION.items() if key != "GODARK_FIELD_KEYS"}
    done = _run(*words, **without)
    assert done.returncode != 0
    # Where the supervisor runs it, it says the first words itself.
    assert _last_line(done).removeprefix("GoDark does not start: ") == (
        "GODARK_FIELD_KEYS must be set in production; see .env.example."
    )
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [("-m", "celery", "-A", "godark.celery", "beat", "-s"), ("manage.py", "run_prices")],
    ids=["clockwork", "prices"],
)
def test_whoever_starts_a_process_without_a_database_reads_one_sentence(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    away = {"DATABASE_URL": "postgres://godark@127.0.0.1:1/godark", "GODARK_VAR": str(tmp_path)}
    done = _run(*words, *([str(tmp_path / "schedule")] if words[-1] == "-s" else []), **away)
    assert done.returncode != 0
    assert "The database failed (OperationalError)" in _last_line(done)
    assert "Traceback" not in done.stdout + done.stderr


def test_production_does_not_start_with_debug_on() -> None:
    done = _start("import godark.settings", **PRODUCTION, GODARK_DEBUG="true")
    assert done.returncode != 0
    assert "GODARK_DEBUG" in _last_line(done)


def test_production_is_locked() -> None:
    told = _start(
        "import godark.settings as s; print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS,"
        " s.SECURE_PROXY_SSL_HEADER[1])",
        **PRODUCTION,
    )
    assert told.stdout.split() == ["False", "True", "True", "True", "31536000", "True", "https"]


def test_without_a_proxy_of_ours_no_header_says_that_it_is_https() -> None:
    told = _start(
        "import godark.settings as s; print(hasattr(s, 'SECURE_PROXY_SSL_HEADER'))",
        **PRODUCTION | {"GODARK_TRUSTED_PROXIES": "0"},
    )
    assert told.stdout.strip() == "False"


def test_production_writes_json_and_development_readable_lines() -> None:
    program = (
        "import django, structlog; django.setup(); structlog.get_logger('a').warning('happened')"
    )
    development = {"GODARK_ENVIRONMENT": "development"}
    assert _last_line(_start(program, **PRODUCTION)).startswith('{"')
    assert "happened" in _last_line(_start(program, **development))
    assert not _last_line(_start(program, **development)).startswith("{")


def test_the_deploy_check_passes_with_production_settings() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | PRODUCTION,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_in_production_a_page_over_http_is_sent_to_https_and_health_is_not() -> None:
    program = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "c = Client(headers={'host': 'godark.example'})\n"
        "print(c.get('/nothing').status_code, c.get('/health').status_code,\n"
        "      c.get('/health', secure=True)['Strict-Transport-Security'])"
    )
    told = _start(program, **PRODUCTION).stdout.strip()
    assert told == "301 200 max-age=31536000; includeSubDomains; preload"
