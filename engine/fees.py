"""Fees and rebates of trades: by the running total of each order.

The fee of an order is ceil of its whole notional's share and each fill pays the difference;
credits round down. What is not here: where the fee is taken from (`engine.legs`).
"""

from engine.orders import Order
from engine.units import rate_ceil_micro, rate_floor_micro


def taker_ppb(base_ppb: int, discount_percent: int, /) -> int:
    """Return the taker rate after a stake tier's discount, rounded up."""
    return -(-base_ppb * (100 - discount_percent) // 100)


def taker_fee_ceil_micro(order: Order, notional_micro: int, base_ppb: int, /) -> int:
    """Return what this execution adds to the order's taker fee, rounded up in total."""
    discount = order.terms.fee_discount_percent
    rate = taker_ppb(base_ppb, discount) if discount else base_ppb
    before = order.taker_notional_micro
    if before == 0:
        return rate_ceil_micro(notional_micro, rate)
    return rate_ceil_micro(before + notional_micro, rate) - rate_ceil_micro(before, rate)


def maker_rebate_floor_micro(order: Order, notional_micro: int, rate_ppb: int, /) -> int:
    """Return what this execution adds to the order's rebate, rounded down in total."""
    before = order.maker_notional_micro
    if before == 0:
        return rate_floor_micro(notional_micro, rate_ppb)
    return rate_floor_micro(before + notional_micro, rate_ppb) - rate_floor_micro(before, rate_ppb)
