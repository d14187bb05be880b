"""A lie names what it is about, so that it can be about USDT-USD, which is no market."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """The name in place of the market."""

    dependencies: ClassVar = [("trading", "0020_repeated_orders")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="toldlie",
            name="name",
            field=models.CharField(
                blank=True,
                default="",
                help_text="A symbol, or USDT-USD; empty: in all of them.",
                max_length=24,
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(
            """
            UPDATE trading_toldlie SET name = trading_market.symbol
            FROM trading_market WHERE trading_market.id = trading_toldlie.market_id
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name="toldlie", name="market"),
    ]
