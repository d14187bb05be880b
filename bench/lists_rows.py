"""The rows of `bench/lists.py`: what stands in each column of the large tables, as SQL of a number.

Rows are as they would be, but that no engine made them: n counts from 1, markets and people come by
turns, what is rare (an expired order, a refused action) comes every hundredth or thousandth time.
"""

from typing import Any, Final

from axes.models import AccessFailureLog, AccessLog
from django.db.models import AutoField, Model

from accounts.ledger.models import LedgerAccount, LedgerEntry, Posting
from accounts.models import StaffAction, User
from engine import events as ev
from engine.codec import encode
from trading.models import (
    Alert,
    Balance,
    Command,
    Event,
    Fill,
    Liquidation,
    MarketFunds,
    MarketTicker,
    Order,
    Position,
    PriceAlert,
    Trade,
    VenueFunds,
)

MARKETS: Final = 59
"""One of the catalogue's sixty has nothing, so that its filter finds nothing."""
MOMENT: Final = "1790000000000 + n * 50"
AT: Final = "to_timestamp(1790000000 + n / 20.0)"
MARKET: Final = f"(SELECT min(id) FROM trading_market) + n % {MARKETS}"  # noqa: S608 - constants of ours
PERSON: Final = "('00000000-0000-4000-9000-' || lpad((n % 20000)::text, 12, '0'))::uuid"
SHOWN: Final = encode(
    ev.LiquidationPended(at_ms=1, account_id="somebody", market_id="BTC-USDT-PERP", pending=True)
)


def own_id(kind: int) -> str:
    """Return the SQL of an id that n alone has."""
    return f"('{kind:08d}-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"


def insert(model: type[Model], of: str = "generate_series(1, {rows}) AS n", **columns: str) -> str:
    """Return a statement that fills a table; a column that is not named has its default."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.column in columns:
            value = columns[field.column]
        elif isinstance(field, AutoField) or field.has_db_default():
            continue
        else:
            value = literal(field.get_default())
        names.append(f'"{field.column}"')
        values.append(value)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)})'  # noqa: S608 - constants of ours
        f" SELECT {', '.join(values)} FROM {of}"
    )


def literal(value: Any) -> str:
    """Return a default as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, dict):
        return "'{{}}'"
    if isinstance(value, list):
        return "'{{}}'"
    return f"'{value}'"


OF_MARKETS: Final = "(SELECT id AS n FROM trading_market) AS markets"
TRADED: Final = {
    "market_id": MARKET,
    "kind": "'BOOK'",
    "price_half_ticks": "1910000 + n % 1000",
    "quantity_lots": "1 + n % 100",
    "notional_micro": "(1 + n % 100) * 9550000",
    "executed_at_ms": MOMENT,
}

