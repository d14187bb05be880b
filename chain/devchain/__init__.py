"""A Solana chain in one process, for development and tests; never for money.

What lives here: an in-process SVM with the real program behind Solana JSON-RPC over HTTP and
WebSocket, kept in one SQLite file, with switches to misbehave. What does not: anything that the
venue needs where a real cluster is set.
"""
