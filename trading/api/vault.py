"""The vault of an account: /api/v1/vault and what is below it.

Synchronous: each asks the chain. What is not here: state roots and proofs (`trading.api.roots`).
"""

import uuid
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.pagination import Cursor
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import MayReadOrWithdraw
from accounts.models import User
from accounts.selectors import linked_wallet
from compliance import gate
from godark.errors import Code, Failure
from godark.pagination import CursorPage, limit_of
from trading.api import filters
from trading.api.answers import PageSerializer
from trading.api.wallet import owner_of
from trading.models import Deposit, Withdrawal
from trading.selectors.amounts import usdt_text
from trading.selectors.transfers import Place, place_of, transfers_of
from trading.services import vaults
from trading.services.vaults import VaultView
from trading.solana import solana

MICRO = 1_000_000
LARGEST_DIGITS = 18


class AmountSerializer(serializers.Serializer[Any]):
    """An amount of USDT."""

    amount = serializers.RegexField(
        r"^\d{1,12}(\.\d{1,6})?$", help_text="USDT, a string with at most six decimals."
    )

    def micro(self) -> int:
        """Return it in micro-USDT; refuse zero."""
        amount = int(Decimal(self.validated_data["amount"]) * MICRO)
        if amount == 0:
            raise Failure(Code.VALIDATION_ERROR, "The amount is above zero.", field="amount")
        return amount


class TransactionSerializer(serializers.Serializer[Any]):
    """A transaction for the wallet to sign and send."""

    transaction = serializers.CharField(help_text="Unsigned, base64.")


class VaultSerializer(serializers.Serializer[Any]):
    """Where the money is, by place; USDT as strings."""

    address = serializers.CharField()
    exists = serializers.BooleanField()
    wallet = serializers.CharField(help_text="In the wallet itself.")
    authorized = serializers.CharField(help_text="Of it, what the venue may draw.")
    deposited = serializers.CharField(help_text="Ever, into this vault.")
    withdrawn = serializers.CharField(help_text="Ever, out of this vault.")
    withdrawable = serializers.CharField()
    pending_deposits = serializers.CharField()
    pending_withdrawals = serializers.CharField()


class TransferSerializer(serializers.Serializer[Any]):
    """One deposit or withdrawal."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=["DEPOSIT", "WITHDRAWAL"])
    amount = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(help_text="Why it waits or was refused; may be empty.")
    address = serializers.CharField()
    signature = serializers.CharField(help_text="On Solana; empty while there is none.")
    created_at = serializers.IntegerField()
    updated_at = serializers.IntegerField()


def vault_body(view: VaultView) -> dict[str, Any]:
    """Return the contract's words for a vault."""
    return {
        "address": view.address,
        "exists": view.exists,
        "wallet": usdt_text(view.wallet_micro),
        "authorized": usdt_text(view.authorized_micro),
        "deposited": usdt_text(view.deposited_micro),
        "withdrawn": usdt_text(view.withdrawn_micro),
        "withdrawable": usdt_text(view.free_micro),
        "pending_deposits": usdt_text(view.pending_deposits_micro),
        "pending_withdrawals": usdt_text(view.pending_withdrawals_micro),
    }


def deposit_body(row: Deposit) -> dict[str, Any]:
    """Return the contract's words for a deposit."""
    return {
        "id": str(row.id),
        "kind": "DEPOSIT",
        "amount": usdt_text(row.amount_micro),
        "status": row.state,
        "reason": "",
        "address": row.address,
        "signature": row.signature,
        "created_at": row.seen_at_ms,
        "updated_at": row.changed_at_ms,
    }


def withdrawal_body(row: Withdrawal) -> dict[str, Any]:
    """Return the contract's words for a withdrawal."""
    return {
        "id": str(row.id),
        "kind": "WITHDRAWAL",
        "amount": usdt_text(row.amount_micro),
        "status": row.state,
        "reason": row.hold_reason,
        "address": row.address,
        "signature": row.signature,
        "created_at": row.requested_at_ms,
        "updated_at": row.changed_at_ms,
    }


def check_may_deposit(owner: User) -> None:
    """Refuse whoever compliance lets bring no money in."""
    gate.check(gate.may_deposit(owner.pk, wallet=address_of(owner)))


def address_of(owner: User) -> str:
    """Return the linked wallet, empty without one."""
    wallet = linked_wallet(owner)
    return "" if wallet is None else wallet.address


class VaultRoom(APIView):
    """What all of these views share."""

    permission_classes = (MayReadOrWithdraw,)


