"""Which admin site the staff use."""

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    """The Django admin, with the staff's own site as its default."""

    default_site = "accounts.staff_site.StaffSite"
