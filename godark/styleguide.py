"""The style guide: every component in every state, on one page that production does not have."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

COLORS = (
    ("well", "ground", "raise-1", "raise-2", "raise-3"),
    ("hair", "hair-strong", "edge", "ink-3", "ink-2", "ink"),
    ("lume", "up", "down", "warn"),
)
SPACES = ("1", "2", "3", "4", "5", "6", "8", "10", "12", "16", "24")
LEVERAGES = "1 2 5 10 20 50 100 200 500 1000"


class SampleForm(forms.Form):
    """One field of each kind, as the forms of the site have them."""

    email = forms.EmailField(label="E-mail", help_text="We send one message, to confirm it.")
    size = forms.DecimalField(label="Size")
    market = forms.ChoiceField(label="Market", choices=[("BTC", "BTC-USDT-PERP")])
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    speed = forms.ChoiceField(
        label="Time in force",
        choices=[("GTC", "Until canceled"), ("IOC", "At once")],
        widget=forms.RadioSelect,
    )
    agreed = forms.BooleanField(label="I have read the terms")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide; in production there is no such page."""
    if settings.IN_PRODUCTION:
        raise Http404
    return render(request, "styleguide/page.html", _context())


def _context() -> dict[str, Any]:
    refused = SampleForm(
        data={"refused-email": "not an address", "refused-size": "-", "refused-market": "BTC"},
        prefix="refused",
    )
    refused.add_error(None, "The form was refused: see the fields below.")
    return {
        "colors": COLORS,
        "spaces": SPACES,
        "form": SampleForm(initial={"market": "BTC", "speed": "GTC"}, prefix="plain"),
        "refused": refused,
        "leverages": LEVERAGES,
    }
