"""The hash chain of events and the digest of a state, both BLAKE2b-256.

The chain's head after an event is the hash of the head before it and the event's canonical
bytes; whoever replays the log compares heads. The digest is the hash of the snapshot's
canonical bytes. What is not here: keeping the head, which whoever writes the log does.
"""

from collections.abc import Iterable
from hashlib import blake2b

from engine.codec import encode
from engine.events import Event
from engine.snapshot import snapshot
from engine.state import State

DIGEST_SIZE = 32
GENESIS = bytes(DIGEST_SIZE)


def link(head: bytes, event_bytes: bytes, /) -> bytes:
    """Return the head after one encoded event."""
    return blake2b(head + event_bytes, digest_size=DIGEST_SIZE).digest()


def link_all(head: bytes, events: Iterable[Event], /) -> bytes:
    """Return the head after these events."""
    for event in events:
        head = link(head, encode(event))
    return head


def digest(state: State, /) -> bytes:
    """Return the hash of everything the state knows; equal states, equal digests."""
    return blake2b(snapshot(state), digest_size=DIGEST_SIZE).digest()
