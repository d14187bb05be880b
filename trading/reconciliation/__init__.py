"""Reconciliation: engine, projections and ledger compared, and the rows replayed from the log.

`reconcile` compares what stands now and leaves a row; `replay` builds all rows anew beside the
real ones and compares them; `on_chain` compares the ledger with vaults, treasury and root. Nothing
here changes anything but by `repair`.
"""

from trading.reconciliation.differences import Difference
from trading.reconciliation.reconcile import reconcile

__all__ = ["Difference", "reconcile"]
