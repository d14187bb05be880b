"""Who wants a market to be stricter than open, and how strict; the strictest wish holds."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trading.models.markets import Market, MarketState


class Wisher(models.TextChoices):
    """Who may want something of a market's state."""

    PRICES = "PRICES", "The price service: hours, and too few sources"
    STAFF = "STAFF", "Staff"
    SETTLEMENT = "SETTLEMENT", "Settlement: roots that come late"
    VENUE = "VENUE", "A pause of the whole venue"


class StateWish(models.Model):
    """One wisher's wish for one market; without any, the market is open.

    Wishes live apart, so that one that ends never lifts another's: staff's halt outlives the
    weekend, and prices that recover do not reopen what staff closed.
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="state_wishes")
    wisher = models.CharField(max_length=12, choices=Wisher.choices)
    state = models.CharField(max_length=12, choices=MarketState.choices)
    hours_closed = models.BooleanField(default=False)
    wished_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["market", "wisher"], name="state_wish_one_each"),
            models.CheckConstraint(
                condition=Q(wisher__in=Wisher.values), name="state_wish_wisher_in_list"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["REDUCE_ONLY", "POST_ONLY", "CANCEL_ONLY", "HALTED"]),
                name="state_wish_stricter_than_open",
            ),
            models.CheckConstraint(
                condition=Q(hours_closed=False) | Q(state="CANCEL_ONLY"),
                name="state_wish_hours_cancel_only",
            ),
        ]

    def __str__(self) -> str:
        """Return whose wish it is and for what."""
        return f"{self.wisher} wants {self.market_id} {self.state}"
