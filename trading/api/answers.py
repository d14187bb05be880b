"""What the doors of trading answer, for the API's document.

The objects themselves are made by the selectors, ready to be written, for REST and sockets alike;
the tests hold every answer to these shapes.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engine import vocabulary as v
from trading.api.bodies import words
from trading.models import OrderStatus
from trading.selectors.tape import SizeClass
from trading.services.refusals import REJECT_CODES

Shape = serializers.Serializer[Any]


@extend_schema_field({"type": "string", "format": "decimal", "example": "0.5"})
class Number(serializers.CharField):
    """A decimal as a string."""


@extend_schema_field({"type": "integer", "format": "int64", "example": 1_763_136_000_000})
class Moment(serializers.IntegerField):
    """Unix milliseconds."""


def nullable(**kwargs: Any) -> dict[str, Any]:
    """Return what makes a field one that may be null."""
    return {"allow_null": True, **kwargs}


class ProtectionSerializer(Shape):
    """One leg of a take-profit and stop-loss pair."""

    trigger_price = Number()
    limit_price = Number(**nullable(help_text="null: a market order."))


@extend_schema_field({"type": "object", "additionalProperties": {}, "nullable": True})
class ReceiptField(serializers.JSONField):
    """The venue's signed statement of the command that it accepted."""


class OrderSerializer(Shape):
    """An order as its owner sees it."""

    id = serializers.UUIDField()
    client_order_id = serializers.CharField(**nullable())
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=words(v.Side))
    type = serializers.ChoiceField(choices=words(v.OrderType))
    size = Number(help_text="The total, units of the base.")
    filled_size = Number()
    leaves_size = Number(help_text="What is still to be executed.")
    limit_price = Number(**nullable())
    average_price = Number(**nullable(help_text="Of its fills; null before the first."))
    time_in_force = serializers.ChoiceField(choices=words(v.TimeInForce))
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    reject_code = serializers.ChoiceField(
        choices=REJECT_CODES,
        **nullable(help_text="Why it was rejected, or lost lots before they were filled."),
    )
    created_at = Moment()
    updated_at = Moment()
    account_sequence = serializers.IntegerField(
        **nullable(help_text="Which of this account's commands it is.")
    )
    receipt = ReceiptField(**nullable(help_text="null until the engine has answered."))
    expires_at = Moment(**nullable())
    leverage = serializers.IntegerField(**nullable(help_text="If it was given."))
    all_or_none = serializers.BooleanField()
    min_quantity = Number(**nullable())
    min_quantity_mode = serializers.ChoiceField(choices=words(v.MinQuantityMode))
    nbbo_protection = serializers.BooleanField()
    post_only = serializers.BooleanField()
    reduce_only = serializers.BooleanField()
    stp = serializers.ChoiceField(choices=words(v.SelfTrade))
    trigger = serializers.ChoiceField(choices=words(v.TriggerKind), **nullable())
    trigger_price = Number(**nullable())
    take_profit = ProtectionSerializer(**nullable())
    stop_loss = ProtectionSerializer(**nullable())
    fee = Number(help_text="Of its fills, USDT; negative: rebate.")


class FillSerializer(Shape):
    """One execution of one order. `order_id` is null where the venue closed a position."""

    id = serializers.UUIDField()
    order_id = serializers.UUIDField(**nullable())
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=words(v.Side))
    price = Number()
    size = Number()
    fee = Number(help_text="USDT; negative: rebate.")
    liquidity = serializers.ChoiceField(choices=["MAKER", "TAKER"])
    kind = serializers.ChoiceField(choices=words(v.TradeKind))
    realized_pnl = Number()
    executed_at = Moment()


class WholeOrderSerializer(OrderSerializer):
    """An order with its newest 500 fills."""

    fills = FillSerializer(many=True)


class OrderListSerializer(Shape):
    """Orders, the newest first."""

    results = WholeOrderSerializer(many=True)


class PageSerializer(Shape):
    """What every page says beside its rows."""

    next = serializers.CharField(
        **nullable(help_text="The cursor of the page after this one; null: there is none.")
    )


class OrderPageSerializer(PageSerializer):
    """A page of orders; their fills are at /fills."""

    results = OrderSerializer(many=True)


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "anyOf": [
                {"$ref": "#/components/schemas/WholeOrder"},
                {"$ref": "#/components/schemas/Failure"},
            ]
        },
    }
)
class OrdersOrFailures(serializers.JSONField):
    """An order or a failure for each that was asked for."""


class OrderBatchSerializer(Shape):
    """The answers to a batch, in its order."""

    results = OrdersOrFailures()


class SwitchSerializer(Shape):
    """The dead-man switch as it stands."""

    timeout_ms = serializers.IntegerField()
    fires_at = Moment(**nullable(help_text="null: disarmed."))


