"""How Django knows this app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The app as Django lists it."""

    name = "godark.jobs"
    label = "jobs"
    verbose_name = "Jobs"
