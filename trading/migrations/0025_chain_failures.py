"""When a transaction failed, and an alert for when many do."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A moment for each failure."""

    dependencies: ClassVar = [
        ("trading", "0024_witness"),
    ]

    operations: ClassVar = [
        migrations.RemoveConstraint(
            model_name="alert",
            name="alert_kind_known",
        ),
        migrations.AddField(
            model_name="chaintransaction",
            name="failed_at_ms",
            field=models.BigIntegerField(
                blank=True,
                help_text="When it was known never to land, or to have been refused.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COMMAND_FAILED", "A command broke an invariant; it will be taken alone"),
                    ("COMMAND_SET_ASIDE", "A command failed twice and was set aside"),
                    ("STEP_REFUSED", "The database refused a step; its commands are taken alone"),
                    ("SNAPSHOT_BROKEN", "A snapshot is not what it says; an older one was used"),
                    ("LOG_BROKEN", "The log is not what was written"),
                    ("LIQUIDATION_MISSED", "A position is below maintenance and untouched"),
                    ("LIQUIDATION_DISPUTED", "Audit and engine differ on who is liquidatable"),
                    ("BOOKS_DIFFER", "Engine, projections and ledger differ"),
                    ("GLASS_BROKEN", "A member of staff looks at resting orders"),
                    ("WITNESS_REFUSES", "The witness finds another state root than settlement"),
                    ("WITNESS_SILENT", "The witness does not answer"),
                    ("CHAIN_FAILING", "State roots or payouts fail on the chain again and again"),
                    ("FUNDING_LATE", "An hour of funding has not been paid"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="chaintransaction",
            index=models.Index(
                condition=models.Q(("failed_at_ms__isnull", False)),
                fields=["failed_at_ms"],
                name="chain_transaction_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "COMMAND_FAILED",
                            "COMMAND_SET_ASIDE",
                            "STEP_REFUSED",
                            "SNAPSHOT_BROKEN",
                            "LOG_BROKEN",
                            "LIQUIDATION_MISSED",
                            "LIQUIDATION_DISPUTED",
                            "BOOKS_DIFFER",
                            "GLASS_BROKEN",
                            "WITNESS_REFUSES",
                            "WITNESS_SILENT",
                            "CHAIN_FAILING",
                            "FUNDING_LATE",
                        ],
                    )
                ),
                name="alert_kind_known",
            ),
        ),
    ]
