"""The witness: follows the log alone, recomputes every state root, co-signs what it finds.

`replay` is the state by the log, `book` the leaves as of the newest root, `judging` what is
compared and refused, `memory` what is kept for the next start, `process` the loop. It reads no
projection: the rows of a request say what settlement claims, and each claim is compared. What is
not here: the other side of the door (`trading.cosigning`).
"""
