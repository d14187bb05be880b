"""How the back office is laid out: which lists lie on whose desk.

An app that registers a model with the staff's site adds it here; a test finds what is missing.
"""

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
        "trading.command",
        "jobs.jobrun",
        "jobs.jobfailure",
    ),
    "Audit": (
        "accounts.staffaction",
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
    "trading.marketfunds": "Insurance funds and venue debt",
    "trading.venuefunds": "The venue's own money",
    "trading.event": "Event log",
    "trading.logcheck": "Proof of the log",
    "trading.command": "Commands set aside",
    "auth.group": "Roles",
    "axes.accesslog": "Log-ins",
    "axes.accessattempt": "Guesses that count now",
    "axes.accessfailurelog": "Failed log-ins",
}
"""What staff call a list that another package named."""

UNSORTED = "Unsorted"
"""Where a registered model shows up that stands on no desk: never hidden."""


def desk_of(label: str) -> str:
    """Return the desk of a model's lower-case label."""
    return next((desk for desk, labels in DESKS.items() if label in labels), UNSORTED)
