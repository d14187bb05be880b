"""Link a Solana wallet to an account by a signed challenge, and end the link.

The challenge is a sentence that people can read in their wallet: the site, the account, the
wallet, a nonce and an end. It is signed as it stands (ed25519) and serves once. What is not here:
who may link at all (`compliance.gate`) and the addresses of the API.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from solders.pubkey import Pubkey
from solders.signature import Signature

from accounts.ledger.models import LedgerAccount, Purpose
from accounts.models import User, Wallet, WalletChallenge
from godark.errors import Code, Failure

CHALLENGE_MINUTES = 5
NONCE_BYTES = 16
MESSAGE = """{domain} asks you to link this wallet to your account there.

Signing costs nothing, moves nothing and allows nothing else.

Wallet: {address}
Account: {account}
URI: {uri}
Nonce: {nonce}
Issued: {issued}
Expires: {expires}"""
# What an account may still have when its wallet goes; all other purposes are somebody's money.
_OWED = Q(purpose__in=[Purpose.CASH, Purpose.HELD, Purpose.MARGIN, Purpose.COST])


def challenge_wallet(*, user: User, address: str) -> WalletChallenge:
    """Return a new challenge for a wallet; the account's earlier one is void from now on.

    Refuses what is no wallet's address.
    """
    _check_address(address)
    now = timezone.now()
    expires_at = now + timedelta(minutes=CHALLENGE_MINUTES)
    message = MESSAGE.format(
        domain=urlsplit(settings.BASE_URL).netloc,
        address=address,
        account=user.pk,
        uri=settings.BASE_URL,
        nonce=secrets.token_hex(NONCE_BYTES),
        issued=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        expires=f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
    )
    challenge, _created = WalletChallenge.objects.update_or_create(
        user=user, defaults={"address": address, "message": message, "expires_at": expires_at}
    )
    return challenge


@transaction.atomic(durable=True)
def link_wallet(*, user: User, address: str, signature: str) -> Wallet:
    """Link the wallet that signed the account's challenge, and use the challenge up.

    Refuses a signature that is not that wallet's over that challenge, an account that has a
    wallet, and a wallet that another account has.
    """
    challenge = WalletChallenge.objects.select_for_update().filter(user=user).first()
    if challenge is None or challenge.address != address or challenge.expires_at < timezone.now():
        raise Failure(
            Code.VALIDATION_ERROR,
            "There is no open challenge for this wallet; ask for a new one.",
            field="address",
        )
    if not is_signed(address=address, message=challenge.message, signature=signature):
        raise Failure(
            Code.VALIDATION_ERROR,
            "This is not the wallet's signature over the challenge.",
            field="signature",
        )
    challenge.delete()
    try:
        with transaction.atomic():
            return Wallet.objects.create(user=user, address=address)
    except IntegrityError as error:
        raise Failure(
            Code.WALLET_TAKEN,
            "This account has a wallet, or this wallet has an account. Unlink that one first.",
            field="address",
        ) from error


@transaction.atomic(durable=True)
def unlink_wallet(*, user: User, has_vault: Callable[[Wallet], bool]) -> Wallet:
    """End the link of an account's wallet; refused while the account holds anything, or its vault.

    A vault counts all that its owner ever deposited, so it belongs to one account until it closes.
    """
    wallet = Wallet.objects.select_for_update().filter(user=user, unlinked_at=None).first()
    if wallet is None:
        raise Failure(Code.NOT_FOUND, "No wallet is linked to this account.")
    if LedgerAccount.objects.filter(_OWED, owner_id=user.pk).exclude(balance_micro=0).exists():
        raise Failure(
            Code.FUNDS_REMAIN,
            "Close all positions and withdraw everything first: the wallet is where it goes.",
        )
    if has_vault(wallet):
        raise Failure(
            Code.FUNDS_REMAIN,
            "Revoke the authorization first, which closes the vault; that takes up to a minute.",
        )
    wallet.unlinked_at = timezone.now()
    wallet.save(update_fields=["unlinked_at"])
    return wallet


def is_signed(*, address: str, message: str, signature: str) -> bool:
    """Tell whether a wallet (base58) signed a message (UTF-8) so (base58)."""
    try:
        made = Signature.from_string(signature)
        return made.verify(Pubkey.from_string(address), message.encode())
    except ValueError:
        return False


def _check_address(address: str) -> None:
    """Refuse what is no key that can sign: nonsense, or an address that a program owns."""
    try:
        fits = Pubkey.from_string(address).is_on_curve()
    except ValueError:
        fits = False
    if not fits:
        raise Failure(
            Code.VALIDATION_ERROR, "This is no address of a Solana wallet.", field="address"
        )
