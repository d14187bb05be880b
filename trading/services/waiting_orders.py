"""Draws the authorized deposit that an order waits for.

The order waits in the engine, which lets it in when the deposit is credited and refuses it when
its time is over; so whatever becomes of a drawing, the order ends once. How much is drawn follows
from the authorization alone: the chain tells nothing of the order. What is not here: seeing the
deposit (`trading.deposits`).
"""

import structlog

from accounts.models import User
from compliance import gate
from godark.errors import Failure
from trading.models import Order
from trading.services.vaults import access_wallet, draw_deposit
from trading.solana import Solana

log = structlog.get_logger(__name__)


def draw_for_waiting_orders(door: Solana, /) -> int:
    """Draw for everybody whose order waits for a deposit; return for how many."""
    waiting = Order.objects.filter(status="PENDING", trigger="")
    drawn = 0
    for user in User.objects.filter(pk__in=waiting.values("account_id")).order_by("pk"):
        try:
            gate.check(gate.may_deposit(user.pk, wallet=access_wallet(user).address))
            draw_deposit(door, user=user)
        except Failure as refused:
            # Under way already, or nothing is authorized: the order's own time decides.
            log.info("deposit_not_drawn", code=refused.code)
            continue
        drawn += 1
    return drawn
