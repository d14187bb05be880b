"""The client signs what the server reads: the same properties, the same vectors, byte for byte."""

from typing import Any

import pytest
from hypothesis import given

from accounts import signatures
from godark_client import Ed25519Key, HmacKey
from godark_client.signing import Clock, UnsignableError, signed_bytes
from tests.accounts.test_signatures import (
    SEED,
    VECTORS,
    bodies,
    methods,
    parts_of,
    paths,
    timestamps,
)

HMAC = HmacKey("gq_" + "0" * 32, VECTORS["secret"], "pass phrase")
ED25519 = Ed25519Key("gq_" + "0" * 32, SEED, "pass phrase")


@given(timestamp=timestamps, method=methods, path=paths, body=bodies)
def test_client_and_server_sign_the_same_bytes(
    timestamp: str, method: str, path: str, body: bytes
) -> None:
    parts: dict[str, Any] = {"timestamp": timestamp, "method": method, "path_with_query": path}
    message = signed_bytes(**parts, body=body)
    assert message == signatures.signed_bytes(**parts, body=body)
    secret = VECTORS["secret"]
    assert signatures.fits_hmac(secret=secret, message=message, signature=HMAC.sign(message))


@pytest.mark.parametrize("vector", VECTORS["signed"], ids=lambda vector: str(vector["name"]))
def test_every_vector_is_signed_as_openssl_signed_it(vector: dict[str, str]) -> None:
    message = signed_bytes(**parts_of(vector))
    assert HMAC.sign(message) == vector["hmac"]
    assert ED25519.sign(message) == vector["ed25519"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["name"]))
def test_what_could_be_read_in_two_ways_is_not_signed(vector: dict[str, str]) -> None:
    with pytest.raises(UnsignableError):
        signed_bytes(**parts_of(vector))


def test_no_timestamp_comes_twice_whatever_the_clock_does() -> None:
    clock = Clock(now_ms=lambda: 1_000)
    stamps = [int(clock.timestamp()) for _ in range(100)]
    assert stamps == list(range(1_000, 1_100))
    clock.set_by(5_000)
    assert clock.timestamp() == "5000"
