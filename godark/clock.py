"""The site's clock: the moment in the units of every row and message."""

import time


def now_ms() -> int:
    """Return the moment in Unix milliseconds."""
    return time.time_ns() // 1_000_000
