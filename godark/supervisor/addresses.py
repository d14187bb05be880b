"""The addresses of servers that the environment names, looked at before anything is started.

What stands in them is never told back: it may hold a password.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from godark.supervisor.place import RefusedError

SCHEMES = {
    "DATABASE_URL": ("postgres", "postgresql"),
    "DATABASE_OWNER_URL": ("postgres", "postgresql"),
    "REDIS_URL": ("redis", "rediss", "unix"),
    "SOLANA_RPC_URL": ("http", "https"),
    "GODARK_BASE_URL": ("http", "https"),
}
NEEDED_IN_PRODUCTION = ("DATABASE_URL", "REDIS_URL")


def refuse_addresses(environment: Mapping[str, str]) -> None:
    """Refuse an address that is none, and a production that names no servers of its own."""
    for name, schemes in SCHEMES.items():
        given = environment.get(name, "")
        if given and not is_address(given, schemes=schemes):
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise RefusedError(
                f"{name} is no address that GoDark can use: it begins with {wanted}."
            )
    if environment.get("GODARK_ENVIRONMENT") != "production":
        return
    missing = [name for name in NEEDED_IN_PRODUCTION if not environment.get(name)]
    if missing:
        raise RefusedError(
            f"{' and '.join(missing)} must be set in production: the embedded servers are for"
            " development only."
        )


def is_address(given: str, *, schemes: tuple[str, ...]) -> bool:
    """Tell whether a text reads as an address of one of these schemes."""
    try:
        parts = urlsplit(given)
        _ = parts.port  # read, it refuses what is no number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/"))
