"""Django's `migrate` as the owner of the tables, followed by who may do what with them.

The roles of staff come after it, since permissions exist only once all tables stand.
"""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand

from accounts.services.staff import sync_roles
from godark.database_roles import as_owner, grant_to_site

PARTIAL = ("app_label", "plan", "check_unapplied", "prune")


class Command(MigrateCommand):
    """Migrate, let the site use the tables, and make the roles of staff agree with their table."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the whole migration; after a partial one the roles wait for the next whole one."""
        with as_owner():
            super().handle(*args, **options)
            if any(options.get(name) for name in PARTIAL):
                return
            grant_to_site()
            sync_roles()
