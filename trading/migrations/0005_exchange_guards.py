from typing import ClassVar

from django.db import migrations

from godark.append_only import keep_append_only


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trading", "0004_exchange")]

    operations: ClassVar = [
        keep_append_only("trading_event"),
        keep_append_only("trading_receipt"),
        keep_append_only("trading_trade"),
        keep_append_only("trading_fill"),
        keep_append_only("trading_fundingpayment"),
    ]
