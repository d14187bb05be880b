from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from godark.celery import BEAT
from tests.database import run_past_triggers
from tests.trading.projections.venue import Venue
from trading.models import Alert, Reconciliation, Trade
from trading.runner import lock
from trading.runner.process import connect
from trading.services.catalogue import load_catalogue
from trading.services.catalogue_file import read_catalogue
from trading.tasks import reconcile_books

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def said(*command: str) -> str:
    """Return what a command says; an error's sentence is the last line."""
    out = StringIO()
    try:
        call_command(*command, stdout=out)
    except CommandError as error:
        out.write(f"error: {error}\n")
    return out.getvalue()


def test_the_commands_compare_name_and_mend() -> None:
    load_catalogue(read_catalogue())
    venue = Venue()
    venue.live(seed=3, length=120)

    assert said("reconcile") == "Engine, projections and ledger agree.\n"
    everything = f"All rows are what the log's {venue.sequence} events say.\n"
    assert said("rebuild_projections", "--check") == everything

    with connection.cursor() as cursor:
        cursor.execute("UPDATE trading_venuefunds SET fees_micro = fees_micro + 7")
    assert said("reconcile").endswith("error: 1 differences.\n")
    assert said("reconcile").startswith("fees: engine ")
    told = said("rebuild_projections", "--check")
    assert told.startswith("row of trading_venuefunds 1: the table fees_micro=")
    assert told.endswith("error: 1 rows differ from the log.\n")

    with connect() as engine:
        assert lock.take(engine)
        assert "error: Nothing was mended" in said("rebuild_projections", "--repair")
    mended = said("rebuild_projections", "--repair")
    assert mended == f"Mended 1 rows of trading_venuefunds.\n{everything}"

    reconcile_books()
    assert "reconcile_books" in BEAT
    outcomes = list(Reconciliation.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["AGREES", "DIFFERS", "DIFFERS", "AGREES"]
    alerts = list(Alert.objects.values_list("kind", "detail"))
    assert alerts == [("BOOKS_DIFFER", "1 differences: fees")] * 2


APPEND_ONLY = {
    "trading_trade": "UPDATE trading_trade SET bid_ticks = bid_ticks {0} 1 WHERE number = 1",
    "trading_fill": "UPDATE trading_fill SET fee_micro = fee_micro {0} 1"
    " WHERE id = (SELECT min(id::text)::uuid FROM trading_fill)",
    "accounts_ledgerentry": "UPDATE accounts_ledgerentry SET posted_at_ms = posted_at_ms {0} 1"
    " WHERE id = (SELECT min(id) FROM accounts_ledgerentry)",
    "accounts_posting": "UPDATE accounts_posting SET amount_micro = amount_micro {0} 1"
    " WHERE id = (SELECT min(id) FROM accounts_posting)",
}
LOG = "UPDATE trading_event SET payload = payload || '\\x00' WHERE sequence = 3"


def test_what_a_superuser_rewrites_is_named_and_stays_for_people_to_look_at() -> None:
    load_catalogue(read_catalogue())
    Venue().live(seed=7, length=200)
    assert Trade.objects.exists(), "there is something to tamper with"
    for table, statement in APPEND_ONLY.items():
        run_past_triggers(statement.format("+"))
        told = said("rebuild_projections", "--repair")
        assert told.startswith(f"row of {table} ")
        assert told.endswith("error: 1 rows differ from the log.\n")
        is_posting = table == "accounts_posting"
        assert is_posting == ("postings" in said("reconcile"))
        run_past_triggers(statement.format("-"))
        assert said("rebuild_projections", "--check").startswith("All rows")

    run_past_triggers(LOG)
    assert said("reconcile").startswith("log: engine what was written, log event 3 ")
