"""Positions: leverage, margin, closing, triggers."""

from godark_client.calls import Call, segment
from godark_client.models.accounts import Position
from godark_client.models.orders import Order, Protection
from godark_client.models.records import Page
from godark_client.numbers import Number, written, written_if
from godark_client.synchronous.sending import Sending


class PositionCalls(Sending):
    """One's own positions."""

    def positions(
        self, *, symbol: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page[Position]:
        """Return the positions."""
        return self.read(
            "/positions", Page[Position], {"symbol": symbol, "limit": limit, "cursor": cursor}
        )

    def set_leverage(self, symbol: str, leverage: int) -> Position:
        """Set the leverage in a market, a whole number from 1."""
        return self.send(
            Call(
                method="POST",
                path=f"/positions/{segment(symbol)}/leverage",
                body={"leverage": leverage},
                answer=Position,
                is_repeatable=True,
            )
        )

    def move_margin(self, symbol: str, amount: Number) -> Position:
        """Add margin to a position, or take some out with a negative amount."""
        return self.send(
            Call(
                method="POST",
                path=f"/positions/{segment(symbol)}/margin",
                body={"amount": written(amount)},
                answer=Position,
            )
        )

    def close_position(
        self, symbol: str, *, size: Number | None = None, limit_price: Number | None = None
    ) -> Order:
        """Close all or some of a position, at the market or resting at a limit."""
        told = {"size": written_if(size), "limit_price": written_if(limit_price)}
        return self.send(
            Call(
                method="POST",
                path=f"/positions/{segment(symbol)}/close",
                body={name: value for name, value in told.items() if value is not None},
                answer=Order,
            )
        )

    def set_triggers(
        self,
        symbol: str,
        *,
        take_profit: Protection | None = None,
        stop_loss: Protection | None = None,
    ) -> Position:
        """Set the take-profit and stop-loss of a position; one cancels the other."""
        told = {
            "take_profit": take_profit.body() if take_profit else None,
            "stop_loss": stop_loss.body() if stop_loss else None,
        }
        return self.send(
            Call(
                method="POST",
                path=f"/positions/{segment(symbol)}/triggers",
                body={name: value for name, value in told.items() if value is not None},
                answer=Position,
                is_repeatable=True,
            )
        )

    def clear_triggers(self, symbol: str) -> Position | None:
        """Clear the take-profit and stop-loss of a position."""
        return self.send(
            Call(
                method="DELETE",
                path=f"/positions/{segment(symbol)}/triggers",
                answer=Position,
                is_repeatable=True,
            )
        )
