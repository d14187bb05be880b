"""What the OpenAPI document says of trading's doors."""

import json
from typing import Any

import pytest
from django.core.management import call_command

PATHS = (
    "/api/v1/markets",
    "/api/v1/markets/{symbol}",
    "/api/v1/markets/{symbol}/candles",
    "/api/v1/status",
)

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the OpenAPI document of the whole site, which the command finds valid."""
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", format="openapi-json", file=str(path), validate=True)
    found: Document = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("path", PATHS)
def test_each_door_is_described_with_an_example_and_is_open(document: Document, path: str) -> None:
    described = document["paths"][path]["get"]
    assert described["summary"]
    assert described["tags"] == ["Markets"]
    assert "security" not in described or described["security"] == [{}]
    assert "examples" in str(described["responses"])


def test_decimals_are_strings_and_moments_are_integers(document: Document) -> None:
    schemas = document["components"]["schemas"]
    market = schemas["Market"]["properties"]
    assert market["tick_size"]["type"] == "string"
    assert market["next_funding_at"]["type"] == "integer"
    assert "null" in str(market["index_price"]) or market["index_price"]["nullable"]


def test_the_list_is_described_as_a_page(document: Document) -> None:
    described = document["paths"]["/api/v1/markets"]["get"]
    assert "results" in str(document["components"]["schemas"]["PaginatedMarketList"])
    assert "PaginatedMarketList" in str(described["responses"])
    assert {"limit", "cursor"} <= {parameter["name"] for parameter in described["parameters"]}
