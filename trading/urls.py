"""The addresses of trading."""

from django.urls import URLPattern, path
from rest_framework.views import APIView

from trading import pages, trust_pages
from trading.api.candles import CandleListView
from trading.api.checkpoints import (
    CheckpointDetailView,
    CheckpointLeavesView,
    CheckpointListView,
)
from trading.api.history import FillListView, FundingPaymentListView, LiquidationListView
from trading.api.markets import MarketDetailView, MarketListView
from trading.api.money import BalanceView, TestUsdtView
from trading.api.one_order import OrderByClientIdView, OrderView
from trading.api.orders import CancelAllAfterView, OrderBatchView, OrdersView
from trading.api.positions import (
    CloseView,
    LeverageView,
    MarginView,
    PositionListView,
    TriggersView,
)
from trading.api.reference import VenueQuoteListView
from trading.api.roots import AccountProofView, BatchDetailView, BatchListView
from trading.api.statement import StatementView
from trading.api.status import StatusView
from trading.api.tape import (
    FundingRateListView,
    PublicLiquidationListView,
    PublicTradeListView,
)
from trading.api.vault import (
    AuthorizeView,
    DepositView,
    RevokeView,
    TransferListView,
    VaultViewPage,
    WithdrawView,
)
from trading.api.venue_key import VenueKeyView
from trading.api.wallet import (
    WalletChallengeView,
    WalletInfoView,
    WalletLinkView,
    WalletUnlinkView,
)


def under(base: str, views: dict[str, type[APIView]]) -> list[URLPattern]:
    """Return the addresses of views below a path, in this order."""
    return [path(f"{base}/{name}", view.as_view()) for name, view in views.items()]


urlpatterns = [
    # First: addresses are tried in their order, and orders come most often.
    *under(
        "api/v1",
        {
            "orders": OrdersView,
            "orders/batch": OrderBatchView,
            "orders/cancel-all-after": CancelAllAfterView,
            "orders/by-client-id/<str:client_order_id>": OrderByClientIdView,
            "orders/<str:order_id>": OrderView,
        },
    ),
    path("", pages.home, name="home"),
    path("markets", pages.markets, name="markets"),
    path("wallet", pages.wallet, name="wallet"),
    path("help", pages.help_page, name="help"),
    path("status", pages.status, name="status"),
    path("proof", trust_pages.proof, name="proof"),
    path("trust", trust_pages.trust, name="trust"),
    path("disclosure", trust_pages.disclosure, name="disclosure"),
    path("settlement", pages.settlement, name="settlement"),
    path("markets/<str:symbol>", pages.market, name="market"),
    path("trade/<str:symbol>", pages.trade, name="trade"),
    path("api/v1/markets", MarketListView.as_view(), name="api-markets"),
    path("api/v1/markets/<str:symbol>", MarketDetailView.as_view(), name="api-market"),
    path(
        "api/v1/markets/<str:symbol>/candles",
        CandleListView.as_view(),
        name="api-market-candles",
    ),
    path("api/v1/vault", VaultViewPage.as_view(), name="api-vault"),
    path("api/v1/vault/authorize", AuthorizeView.as_view(), name="api-vault-authorize"),
    path("api/v1/vault/deposit", DepositView.as_view(), name="api-vault-deposit"),
    path("api/v1/vault/withdraw", WithdrawView.as_view(), name="api-vault-withdraw"),
    path("api/v1/vault/revoke", RevokeView.as_view(), name="api-vault-revoke"),
    path("api/v1/vault/transfers", TransferListView.as_view(), name="api-vault-transfers"),
    path("api/v1/settlement/batches", BatchListView.as_view(), name="api-batches"),
    path("api/v1/settlement/batches/<int:number>", BatchDetailView.as_view(), name="api-batch"),
    *under(
        "api/v1/settlement",
        {
            "checkpoints": CheckpointListView,
            "checkpoints/<int:number>": CheckpointDetailView,
            "checkpoints/<int:number>/leaves": CheckpointLeavesView,
        },
    ),
    path("api/v1/proofs/account", AccountProofView.as_view(), name="api-proof"),
    path("api/v1/wallet/challenge", WalletChallengeView.as_view(), name="api-wallet-challenge"),
    path("api/v1/wallet/link", WalletLinkView.as_view(), name="api-wallet-link"),
    path("api/v1/wallet/unlink", WalletUnlinkView.as_view(), name="api-wallet-unlink"),
    path("api/v1/wallet/info", WalletInfoView.as_view(), name="api-wallet-info"),
    path("api/v1/status", StatusView.as_view(), name="api-status"),
    *under(
        "api/v1/markets/<str:symbol>",
        {
            "trades": PublicTradeListView,
            "reference": VenueQuoteListView,
            "funding": FundingRateListView,
            "liquidations": PublicLiquidationListView,
        },
    ),
    *under(
        "api/v1",
        {
            "fills": FillListView,
            "funding-payments": FundingPaymentListView,
            "liquidations": LiquidationListView,
            "positions": PositionListView,
            "account/balance": BalanceView,
            "account/statement.csv": StatementView,
            "dev/test-usdt": TestUsdtView,
            "venue-key": VenueKeyView,
        },
    ),
    *under(
        "api/v1/positions/<str:symbol>",
        {
            "leverage": LeverageView,
            "margin": MarginView,
            "close": CloseView,
            "triggers": TriggersView,
        },
    ),
]
