"""How Django knows this app."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """The app as Django lists it."""

    name = "trading"
    verbose_name = "Trading"
