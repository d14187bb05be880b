"""Rows of people, one file per kind; import them from here.

The ledger's rows belong to this app too; who writes them stands beside them.
"""

from accounts.ledger import models as ledger
from accounts.models.activity import AccountActivity
from accounts.models.api_keys import ApiKey, Permission
from accounts.models.audit import StaffAction
from accounts.models.log_ins import RefreshToken, TokenFamily
from accounts.models.people import User, UserManager
from accounts.models.second_factors import SecondFactor
from accounts.models.tiers import AccountTier
from accounts.models.wallets import Wallet, WalletChallenge

__all__ = [
    "AccountActivity",
    "AccountTier",
    "ApiKey",
    "Permission",
    "RefreshToken",
    "SecondFactor",
    "StaffAction",
    "TokenFamily",
    "User",
    "UserManager",
    "Wallet",
    "WalletChallenge",
    "ledger",
]
