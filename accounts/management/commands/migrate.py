"""Django's `migrate`, followed by the roles: permissions exist only once all tables stand."""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand

from accounts.services.staff import sync_roles

PARTIAL = ("app_label", "plan", "check_unapplied", "prune")


class Command(MigrateCommand):
    """Migrate, then make the roles agree with their table."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the whole migration; after a partial one the roles wait for the next whole one."""
        super().handle(*args, **options)
        if not any(options.get(name) for name in PARTIAL):
            sync_roles()
