"""What the doors of trading take in: fields, types, and which of them belong together.

One instance of each serves all requests: it keeps nothing of them. Whether a price is a multiple
of the tick is said by `trading.services.order_terms`, whether an order may stand by the engine.
"""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import StrictSerializer, Truth
from engine import vocabulary as v
from trading.api.strict import (
    LARGEST_MOMENT_MS,
    ClientOrderId,
    DecimalText,
    FieldOf,
    Name,
    OneOf,
    Symbol,
    WholeNumber,
)

MOST_LEVERAGE: Final = 1_000
MOST_PLACED: Final = 20
MOST_CANCELED: Final = 50
SHORTEST_SWITCH_MS: Final = 1_000
LONGEST_SWITCH_MS: Final = 300_000
IMMEDIATE: Final = ("IOC", "FOK")


def words(enum: type[Any]) -> list[str]:
    """Return the words of one of the engine's lists."""
    return [member.value for member in enum]


def optional(**kwargs: Any) -> dict[str, Any]:
    """Return what makes a field one that may be left out or null."""
    return {"required": False, "allow_null": True, **kwargs}


class ProtectionBody(StrictSerializer):
    """One leg of a take-profit and stop-loss pair: a market order, or a limit order at a limit."""

    trigger_price = DecimalText(help_text="The mark price at which it fires.")
    limit_price = DecimalText(**optional())


class OrderBody(StrictSerializer):
    """An order as a client places it."""

    symbol = Symbol()
    side = OneOf(choices=words(v.Side))
    type = OneOf(choices=words(v.OrderType))
    size = DecimalText(help_text="Units of the base; a multiple of lot_size.")
    time_in_force = OneOf(choices=words(v.TimeInForce), help_text="MARKET: IOC or FOK.")
    limit_price = DecimalText(**optional(help_text="LIMIT needs one; a peg may have it as a cap."))
    expires_at = WholeNumber(least=1, most=LARGEST_MOMENT_MS, **optional(help_text="GTD only."))
    leverage = WholeNumber(
        least=1, most=MOST_LEVERAGE, **optional(help_text="If given, equal to the one set.")
    )
    all_or_none = Truth(**optional())
    min_quantity = DecimalText(**optional())
    min_quantity_mode = OneOf(choices=words(v.MinQuantityMode), **optional())
    nbbo_protection = Truth(**optional())
    post_only = Truth(**optional(help_text="Rests, and never takes."))
    reduce_only = Truth(**optional())
    stp = OneOf(
        choices=words(v.SelfTrade), **optional(help_text="EXPIRE_TAKER if you say nothing.")
    )
    client_order_id = ClientOrderId(**optional())
    trigger = OneOf(choices=words(v.TriggerKind), **optional(help_text="With trigger_price."))
    trigger_price = DecimalText(**optional(help_text="With trigger."))
    take_profit = ProtectionBody(**optional())
    stop_loss = ProtectionBody(**optional())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse fields that exclude each other, or lack each other."""
        for field, is_wrong, sentence in contradictions(attrs):
            if is_wrong:
                raise serializers.ValidationError({field: [sentence]})
        return attrs


def contradictions(order: Mapping[str, Any]) -> list[tuple[str, bool, str]]:
    """Return each rule of what belongs together: the field at fault, whether it is, and why."""
    kind, force = order["type"], order["time_in_force"]
    limit, expires_at = order.get("limit_price"), order.get("expires_at")
    trigger, trigger_price = order.get("trigger"), order.get("trigger_price")
    is_gtd, is_immediate = force == "GTD", force in IMMEDIATE
    return [
        ("limit_price", kind == "LIMIT" and limit is None, "A LIMIT order has a limit_price."),
        ("limit_price", kind == "MARKET" and limit is not None, "A MARKET order has none."),
        ("time_in_force", kind == "MARKET" and not is_immediate, "MARKET orders are IOC or FOK."),
        ("expires_at", is_gtd and expires_at is None, "A GTD order has a moment to expire at."),
        ("expires_at", not is_gtd and expires_at is not None, "Only GTD orders have one."),
        ("post_only", bool(order.get("post_only")) and is_immediate, "IOC and FOK never rest."),
        ("trigger_price", trigger is not None and trigger_price is None, "A trigger has one."),
        ("trigger", trigger is None and trigger_price is not None, "Say STOP or TAKE_PROFIT."),
    ]


@extend_schema_field(OrderBody)
class AnyOrder(FieldOf):
    """What should be an order; it is looked at by itself, later."""

    def to_internal_value(self, data: Any) -> Any:
        """Return it as it is."""
        return data


class OrderBatchBody(StrictSerializer):
    """Up to 20 orders; each is answered by itself."""

    orders = serializers.ListField(child=AnyOrder(), min_length=1, max_length=MOST_PLACED)


class CancelBatchBody(StrictSerializer):
    """Up to 50 orders to cancel, by either name."""

    ids = serializers.ListField(child=Name(), required=False, max_length=MOST_CANCELED)
    client_order_ids = serializers.ListField(child=Name(), required=False, max_length=MOST_CANCELED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and too many."""
        named = [*attrs.get("ids", ()), *attrs.get("client_order_ids", ())]
        if not 1 <= len(named) <= MOST_CANCELED:
            raise serializers.ValidationError(f"Name 1 to {MOST_CANCELED} orders.")
        return attrs


