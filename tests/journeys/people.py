"""People of a live site: they sign up, log in and trade over HTTP, by `httpx`."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from tests.live_site import LiveSite

# What the engine has not answered within 500 ms is answered 202: nothing is wrong with that.
ACCEPTED = 202
PATIENCE_S = 60
PASSWORD = "Dark-Pool-7-ok"
# No door gives somebody the tier without limits; the rows are what its service writes.
LOAD = """
    INSERT INTO accounts_accounttier (user_id, tier, given_at)
    SELECT id, 'LOAD', now() FROM accounts_user WHERE email = %s
"""


@dataclass(frozen=True)
class Traveler:
    """Somebody with an access token."""

    site: LiveSite
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return what every request of theirs carries."""
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Return the answer to a request."""
        content = None if body is None else json.dumps(body)
        headers = {**self.headers, "Content-Type": "application/json"}
        url = f"{self.site.url}/api/v1{path}"
        return httpx.request(method, url, content=content, headers=headers, timeout=30)

    def ask(self, method: str, path: str, body: Any = None, *, expect: int) -> dict[str, Any]:
        """Return what is answered with a status."""
        answer = self.send(method, path, body)
        found: dict[str, Any] = answer.json()
        until = time.monotonic() + PATIENCE_S
        while found.get("code") == "NO_REFERENCE_PRICE" and time.monotonic() < until:
            time.sleep(0.5)  # on a slow machine prices may be late, and the venue waits for them
            answer = self.send(method, path, body)
            found = answer.json()
        if answer.status_code == ACCEPTED and expect != ACCEPTED:
            return self.outcome(found)
        assert answer.status_code == expect, answer.text
        return found

    def outcome(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return an order that was answered PENDING as it stands when the engine has spoken."""
        until = time.monotonic() + PATIENCE_S
        while order["status"] == "PENDING":
            assert time.monotonic() < until, "the engine does not answer"
            time.sleep(0.1)
            order = self.ask("GET", f"/orders/{order['id']}", expect=200)
        return order


def newcomer(site: LiveSite, *, has_money: bool = True) -> Traveler:
    """Return somebody who has just signed up, of the tier LOAD, with test USDT."""
    email = f"{secrets.token_hex(6)}@godark.example"
    door = {"email": email, "password": PASSWORD}
    signing = {**door, "confirm_password": PASSWORD, "agreed_to_terms": True}
    post(site, "/auth/register", signing)
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        connection.execute(LOAD, [email])
    person = Traveler(site, email, post(site, "/auth/login", door)["access_token"])
    if has_money:
        person.ask("POST", "/dev/test-usdt", expect=201)
    return person


def post(site: LiveSite, path: str, body: Any) -> dict[str, Any]:
    """Return the answer to somebody without credentials."""
    answer = httpx.post(f"{site.url}/api/v1{path}", json=body, timeout=30)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found
