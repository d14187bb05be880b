"""Wallet, vault, settlement and proofs, staking and governance."""

from pathlib import Path
from typing import Any

from godark_client.asynchronous.sending import AsyncSending
from godark_client.calls import Call, segment
from godark_client.keeping import keep
from godark_client.models.records import Json, Page
from godark_client.numbers import Number, written


class AsyncSettlementCalls(AsyncSending):
    """Calls about what lies on chain; their answers are told as JSON objects."""

    async def wallet(self) -> Json:
        """Return the linked wallet."""
        return await self.read("/wallet/info", Json)

    async def wallet_challenge(self, address: str) -> Json:
        """Return the text that the wallet is to sign."""
        return await self._ask("/wallet/challenge", {"address": address})

    async def link_wallet(self, address: str, signature: str) -> Json:
        """Link a wallet by its signature (base58) of the challenge."""
        return await self._ask("/wallet/link", {"address": address, "signature": signature})

    async def unlink_wallet(self, **body: Any) -> Json:
        """Unlink the wallet."""
        return await self._ask("/wallet/unlink", body)

    async def vault(self) -> Json:
        """Return the vault: authorized, deposited, paid out."""
        return await self.read("/vault", Json)

    async def authorize_vault(self, amount: Number) -> Json:
        """Return the unsigned transaction (base64) that authorizes so much USDT."""
        return await self._ask("/vault/authorize", {"amount": written(amount)})

    async def deposit(self, amount: Number) -> Json:
        """Draw a deposit from what is authorized."""
        return await self._ask("/vault/deposit", {"amount": written(amount)})

    async def withdraw(self, amount: Number) -> Json:
        """Withdraw free balance to the linked wallet."""
        return await self._ask("/vault/withdraw", {"amount": written(amount)})

    async def revoke_vault(self) -> Json:
        """Return the unsigned transaction (base64) that revokes the authorization."""
        return await self._ask("/vault/revoke", {})

    async def transfers(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return deposits and withdrawals, newest first."""
        return await self._page("/vault/transfers", limit, cursor)

    async def account_proof(self) -> Json:
        """Return one's own leaf, salt and path, to be kept and checked."""
        return await self.read("/proofs/account", Json)

    async def keep_proof(self, path: str | Path) -> Json:
        """Keep one's newest proof in a file, for godark-verify; return it.

        Whole or not at all, and never an older one over a newer. Call it now and then: every
        quarter of an hour there is a new checkpoint.
        """
        proof = await self.account_proof()
        keep(Path(path), proof)
        return proof

    async def batches(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return state roots, newest first."""
        return await self._page("/settlement/batches", limit, cursor)

    async def batch(self, number: int) -> Json:
        """Return one state root."""
        return await self.read(f"/settlement/batches/{number}", Json)

    async def checkpoints(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Json]:
        """Return checkpoints, newest first."""
        return await self._page("/settlement/checkpoints", limit, cursor)

    async def checkpoint(self, number: int) -> Json:
        """Return one checkpoint."""
        return await self.read(f"/settlement/checkpoints/{number}", Json)

    async def staking(self, part: str = "", **body: Any) -> Json:
        """Read a part of staking, or with a body act on it."""
        path = "/staking" + (f"/{part.strip('/')}" if part else "")
        return await self._ask(path, body) if body else await self.read(path, Json)

    async def governance(self, part: str = "", **body: Any) -> Json:
        """Read a part of governance, or with a body act on it."""
        path = "/governance" + (f"/{part.strip('/')}" if part else "")
        return await self._ask(path, body) if body else await self.read(path, Json)

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        """Call an address of the API that this version of the client has no name for."""
        steps = "/".join(segment(step) for step in path.strip("/").split("/"))
        return await self.send(
            Call(method=method, path=f"/{steps}", body=body, query=query, answer=Json)
        )

    async def _page(self, path: str, limit: int | None, cursor: str | None) -> Page[Json]:
        return await self.read(path, Page[Json], {"limit": limit, "cursor": cursor})

    async def _ask(self, path: str, body: dict[str, Any]) -> Json:
        return await self.send(Call(method="POST", path=path, body=body, answer=Json))
