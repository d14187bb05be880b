import json

from tests.engine.previews import PATH, all_vectors


def test_the_vectors_of_the_terminals_preview_are_what_the_engine_does() -> None:
    assert json.loads(PATH.read_text(encoding="utf-8")) == all_vectors()


def test_the_vectors_reach_what_they_are_for() -> None:
    vectors = all_vectors()
    fills = [one["expected"]["fill"] for one in vectors if one["expected"]["fill"]]
    assert sum(one["held"]["size"] != "0" for one in vectors) >= 20
    assert sum(len(one["orders"]) > 1 for one in vectors) >= 15
    assert len(fills) >= 20
    assert sum(one["realized"] != "0" for one in fills) >= 5
    assert len({one["expected"]["max_lots"] for one in vectors}) >= 30
