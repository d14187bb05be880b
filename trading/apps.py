"""How Django knows this app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TradingConfig(AppConfig):
    """The app as Django lists it."""

    name = "trading"
    verbose_name = "Trading"

    def ready(self) -> None:
        """Let Prometheus know what is counted of trading."""
        autodiscover_modules("metrics")
