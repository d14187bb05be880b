"""Which admin site the staff use, and how a process of Django's ends."""

import atexit
import gc

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    """The Django admin, with the staff's own site as its default."""

    default_site = "accounts.staff_site.StaffSite"

    def ready(self) -> None:
        """End without a last walk of the collector.

        It costs half a second of a core in each process; five that end at once beside other work
        were still walking when the supervisor lost its patience.
        """
        super().ready()
        atexit.register(gc.freeze)
