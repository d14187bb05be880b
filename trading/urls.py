"""The addresses of trading."""

from django.urls import path

from trading import pages
from trading.api.candles import CandleListView
from trading.api.markets import MarketDetailView, MarketListView
from trading.api.status import StatusView

urlpatterns = [
    path("", pages.home, name="home"),
    path("markets", pages.markets, name="markets"),
    path("markets/<str:symbol>", pages.market, name="market"),
    path("api/v1/markets", MarketListView.as_view(), name="api-markets"),
    path("api/v1/markets/<str:symbol>", MarketDetailView.as_view(), name="api-market"),
    path(
        "api/v1/markets/<str:symbol>/candles",
        CandleListView.as_view(),
        name="api-market-candles",
    ),
    path("api/v1/status", StatusView.as_view(), name="api-status"),
]
