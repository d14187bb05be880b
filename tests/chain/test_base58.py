import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from chain.base58 import decode_base58, encode_base58


@given(st.binary(max_size=80))
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    assert decode_base58(encode_base58(data)) == data


@given(st.binary(min_size=32, max_size=32))
def test_keys_are_written_as_solana_writes_them(data: bytes) -> None:
    assert encode_base58(data) == str(Pubkey(data))


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "abc d", "é"])
def test_a_letter_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no base58 letter"):
        decode_base58(text)
