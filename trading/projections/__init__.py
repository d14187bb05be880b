"""Projections: what the log means in rows and money, one file per noun.

`Projector` is the one door. It is written to by the runner alone, in the transaction of the
events; rebuilding and reconciling use it on copies.
"""

from trading.projections.projector import BY_INDEX, Projector, Written

__all__ = ["BY_INDEX", "Projector", "Written"]
