from tests.engine.laws import book
from tests.engine.laws.facts import Step
from tests.engine.laws.law import hold
from tests.engine.laws.waits import Waits


def test_executions_happen_at_public_points_within_both_limits(worlds: list[list[Step]]) -> None:
    hold(book.fills_are_at_public_points, worlds)


def test_makers_are_met_by_better_price_then_by_age(worlds: list[list[Step]]) -> None:
    hold(book.better_price_then_age, worlds)


def test_quantity_is_filled_and_leaves_and_canceled_at_every_event(
    worlds: list[list[Step]],
) -> None:
    for steps in worlds:
        orders = book.Orders()
        for step in steps:
            orders.follow(step)


def test_an_order_moves_only_along_the_table_of_its_life(worlds: list[list[Step]]) -> None:
    for steps in worlds:
        orders = book.Orders()
        for step in steps:
            orders.follow(step)
        ended = {each.status for each in orders.told.values()}
        assert ended <= {"OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"}
        assert {"FILLED", "CANCELED", "EXPIRED"} <= ended


def test_minima_and_wholes_hold_on_both_sides_of_every_fill(worlds: list[list[Step]]) -> None:
    hold(book.constraints_hold_on_both_sides, worlds)
    hold(book.ended_by_self_trade_says_its_mode, worlds)


def test_no_account_trades_with_itself(worlds: list[list[Step]]) -> None:
    hold(book.nobody_trades_with_itself, worlds)


def test_a_client_order_id_acts_once(worlds: list[list[Step]]) -> None:
    for steps in worlds:
        client_ids = book.ClientIds()
        for step in steps:
            client_ids.follow(step)
        assert client_ids.first or steps


def test_an_order_that_waits_for_a_deposit_ends_once_and_in_its_time(
    worlds: list[list[Step]],
) -> None:
    lives = [Waits() for _ in worlds]
    for steps, life in zip(worlds, lives, strict=True):
        for step in steps:
            life.follow(step)
        assert not life.waiting
    assert sum(life.let_in for life in lives)
    assert sum(life.refused for life in lives)


def test_a_reference_older_than_one_and_a_half_seconds_trades_nothing(
    worlds: list[list[Step]],
) -> None:
    hold(book.stale_references_trade_nothing, worlds)
