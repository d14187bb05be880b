"""Rows of people, one file per kind; import them from here.

The ledger's rows belong to this app too; who writes them stands beside them.
"""

from accounts.ledger import models as ledger
from accounts.models.audit import StaffAction
from accounts.models.people import User, UserManager
from accounts.models.wallets import Wallet, WalletChallenge

__all__ = ["StaffAction", "User", "UserManager", "Wallet", "WalletChallenge", "ledger"]
