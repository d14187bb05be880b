"""How Django knows this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app as Django lists it."""

    name = "accounts"
    verbose_name = "Accounts"
