import pytest
from django.db.models import Sum

from accounts.ledger.models import LedgerAccount
from tests.trading.projections.venue import Venue
from trading.models import Fill, Order, Trade
from trading.services.catalogue import CatalogueReport


@pytest.mark.parametrize("seed", range(4))
def test_a_random_world_reaches_the_rows(seed: int, listing: CatalogueReport) -> None:
    venue = Venue()
    venue.live(seed=seed, length=300)
    assert Trade.objects.count() == venue.kinds["Filled"]
    assert Fill.objects.count() == 2 * venue.kinds["Filled"]
    assert Order.objects.count() > 50
    assert LedgerAccount.objects.aggregate(total=Sum("balance_micro"))["total"] == 0
