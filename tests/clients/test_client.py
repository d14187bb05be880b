"""The REST client: what it sends, what it reads, when it tries again, what it raises."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from godark_client import (
    ApiError,
    AuthenticationError,
    DuplicateError,
    ForbiddenError,
    InvalidError,
    NewOrder,
    NotFoundError,
    Order,
    Protection,
    RateLimitedError,
    RegionRestrictedError,
    RejectedError,
    TransportError,
    TwoFactorRequiredError,
    UnavailableError,
)
from tests.clients.venue import KEY, ORDER, Venue, is_signed, no, ok

BOTH = pytest.mark.parametrize("how", ["sync", "async"])
BUY = NewOrder(symbol="BTC-USDT-PERP", side="BUY", type="LIMIT", size="0.01", limit_price=60000)


def unnamed() -> NewOrder:
    return NewOrder(
        symbol="BTC-USDT-PERP", side="SELL", type="MARKET", size=1, client_order_id=None
    )


@BOTH
async def test_an_order_goes_out_signed_and_comes_back_typed(how: str) -> None:
    venue = Venue([ok(ORDER, 201)])
    order = await venue.ask(how, lambda client: client.place_order(BUY))
    assert (order.size, order.filled_size, order.average_price) == (
        Decimal("0.01"),
        Decimal("0.004"),
        None,
    )
    (asked,) = venue.asked
    assert (asked.method, asked.url.path) == ("POST", "/api/v1/orders")
    assert is_signed(asked)
    assert asked.headers["Content-Type"] == "application/json"
    assert b'"size":"0.01"' in asked.content
    assert b'"limit_price":"60000"' in asked.content
    assert BUY.client_order_id
    assert BUY.client_order_id.encode() in asked.content


@BOTH
async def test_what_is_asked_is_what_is_signed_whatever_characters_it_holds(how: str) -> None:
    venue = Venue([ok({"results": [], "next": None}), ok(ORDER)])
    await venue.ask(
        how, lambda client: client.orders(client_order_id="a b&c=[{é}]/?", cursor="x+y==")
    )
    await venue.ask(how, lambda client: client.order_by_client_id("../a b?c#d"))
    assert all(is_signed(asked) for asked in venue.asked)
    assert venue.asked[0].url.params["client_order_id"] == "a b&c=[{é}]/?"
    assert venue.asked[0].url.params["cursor"] == "x+y=="
    assert venue.asked[1].url.raw_path == b"/api/v1/orders/by-client-id/..%2Fa%20b%3Fc%23d"


@BOTH
async def test_the_same_question_twice_is_signed_differently(how: str) -> None:
    venue = Venue([ok({"server_at": 1})])

    def many(client: Any) -> Any:
        if how == "sync":
            return [client.time() for _ in range(20)]

        async def all_of_them() -> None:
            for _ in range(20):
                await client.time()

        return all_of_them()

    await venue.ask(how, many)
    assert len({asked.headers["GD-SIGNATURE"] for asked in venue.asked}) == 20


@BOTH
async def test_the_attributes_of_an_order_are_sent_as_the_contract_names_them(how: str) -> None:
    venue = Venue([ok(ORDER, 201)])
    order = NewOrder(
        symbol="X",
        side="SELL",
        type="LIMIT",
        size=Decimal("1E+1"),
        limit_price="2",
        time_in_force="GTD",
        expires_at=5,
        leverage=10,
        all_or_none=False,
        min_quantity="1",
        min_quantity_mode="FIRST",
        nbbo_protection=True,
        post_only=True,
        reduce_only=True,
        stp="DECREMENT",
        client_order_id="c",
        trigger_price="3",
        trigger="STOP",
        take_profit=Protection(trigger_price="4"),
        stop_loss=Protection(trigger_price="1", limit_price="0.5"),
    )
    await venue.ask(how, lambda client: client.place_order(order))
    assert venue.asked[0].content == (
        b'{"symbol":"X","side":"SELL","type":"LIMIT","size":"10","limit_price":"2",'
        b'"time_in_force":"GTD","expires_at":5,"leverage":10,"all_or_none":false,'
        b'"min_quantity":"1","min_quantity_mode":"FIRST","nbbo_protection":true,"post_only":true,'
        b'"reduce_only":true,"stp":"DECREMENT","client_order_id":"c","trigger_price":"3",'
        b'"trigger":"STOP","take_profit":{"trigger_price":"4"},'
        b'"stop_loss":{"trigger_price":"1","limit_price":"0.5"}}'
    )


@BOTH
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "VALIDATION_ERROR", InvalidError),
        (401, "AUTHENTICATION_FAILED", AuthenticationError),
        (401, "TWO_FACTOR_REQUIRED", TwoFactorRequiredError),
        (403, "PERMISSION_DENIED", ForbiddenError),
        (403, "KYC_REQUIRED", ForbiddenError),
        (404, "NOT_FOUND", NotFoundError),
        (409, "DUPLICATE_CLIENT_ORDER_ID", DuplicateError),
        (422, "INSUFFICIENT_COLLATERAL", RejectedError),
        (422, "A_CODE_OF_TOMORROW", RejectedError),
        (451, "REGION_RESTRICTED", RegionRestrictedError),
        (500, "INTERNAL_ERROR", UnavailableError),
        (418, "A_CODE_OF_TOMORROW", ApiError),
    ],
)
async def test_a_refusal_is_an_exception_of_its_kind_with_all_it_says(
    how: str, status: int, code: str, kind: type[ApiError]
) -> None:
    venue = Venue([no(status, code, field="size", extra={"free": "1.5"})])
    with pytest.raises(kind) as raised:
        await venue.ask(how, lambda client: client.place_order(unnamed()))
    error = raised.value
    assert type(error) is kind
    assert (error.code, error.status, error.field) == (code, status, "size")
    assert error.extra == {"free": "1.5"}
    assert str(error) == f"{code}: A sentence."
    assert len(venue.asked) == 1


@BOTH
async def test_a_rejected_order_comes_with_its_error(how: str) -> None:
    rejected = ORDER | {"status": "REJECTED", "reject_code": "INSUFFICIENT_COLLATERAL"}
    venue = Venue([no(422, "INSUFFICIENT_COLLATERAL", extra={"order": rejected})])
    with pytest.raises(RejectedError) as raised:
        await venue.ask(how, lambda client: client.place_order(BUY))
    order = raised.value.order
    assert order is not None
    assert (order.status, order.size) == ("REJECTED", Decimal("0.01"))


@BOTH
async def test_a_batch_gives_orders_and_errors_in_its_order(how: str) -> None:
    refused = {"code": "INVALID_SIZE", "detail": "No.", "field": "size", "extra": {}}
    venue = Venue([ok({"results": [ORDER, refused, ORDER]})])
    results = await venue.ask(how, lambda client: client.place_orders([BUY, unnamed(), BUY]))
    assert [type(result) for result in results] == [Order, RejectedError, Order]
    assert results[1].code == "INVALID_SIZE"


@BOTH
async def test_too_many_requests_are_repeated_after_the_time_that_was_told(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def wait_async(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr("asyncio.sleep", wait_async)
    refusal = no(429, "RATE_LIMIT_EXCEEDED", headers={"Retry-After": "2"})
    venue = Venue([refusal, refusal, ok(ORDER, 201)])
    order = await venue.ask(how, lambda client: client.place_order(unnamed()))
    assert order.status == "PARTIALLY_FILLED"
    assert waited == [2.0, 2.0]


@BOTH
async def test_a_wait_that_is_too_long_is_raised_with_its_length(how: str) -> None:
    venue = Venue([no(429, "RATE_LIMIT_EXCEEDED", headers={"Retry-After": "3600"})])
    with pytest.raises(RateLimitedError) as raised:
        await venue.ask(how, lambda client: client.place_order(BUY))
    assert raised.value.retry_after_seconds == 3600
    assert len(venue.asked) == 1


@BOTH
@pytest.mark.parametrize("trouble", [no(503, "UNAVAILABLE"), httpx.ReadTimeout("late")])
async def test_an_order_with_a_name_is_sent_again_and_one_without_never(
    how: str, trouble: httpx.Response | Exception
) -> None:
    venue = Venue([trouble, trouble, ok(ORDER)])
    await venue.ask(how, lambda client: client.place_order(BUY))
    assert len(venue.asked) == 3
    assert len({asked.content for asked in venue.asked}) == 1
    assert len({asked.headers["GD-SIGNATURE"] for asked in venue.asked}) == 3
    venue = Venue([trouble])
    with pytest.raises((UnavailableError, TransportError)):
        await venue.ask(how, lambda client: client.place_order(unnamed()))
    assert len(venue.asked) == 1


@BOTH
@pytest.mark.parametrize(
    ("ask", "times"),
    [
        (lambda client: client.place_orders([BUY, BUY]), 5),
        (lambda client: client.place_orders([BUY, unnamed()]), 1),
        (lambda client: client.cancel_order("x"), 1),
        (lambda client: client.amend_order("x", size=1), 1),
        (lambda client: client.move_margin("X", 1), 1),
        (lambda client: client.withdraw(1), 1),
        (lambda client: client.balance(), 5),
        (lambda client: client.cancel_all(), 5),
    ],
)
async def test_only_what_acts_once_is_repeated_when_no_answer_comes(
    how: str, ask: Any, times: int
) -> None:
    venue = Venue([httpx.ConnectError("gone")])
    with pytest.raises(TransportError):
        await venue.ask(how, ask)
    assert len(venue.asked) == times


@BOTH
async def test_a_wrong_clock_is_set_by_the_venues(how: str) -> None:
    venue = Venue([no(401, "TIMESTAMP_OUT_OF_WINDOW"), ok({"server_at": 5_000_000}), ok(ORDER)])
    await venue.ask(how, lambda client: client.order("x"))
    assert venue.asked[1].url.path == "/api/v1/time"
    assert 5_000_000 <= int(venue.asked[2].headers["GD-TIMESTAMP"]) < 5_010_000


@BOTH
async def test_a_listing_is_read_to_its_end(how: str) -> None:
    first, second = ORDER | {"id": "1"}, ORDER | {"id": "2"}
    venue = Venue(
        [ok({"results": [first], "next": "c+1"}), ok({"results": [second], "next": None})]
    )

    def every(client: Any) -> Any:
        if how == "sync":
            return [order.id for order in client.every(client.orders, symbol="X")]

        async def them() -> list[str]:
            return [order.id async for order in client.every(client.orders, symbol="X")]

        return them()

    assert await venue.ask(how, every) == ["1", "2"]
    assert dict(venue.asked[0].url.params) == {"symbol": "X"}
    assert dict(venue.asked[1].url.params) == {"symbol": "X", "cursor": "c+1"}


@BOTH
async def test_a_log_in_is_renewed_once_when_its_token_has_run_out(how: str) -> None:
    tokens = {"access_token": "a1", "refresh_token": "r1", "expires_in": 900}
    newer = {"access_token": "a2", "refresh_token": "r2", "expires_in": 900}
    venue = Venue([ok(tokens), no(401, "AUTHENTICATION_FAILED"), ok(newer), ok(ORDER)])

    def steps(client: Any) -> Any:
        if how == "sync":
            client.login("a@b.c", "secret")
            return client.order("x")

        async def them() -> Order:
            await client.login("a@b.c", "secret")
            order: Order = await client.order("x")
            return order

        return them()

    await venue.ask(how, steps, key=None)
    assert [asked.headers.get("Authorization") for asked in venue.asked] == [
        None,
        "Bearer a1",
        None,
        "Bearer a2",
    ]
    assert b'"refresh_token":"r1"' in venue.asked[2].content


@BOTH
async def test_the_figures_of_the_rate_limit_are_kept(how: str) -> None:
    kept: list[Any] = []
    venue = Venue([ok(ORDER)])

    def ask(client: Any) -> Any:
        if how == "sync":
            client.order("x")
            return kept.append(client.rate_limit)

        async def then() -> None:
            await client.order("x")
            kept.append(client.rate_limit)

        return then()

    await venue.ask(how, ask)
    assert (kept[0].limit, kept[0].used, kept[0].reset_seconds) == (60, 7, 3)


@BOTH
async def test_an_answer_that_is_no_json_is_told_by_its_status(how: str) -> None:
    venue = Venue([httpx.Response(502, content=b"<html>")])
    with pytest.raises(UnavailableError) as raised:
        await venue.ask(how, lambda client: client.place_order(unnamed()))
    assert raised.value.status == 502


def test_a_key_never_shows_what_it_signs_with() -> None:

    assert KEY.secret not in repr(KEY)
    assert KEY.passphrase not in repr(KEY)


@BOTH
async def test_the_newest_proof_is_kept_by_itself_and_costs_no_answer(
    how: str, tmp_path: Path
) -> None:
    file = tmp_path / "proof.json"
    venue = Venue([ok(ORDER, 201), ok({"number": 7, "balance": "5"}), ok({"results": []})])
    await venue.ask(how, lambda client: client.place_order(BUY), proof_file=file)
    assert [asked.url.path for asked in venue.asked] == ["/api/v1/orders", "/api/v1/proofs/account"]
    assert is_signed(venue.asked[1])
    assert json.loads(file.read_text()) == {"number": 7, "balance": "5"}
    for refusal in (no(409, "NO_PROOF_YET"), httpx.ConnectError("gone"), ok({"number": 6}), ok({})):
        later = Venue([ok(ORDER, 201), refusal])
        order = await later.ask(how, lambda client: client.place_order(BUY), proof_file=file)
        assert order.client_order_id == "mine"
        assert json.loads(file.read_text())["number"] == 7


@BOTH
async def test_who_has_no_key_keeps_no_proof(how: str, tmp_path: Path) -> None:
    venue = Venue([ok({"server_at": 1})])
    file = tmp_path / "proof.json"
    await venue.ask(how, lambda client: client.time(), key=None, proof_file=file)
    assert len(venue.asked) == 1
    assert not file.exists()