class VaultViewPage(VaultRoom):
    """The vault."""

    @extend_schema(
        operation_id="vault",
        summary="Show where the money is",
        tags=["Wallet"],
        responses=VaultSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return wallet, authorization, vault and what is on its way."""
        return Response(vault_body(vaults.vault_of(solana(), user=owner_of(request))))


class AuthorizeView(VaultRoom):
    """Authorization of deposits."""

    @extend_schema(
        operation_id="vault_authorize",
        summary="Authorize deposits up to an amount",
        tags=["Wallet"],
        request=AmountSerializer,
        responses=TransactionSerializer,
    )
    def post(self, request: Request) -> Response:
        """Return the transaction that the wallet signs and sends."""
        asked = AmountSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        check_may_deposit(owner_of(request))
        made = vaults.authorize(solana(), user=owner_of(request), amount_micro=asked.micro())
        return Response({"transaction": made})


class DepositView(VaultRoom):
    """Deposits of what is authorized."""

    @extend_schema(
        operation_id="vault_deposit",
        summary="Deposit what is authorized, in whole units of 1,000 USDT or all of it",
        tags=["Wallet"],
        request=None,
        responses={202: VaultSerializer},
    )
    def post(self, request: Request) -> Response:
        """Draw it; it may be traded with once the chain has confirmed it."""
        check_may_deposit(owner_of(request))
        vaults.draw_deposit(solana(), user=owner_of(request))
        view = vaults.vault_of(solana(), user=owner_of(request))
        return Response(vault_body(view), status=202)


class WithdrawView(VaultRoom):
    """Withdrawals."""

    @extend_schema(
        operation_id="vault_withdraw",
        summary="Withdraw free balance to the wallet",
        tags=["Wallet"],
        request=AmountSerializer,
        responses={202: TransferSerializer},
    )
    def post(self, request: Request) -> Response:
        """Reserve it; it is paid after the root that releases it."""
        asked = AmountSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        owner = owner_of(request)
        gate.check(gate.may_withdraw(owner.pk, wallet=address_of(owner)))
        row = vaults.withdraw(solana(), user=owner_of(request), amount_micro=asked.micro())
        if row.state == "REFUSED":
            raise Failure(
                Code.INSUFFICIENT_COLLATERAL,
                "The free balance of final deposits does not carry this withdrawal.",
                field="amount",
                extra={"transfer": withdrawal_body(row)},
            )
        return Response(withdrawal_body(row), status=202)


class RevokeView(VaultRoom):
    """The end of vault and authorization."""

    @extend_schema(
        operation_id="vault_revoke",
        summary="Take back the authorization and close the vault",
        tags=["Wallet"],
        request=None,
        responses=TransactionSerializer,
    )
    def post(self, request: Request) -> Response:
        """Return the transaction that the wallet signs and sends; its rent comes back."""
        return Response({"transaction": vaults.revoke(solana(), user=owner_of(request))})


class TransferPageSerializer(PageSerializer):
    """A page of deposits and withdrawals."""

    results = TransferSerializer(many=True)


class TransferPage(CursorPage):
    """Deposits and withdrawals in one list; a cursor names the last one of its page."""

    ordering = ("-transfer_at", "-id")

    def of(self, request: Request, account_id: uuid.UUID) -> Response:
        """Return the page that a request asks for."""
        limit, cursor = limit_of(request), self.decode_cursor(request)
        after = None if cursor is None else _place(str(cursor.position))
        rows = transfers_of(account_id, after=after, at_most=limit + 1)
        page, following = rows[:limit], None
        if len(rows) > limit:
            at_ms, transfer_id = place_of(page[-1])
            position: Any = f"{at_ms} {transfer_id}"
            following = self.encode_cursor(Cursor(offset=0, reverse=False, position=position))
        return Response({"results": [transfer_body(row) for row in page], "next": following})


def _place(position: str) -> Place:
    at_ms, _, transfer_id = position.partition(" ")
    return Place(int(at_ms), uuid.UUID(transfer_id))


def transfer_body(row: Deposit | Withdrawal) -> dict[str, Any]:
    """Return the contract's words for either."""
    return deposit_body(row) if isinstance(row, Deposit) else withdrawal_body(row)


class TransferListView(VaultRoom):
    """Deposits and withdrawals."""

    @extend_schema(
        operation_id="vault_transfers",
        summary="List deposits and withdrawals, newest first",
        tags=["Wallet"],
        parameters=filters.PAGE,
        responses=TransferPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return a page of both together."""
        return TransferPage().of(request, owner_of(request).pk)
