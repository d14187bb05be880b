"""A deposit that the chain drops: debited, and its shortfall borne step by step.

What is not here: liquidation of positions that are left short of margin, which the next
mark brings.
"""

from engine.commands import DropDeposit
from engine.decision import Decision, effective_state
from engine.ending import carry
from engine.events import DepositDropped, ShortfallCovered
from engine.listing import follow_state
from engine.transfers import find_transfer


def drop_deposit(d: Decision, command: DropDeposit, /) -> None:
    """Debit a dropped deposit: orders first give way, then collateral, then the funds."""
    account_id = command.account_id
    transfer = find_transfer(d.state.deposits, command.deposit_id, account_id)
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
    before = {name: effective_state(market) for name, market in d.state.markets.items()}
    _cover(d, account_id, transfer.amount_micro - cash)
    for market_id in sorted(before):
        follow_state(d, d.state.markets[market_id], before[market_id])


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
    assert markets, "who lost a deposit traded in some market"
    _emit_cover(d, account_id, markets[0], shared=shared, debt=missing - shared)


def _emit_cover(
    d: Decision,
    account_id: str,
    market_id: str,
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
