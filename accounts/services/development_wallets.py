"""The wallet that development gives an account: a key that everybody can work out.

So that whoever calls `POST /api/v1/dev/test-usdt` needs no wallet of their own, and the browser's
development wallet finds the same key. In production there is no door to it.
"""

import uuid

from solders.keypair import Keypair

from accounts.models import User
from accounts.selectors import linked_wallet
from accounts.services.wallets import challenge_wallet, link_wallet
from chain.devchain.genesis import development_key
from godark.errors import Failure


def development_wallet(account_id: uuid.UUID, /) -> Keypair:
    """Return the key of an account's development wallet: worth nothing outside development."""
    return development_key(f"wallet {account_id}")


def ensure_development_wallet(*, user: User) -> Keypair | None:
    """Link the account's development wallet where it has none, by a challenge as anybody does.

    Returns None where the account has a wallet of its own, whose key only its owner holds.
    """
    key = development_wallet(user.pk)
    address = str(key.pubkey())
    wallet = linked_wallet(user)
    if wallet is None:
        challenge = challenge_wallet(user=user, address=address)
        signature = str(key.sign_message(challenge.message.encode()))
        try:
            wallet = link_wallet(user=user, address=address, signature=signature)
        except Failure:
            # A second request of the same moment; whoever was first has linked it.
            wallet = linked_wallet(user)
            if wallet is None:
                raise
    return key if wallet.address == address else None
