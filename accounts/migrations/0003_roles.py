from typing import Any

from django.db import migrations

ROLES = ("compliance", "risk", "support", "treasury", "market-ops", "auditor", "superadmin")


def make_roles(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """The groups; their permissions come from the table of roles at the end of `migrate`."""

    dependencies = [("accounts", "0002_staff_action")]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
