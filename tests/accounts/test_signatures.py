import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.signatures import (
    UnsignableError,
    ed25519_signature,
    fits_ed25519,
    fits_hmac,
    hmac_signature,
    is_in_window,
    signed_bytes,
)
from tests.tidy.tree import ROOT

VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/signatures.json").read_text("utf-8"))
SEED = bytes.fromhex(VECTORS["ed25519_seed_hex"])
PUBLIC_KEY = base64.b64decode(VECTORS["ed25519_public_key"])
SPLIT = re.compile(rb"([0-9]+)([A-Z]+)(/[^\s{\[]*)(.*)", re.DOTALL)

timestamps = st.integers(0, 10**16 - 1).map(str)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
plain = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="[{"), max_size=60
)
paths = plain.map("/".__add__)
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=80).flatmap(
        lambda rest: st.sampled_from([b"{", b"[", b" "]).map(lambda first: first + rest)
    ),
)


def parts_of(vector: dict[str, str]) -> dict[str, Any]:
    names = ("timestamp", "method", "path_with_query")
    return {name: vector[name] for name in names} | {"body": vector["body"].encode()}


@pytest.mark.parametrize("vector", VECTORS["signed"], ids=lambda vector: str(vector["name"]))
def test_every_vector_is_signed_as_openssl_signed_it(vector: dict[str, str]) -> None:
    message = signed_bytes(**parts_of(vector))
    assert hmac_signature(secret=VECTORS["secret"], message=message) == vector["hmac"]
    assert ed25519_signature(seed=SEED, message=message) == vector["ed25519"]
    assert fits_hmac(secret=VECTORS["secret"], message=message, signature=vector["hmac"])
    assert fits_ed25519(public_key=PUBLIC_KEY, message=message, signature=vector["ed25519"])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["name"]))
def test_what_could_be_read_in_two_ways_is_not_signed(vector: dict[str, str]) -> None:
    with pytest.raises(UnsignableError):
        signed_bytes(**parts_of(vector))


@given(timestamp=timestamps, method=methods, path=paths, body=bodies)
def test_the_bytes_can_be_cut_in_one_way_only(
    timestamp: str, method: str, path: str, body: bytes
) -> None:
    message = signed_bytes(timestamp=timestamp, method=method, path_with_query=path, body=body)
    cut = SPLIT.fullmatch(message)
    assert cut is not None
    assert cut.groups() == (timestamp.encode(), method.encode(), path.encode(), body)


@given(message=st.binary(max_size=200), flipped=st.integers(0, 63), secret=plain)
def test_any_change_of_a_signature_is_seen(message: bytes, flipped: int, secret: str) -> None:
    right = hmac_signature(secret=secret, message=message)
    assert fits_hmac(secret=secret, message=message, signature=right)
    other = "0" if right[flipped] != "0" else "1"
    assert not fits_hmac(
        secret=secret, message=message, signature=right[:flipped] + other + right[flipped + 1 :]
    )


@given(message=st.binary(max_size=200), other=st.binary(max_size=200))
def test_a_signature_fits_its_own_message_only(message: bytes, other: bytes) -> None:
    by_hmac = hmac_signature(secret="s", message=message)
    by_ed25519 = ed25519_signature(seed=SEED, message=message)
    same = message == other
    assert fits_hmac(secret="s", message=other, signature=by_hmac) is same
    assert fits_ed25519(public_key=PUBLIC_KEY, message=other, signature=by_ed25519) is same


@given(signature=st.text(max_size=100))
def test_nonsense_is_no_signature_and_no_exception(signature: str) -> None:
    assert not fits_hmac(secret="s", message=b"m", signature=signature)
    assert not fits_ed25519(public_key=PUBLIC_KEY, message=b"m", signature=signature)


@pytest.mark.parametrize("spoil", [str.upper, lambda text: text + " ", lambda text: text + "00"])
def test_an_hmac_signature_is_lower_case_hex_and_nothing_else(spoil: Any) -> None:
    right = hmac_signature(secret="s", message=b"m")
    assert not fits_hmac(secret="s", message=b"m", signature=spoil(right))


def test_an_ed25519_signature_has_one_writing() -> None:
    right = ed25519_signature(seed=SEED, message=b"m")
    order = 2**252 + 27742317777372353535851937790883648493
    raw = base64.b64decode(right)
    twin = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    loose = [chr(ord(right[85]) + 1), right.rstrip("="), base64.b64encode(twin).decode()]
    for written in (right[:85] + loose[0] + "==", loose[1], loose[2], right + "\n"):
        assert not fits_ed25519(public_key=PUBLIC_KEY, message=b"m", signature=written)


@given(now=st.integers(0, 2**45), window=st.integers(1, 60_000), off=st.integers(-70_000, 70_000))
def test_a_window_reaches_back_as_asked_and_a_second_ahead(now: int, window: int, off: int) -> None:
    inside = is_in_window(timestamp_ms=now + off, now_ms=now, window_ms=window)
    assert inside is (-window <= off <= 1_000)
