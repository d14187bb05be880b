"""Publishing open interest: once a minute, the same for everybody.

Acceptance and the public compare with this figure alone, so that a refusal tells nothing of what
happens between two of them.
"""

import time
from typing import Final

from engine.commands import PublishOpenInterest
from trading.inbox import put

MINUTE_S: Final = 60


def publish(*, now_s: int | None = None) -> bool:
    """Have the engine publish all open interest, once a minute; tell whether it was."""
    minute = (int(time.time()) if now_s is None else now_s) // MINUTE_S
    return put(PublishOpenInterest(at_ms=0), key=f"open-interest:{minute}") is not None
