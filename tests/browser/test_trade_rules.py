"""The terminal's rules, asked of its modules in Chromium: what is refused, warned of and told."""

from typing import Any

import pytest
from playwright.sync_api import Page


@pytest.fixture
def blank(page: Page) -> Page:
    page.goto("/login")
    return page


TELL = """async (fills) => {
  const { createNews } = await import("/static/js/trade/news.js");
  const told = [];
  const news = createNews({ notify: (one) => told.push(one) });
  for (const fill of fills) news.fill(fill);
  await new Promise((done) => setTimeout(done, 1000));
  return told;
}"""


def fill(number: int, kind: str, **more: Any) -> dict[str, Any]:
    """Return a fill as the venue tells it."""
    one = {"id": f"f{number}", "order_id": None, "symbol": "BTC-USDT-PERP", "side": "SELL"}
    one |= {"price": "95306.65", "size": "0.1", "kind": kind, "liquidity": "TAKER"}
    return one | more


def test_what_is_done_to_a_position_is_told_as_what_it_is(blank: Page) -> None:
    told = blank.evaluate(
        TELL,
        [
            fill(1, "LIQUIDATION"),
            fill(2, "LIQUIDATION", size="0.25"),
            fill(3, "BACKSTOP", symbol="ETH-USDT-PERP"),
            fill(4, "DELEVERAGE", symbol="SOL-USDT-PERP", liquidity="MAKER", side="BUY"),
            fill(5, "HAND_OVER", symbol="XRP-USDT-PERP"),
            # Met by an order of one's own: a fill like any other.
            fill(6, "LIQUIDATION", liquidity="MAKER", order_id="mine", side="BUY"),
        ],
    )
    ordinary, *forced = told
    assert (ordinary["title"], ordinary["text"]) == ("Bought 0.1 BTC", "at 95,306.65")
    assert ordinary["tone"] == "good"
    assert [one["title"] for one in forced] == [
        "BTC liquidated",
        "ETH liquidated",
        "SOL auto-deleveraged",
        "XRP handed over to the backstop",
    ]
    assert "Sold 0.35 in 2 parts. Its equity no longer covered" in forced[0]["text"]
    assert "the backstop did" in forced[1]["text"]
    assert "Bought 0.1 at 95,306.65. A bankrupt position" in forced[2]["text"]
    assert "forced on chain" in forced[3]["text"]
    assert all(one["tone"] == "bad" and one["staysOpen"] for one in forced)


RANKS = """async (frames) => {
  const { hearInto } = await import("/static/js/trade/feed.js");
  const values = {positions: new Map(), settings: new Map(), connection: {}};
  const store = {values, set: (parts) => Object.assign(values, parts), touch: () => {}};
  const hear = hearInto(store, {});
  return frames.map((frame) => {
    hear({channel: "positions", ...frame});
    return values.positions.get("B")?.adl_rank;
  });
}"""


def test_a_known_place_in_line_holds_until_a_newer_one(blank: Page) -> None:
    def news(size: str) -> dict[str, Any]:
        return {"type": "position_update", "data": {"symbol": "B", "size": size}}

    first = {"type": "snapshot", "data": [{"symbol": "B", "size": "1", "adl_rank": 5}]}
    newer = {"type": "snapshot", "data": [{"symbol": "B", "size": "-1", "adl_rank": 2}]}
    frames = [first, news("2"), news("0.5"), news("-1"), newer, news("-2")]
    assert blank.evaluate(RANKS, frames) == [5, 5, 5, None, 2, 2]
