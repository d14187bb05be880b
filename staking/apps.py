"""How Django knows this app."""

from django.apps import AppConfig


class StakingConfig(AppConfig):
    """The app as Django lists it."""

    name = "staking"
    verbose_name = "Staking"
