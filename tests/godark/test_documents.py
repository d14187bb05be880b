"""The API describes itself, completely and without a warning."""

import re
from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from django.test import Client


def test_the_document_is_valid_and_without_warnings() -> None:
    said = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=said)
    assert yaml.safe_load(said.getvalue())["info"]["title"] == "GoDark API"


def test_the_document_is_served_and_names_every_failure(client: Client) -> None:
    answered = client.get("/api/schema/")
    assert answered.status_code == 200
    document = yaml.safe_load(answered.content)
    assert "/api/v1/health" in document["paths"]
    assert "/api/v1/time" in document["paths"]
    codes = document["components"]["schemas"]["Failure"]["properties"]["code"]["enum"]
    assert "INSUFFICIENT_COLLATERAL" in codes
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["responses"]["default"]["content"]
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert good
            assert "X-RateLimit-Limit" in operation["responses"][good[0]]["headers"]


def test_the_document_comes_as_json_where_that_is_asked_for(client: Client) -> None:
    answered = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert answered.json()["openapi"].startswith("3.")


@pytest.mark.django_db  # closing a file's answer looks after old connections
def test_the_docs_page_holds_no_inline_script_or_style(client: Client) -> None:
    page = client.get("/api/docs/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "style=" not in text
    parts = re.findall(r'<script[^>]* src="([^"]+)"|<link[^>]* href="([^"]+)"', text)
    assert len(parts) > 6
    for address in ("".join(part) for part in parts):
        answered = client.get(address.replace("&amp;", "&"))
        assert answered.status_code == 200, address
        answered.getvalue()
        answered.close()


@pytest.mark.parametrize("path", ["/api/docs", "/api/schema"])
def test_a_forgotten_slash_is_forgiven(client: Client, path: str) -> None:
    answered = client.get(path)
    assert (answered.status_code, answered.headers["Location"]) == (302, f"{path}/")
