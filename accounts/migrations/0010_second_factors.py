"""Second factors of our own, their secrets sealed; those that lay in the clear move here."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.secrets_at_rest import seal


def move_secrets(apps: Any, schema_editor: Any) -> None:
    """Seal what django-otp's own table held, and drop that table: its plug-in is gone."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if "otp_totp_totpdevice" not in connection.introspection.table_names(cursor):
            return
        cursor.execute(
            "SELECT user_id, name, confirmed, key, drift, last_t, created_at, last_used_at,"
            " throttling_failure_timestamp, throttling_failure_count"
            " FROM otp_totp_totpdevice ORDER BY id"
        )
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE otp_totp_totpdevice")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'otp_totp'")
    second_factors = apps.get_model("accounts", "SecondFactor").objects
    for user_id, name, confirmed, key, drift, last_t, made_at, used_at, failed_at, failures in rows:
        moved = second_factors.create(
            user_id=user_id,
            name=name,
            confirmed=confirmed,
            key_sealed=seal(bytes.fromhex(key), purpose=f"second factor of {user_id}"),
            drift=drift,
            last_t=last_t,
            last_used_at=used_at,
            throttling_failure_timestamp=failed_at,
            throttling_failure_count=failures,
        )
        second_factors.filter(pk=moved.pk).update(created_at=made_at)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_fewer_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="The human-readable name of this device.", max_length=64
                    ),
                ),
                (
                    "confirmed",
                    models.BooleanField(default=True, help_text="Is this device ready for use?"),
                ),
                (
                    "throttling_failure_timestamp",
                    models.DateTimeField(
                        blank=True,
                        default=None,
                        help_text="A timestamp of the last failed verification attempt. Null if last attempt succeeded.",
                        null=True,
                    ),
                ),
                (
                    "throttling_failure_count",
                    models.PositiveIntegerField(
                        default=0, help_text="Number of successive failed attempts."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True,
                        help_text="The date and time when this device was initially created in the system.",
                        null=True,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The most recent date and time this device was used.",
                        null=True,
                    ),
                ),
                ("key_sealed", models.BinaryField()),
                ("drift", models.SmallIntegerField(default=0)),
                ("last_t", models.BigIntegerField(default=-1)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "second factor",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key_sealed__gt", b"")),
                        name="second_factor_has_a_secret",
                    )
                ],
            },
        ),
        migrations.RunPython(move_secrets, migrations.RunPython.noop),
    ]