class AmendBody(StrictSerializer):
    """What of an order becomes another."""

    size = DecimalText(**optional(help_text="The new total, what is filled included."))
    limit_price = DecimalText(**optional())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an amendment of nothing."""
        if attrs.get("size") is None and attrs.get("limit_price") is None:
            raise serializers.ValidationError("Give size, limit_price, or both.")
        return attrs


class CancelAllAfterBody(StrictSerializer):
    """The dead-man switch."""

    timeout_ms = WholeNumber(
        least=0, most=LONGEST_SWITCH_MS, help_text="0 disarms; else 1000 to 300000."
    )

    def validate_timeout_ms(self, timeout_ms: int) -> int:
        """Refuse a timeout that is shorter than a second and not zero."""
        if 0 < timeout_ms < SHORTEST_SWITCH_MS:
            raise serializers.ValidationError(
                f"0, or {SHORTEST_SWITCH_MS} to {LONGEST_SWITCH_MS} milliseconds."
            )
        return timeout_ms


class LeverageBody(StrictSerializer):
    """The leverage of an account in a market."""

    leverage = WholeNumber(least=1, most=MOST_LEVERAGE)


class MarginBody(StrictSerializer):
    """Margin into a position, or out of it with a minus."""

    amount = DecimalText(help_text="USDT, signed, at most six decimals.")


class CloseBody(StrictSerializer):
    """How to close a position: whole and at the market, if nothing is said."""

    size = DecimalText(**optional(help_text="All of it, if you say nothing."))
    limit_price = DecimalText(**optional(help_text="Rests there, reduce-only; else at once."))
    client_order_id = ClientOrderId(**optional())


class TriggersBody(StrictSerializer):
    """The pair that protects a position: what is not given is cleared."""

    take_profit = ProtectionBody(**optional())
    stop_loss = ProtectionBody(**optional())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a pair of nothing; DELETE clears."""
        if attrs.get("take_profit") is None and attrs.get("stop_loss") is None:
            raise serializers.ValidationError("Give take_profit, stop_loss, or both.")
        return attrs


ORDER: Final = OrderBody()
ORDER_BATCH: Final = OrderBatchBody()
CANCEL_BATCH: Final = CancelBatchBody()
AMEND: Final = AmendBody()
CANCEL_ALL_AFTER: Final = CancelAllAfterBody()
LEVERAGE: Final = LeverageBody()
MARGIN: Final = MarginBody()
CLOSE: Final = CloseBody()
TRIGGERS: Final = TriggersBody()
