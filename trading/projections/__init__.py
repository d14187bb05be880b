"""Projections: what the events say, in rows that people may read.

The runner tells a `Projector` every event with the state after its command, and has it write
everything in the transaction of the step. What is not here: deciding, and reading the rows
(`trading.selectors`).
"""

from trading.projections.projector import Projector, Written

__all__ = ["Projector", "Written"]
