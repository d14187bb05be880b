"""When markets that keep hours are open; which moment that is, `trading.selectors.market_hours`."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Weekday(models.IntegerChoices):
    """The days of the week as ISO 8601 numbers them."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


class TradingCalendar(models.Model):
    """Weekly hours in one time zone.

    A trading day begins and ends at `turns_at`, local time, and carries the date on which it
    ends. The week closes at that time on one weekday and opens at it on another.
    """

    name = models.CharField(max_length=40, unique=True)
    time_zone = models.CharField(max_length=40, help_text="A name of the IANA database.")
    turns_at = models.TimeField()
    week_closes_on = models.PositiveSmallIntegerField(choices=Weekday.choices)
    week_opens_on = models.PositiveSmallIntegerField(choices=Weekday.choices)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(week_closes_on__in=Weekday.values, week_opens_on__in=Weekday.values),
                name="calendar_weekdays_in_list",
            ),
            models.CheckConstraint(
                condition=~Q(week_closes_on=F("week_opens_on")),
                name="calendar_week_opens_and_closes",
            ),
        ]

    def __str__(self) -> str:
        """Return the hours as a person reads them."""
        closes = Weekday(self.week_closes_on).label
        opens = Weekday(self.week_opens_on).label
        at = f"{self.turns_at:%H:%M}"
        return f"{self.name}: closed {closes} {at} to {opens} {at}, {self.time_zone}"


class Holiday(models.Model):
    """A trading day on which a calendar's markets stay closed."""

    calendar = models.ForeignKey(TradingCalendar, on_delete=models.PROTECT, related_name="holidays")
    trading_day = models.DateField(
        help_text="Closed from the calendar's hour on the day before until that hour on this day."
    )
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["calendar", "trading_day"], name="holiday_once_per_calendar"
            ),
        ]

    def __str__(self) -> str:
        """Return day and name."""
        return f"{self.trading_day} {self.name}"
