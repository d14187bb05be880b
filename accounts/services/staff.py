"""What makes and unmakes staff: roles, membership, the second factor.

Who looks at what is in `accounts.roles`; the log-in itself is in `accounts.services.sessions`.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.roles import GRANTS, Role, permissions_of


class UnknownPermissionsError(Exception):
    """The table of roles names a permission that no model has."""


@transaction.atomic
def sync_roles() -> None:
    """Make the groups and their permissions in the database agree with the table of roles (I76)."""
    known = known_permissions()
    unknown = sorted(GRANTS.keys() - known.keys())
    if unknown:
        raise UnknownPermissionsError(
            f"accounts/roles.py grants what no model knows: {', '.join(unknown)}."
        )
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set(known[name] for name in permissions_of(role))


def known_permissions() -> dict[str, Permission]:
    """Return every permission of the database by `app.codename`."""
    return {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
