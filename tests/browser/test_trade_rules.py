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


TERMS = {
    "tick_size": "0.1",
    "lot_size": "0.001",
    "fees": {"taker": "0.0005", "maker": "-0.0001"},
    "max_leverage": 100,
    "min_size": "0.001",
    "max_size": "100",
    "position_limit": "1000",
    "open_interest_limit": "10000",
    "open_interest": "0",
    "brackets": [
        {
            "notional_up_to": None,
            "max_leverage": 100,
            "maintenance_margin_rate": "0.005",
            "deduction": "0",
        }
    ],
    "symbol": "BTC-USDT-PERP",
    "state": "ACTIVE",
    "funding_rate": None,
}
PRICES = {"index_price": "1000", "mark_price": "1000", "bid": "999.9", "ask": "1000.1"}
FIELDS = {
    "kind": "MARKET",
    "side": "BUY",
    "unit": "base",
    "size": "1",
    "risk_stop": "",
    "time_in_force": "IOC",
    "reduce_only": False,
    "protects": False,
    "trigger_price": "",
    "limit_price": "",
    "stp": "EXPIRE_TAKER",
}
JUDGE = """async ([market, ticker, all]) => {
  const draft = await import("/static/js/trade/draft.js");
  const [positions, settings, orders] = [new Map(), new Map(), new Map()];
  const balance = { free: "100" };
  const world = draft.worldOf({ market, ticker, positions, settings, orders, balance });
  return all.map((fields) => {
    const made = draft.draftOf({ ...fields, terms: world.terms }, world);
    const faults = draft.faultsOf({ ...fields, terms: world.terms }, made, world);
    const preview = draft.previewOf(made, world);
    return {
      lots: String(made.order.lots),
      most: String(made.most),
      margin: String(preview && preview.margin),
      faults,
      warnings: draft.warningsOf(fields, made, world, preview),
    };
  });
}"""


def judged(page: Page, *all_fields: dict[str, Any]) -> Any:
    """Return what the ticket makes of each, with 100 USDT at 10x and BTC at 1,000."""
    return page.evaluate(JUDGE, [TERMS, PRICES, [FIELDS | fields for fields in all_fields]])


def test_a_share_is_of_the_free_balance_and_all_of_it_is_the_most(blank: Page) -> None:
    shares = ["25", "50", "100", "101"]
    found = judged(blank, *({"unit": "percent", "size": share} for share in shares))
    quarter, half, whole, beyond = found
    assert whole["lots"] == whole["most"] != "0"
    # Margin with the fee is as near below the share as a lot allows.
    one_lot = 0.12 * 1_000_000
    for one, share in ((quarter, 25), (half, 50), (whole, 100)):
        assert one["faults"] == {}
        assert share * 1_000_000 - one_lot < int(one["margin"]) <= share * 1_000_000
    assert "Your free balance does not carry this." in beyond["faults"]["size"]


def test_a_risk_needs_a_stop_where_the_loss_is(blank: Page) -> None:
    risk = {"unit": "risk", "size": "5"}
    long, short, wrong, wrong_short, letters, none, beyond = judged(
        blank,
        risk | {"risk_stop": "990"},
        risk | {"risk_stop": "1010", "side": "SELL"},
        risk | {"risk_stop": "1010"},
        risk | {"risk_stop": "990", "side": "SELL"},
        risk | {"risk_stop": "abc"},
        risk,
        risk | {"risk_stop": "850"},
    )
    assert (long["lots"], long["faults"], long["warnings"]) == ("500", {}, {})
    assert (short["lots"], short["faults"]) == ("500", {})
    assert wrong["faults"] == {"risk_stop": "A long stops its loss below its entry, near 1,000."}
    assert wrong_short["faults"] == {
        "risk_stop": "A short stops its loss above its entry, near 1,000."
    }
    assert letters["faults"] == {"risk_stop": "This is not a number."}
    assert none["faults"] == {"risk_stop": "At which price would you stop?"}
    assert beyond["faults"] == {}
    assert "would be liquidated at 90" in beyond["warnings"]["risk_stop"]


def test_what_fires_at_once_and_what_comes_too_late_is_warned_of(blank: Page) -> None:
    trigger = {"kind": "TRIGGER", "then": "MARKET", "trigger": "STOP"}
    fires = "The mark is at 1,000 already: this fires at once."
    for side, kind, price, is_warned in (
        ("BUY", "STOP", "999", True),
        ("BUY", "STOP", "1001", False),
        ("SELL", "STOP", "1001", True),
        ("SELL", "STOP", "999", False),
        ("BUY", "TAKE_PROFIT", "1001", True),
        ("SELL", "TAKE_PROFIT", "1001", False),
    ):
        fields = trigger | {"side": side, "trigger": kind, "trigger_price": price}
        (found,) = judged(blank, fields)
        assert found["warnings"].get("trigger_price", "") == (fires if is_warned else ""), fields
    protected = {"size": "0.5", "protects": True, "tp_trigger": "", "tp_limit": "", "sl_limit": ""}
    (near,) = judged(blank, protected | {"sl_trigger": "950"})
    (late,) = judged(blank, protected | {"sl_trigger": "900"})
    assert (near["faults"], near["warnings"]) == ({}, {})
    assert "before this stop" in late["warnings"]["stop_loss"]


