"""The addresses of trading."""

from django.urls import path

from trading import pages
from trading.api.candles import CandleListView
from trading.api.markets import MarketDetailView, MarketListView
from trading.api.roots import AccountProofView, BatchDetailView, BatchListView
from trading.api.status import StatusView
from trading.api.vault import (
    AuthorizeView,
    DepositView,
    RevokeView,
    TransferListView,
    VaultViewPage,
    WithdrawView,
)
from trading.api.wallet import (
    WalletChallengeView,
    WalletInfoView,
    WalletLinkView,
    WalletUnlinkView,
)

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
    path("api/v1/vault", VaultViewPage.as_view(), name="api-vault"),
    path("api/v1/vault/authorize", AuthorizeView.as_view(), name="api-vault-authorize"),
    path("api/v1/vault/deposit", DepositView.as_view(), name="api-vault-deposit"),
    path("api/v1/vault/withdraw", WithdrawView.as_view(), name="api-vault-withdraw"),
    path("api/v1/vault/revoke", RevokeView.as_view(), name="api-vault-revoke"),
    path("api/v1/vault/transfers", TransferListView.as_view(), name="api-vault-transfers"),
    path("api/v1/settlement/batches", BatchListView.as_view(), name="api-batches"),
    path("api/v1/settlement/batches/<int:number>", BatchDetailView.as_view(), name="api-batch"),
    path("api/v1/proofs/account", AccountProofView.as_view(), name="api-proof"),
    path("api/v1/wallet/challenge", WalletChallengeView.as_view(), name="api-wallet-challenge"),
    path("api/v1/wallet/link", WalletLinkView.as_view(), name="api-wallet-link"),
    path("api/v1/wallet/unlink", WalletUnlinkView.as_view(), name="api-wallet-unlink"),
    path("api/v1/wallet/info", WalletInfoView.as_view(), name="api-wallet-info"),
    path("api/v1/status", StatusView.as_view(), name="api-status"),
]
