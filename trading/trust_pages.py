"""The pages by which nobody has to take the venue's word: proof, trust, disclosure.

What they check and say comes from the chain (in the browser), from one table of keys and from the
running configuration. What is not here: the pages about markets and money (`trading.pages`).
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trading.selectors.disclosure_versions import parts_of, version_of
from trading.selectors.keys_held import KEYS
from trading.selectors.rules import rules
from trading.solana import program_addresses

SECONDS_PER_MINUTE = 60
LONGEST_NUMBER = 9


@login_required
@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """Show the page that checks the account's balance against the chain, in the browser."""
    return render(request, "proof.html", {"chain": chain_of_proofs()})


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """Show what is trusted, whom, and what happens when each key is stolen."""
    told = {
        "chain": chain_of_proofs(),
        "keys": KEYS,
        "rules": rules(),
        "checkpoint_minutes": Decimal(settings.CHECKPOINT_SECONDS) / SECONDS_PER_MINUTE,
    }
    return render(request, "trust.html", told)


@require_safe
def disclosure(request: HttpRequest) -> HttpResponse:
    """Show a version of the disclosure, the newest unless `version` names one, and its changes."""
    asked = request.GET.get("version", "")
    is_number = asked.isdecimal() and len(asked) <= LONGEST_NUMBER
    version = version_of(int(asked) if is_number else None)
    if version is None and is_number:
        raise Http404("There is no such version.")
    newest = version_of(None)
    told = {
        "version": version,
        "is_newest": version == newest,
        "parts": parts_of(version) if version else [],
    }
    return render(request, "disclosure.html", told)


def chain_of_proofs() -> dict[str, Any]:
    """Return where a browser finds what the chain holds."""
    addresses = program_addresses()
    return {
        "node": settings.SOLANA_PROOF_NODE,
        "program": str(addresses.program),
        "roots": str(addresses.roots),
        "checkpoints": str(addresses.checkpoints),
    }