RULE = """async ([name, fields, held]) => {
  const rules = await import("/static/js/trade/position-rules.js");
  const terms = { tick: "0.1", lot: "0.001", brackets: [{ upTo: 10n ** 30n, maxLeverage: 100n }] };
  const whole = Object.entries(held).map(([key, value]) => [key, BigInt(value)]);
  const inside = Object.fromEntries(whole);
  const waiting = { stop_loss: "1050" };
  return rules[name](fields, { held: inside, terms, mark: 20_000n, free: 50_000_000n, waiting });
}"""
LONG = {"size": 1000, "collateral": 200_000_000, "equity": 200_000_000}
LONG |= {"notional": 1_000_000_000, "leverage": 10, "liquidation": 16_000}
SHORT = LONG | {"size": -1000, "liquidation": 24_000}
LEGS = {"tp_trigger": "", "tp_limit": "", "sl_trigger": "", "sl_limit": ""}


def test_a_protection_lies_on_its_side_of_the_mark(blank: Page) -> None:
    def fields_of(rule: str, held: dict[str, int], **legs: str) -> Any:
        return blank.evaluate(RULE, [rule, LEGS | legs, held])

    assert fields_of("protectFaults", LONG, tp_trigger="1100", sl_trigger="900") == {}
    mark = "the mark, which is at 1,000: this would fire at once."
    wrong = fields_of("protectFaults", LONG, tp_trigger="900", sl_trigger="1100")
    assert wrong == {
        "take_profit": f"A long takes profit above {mark}",
        "stop_loss": f"A long stops its loss below {mark}",
    }
    assert fields_of("protectFaults", SHORT, tp_trigger="900", sl_trigger="1100") == {}
    assert set(fields_of("protectFaults", SHORT, tp_trigger="1100", sl_trigger="900")) == {
        "take_profit",
        "stop_loss",
    }
    # What waits there already may stay.
    assert fields_of("protectFaults", LONG, tp_trigger="1100", sl_trigger="1050") == {}
    assert fields_of("protectFaults", LONG, sl_trigger="abc") == {
        "stop_loss": "This is not a number."
    }
    assert fields_of("protectWarnings", LONG, sl_trigger="900") == {}
    assert fields_of("protectWarnings", LONG, sl_trigger="790") == {
        "stop_loss": "The position would be liquidated at 800, before this stop."
    }
    assert "stop_loss" in fields_of("protectWarnings", SHORT, sl_trigger="1250")


def test_margin_and_size_of_a_change_are_judged_before_it_is_sent(blank: Page) -> None:
    def judge(rule: str, **fields: str) -> Any:
        return blank.evaluate(RULE, [rule, fields, LONG])

    assert judge("marginFaults", amount="", way="in") == {"amount": "How much?"}
    assert judge("marginFaults", amount="100", way="out") == {}
    assert judge("marginFaults", amount="100.01", way="out") == {
        "amount": "At most 100.00 USDT can be taken out: the rest is the initial margin."
    }
    assert (
        "Your free balance is 50.00 USDT." in judge("marginFaults", amount="51", way="in")["amount"]
    )
    assert "six decimals" in judge("marginFaults", amount="x", way="in")["amount"]
    assert judge("closeFaults", close_size="1", close_price="") == {}
    assert judge("closeFaults", close_size="2", close_price="x") == {
        "size": "The position holds 1.",
        "limit_price": "This is not a number.",
    }


FILLS = """async (frames) => {
  const { hearInto } = await import("/static/js/trade/feed.js");
  const values = { fills: [] };
  const store = {values, set: (parts) => Object.assign(values, parts), touch: () => {}};
  const told = [];
  const hear = hearInto(store, { onFill: ({ id }) => told.push(id) });
  for (const frame of frames) hear({channel: "fills", ...frame});
  return told;
}"""


def test_fills_that_were_missed_are_told_and_old_ones_are_not(blank: Page) -> None:
    def frame(kind: str, *numbers: int) -> dict[str, Any]:
        fills = [fill(number, "TRADE", executed_at=number) for number in numbers]
        return {"type": kind, "data": fills if kind == "snapshot" else fills[0]}

    frames = [frame("snapshot", 2, 1), frame("fill", 3), frame("snapshot", 4, 3, 2)]
    assert blank.evaluate(FILLS, frames) == ["f3", "f4"]


REACHED = """async ({row, mark, old}) => {
  const { isReached } = await import("/static/js/trade/tables.js");
  const tickers = new Map(mark ? [["B", {mark_price: mark}]] : []);
  return isReached({symbol: "B", ...row}, {tickers, old: new Set(old ? ["B"] : []), symbol: "A"});
}"""


@pytest.mark.parametrize(
    ("side", "trigger", "mark", "is_reached"),
    [
        ("SELL", "STOP", "99.9", True),
        ("SELL", "STOP", "100", True),
        ("SELL", "STOP", "100.1", False),
        ("SELL", "TAKE_PROFIT", "100.1", True),
        ("BUY", "STOP", "100.1", True),
        ("BUY", "STOP", "99.9", False),
        ("BUY", "TAKE_PROFIT", "99.9", True),
        ("BUY", "TAKE_PROFIT", None, False),
    ],
)
def test_a_protection_beyond_its_price_says_that_it_is_reached(
    blank: Page, side: str, trigger: str, mark: str | None, *, is_reached: bool
) -> None:
    row = {"side": side, "trigger": trigger, "trigger_price": "100"}
    assert blank.evaluate(REACHED, {"row": row, "mark": mark, "old": False}) is is_reached
    assert blank.evaluate(REACHED, {"row": row, "mark": mark, "old": True}) is False
