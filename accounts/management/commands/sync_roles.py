"""Make the roles in the database agree with accounts/roles.py; `migrate` does it by itself."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.staff import sync_roles


class Command(BaseCommand):
    """Sync the roles."""

    help = "Give every role exactly the permissions that accounts/roles.py lists for it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; running it twice changes nothing."""
        del args, options
        sync_roles()
