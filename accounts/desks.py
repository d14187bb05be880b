"""How the back office is laid out: which lists lie on whose desk.

An app that registers a model with the staff's site adds it here; a test finds what is missing.
"""

from typing import NamedTuple


class DeskPage(NamedTuple):
    """A page that is no list: what staff call it, its address's name, and what one must hold."""

    title: str
    url_name: str
    permissions: tuple[str, ...]


DESKS: dict[str, tuple[str, ...]] = {
    "People": ("accounts.user", "auth.group", "accounts.secondfactor"),
    "Compliance": ("compliance.accountrestriction",),
    "Markets": (
        "trading.market",
        "trading.pricesource",
        "trading.bracketschedule",
        "trading.bracket",
        "trading.tradingcalendar",
        "trading.statewish",
        "trading.venuemodechange",
        "trading.proposal",
        "trading.lastgoodprice",
        "trading.pricealert",
        "trading.toldlie",
    ),
    "Trading": (
        "trading.order",
        "trading.trade",
        "trading.fill",
        "trading.position",
        "trading.liquidation",
        "trading.brokenglass",
    ),
    "Money": (
        "trading.balance",
        "trading.marketfunds",
        "trading.venuefunds",
        "accounts.ledgeraccount",
        "accounts.ledgerentry",
        "accounts.posting",
        "trading.reconciliation",
    ),
    "Operations": (
        "trading.alert",
        "trading.liquidationsuspect",
        "trading.event",
        "trading.logcheck",
        "trading.batch",
        "trading.command",
        "jobs.jobrun",
        "jobs.jobfailure",
    ),
    "Audit": (
        "accounts.staffaction",
        "trading.receiptopening",
        "axes.accesslog",
        "axes.accessattempt",
        "axes.accessfailurelog",
    ),
}
"""Name of the desk -> labels of its models, both in the order in which staff see them."""

TITLES: dict[str, str] = {
    "trading.lastgoodprice": "Price board",
    "trading.pricealert": "Price alerts",
    "trading.toldlie": "Lies told to the simulation",
    "trading.order": "Orders that have ended",
    "trading.position": "Open positions",
    "trading.statewish": "Wishes for states of markets",
    "trading.venuemodechange": "Pauses of the venue",
    "trading.brokenglass": "Looks at resting orders",
    "trading.marketfunds": "Insurance funds and venue debt",
    "trading.venuefunds": "The venue's own money",
    "trading.event": "Event log",
    "trading.logcheck": "Proof of the log",
    "trading.batch": "State roots",
    "trading.command": "Commands set aside",
    "auth.group": "Roles",
    "axes.accesslog": "Log-ins",
    "axes.accessattempt": "Guesses that count now",
    "axes.accessfailurelog": "Failed log-ins",
}
"""What staff call a list that another package named."""

PAGES: dict[str, tuple[DeskPage, ...]] = {
    "Trading": (
        DeskPage(
            "Who is next to be liquidated",
            "admin:trading_liquidation_queue",
            ("trading.view_position",),
        ),
        DeskPage(
            "What if a mark were another",
            "admin:trading_what_if",
            ("trading.view_position", "trading.view_marketfunds"),
        ),
    ),
}
"""Name of the desk -> its pages, below its lists."""

UNSORTED = "Unsorted"
"""Where a registered model shows up that stands on no desk: never hidden."""


def desk_of(label: str) -> str:
    """Return the desk of a model's lower-case label."""
    return next((desk for desk, labels in DESKS.items() if label in labels), UNSORTED)
