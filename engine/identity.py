"""The identity of an order's body: same client order id, same body, same order.

What is not here: remembering ids, which is the state's.
"""

from hashlib import blake2b

import msgspec

from engine.commands import SubmitOrder

_ENCODER = msgspec.msgpack.Encoder()


def body_digest(terms: SubmitOrder, /) -> bytes:
    """Digest what an order asks for, without when, under which id and for which tier."""
    body = msgspec.structs.replace(
        terms, at_ms=0, order_id="", fee_discount_percent=0, probe_limit=0
    )
    return blake2b(_ENCODER.encode(body), digest_size=16).digest()
