"""The roles of the staff, and the one table of what each may do.

Roles are Django groups of the same name; `accounts.services.staff.sync_roles` makes the database
agree with this table after every migration, and a test compares the two. An app that brings
something for staff to see or do adds its lines here. Nobody is a superuser in Django's sense.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff does; the value is the name of the group."""

    COMPLIANCE = "compliance"
    RISK = "risk"
    SUPPORT = "support"
    TREASURY = "treasury"
    MARKET_OPS = "market-ops"
    AUDITOR = "auditor"
    SUPERADMIN = "superadmin"


EVERYBODY = tuple(Role)
OVERSEERS = (Role.AUDITOR, Role.SUPERADMIN)
"""Who looks at the staff itself."""
MONEY_READERS = (Role.RISK, Role.TREASURY, Role.COMPLIANCE, *OVERSEERS)
ACCOUNT_READERS = (Role.RISK, Role.COMPLIANCE, Role.SUPPORT, Role.TREASURY, *OVERSEERS)
WATCHERS = (Role.RISK, Role.MARKET_OPS, *OVERSEERS)

GRANTS: dict[str, tuple[Role, ...]] = {
    "accounts.view_user": (Role.COMPLIANCE, Role.SUPPORT, *OVERSEERS),
    "accounts.change_user": (Role.SUPERADMIN,),
    "accounts.view_secondfactor": OVERSEERS,
    "accounts.delete_secondfactor": (Role.SUPERADMIN,),
    "accounts.view_staffaction": OVERSEERS,
    "accounts.view_ledgeraccount": MONEY_READERS,
    "accounts.view_ledgerentry": MONEY_READERS,
    "accounts.view_posting": MONEY_READERS,
    "auth.view_group": OVERSEERS,
    "axes.view_accessattempt": (Role.SUPPORT, *OVERSEERS),
    "axes.view_accessfailurelog": OVERSEERS,
    "axes.view_accesslog": (Role.COMPLIANCE, *OVERSEERS),
    "compliance.view_accountrestriction": (Role.COMPLIANCE, Role.SUPPORT, *OVERSEERS),
    "compliance.add_accountrestriction": (Role.COMPLIANCE, Role.SUPERADMIN),
    "jobs.view_jobfailure": (Role.RISK, Role.MARKET_OPS, *OVERSEERS),
    "jobs.view_jobrun": (Role.RISK, Role.MARKET_OPS, *OVERSEERS),
    "trading.view_balance": ACCOUNT_READERS,
    "trading.view_batch": WATCHERS,
    "trading.view_bracket": EVERYBODY,
    "trading.view_bracketschedule": EVERYBODY,
    "trading.view_brokenglass": (Role.RISK, Role.COMPLIANCE, *OVERSEERS),
    "trading.add_brokenglass": (Role.RISK, Role.COMPLIANCE, Role.SUPERADMIN),
    "trading.view_glasslook": (Role.RISK, Role.COMPLIANCE, *OVERSEERS),
    "trading.view_command": WATCHERS,
    "trading.view_event": WATCHERS,
    "trading.view_fill": ACCOUNT_READERS,
    "trading.view_holiday": EVERYBODY,
    "trading.view_lastgoodprice": EVERYBODY,
    "trading.view_liquidation": (Role.RISK, Role.SUPPORT, Role.MARKET_OPS, *OVERSEERS),
    "trading.view_logcheck": WATCHERS,
    "trading.view_market": EVERYBODY,
    "trading.view_marketfunds": MONEY_READERS,
    "trading.view_marketticker": EVERYBODY,
    "trading.view_order": ACCOUNT_READERS,
    "trading.view_position": ACCOUNT_READERS,
    "trading.view_trade": EVERYBODY,
    "trading.view_venuefunds": MONEY_READERS,
    "trading.view_alert": (Role.RISK, Role.MARKET_OPS, *OVERSEERS),
    "trading.view_liquidationsuspect": (Role.RISK, Role.MARKET_OPS, *OVERSEERS),
    "trading.view_pricealert": EVERYBODY,
    "trading.view_pricesource": EVERYBODY,
    "trading.view_proposal": EVERYBODY,
    "trading.add_proposal": (Role.RISK, Role.MARKET_OPS, Role.SUPERADMIN),
    "trading.change_proposal": (Role.RISK, Role.SUPERADMIN),
    "trading.move_funds": (Role.RISK, Role.TREASURY, Role.SUPERADMIN),
    "trading.view_receipt": OVERSEERS,
    "trading.view_receiptopening": (Role.COMPLIANCE, *OVERSEERS),
    "trading.view_reconciliation": (Role.RISK, Role.TREASURY, *OVERSEERS),
    "trading.view_statewish": EVERYBODY,
    "trading.add_statewish": (Role.RISK, Role.MARKET_OPS, Role.SUPERADMIN),
    "trading.view_toldlie": EVERYBODY,
    "trading.add_toldlie": (Role.MARKET_OPS, Role.SUPERADMIN),
    "trading.view_tradingcalendar": EVERYBODY,
    "trading.view_venuemodechange": EVERYBODY,
    "trading.add_venuemodechange": (Role.RISK, Role.MARKET_OPS, Role.SUPERADMIN),
}
"""Permission -> the roles that hold it. The auditor may appear beside `view_` only."""


def permissions_of(role: Role) -> set[str]:
    """Return the permissions of a role as `app.codename`."""
    return {permission for permission, roles in GRANTS.items() if role in roles}
