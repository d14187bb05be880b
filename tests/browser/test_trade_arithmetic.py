"""The terminal's preview reckons as the engine does: the engine's own vectors, in Chromium."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.engine.previews import PATH

RECKON = """async (vectors) => {
  const margin = await import("/static/js/trade/margin.js");
  const isNumber = (value) => typeof value === "string" && /^-?\\d+$/.test(value);
  const number = (value) => isNumber(value) ? BigInt(value) : value;
  const revive = (text) => JSON.parse(text, (_, value) => number(value));
  const text = (_, value) => typeof value === "bigint" ? String(value) : value;
  const plain = (value) => JSON.parse(JSON.stringify(value, text));
  return vectors.map((text) => {
    const { terms, prices, held, free, orders, order, expected } = revive(text);
    const fill = expected.fill && margin.fillOf({
      held, isBuy: order.isBuy, lots: expected.fill.lots, price: expected.fill.price,
      mark: prices.mark, terms,
    });
    return plain({
      reserve: margin.reserveCeil({ orders, isBuy: order.isBuy, held, prices, terms }),
      max_lots: margin.maxLotsOf({ order, orders, held, free, prices, terms }),
      liquidation: margin.liquidationOf(held, terms),
      fill: fill && {
        lots: expected.fill.lots,
        price: expected.fill.price,
        held: fill.held,
        spent: fill.spent,
        realized: fill.realized,
        liquidation: margin.liquidationOf(fill.held, terms),
      },
    });
  });
}"""


@pytest.fixture
def blank(page: Page) -> Page:
    page.goto("/login")
    return page


def test_the_preview_reckons_as_the_engine_does(blank: Page) -> None:
    vectors: list[dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))
    reckoned = blank.evaluate(RECKON, [json.dumps(vector) for vector in vectors])
    for vector, found in zip(vectors, reckoned, strict=True):
        assert found == vector["expected"], vector
