"""Units of trading's columns: `_micro` is 1e-6 USDT, `_ppb` a rate in parts per billion.

Prices are whole ticks (`_ticks`) or half ticks (`_half_ticks`), quantities lots (`_lots`).
"""

from typing import Final

MICRO: Final = 1_000_000
PPB: Final = 1_000_000_000
