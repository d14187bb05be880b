import pytest
from django.db.models import Sum

from accounts.ledger.models import LedgerAccount
from tests.trading.projections.venue import Venue, raw_connection
from trading.models import Fill, Order, Trade
from trading.reconciliation import reconcile
from trading.reconciliation.replay import check
from trading.services.catalogue import CatalogueReport


@pytest.mark.parametrize("seed", range(4))
def test_a_random_world_reaches_the_rows(seed: int, listing: CatalogueReport) -> None:
    venue = Venue()
    venue.live(seed=seed, length=300)
    assert Trade.objects.count() == venue.kinds["Filled"]
    assert Fill.objects.count() == 2 * venue.kinds["Filled"]
    assert Order.objects.count() > 50
    assert LedgerAccount.objects.aggregate(total=Sum("balance_micro"))["total"] == 0
    assert [str(d) for d in reconcile(raw_connection())] == []
    events, differences = check(raw_connection())
    assert events == venue.sequence
    assert [str(d) for d in differences] == []
