"""Rows of the exchange: as its staff set it up, its inbox and log, and what the log projects.

One file per noun. Markets, brackets, sources, hours and pauses are set by staff; commands and
events are written by the runner and whoever asks; orders, fills, positions and funds are what
the events say, written by `trading.projections` alone.
"""

from trading.models.alerts import Alert, AlertKind
from trading.models.brackets import Bracket, BracketSchedule
from trading.models.break_glass import BrokenGlass, GlassLook
from trading.models.chain import (
    Authorization,
    Batch,
    BatchState,
    ChainCursor,
    ChainTransaction,
    ClosedVault,
    Deposit,
    DepositDraw,
    DepositState,
    LeafVersion,
    Payout,
    SendingState,
    Withdrawal,
    WithdrawalState,
)
from trading.models.checkpoints import Checkpoint, CheckpointLevel
from trading.models.commands import Command, CommandStatus, Receipt, VenueKey
from trading.models.disclosures import DisclosureVersion
from trading.models.funding_clock import FundingClock
from trading.models.hours import Holiday, TradingCalendar
from trading.models.keys import IdentifierKey
from trading.models.log import SHOWN_KINDS, Event, LogCheck, Snapshot
from trading.models.markets import Market, MarketKind, MarketState, Pricing
from trading.models.orders import (
    BACKSTOP_ACCOUNT_ID,
    OPEN_STATUSES,
    Fill,
    Order,
    OrderStatus,
    RepeatedOrder,
    Trade,
    TradeCandle,
)
from trading.models.positions import (
    Balance,
    FundingPayment,
    FundingRate,
    Liquidation,
    MarketFunds,
    Position,
    VenueFunds,
)
from trading.models.prices import (
    IndexCandle,
    LastGoodPrice,
    PremiumMinute,
    PriceAlert,
    ToldLie,
)
from trading.models.proposals import Proposal, ProposalKind, ProposalState
from trading.models.ranks import AdlRank
from trading.models.receipt_openings import ReceiptOpening
from trading.models.reconciliations import Reconciliation, ReconciliationOutcome
from trading.models.sources import PriceSource, SourceRole, Venue
from trading.models.state_wishes import StateWish, Wisher
from trading.models.suspects import LiquidationSuspect
from trading.models.switches import ArmedSocket, SocketProcess
from trading.models.tickers import MarketTicker
from trading.models.venue import PauseLevel, VenueModeChange
from trading.models.witness import RequestState, Signed, WitnessRequest

__all__ = [
    "BACKSTOP_ACCOUNT_ID",
    "OPEN_STATUSES",
    "SHOWN_KINDS",
    "AdlRank",
    "Alert",
    "AlertKind",
    "ArmedSocket",
    "Authorization",
    "Balance",
    "Batch",
    "BatchState",
    "Bracket",
    "BracketSchedule",
    "BrokenGlass",
    "ChainCursor",
    "ChainTransaction",
    "Checkpoint",
    "CheckpointLevel",
    "ClosedVault",
    "Command",
    "CommandStatus",
    "Deposit",
    "DepositDraw",
    "DepositState",
    "DisclosureVersion",
    "Event",
    "Fill",
    "FundingClock",
    "FundingPayment",
    "FundingRate",
    "GlassLook",
    "Holiday",
    "IdentifierKey",
    "IndexCandle",
    "LastGoodPrice",
    "LeafVersion",
    "Liquidation",
    "LiquidationSuspect",
    "LogCheck",
    "Market",
    "MarketFunds",
    "MarketKind",
    "MarketState",
    "MarketTicker",
    "Order",
    "OrderStatus",
    "PauseLevel",
    "Payout",
    "Position",
    "PremiumMinute",
    "PriceAlert",
    "PriceSource",
    "Pricing",
    "Proposal",
    "ProposalKind",
    "ProposalState",
    "Receipt",
    "ReceiptOpening",
    "Reconciliation",
    "ReconciliationOutcome",
    "RepeatedOrder",
    "RequestState",
    "SendingState",
    "Signed",
    "Snapshot",
    "SocketProcess",
    "SourceRole",
    "StateWish",
    "ToldLie",
    "Trade",
    "TradeCandle",
    "TradingCalendar",
    "Venue",
    "VenueFunds",
    "VenueKey",
    "VenueModeChange",
    "Wisher",
    "Withdrawal",
    "WithdrawalState",
    "WitnessRequest",
]
