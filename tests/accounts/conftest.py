"""What counts the hashes that a request costs."""

import pytest

from tests.hashing import QuickArgon2


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list into which every run of the password hasher writes its name."""
    runs: list[str] = []
    encode, verify = QuickArgon2.encode, QuickArgon2.verify

    def encoding(self: QuickArgon2, password: str, salt: str) -> str:
        runs.append("encode")
        return str(encode(self, password, salt))

    def verifying(self: QuickArgon2, password: str, encoded: str) -> bool:
        runs.append("verify")
        return bool(verify(self, password, encoded))

    monkeypatch.setattr(QuickArgon2, "encode", encoding)
    monkeypatch.setattr(QuickArgon2, "verify", verifying)
    return runs
