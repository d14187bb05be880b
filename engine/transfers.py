"""Deposits and withdrawals, as the chain's watchers and the service hand them in.

What is not here: deposits that the chain drops
(`engine.dropped_deposit`).
"""

from engine.commands import (
    ConfirmWithdrawal,
    CreditDeposit,
    FinalizeDeposit,
    ReserveWithdrawal,
    ReturnWithdrawal,
)
from engine.decision import Decision, Refusal
from engine.events import (
    DepositCredited,
    DepositFinalized,
    WithdrawalConfirmed,
    WithdrawalReserved,
    WithdrawalReturned,
)
from engine.reasons import Reason
from engine.state import Transfer
from engine.units import LARGEST_MICRO
from engine.waiting import admit_waiting


def check_amount(amount_micro: int, /) -> None:
    """Refuse an amount that is not above zero, or beyond all reason."""
    if not 0 < amount_micro <= LARGEST_MICRO:
        raise Refusal(Reason.INVALID_AMOUNT, amount_micro=amount_micro)


def check_room(d: Decision, amount_micro: int, /) -> None:
    """Refuse money with which there would be more inside than numbers are made for."""
    if d.state.external_micro + amount_micro > LARGEST_MICRO:
        raise Refusal(Reason.INVALID_AMOUNT, amount_micro=amount_micro)


def check_unused(d: Decision, subject_id: str, /) -> None:
    """Refuse an id that was used before."""
    if subject_id in d.state.seen:
        raise Refusal(Reason.DUPLICATE_ID)


def credit_deposit(d: Decision, command: CreditDeposit, /) -> None:
    """Credit a confirmed deposit, and let in the orders that waited for it."""
    check_unused(d, command.deposit_id)
    check_amount(command.amount_micro)
    check_room(d, command.amount_micro)
    d.emit(
        DepositCredited(
            at_ms=d.at_ms,
            deposit_id=command.deposit_id,
            account_id=command.account_id,
            amount_micro=command.amount_micro,
        )
    )
    admit_waiting(d, command.account_id)


def find_transfer(table: dict[str, Transfer], subject_id: str, account_id: str, /) -> Transfer:
    """Return an account's open transfer; others' and unknown ones are not found."""
    transfer = table.get(subject_id)
    if transfer is None or transfer.account_id != account_id:
        raise Refusal(Reason.NOT_FOUND)
    return transfer


def finalize_deposit(d: Decision, command: FinalizeDeposit, /) -> None:
    """Make a deposit withdrawable."""
    transfer = find_transfer(d.state.deposits, command.deposit_id, command.account_id)
    d.emit(
        DepositFinalized(
            at_ms=d.at_ms,
            deposit_id=command.deposit_id,
            account_id=command.account_id,
            amount_micro=transfer.amount_micro,
        )
    )


def reserve_withdrawal(d: Decision, command: ReserveWithdrawal, /) -> None:
    """Hold free, final cash for a withdrawal."""
    check_unused(d, command.withdrawal_id)
    check_amount(command.amount_micro)
    free = d.state.account(command.account_id).withdrawable_micro
    if command.amount_micro > free:
        raise Refusal(Reason.INSUFFICIENT_FUNDS, amount_micro=command.amount_micro, free_micro=free)
    d.emit(
        WithdrawalReserved(
            at_ms=d.at_ms,
            withdrawal_id=command.withdrawal_id,
            account_id=command.account_id,
            amount_micro=command.amount_micro,
        )
    )


def confirm_withdrawal(d: Decision, command: ConfirmWithdrawal, /) -> None:
    """Let a held withdrawal leave for good."""
    transfer = find_transfer(d.state.withdrawals, command.withdrawal_id, command.account_id)
    d.emit(
        WithdrawalConfirmed(
            at_ms=d.at_ms,
            withdrawal_id=command.withdrawal_id,
            account_id=command.account_id,
            amount_micro=transfer.amount_micro,
        )
    )


def return_withdrawal(d: Decision, command: ReturnWithdrawal, /) -> None:
    """Give a held withdrawal back."""
    transfer = find_transfer(d.state.withdrawals, command.withdrawal_id, command.account_id)
    d.emit(
        WithdrawalReturned(
            at_ms=d.at_ms,
            withdrawal_id=command.withdrawal_id,
            account_id=command.account_id,
            amount_micro=transfer.amount_micro,
        )
    )
