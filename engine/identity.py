"""The identity of an order's body: same client order id, same body, same order.

What is not here: remembering ids, which is the state's.
"""

from hashlib import blake2b

import msgspec

from engine.commands import ClosePosition, SubmitOrder
from engine.state import State

_ENCODER = msgspec.msgpack.Encoder()


def body_digest(command: SubmitOrder | ClosePosition, /) -> bytes | None:
    """Digest what an order asks for, without when, under which id, for which tier and patience.

    Only an order with a client id has one. A close is digested as it was said, not as the
    size that it had to close at that moment.
    """
    if command.client_order_id is None:
        return None
    body = msgspec.structs.replace(
        command, at_ms=0, order_id="", fee_discount_percent=0, probe_limit=0
    )
    said = msgspec.structs.asdict(body)
    said.pop("deposit_wait_ms", None)
    kind = type(command).__name__.encode()
    return blake2b(_ENCODER.encode(said), digest_size=16, person=kind).digest()


def fresh_order_id(state: State, prefix: str, at_ms: int, /) -> str:
    """Make the id of an order that the engine itself places; it tells no sequence."""
    order_id = f"{prefix}:{at_ms}"
    while order_id in state.seen:
        order_id += "+"
    return order_id
