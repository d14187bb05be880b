"""Nothing here asks for a database: pytest-django refuses every query, which is the proof."""

import pytest
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import override_settings

from godark import error_pages
from godark.errors import Code, Failure
from godark.styleguide import styleguide


def test_the_page_of_a_fault_needs_no_database_and_no_context_processor() -> None:
    answer = error_pages.server_error(RequestFactory().get("/broken"))
    html = answer.content.decode()
    assert answer.status_code == 500
    assert "The fault is on our side." in html
    assert '<link rel="stylesheet" href="/static/css/tokens.css">' in html


def test_the_page_of_an_outage_needs_no_database_and_no_context_processor() -> None:
    failure = Failure(Code.UNAVAILABLE, "A part does not answer.", retry_after_seconds=5)
    answer = error_pages.answer(RequestFactory().get("/broken"), failure)
    assert answer.status_code == 503
    assert "Try again in a moment." in answer.content.decode()


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            Failure(Code.RATE_LIMIT_EXCEEDED, "Slow down.", retry_after_seconds=42),
            ["Slow down.", "42 s"],
        ),
        (
            Failure(
                Code.REGION_RESTRICTED,
                "Not offered there.",
                extra={"country": "CU", "reason": "On the list."},
            ),
            ["Not offered there.", "CU", "On the list."],
        ),
        (Failure(Code.REGION_RESTRICTED, "Not offered there."), ["not known", "not stated"]),
        (Failure(Code.PERMISSION_DENIED, "You may not do this."), ["You may not do this."]),
    ],
)
@pytest.mark.django_db
def test_the_page_of_a_refusal_says_why(failure: Failure, told: list[str]) -> None:
    answer = error_pages.answer(RequestFactory().get("/somewhere"), failure)
    assert answer.status_code == failure.code.status
    html = answer.content.decode()
    assert [sentence for sentence in told if sentence not in html] == []


def test_production_has_no_style_guide() -> None:
    with override_settings(IN_PRODUCTION=True), pytest.raises(Http404):
        styleguide(RequestFactory().get("/styleguide"))
