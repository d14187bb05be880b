"""Keys come from a file, the environment or a service, and from nowhere else."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from solders.keypair import Keypair

from chain.signer import RemoteSigner, SignerError, create_key_file, open_signer

KEY = Keypair.from_seed(bytes([5]) * 32)
MESSAGE = b"what is signed"


@dataclass
class Vault:
    """A key service; `honest` says whether it signs what it is asked to."""

    honest: bool = True

    def public_key(self, key_id: str) -> bytes:
        assert key_id == "operator"
        return bytes(KEY.pubkey())

    def sign(self, key_id: str, message: bytes) -> bytes:
        assert key_id == "operator"
        return bytes(KEY.sign_message(message if self.honest else message + b"!"))


def written(tmp_path: Path, text: str, *, mode: int = 0o600) -> str:
    path = tmp_path / "key.json"
    path.write_text(text)
    path.chmod(mode)
    return f"file:{path}"


@pytest.mark.parametrize("text", [KEY.to_json(), f" {KEY} "], ids=["numbers", "base58"])
def test_a_key_file_signs(tmp_path: Path, text: str) -> None:
    signer = open_signer(written(tmp_path, text))
    assert signer.public_key == KEY.pubkey()
    assert signer.sign(MESSAGE).verify(KEY.pubkey(), MESSAGE)


def test_a_key_in_the_environment_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_KEY", KEY.to_json())
    assert open_signer("env:OPERATOR_KEY").sign(MESSAGE).verify(KEY.pubkey(), MESSAGE)


def test_a_key_in_a_service_signs() -> None:
    signer = open_signer("vault:operator", services={"vault": Vault()})
    assert isinstance(signer, RemoteSigner)
    assert signer.sign(MESSAGE).verify(KEY.pubkey(), MESSAGE)


def test_a_service_s_signature_is_checked() -> None:
    signer = open_signer("vault:operator", services={"vault": Vault(honest=False)})
    with pytest.raises(SignerError, match="does not verify"):
        signer.sign(MESSAGE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SignerError, match="0600"):
        open_signer(written(tmp_path, KEY.to_json(), mode=mode))


@pytest.mark.parametrize(
    "text", ["", "some words", json.dumps([1, 2, 3]), json.dumps(["a"] * 64), "[1"]
)
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SignerError) as refused:
        open_signer(written(tmp_path, text))
    assert not text.strip() or text not in str(refused.value)


@pytest.mark.parametrize(
    "location", ["", "operator.json", "file:", "kms:operator", "file:/nowhere/key.json", "env:NO"]
)
def test_a_location_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(SignerError):
        open_signer(location)


def test_a_new_key_file_is_its_owner_s_alone_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "operator.json"
    first = create_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert create_key_file(path) == first


def test_a_signer_does_not_show_its_key(tmp_path: Path) -> None:
    signer = open_signer(written(tmp_path, KEY.to_json()))
    assert repr(signer) == f"KeypairSigner({KEY.pubkey()})"
