"""The admin site of the staff: behind a second factor, grouped by what staff do."""

from django_otp.admin import OTPAdminSite


class StaffSite(OTPAdminSite):
    """The Django admin as GoDark's staff see it; only a verified second factor opens it."""

    site_header = "GoDark back office"
    site_title = "GoDark"
    index_title = "Back office"
