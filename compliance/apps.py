"""How Django knows this app."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The app as Django lists it."""

    name = "compliance"
    verbose_name = "Compliance"
