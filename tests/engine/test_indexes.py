"""The book's lines and the heaps of what is due, against obvious ones."""

from random import Random

from engine.due import Due
from engine.lines import Line
from engine.vocabulary import STATUS_MOVES, OrderStatus


def test_a_line_answers_like_a_sorted_list() -> None:
    random = Random(5)  # noqa: S311 -- a seeded world, no secret
    line, plain = Line(), list[int]()
    for number in range(1, 4_000):
        if random.random() < 0.5 and plain:
            gone = random.choice(plain[:5] + plain[-5:])
            plain.remove(gone)
            line.leave(gone)
            if random.random() < 0.3:
                plain.append(gone)
                plain.sort()
                line.join(gone)
        else:
            plain.append(number)
            line.join(number)
        if random.random() < 0.05:
            early = random.randint(1, number)
            if early not in plain:
                plain.append(early)
                plain.sort()
                line.join(early)
        at = random.randint(0, number)
        assert line.after(at) == next((each for each in plain if each > at), None)
        assert line.all() == plain
        assert len(line) == len(plain)
    for each in list(plain):
        line.leave(each)
    assert line.after(0) is None


def test_due_gives_the_true_entries_up_to_the_threshold_in_order() -> None:
    random = Random(6)  # noqa: S311 -- a seeded world, no secret
    due, truth = Due(), dict[str, int]()

    def is_true(key: int, name: str) -> bool:
        return truth.get(name) == key

    for _ in range(3_000):
        name = f"n{random.randint(1, 80)}"
        truth[name] = random.randint(0, 1_000)
        due.add(truth[name], name)
        threshold = random.randint(0, 1_000)
        expected = sorted((key, each) for each, key in truth.items() if key <= threshold)
        assert due.due(threshold, is_true) == expected
        due.drop_stale(is_true)


def test_an_ended_order_never_moves_again() -> None:
    ended = (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    )
    assert all(STATUS_MOVES[status] == () for status in ended)
    assert set(STATUS_MOVES) == {None, *OrderStatus}
