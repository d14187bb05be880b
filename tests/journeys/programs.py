"""Programs on a live site: traders with keys and money, who talk by the client library."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from godark_client import HmacKey, Patience
from tests.journeys.people import post
from tests.live_site import LiveSite

QUICK = Patience(attempts=10, first_seconds=0.02, most_seconds=2.0)


@dataclass(frozen=True)
class Program:
    """A trader of the tier LOAD with an API key and test USDT."""

    account_id: str
    key: HmacKey


def programs(site: LiveSite, number: int) -> list[Program]:
    """Return so many new ones."""
    site.forget_addresses()
    made = json.loads(site.manage("make_traders", str(number), "--tier", "LOAD"))["traders"]
    return [_funded(site, one) for one in made]


def _funded(site: LiveSite, made: dict[str, Any]) -> Program:
    door = {"email": made["email"], "password": made["password"]}
    bearer = {"Authorization": f"Bearer {post(site, '/auth/login', door)['access_token']}"}
    answer = httpx.post(f"{site.url}/api/v1/dev/test-usdt", headers=bearer, timeout=30)
    assert answer.is_success, answer.text
    key = HmacKey(made["api_key"], made["secret"], made["passphrase"])
    return Program(made["account_id"], key)
