"""Deposits and withdrawals, as the chain's watchers and the service hand them in.

Orders that wait for their deposit (`PENDING`) are outside of the engine: they are submitted
when the deposit is credited. What is not here: liquidation after a dropped deposit left
positions short of margin, which the next mark brings.
"""

from engine.commands import (
    ConfirmWithdrawal,
    CreditDeposit,
    DropDeposit,
    FinalizeDeposit,
    ReserveWithdrawal,
    ReturnWithdrawal,
)
from engine.decision import Decision, Refusal
from engine.ending import carry
from engine.events import (
    DepositCredited,
    DepositDropped,
    DepositFinalized,
    ShortfallCovered,
    WithdrawalConfirmed,
    WithdrawalReserved,
    WithdrawalReturned,
)
from engine.reasons import Reason
from engine.settings import LARGEST_AMOUNT_MICRO
from engine.state import Transfer


def check_amount(amount_micro: int, /) -> None:
    """Refuse an amount that is not above zero, or beyond all reason."""
    if not 0 < amount_micro <= LARGEST_AMOUNT_MICRO:
        raise Refusal(Reason.INVALID_AMOUNT, amount_micro=amount_micro)


def check_unused(d: Decision, subject_id: str, /) -> None:
    """Refuse an id that was used before."""
    if subject_id in d.state.seen:
        raise Refusal(Reason.DUPLICATE_ID)


def credit_deposit(d: Decision, command: CreditDeposit, /) -> None:
    """Credit a confirmed deposit."""
    check_unused(d, command.deposit_id)
    check_amount(command.amount_micro)
    d.emit(
        DepositCredited(
            at_ms=d.at_ms,
            deposit_id=command.deposit_id,
            account_id=command.account_id,
            amount_micro=command.amount_micro,
        )
    )


def _find(table: dict[str, Transfer], subject_id: str, account_id: str, /) -> Transfer:
    transfer = table.get(subject_id)
    if transfer is None or transfer.account_id != account_id:
        raise Refusal(Reason.NOT_FOUND)
    return transfer


def finalize_deposit(d: Decision, command: FinalizeDeposit, /) -> None:
    """Make a deposit withdrawable."""
    transfer = _find(d.state.deposits, command.deposit_id, command.account_id)
    d.emit(
        DepositFinalized(
            at_ms=d.at_ms,
            deposit_id=command.deposit_id,
            account_id=command.account_id,
            amount_micro=transfer.amount_micro,
        )
    )


def drop_deposit(d: Decision, command: DropDeposit, /) -> None:
    """Debit a dropped deposit: orders first give way, then collateral, then the funds."""
    account_id = command.account_id
    transfer = _find(d.state.deposits, command.deposit_id, account_id)
    account = d.state.account(account_id)
    cash = min(transfer.amount_micro, max(0, account.cash_micro - account.held_micro))
    d.emit(
        DepositDropped(
            at_ms=d.at_ms,
            deposit_id=command.deposit_id,
            account_id=account_id,
            amount_micro=transfer.amount_micro,
            cash_micro=cash,
        )
    )
    for market_id in sorted(d.state.markets):
        market = d.state.markets[market_id]
        if d.state.account(account_id).free_micro < 0 and account_id in market.positions:
            carry(d, market, account_id)
    _cover(d, account_id, transfer.amount_micro - cash)


def _cover(d: Decision, account_id: str, missing: int, /) -> None:
    """Take what is missing from the account's collateral, then from the global fund."""
    for market_id in sorted(d.state.markets):
        market = d.state.markets[market_id]
        position = market.positions.get(account_id)
        if missing and position is not None and position.collateral_micro > 0:
            taken = min(missing, position.collateral_micro)
            missing -= taken
            _emit_cover(d, account_id, market_id, collateral=taken)
    if not missing:
        return
    shared = min(missing, max(0, d.state.global_fund_micro))
    markets = sorted(d.state.markets)
    assert markets or missing == shared, "who lost a deposit traded in some market"
    _emit_cover(
        d, account_id, markets[0] if markets else None, shared=shared, debt=missing - shared
    )


def _emit_cover(
    d: Decision,
    account_id: str,
    market_id: str | None,
    /,
    *,
    collateral: int = 0,
    shared: int = 0,
    debt: int = 0,
) -> None:
    d.emit(
        ShortfallCovered(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market_id,
            collateral_micro=collateral,
            global_insurance_micro=shared,
            debt_micro=debt,
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
    transfer = _find(d.state.withdrawals, command.withdrawal_id, command.account_id)
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
    transfer = _find(d.state.withdrawals, command.withdrawal_id, command.account_id)
    d.emit(
        WithdrawalReturned(
            at_ms=d.at_ms,
            withdrawal_id=command.withdrawal_id,
            account_id=command.account_id,
            amount_micro=transfer.amount_micro,
        )
    )
