"""Wallet, vault, settlement and proofs, staking and governance."""

from pathlib import Path
from typing import Any

from godark_client.calls import Call, segment
from godark_client.keeping import keep
from godark_client.models.records import Json, Page
from godark_client.numbers import Number, written
from godark_client.synchronous.sending import Sending


class SettlementCalls(Sending):
    """Calls about what lies on chain; their answers are told as JSON objects."""

    def wallet(self) -> Json:
        """Return the linked wallet."""
        return self.read("/wallet/info", Json)

    def wallet_challenge(self, address: str) -> Json:
        """Return the text that the wallet is to sign."""
        return self._ask("/wallet/challenge", {"address": address})

    def link_wallet(self, address: str, signature: str) -> Json:
        """Link a wallet by its signature (base58) of the challenge."""
        return self._ask("/wallet/link", {"address": address, "signature": signature})

    def unlink_wallet(self, **body: Any) -> Json:
        """Unlink the wallet."""
        return self._ask("/wallet/unlink", body)

    def vault(self) -> Json:
        """Return the vault: authorized, deposited, paid out."""
        return self.read("/vault", Json)

    def authorize_vault(self, amount: Number) -> Json:
        """Return the unsigned transaction (base64) that authorizes so much USDT."""
        return self._ask("/vault/authorize", {"amount": written(amount)})

    def deposit(self, amount: Number) -> Json:
        """Draw a deposit from what is authorized."""
        return self._ask("/vault/deposit", {"amount": written(amount)})

    def withdraw(self, amount: Number) -> Json:
        """Withdraw free balance to the linked wallet."""
        return self._ask("/vault/withdraw", {"amount": written(amount)})

    def revoke_vault(self) -> Json:
        """Return the unsigned transaction (base64) that revokes the authorization."""
        return self._ask("/vault/revoke", {})

    def transfers(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return deposits and withdrawals, newest first."""
        return self._page("/vault/transfers", limit, cursor)

    def account_proof(self) -> Json:
        """Return one's own leaf, salt and path, to be kept and checked."""
        return self.read("/proofs/account", Json)

    def keep_proof(self, path: str | Path) -> Json:
        """Keep one's newest proof in a file, for godark-verify; return it.

        Whole or not at all, and never an older one over a newer. Call it now and then: every
        quarter of an hour there is a new checkpoint.
        """
        proof = self.account_proof()
        keep(Path(path), proof)
        return proof

    def batches(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return state roots, newest first."""
        return self._page("/settlement/batches", limit, cursor)

    def batch(self, number: int) -> Json:
        """Return one state root."""
        return self.read(f"/settlement/batches/{number}", Json)

    def checkpoints(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return checkpoints, newest first."""
        return self._page("/settlement/checkpoints", limit, cursor)

    def checkpoint(self, number: int) -> Json:
        """Return one checkpoint."""
        return self.read(f"/settlement/checkpoints/{number}", Json)

    def staking(self, part: str = "", **body: Any) -> Json:
        """Read a part of staking, or with a body act on it."""
        path = "/staking" + (f"/{part.strip('/')}" if part else "")
        return self._ask(path, body) if body else self.read(path, Json)

    def governance(self, part: str = "", **body: Any) -> Json:
        """Read a part of governance, or with a body act on it."""
        path = "/governance" + (f"/{part.strip('/')}" if part else "")
        return self._ask(path, body) if body else self.read(path, Json)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        """Call an address of the API that this version of the client has no name for."""
        steps = "/".join(segment(step) for step in path.strip("/").split("/"))
        return self.send(Call(method=method, path=f"/{steps}", body=body, query=query, answer=Json))

    def _page(self, path: str, limit: int | None, cursor: str | None) -> Page[Json]:
        return self.read(path, Page[Json], {"limit": limit, "cursor": cursor})

    def _ask(self, path: str, body: dict[str, Any]) -> Json:
        return self.send(Call(method="POST", path=path, body=body, answer=Json))
