"""The account: log-in, money, keys, wallet."""

from collections.abc import Sequence
from types import NoneType
from typing import Any

from godark_client.asynchronous.sending import AsyncSending
from godark_client.calls import Call, segment
from godark_client.models.accounts import Account, ApiKeyRecord, Balance, Tokens
from godark_client.models.records import Json, Page


class AsyncAccountCalls(AsyncSending):
    """Calls about the person behind the account."""

    async def register(
        self, email: str, password: str, *, referral_code: str | None = None
    ) -> Json:
        """Sign up, agreeing to the terms; a mail with a link follows."""
        body: dict[str, Any] = {
            "email": email,
            "password": password,
            "confirm_password": password,
            "agreed_to_terms": True,
        }
        if referral_code is not None:
            body["referral_code"] = referral_code
        return await self._post("/auth/register", body)

    async def verify_email(self, token: str) -> Json:
        """Confirm the address by the token of the mail."""
        return await self._post("/auth/verify-email", {"token": token})

    async def resend_verification(self, email: str) -> Json:
        """Have the mail sent again; the answer is always the same."""
        return await self._post("/auth/resend-verification", {"email": email})

    async def login(self, email: str, password: str, *, otp: str | None = None) -> Tokens:
        """Log in; later calls carry the access token and renew it by themselves.

        Raises TwoFactorRequiredError when the account has a second factor and no code came.
        """
        body = {"email": email, "password": password}
        if otp is not None:
            body["otp"] = otp
        call = Call(method="POST", path="/auth/login", body=body, answer=Tokens)
        tokens = self.tokens = await self.send(call)
        return tokens

    async def logout(self) -> None:
        """End this log-in."""
        await self.send(
            Call(method="POST", path="/auth/logout", body=self._refresh_body(), answer=NoneType)
        )
        self.tokens = None

    async def logout_all(self) -> None:
        """End all log-ins of the account."""
        await self.send(
            Call(method="POST", path="/auth/logout-all", body=self._refresh_body(), answer=NoneType)
        )
        self.tokens = None

    async def ask_password_reset(self, email: str) -> Json:
        """Have a reset mail sent; the answer is always the same."""
        return await self._post("/auth/password-reset", {"email": email})

    async def reset_password(self, token: str, password: str) -> Json:
        """Set a new password by the token of the mail."""
        return await self._post(
            "/auth/password-reset/confirm", {"token": token, "password": password}
        )

    async def account(self) -> Account:
        """Return the account, its tier, and what is left of its limits."""
        return await self.read("/account", Account)

    async def balance(self) -> Balance:
        """Return the money of the account."""
        return await self.read("/account/balance", Balance)

    async def activity(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Json]:
        """Return what was done with the account, and from where."""
        return await self.read("/account/activity", Page[Json], {"limit": limit, "cursor": cursor})

    async def export(self) -> Json:
        """Return everything that the venue keeps about the account."""
        return await self.read("/account/export", Json)

    async def statement(self, *, since: int | None = None, until: int | None = None) -> bytes:
        """Return the statement as CSV."""
        return await self.read("/account/statement.csv", bytes, {"since": since, "until": until})

    async def change_password(self, current_password: str, new_password: str) -> Json:
        """Change the password."""
        body = {"current_password": current_password, "new_password": new_password}
        return await self._post("/account/change-password", body)

    async def second_factor(self, step: str, **body: str) -> Json:
        """`enable`, `confirm` (code=) or `disable` (password=, code=) the second factor."""
        return await self._post(f"/account/2fa/{segment(step)}", body)

    async def delete_account(self, password: str) -> Json:
        """Ask for deletion after seven days of grace."""
        return await self._post("/account/delete", {"password": password})

    async def cancel_deletion(self) -> Json:
        """Take the deletion back."""
        return await self._post("/account/cancel-deletion", {})

    async def api_keys(self) -> Page[ApiKeyRecord]:
        """Return the API keys, without their secrets."""
        return await self.read("/api-keys", Page[ApiKeyRecord])

    async def create_api_key(
        self,
        name: str,
        passphrase: str,
        *,
        permissions: Sequence[str],
        kind: str = "HMAC",
        public_key: str | None = None,
        ip_allow_list: Sequence[str] = (),
        expires_at: int | None = None,
    ) -> ApiKeyRecord:
        """Make an API key; the secret is in this answer only."""
        body: dict[str, Any] = {
            "name": name,
            "passphrase": passphrase,
            "permissions": list(permissions),
            "kind": kind,
            "public_key": public_key,
            "ip_allow_list": list(ip_allow_list) or None,
            "expires_at": expires_at,
        }
        chosen = {field: value for field, value in body.items() if value is not None}
        return await self.send(
            Call(method="POST", path="/api-keys", body=chosen, answer=ApiKeyRecord)
        )

    async def change_api_key(self, key_id: str, **changes: Any) -> ApiKeyRecord:
        """Change a key's name, permissions, addresses or expiry."""
        path = f"/api-keys/{segment(key_id)}"
        return await self.send(
            Call(method="PUT", path=path, body=changes, answer=ApiKeyRecord, is_repeatable=True)
        )

    async def delete_api_key(self, key_id: str, *, password: str) -> None:
        """Delete a key."""
        path = f"/api-keys/{segment(key_id)}"
        await self.send(
            Call(method="DELETE", path=path, body={"password": password}, answer=NoneType)
        )

    async def referrals(self, part: str) -> Json:
        """Return the referral `code`, `stats` or `rewards`."""
        return await self.read(f"/referrals/{segment(part)}", Json)

    async def compliance(self, part: str) -> Json:
        """Return how the account stands with `kyc` or `tos`."""
        return await self.read(f"/compliance/{segment(part)}", Json)

    async def comply(self, part: str, **body: Any) -> Json:
        """Answer what `kyc` or `tos` asks."""
        return await self._post(f"/compliance/{segment(part)}", body)

    def _refresh_body(self) -> dict[str, str]:
        return {"refresh_token": self.tokens.refresh_token} if self.tokens else {}

    async def _post(self, path: str, body: dict[str, Any]) -> Json:
        return await self.send(Call(method="POST", path=path, body=body, answer=Json))