FILL: Final[dict[str, str]] = {
    "people": insert(
        User,
        id=own_id(1),
        email="'trader' || n || '@bench.example'",
        password="'!'",  # noqa: S106 - nobody's
        date_joined=AT,
    ),
    "orders": insert(
        Order,
        id=own_id(2),
        engine_id=f"{own_id(2)}::text",
        account_id=PERSON,
        market_id=MARKET,
        side="CASE n % 2 WHEN 0 THEN 'BUY' ELSE 'SELL' END",
        order_type="'LIMIT'",
        time_in_force="'GTC'",
        quantity_lots="10",
        filled_lots="CASE WHEN n % 3 = 0 THEN 10 ELSE 0 END",
        canceled_lots="CASE WHEN n % 3 = 0 OR n % 100 = 1 THEN 0 ELSE 10 END",
        limit_ticks="955000",
        status="CASE WHEN n % 3 = 0 THEN 'FILLED' WHEN n % 100 = 1 THEN 'OPEN'"
        " WHEN n % 1000 = 2 THEN 'EXPIRED' ELSE 'CANCELED' END",
        created_at_ms=MOMENT,
        updated_at_ms=MOMENT,
    ),
    "trades": insert(Trade, id=own_id(3), number="n", is_public="true", **TRADED),
    "fills": insert(
        Fill,
        id=own_id(4),
        trade_id=own_id(3),
        order_id=own_id(2),
        account_id=PERSON,
        side="'BUY'",
        liquidity="'TAKER'",
        fee_micro="5000",
        realized_pnl_micro="0",
        **TRADED,
    ),
    "positions": insert(
        Position,
        account_id=own_id(1),
        market_id=MARKET,
        leverage="10",
        size_lots="CASE n % 2 WHEN 0 THEN 1000 ELSE -1000 END",
        cost_micro="CASE n % 2 WHEN 0 THEN 1 ELSE -1 END * 9550000000",
        collateral_micro="10000000 + n % 190000 * 5000",
        liquidation_half_ticks="CASE n % 2 WHEN 0 THEN (9537500000 - n % 190000 * 5000) / 4995"
        " ELSE (9562500000 + n % 190000 * 5000) / 5005 END",
        is_warned="n % 1000 = 3",
        is_pending="n % 100000 = 7",
        updated_at_ms=MOMENT,
    ),
    "balances": insert(Balance, account_id=own_id(1), cash_micro="n * 1000", updated_at_ms=MOMENT),
    "liquidations": insert(
        Liquidation,
        id=own_id(5),
        event_sequence="n",
        account_id=PERSON,
        market_id=MARKET,
        mark_half_ticks="1910000",
        equity_micro="1",
        maintenance_micro="2",
        size_lots="100",
        is_pending="n % 100000 = 7",
        started_at_ms=MOMENT,
    ),
    "events": insert(
        Event,
        sequence="n",
        kind="CASE WHEN n % 5 > 0 THEN 'OrderAccepted' WHEN n % 100000 = 0 THEN 'VenueDebtBooked'"
        " ELSE 'LiquidationPended' END",
        at_ms=MOMENT,
        payload=f"'\\x{SHOWN.hex()}'::bytea",
        head="sha256(n::text::bytea)",
    ),
    "commands": insert(
        Command,
        id="1000 + n",
        kind="'SubmitOrder'",
        account_id=PERSON,
        payload="'\\x00'::bytea",
        status="CASE WHEN n % 300000 = 5 THEN 'SET_ASIDE' ELSE 'DONE' END",
        decided_at_ms=MOMENT,
        first_event="n",
        created_at=AT,
    ),
    "marks": insert(
        MarketTicker,
        of=OF_MARKETS,
        market_id="n",
        index_half_ticks="1910000",
        mark_half_ticks="1910000",
        updated_at="now()",
    ),
    "funds of markets": insert(
        MarketFunds,
        of=OF_MARKETS,
        market_id="n",
        insurance_micro="100000000000",
        open_interest_lots="10000",
        updated_at_ms="1790000000000",
    ),
    "funds of the venue": insert(VenueFunds, of="generate_series(1, 1) AS n", updated_at_ms="1"),
    "the venue's ledger accounts": insert(
        LedgerAccount,
        of="(VALUES ('FEES', ''), ('INSURANCE', ''), ('INSURANCE', 'BTC-USDT-PERP'))"
        " AS venue (purpose, market)",
        purpose="venue.purpose",
        market="venue.market",
    ),
    "ledger accounts": insert(
        LedgerAccount, owner_id=own_id(1), purpose="'CASH'", market="''", balance_micro="n"
    ),
    "ledger entries": insert(
        LedgerEntry,
        id="n",
        kind="'Filled'",
        market="'BTC-USDT-PERP'",
        subject_id="CASE n % 50 WHEN 0 THEN 'deposit:' || n ELSE '' END",
        phase="CASE WHEN n % 200000 = 9 THEN 'VOIDS' ELSE 'POSTED' END",
        resolves_id="CASE WHEN n % 200000 = 9 THEN n - 1 END",
        posted_at_ms=MOMENT,
    ),
    "postings": insert(
        Posting,
        of="generate_series(1, {rows}) AS n, generate_series(0, 1) AS side",
        entry_id="n",
        account_id="(SELECT min(id) FROM accounts_ledgeraccount) + CASE side WHEN 0"
        " THEN 3 + n % 1000 ELSE n % 3 END",
        amount_micro="CASE side WHEN 0 THEN 1 ELSE -1 END * (1 + n % 1000)",
    ),
    "audit log": insert(
        StaffAction,
        happened_at=AT,
        actor_email="'officer' || n % 40 || '@godark.example'",
        actor_roles="'{{risk}}'",
        action="(ARRAY['look', 'approve', 'propose', 'change'])[1 + n % 4]",
        outcome="CASE WHEN n % 50000 = 3 THEN 'REFUSED' ELSE 'DONE' END",
        object_type="(ARRAY['accounts.user', 'trading.proposal', 'trading.market'])[1 + n % 3]",
        object_id="(n % 5000)::text",
        object_name="'object ' || n % 5000",
        reason="'because'",
        request_id="md5(n::text)",
    ),
    "log-ins": insert(
        AccessLog,
        user_agent="'browser'",
        ip_address="('10.0.' || n % 250 || '.' || n % 241)::inet",
        username="'trader' || n % 20000 || '@bench.example'",
        http_accept="'*/*'",
        path_info="'/login'",
        attempt_time=AT,
    ),
    "failed log-ins": insert(
        AccessFailureLog,
        user_agent="'browser'",
        ip_address="('10.0.' || n % 250 || '.' || n % 241)::inet",
        username="'trader' || n % 20000 || '@bench.example'",
        http_accept="'*/*'",
        path_info="'/login'",
        attempt_time=AT,
        locked_out="n % 100000 = 5",
    ),
    "alerts": insert(
        Alert,
        kind="CASE WHEN n % 100000 = 5 THEN 'LOG_BROKEN' ELSE 'GLASS_BROKEN' END",
        detail="'number ' || n",
        raised_at=AT,
    ),
    "price alerts": insert(
        PriceAlert,
        name="CASE n % 3 WHEN 0 THEN 'BTC-USDT-PERP' ELSE 'ETH-USDT-PERP' END",
        sign="CASE WHEN n % 100000 = 5 THEN 'BREAKER_PRICE' ELSE 'UNUSUAL_RETURN' END",
        detail="'an odd move'",
        seen_at=AT,
    ),
}
"""What is filled, in this order, because rows point at those before them."""
