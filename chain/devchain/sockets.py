"""The subscriptions of one WebSocket: what changed since it was told last.

What lives here: which notifications are due. What does not: the socket itself (server).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from solders.pubkey import Pubkey

from chain.devchain import rendering
from chain.devchain.machine import Level, Machine
from chain.devchain.methods import BAD_PARAMETERS, Node, answer
from chain.devchain.rendering import BadParameterError, level_of, with_context

_NUMBERS: Final = count(1)


@dataclass(slots=True)
class Subscription:
    """One thing that a client watches."""

    kind: str
    level: Level
    config: dict[str, Any]
    subject: Any = None
    seen: Any = None
    done: bool = False


@dataclass(slots=True)
class Subscriptions:
    """All that one client watches."""

    node: Node
    open: dict[int, Subscription] = field(default_factory=dict)

    def handle(self, request: Any) -> dict[str, Any]:
        """Answer a frame: subscribe, unsubscribe, or any other method."""
        name = request.get("method", "") if isinstance(request, dict) else ""
        params = list(request.get("params") or []) if name else []
        if name.endswith("Unsubscribe"):
            result: object = self.open.pop(params[0] if params else 0, None) is not None
        elif name.endswith("Subscribe"):
            try:
                result = self._subscribe(name.removesuffix("Subscribe"), params)
            except (BadParameterError, IndexError, ValueError, TypeError, KeyError) as broken:
                error = {"code": BAD_PARAMETERS, "message": f"Invalid params: {broken}"}
                return {"jsonrpc": "2.0", "id": request.get("id"), "error": error}
        else:
            return answer(self.node, request)
        return {"jsonrpc": "2.0", "id": request.get("id"), "result": result}

    def due(self) -> Iterator[dict[str, Any]]:
        """Give the notifications that are due now."""
        for number, item in list(self.open.items()):
            for result in _CHANGES[item.kind](self.node.machine, item):
                params = {"result": result, "subscription": number}
                yield {"jsonrpc": "2.0", "method": f"{item.kind}Notification", "params": params}
            if item.done:
                del self.open[number]

    def _subscribe(self, kind: str, params: list[Any]) -> int:
        if kind not in _CHANGES:
            msg = f"there is nothing called {kind} to watch"
            raise BadParameterError(msg)
        config = params[1] if len(params) > 1 and isinstance(params[1], dict) else {}
        item = Subscription(kind, level_of(config), config)
        item.subject = _subject(kind, params)
        machine = self.node.machine
        match kind:
            case "account" | "program":
                item.seen = _state(machine, item)
            case "logs":
                item.seen = machine.newest_sequence
            case "slot":
                item.seen = machine.slot
            case _:
                pass
        number = next(_NUMBERS)
        self.open[number] = item
        return number


def _subject(kind: str, params: list[Any]) -> Any:
    """Read what a subscription is about."""
    match kind:
        case "signature":
            return rendering.signature_of(params[0])
        case "account" | "program":
            return Pubkey.from_string(params[0])
        case "logs" if isinstance(params[0], dict):
            return Pubkey.from_string(params[0]["mentions"][0])
        case _:
            return None


def _state(machine: Machine, item: Subscription) -> Any:
    if item.kind == "account":
        return machine.account(item.subject, item.level)
    return dict(machine.program_accounts(item.subject, item.level))


def _signature(machine: Machine, item: Subscription) -> Iterator[Any]:
    found = machine.find(item.subject)
    if found is not None and found[1] >= item.level:
        item.done = True
        yield with_context(machine, item.level, {"err": found[0].meta["err"]})


def _account(machine: Machine, item: Subscription) -> Iterator[Any]:
    account = machine.account(item.subject, item.level)
    if account != item.seen:
        item.seen = account
        yield with_context(machine, item.level, rendering.account_value(account, item.config))


def _program(machine: Machine, item: Subscription) -> Iterator[Any]:
    accounts = _state(machine, item)
    for key, account in accounts.items():
        if item.seen.get(key) != account:
            shown = rendering.account_value(account, item.config)
            yield with_context(machine, item.level, {"pubkey": str(key), "account": shown})
    item.seen = accounts


def _logs(machine: Machine, item: Subscription) -> Iterator[Any]:
    for landed in machine.landed_since(item.seen, item.level):
        item.seen = landed.sequence
        if item.subject is None or item.subject in landed.mentions:
            value = {
                "signature": str(landed.signature),
                "err": landed.meta["err"],
                "logs": landed.meta["logs"],
            }
            yield with_context(machine, item.level, value)


def _slot(machine: Machine, item: Subscription) -> Iterator[Any]:
    if machine.slot != item.seen:
        item.seen = machine.slot
        root = machine.slot_of_level(Level.FINALIZED)
        yield {"slot": machine.slot, "parent": machine.slot - 1, "root": root}


_CHANGES: Final = {
    "signature": _signature,
    "account": _account,
    "program": _program,
    "logs": _logs,
    "slot": _slot,
}
