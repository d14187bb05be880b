"""What Prometheus counts of trading: prices, the engine, and the venue's books and duties.

Nothing here is made of resting orders (I24): of commands there is one total, prices and cancels
among them, so that no subtraction leaves the orders that wait; trades and liquidations are public.
"""

from prometheus_client import REGISTRY

from trading.metrics.engine import EngineCollector
from trading.metrics.prices import PriceCollector
from trading.metrics.venue import Bounded, VenueCollector
from trading.selectors.venue_figures import venue_figures

REGISTRY.register(PriceCollector())
REGISTRY.register(EngineCollector())
REGISTRY.register(VenueCollector(Bounded(venue_figures)))
