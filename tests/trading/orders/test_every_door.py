"""Two people's ids against one another at every door that the API's document names (I26).

The doors come from the document itself, so a new one is tried as soon as it is there.
"""

import itertools
import json
import re
import uuid
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.models import ApiKey, Permission, User
from accounts.services.api_keys import Terms, create_api_key
from tests.exchange import Exchange
from tests.trading.orders.conftest import Person
from trading.models import Balance, Command, Fill, Order, Position, Receipt

NOBODYS = str(uuid.UUID(int=0xDA4C, version=4))
BODIES = {
    "PATCH": {"size": "0.01"},
    "PUT": {"name": "taken over"},
    "DELETE": {"password": "wrong"},
}
PARAMETER = re.compile(r"\{([a-z_]+)\}")
OF_EVERYBODY = {"symbol", "number"}
"""Parameters that name what belongs to nobody in particular."""
WRITING = ("POST", "PUT", "PATCH", "DELETE")


def nobodys(name: str) -> str:
    """Return a name of the same shape that is nobody's."""
    try:
        uuid.UUID(name)
    except ValueError:
        return "nobodys" + name.removeprefix("alices")
    return NOBODYS


def documented() -> list[tuple[str, str, list[str]]]:
    """Return method, path and query parameters of every operation."""
    generator: Any = SchemaGenerator  # it has no types
    paths = generator().get_schema(request=None, public=True)["paths"]
    return [
        (
            method.upper(),
            path.removeprefix("/api/v1"),
            [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"],
        )
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith("/api/v1")
    ]


DOORS = documented()


@pytest.fixture
def mine(alice: Person, bob: Person, exchange: Exchange) -> list[str]:
    """Return every id and name of what alice has, after a trade with bob."""
    bob.place(side="SELL", size="0.2", limit_price="95000")
    alice.place(size="0.2", limit_price="96000", client_order_id="alices-filled")
    alice.place(limit_price="90000", client_order_id="alices-resting")
    terms = Terms(name="alices-key", permissions=[Permission.READ])
    create_api_key(user=alice.user, terms=terms, passphrase="a-passphrase-of-hers")
    account = {"account_id": alice.user.pk}
    return [
        str(Order.objects.get(client_order_id="alices-resting").pk),
        "alices-filled",
        str(ApiKey.objects.get(user=alice.user).pk),
        str(Fill.objects.get(**account).pk),
        str(alice.user.pk),
        bytes(Receipt.objects.filter(**account)[0].signature).hex(),
        alice.user.email,
    ]


def rows_of(person: Person) -> list[Any]:
    """Return every row of somebody's that a door could touch."""
    account = {"account_id": person.user.pk}
    found: list[Any] = [
        list(model.objects.filter(**account).order_by("pk").values())
        for model in (Order, Fill, Position, Balance, Command)
    ]
    keys = ApiKey.objects.filter(user=person.user).order_by("pk").values()
    return [*found, list(keys), User.objects.filter(pk=person.user.pk).values().get()]


def enter(person: Person) -> Person:
    """Log somebody in again, whatever the last door did to them."""
    person.client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return person


def filled(path: str, name: str) -> str:
    """Return a path with a name where an owner's thing is named."""
    own = PARAMETER.sub(lambda one: "BTC-USDT-PERP" if one[1] == "symbol" else one[0], path)
    return PARAMETER.sub(name.replace("@", "%40"), own)


def test_a_thing_of_somebody_else_is_answered_like_none_at_every_door(
    alice: Person, bob: Person, mine: list[str]
) -> None:
    before = rows_of(alice)
    named = [
        (method, path) for method, path, _ in DOORS if set(PARAMETER.findall(path)) - OF_EVERYBODY
    ]
    assert len(named) >= 8
    for (method, path), name in itertools.product(named, mine):
        told = [
            enter(bob).send(method, filled(path, one), BODIES.get(method))
            for one in (name, nobodys(name))
        ]
        answers = [(answer.status_code, answer.content) for answer in told]
        assert answers[0] == answers[1], (method, path)
    assert rows_of(alice) == before


def test_no_door_shows_anything_of_somebody_else(
    alice: Person, bob: Person, mine: list[str]
) -> None:
    for method, path, parameters in DOORS:
        if method != "GET" or PARAMETER.search(path.replace("{symbol}", "")):
            continue
        asked: list[dict[str, str]] = [{}]
        asked += [{name: one} for name in parameters for one in mine[:2] if "id" in name]
        for query in asked:
            answer = enter(bob).send("GET", filled(path, ""), **query)
            if answer.streaming:
                continue  # the statement, which has tests of its own
            text = answer.content.decode()
            shown = [one for one in mine if one in text and one not in query.values()]
            assert not shown, (path, query)


def test_no_body_that_names_somebody_elses_things_changes_them(
    alice: Person, bob: Person, mine: list[str]
) -> None:
    before = rows_of(alice)
    bodies = [
        {"ids": mine, "client_order_ids": mine},
        dict.fromkeys(("account_id", "user_id", "order_id", "id", "client_order_id"), mine[4]),
    ]
    for method, path, _ in DOORS:
        if method not in WRITING:
            continue
        for body in bodies:
            answer = enter(bob).send(method, filled(path, NOBODYS), body)
            assert answer.status_code < 500, (method, path, body)
            assert not [
                one
                for one in mine
                if one in answer.content.decode() and one not in json.dumps(body)
            ]
    assert rows_of(alice) == before
