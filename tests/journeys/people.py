"""People of a live site: they sign up, log in and trade over HTTP, by `httpx`."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from tests.live_site import LiveSite

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
        assert answer.status_code == expect, answer.text
        found: dict[str, Any] = answer.json()
        return found


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
