"""Whose address a request comes from, when proxies of ours may stand before the site.

X-Forwarded-For is written by whoever likes to. Only the entries that our own proxies appended
count, and their number is a setting: guessing by address ranges lets a stranger choose his
address.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

FORWARDED_FOR = b"x-forwarded-for"
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - stands for a client without one (a Unix socket); nothing listens
LOOPBACK: tuple[IPv4Network | IPv6Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def address_of(request: HttpRequest) -> str:
    """Return the address of the client, by the site's count of trusted proxies."""
    return client_address(
        remote=request.META.get("REMOTE_ADDR") or "",
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """Return the same for a socket, by its ASGI scope."""
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == FORWARDED_FOR]
    remote, _ = scope.get("client") or ("", 0)
    return client_address(
        remote=remote, forwarded_for=",".join(told), proxies=settings.TRUSTED_PROXIES
    )


def counted_address_of(request: HttpRequest) -> str:
    """Return the address that guesses are counted under: one for all of an IPv6 user's /64."""
    return block_of(address_of(request)).partition("/")[0]


def client_address(*, remote: str, forwarded_for: str, proxies: int) -> str:
    """Return the address that the outermost of `proxies` proxies saw.

    Each proxy appends the address it was called from, so the client is the entry `proxies`
    places from the right. A header too short or no address there: whoever called us.
    """
    entries = forwarded_for.split(",")
    if 0 < proxies <= len(entries):
        seen = _parse(entries[-proxies])
        if seen is not None:
            return str(seen)
    return str(_parse(remote) or NO_ADDRESS)


def is_inside(request: HttpRequest, networks: Iterable[str]) -> bool:
    """Tell whether the client is on loopback or in one of the networks, by every account of it.

    Whoever X-Forwarded-For names beyond our own proxies must be inside too: then a proxy on
    loopback that nobody told us of opens nothing, and an invented entry can only close.
    """
    allowed = (*LOOPBACK, *(ip_network(network) for network in networks))
    entries = [entry for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry]
    strangers = entries[: len(entries) - settings.TRUSTED_PROXIES]
    named = [_parse(address_of(request)), *(_parse(entry) for entry in strangers)]
    return all(one is not None and any(one in network for network in allowed) for one in named)


def block_of(address: str) -> str:
    """Return what limits count as one: an IPv4 address, or the /64 that one IPv6 user is given."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that an entry names, without port and brackets; None if none."""
    entry = text.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        parsed = ip_address(entry)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
