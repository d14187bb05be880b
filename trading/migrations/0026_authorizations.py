"""What wallets were last seen to let the venue draw."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One row for each account that ever authorized."""

    dependencies: ClassVar = [
        ("trading", "0025_chain_failures"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Authorization",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("authorized_micro", models.BigIntegerField()),
                ("seen_at_ms", models.BigIntegerField()),
            ],
        ),
    ]