class FillPageSerializer(PageSerializer):
    """A page of fills."""

    results = FillSerializer(many=True)


class FundingPaymentSerializer(Shape):
    """What was paid (negative) or received for an hour."""

    id = serializers.UUIDField()
    symbol = serializers.CharField()
    amount = Number(help_text="USDT; positive when received.")
    funded_at = Moment(help_text="The end of the hour.")
    paid_at = Moment()


class FundingPaymentPageSerializer(PageSerializer):
    """A page of funding payments."""

    results = FundingPaymentSerializer(many=True)


class LiquidationSerializer(Shape):
    """A liquidation of an own position, with what was closed where."""

    id = serializers.UUIDField()
    symbol = serializers.CharField()
    mark_price = Number()
    equity = Number()
    maintenance_margin = Number()
    size = Number(help_text="Of the position when it began, signed.")
    book_size = Number(help_text="Closed in the book.")
    backstop_size = Number(help_text="Taken over by the backstop.")
    deleveraged_size = Number(help_text="Closed by auto-deleveraging.")
    notional = Number()
    fee = Number()
    is_pending = serializers.BooleanField()
    started_at = Moment()


class LiquidationPageSerializer(PageSerializer):
    """A page of liquidations."""

    results = LiquidationSerializer(many=True)


class PositionSerializer(Shape):
    """A position, valued at the mark. A flat one has size 0 and no entry price."""

    symbol = serializers.CharField()
    size = Number(help_text="Signed: negative is short.")
    entry_price = Number(**nullable())
    mark_price = Number(**nullable())
    notional = Number(help_text="At the mark, USDT.")
    collateral = Number()
    leverage = serializers.IntegerField()
    unrealized_pnl = Number()
    realized_pnl = Number()
    funding = Number(help_text="Received (positive) or paid since the market was entered.")
    reserved = Number(help_text="By open orders of this market.")
    initial_margin = Number()
    maintenance_margin = Number()
    margin_ratio = Number(**nullable(help_text="Equity / maintenance margin."))
    liquidation_price = Number(**nullable(help_text="null: no price above zero liquidates it."))
    adl_rank = serializers.IntegerField(
        min_value=1,
        max_value=5,
        **nullable(help_text="5 is deleveraged first; refreshed once a minute."),
    )
    is_liquidation_pending = serializers.BooleanField()
    take_profit = ProtectionSerializer(**nullable())
    stop_loss = ProtectionSerializer(**nullable())
    updated_at = Moment(**nullable(help_text="null: never touched."))


class PositionListSerializer(PageSerializer):
    """Positions."""

    results = PositionSerializer(many=True)


class BalanceSerializer(Shape):
    """An account's money in USDT."""

    free = Number()
    reserved = Number()
    in_positions = Number()
    wallet = Number(help_text="free + reserved + in_positions")
    unrealized_pnl = Number()
    equity = Number(help_text="wallet + unrealized_pnl")
    pending_deposits = Number(help_text="Credited and not final yet.")
    pending_withdrawals = Number(help_text="Held for withdrawals.")


class GiftSerializer(Shape):
    """Test USDT that was given."""

    amount = Number()
    balance = BalanceSerializer()


class PublicTradeSerializer(Shape):
    """One print of the tape."""

    price = Number()
    size = Number()
    executed_at = Moment()


class PublicTradePageSerializer(PageSerializer):
    """A page of the tape."""

    results = PublicTradeSerializer(many=True)


class VenueQuoteSerializer(Shape):
    """What an outside venue quotes."""

    name = serializers.CharField()
    bid = Number(**nullable())
    ask = Number(**nullable())
    age_ms = serializers.IntegerField(**nullable(help_text="How old the quote is."))
    is_used = serializers.BooleanField(help_text="Whether it counts for index and reference now.")


class VenueQuoteListSerializer(Shape):
    """All venues of a market."""

    results = VenueQuoteSerializer(many=True)
    next = serializers.CharField(**nullable(help_text="Always null."))


class FundingRateSerializer(Shape):
    """The funding rate of an hour."""

    symbol = serializers.CharField()
    funding_rate = Number(**nullable(help_text="A fraction; positive: longs paid."))
    index_price = Number(**nullable())
    funded_at = Moment(help_text="The end of the hour.")


class FundingRatePageSerializer(PageSerializer):
    """A page of funding rates."""

    results = FundingRateSerializer(many=True)


class PublicLiquidationSerializer(Shape):
    """What everybody may know of a liquidation."""

    symbol = serializers.CharField()
    size_class = serializers.ChoiceField(choices=[one.name for one in SizeClass])
    minute_at = Moment(help_text="The beginning of the minute.")


class PublicLiquidationPageSerializer(PageSerializer):
    """A page of liquidations."""

    results = PublicLiquidationSerializer(many=True)
