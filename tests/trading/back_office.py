"""Walking through the back office as a member of staff does: every list, every object of a page."""

import re

from django.contrib import admin
from django.test import Client
from django.urls import reverse

OWN_ACTIONS = ("accounts.staffaction", "axes.accesslog")
"""Lists that change by being looked at."""
ROW_LINK = re.compile(r'<t[hd] class="field-[^"]*"><a href="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def walk(client: Client) -> dict[str, str]:
    """Return each list and each object that it leads to, by address, as one sees them."""
    pages: dict[str, str] = {}
    for model in admin.site._registry:
        if model._meta.label_lower in OWN_ACTIONS:
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        pages[address] = seen(client, address)
        for link in ROW_LINK.findall(pages[address]):
            pages[link] = seen(client, link)
    return pages


def seen(client: Client, address: str) -> str:
    """Return the page at an address without what differs at each look."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return TOKEN.sub("", answer.text)
