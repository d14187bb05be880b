import re
from http import HTTPStatus

import pytest
from django.conf import settings
from django.test import Client

from godark.errors import Code
from trading.services.refusals import REJECT_CODES

pytestmark = pytest.mark.usefixtures("listing")
FAILURES = settings.BASE_DIR / "static" / "js" / "trade" / "failures.js"
# The page's own: no answer came at all.
OWN = {"UNREACHABLE"}


def test_every_code_of_the_venue_has_a_sentence_for_a_person() -> None:
    told = set(re.findall(r"^  ([A-Z_]+): \[", FAILURES.read_text(encoding="utf-8"), re.MULTILINE))
    assert told - OWN == {code.value for code in Code} | {code for code in REJECT_CODES if code}


def test_every_failure_has_a_sentence_and_a_next_step() -> None:
    text = FAILURES.read_text(encoding="utf-8")
    table = re.findall(r'^  [A-Z_]+: \["([^"]*)", "([^"]*)"\],$', text, re.MULTILINE)
    assert len(table) == len(re.findall(r"^  [A-Z_]+: \[", text, re.MULTILINE))
    assert all(sentence and step for sentence, step in table)


def test_the_terminal_of_a_market_opens_for_everybody(client: Client) -> None:
    answer = client.get("/trade/BTC-USDT-PERP")
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.OK
    assert 'data-symbol="BTC-USDT-PERP"' in page
    assert "Log in to trade" in page
    assert "csrftoken" in answer.cookies


def test_the_terminal_runs_no_script_and_no_style_of_its_own(client: Client) -> None:
    page = client.get("/trade/BTC-USDT-PERP").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", page) == []


def test_a_market_that_is_none_has_no_terminal(client: Client) -> None:
    assert client.get("/trade/NOTHING-USDT-PERP").status_code == HTTPStatus.NOT_FOUND
