"""People: traders with money on the real path, each from an address of their own.

Log in, link a wallet by its signature, take test USDT of the chain's faucet, authorize, deposit,
and wait until it may be traded with. What is not here: what they do with it.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from solders.keypair import Keypair
from solders.transaction import Transaction

from bench.day.venue import Venue
from godark_client import AsyncClient, HmacKey, Patience
from godark_client.errors import ApiError, UnavailableError

AT_ONCE: Final = 6
LAMPORTS: Final = 50_000_000
MICRO: Final = 1_000_000
PATIENT: Final = Patience(attempts=20, first_seconds=0.1, most_seconds=5.0)
CREDIT_S: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Person:
    """A trader: who they are to the venue, and their wallet."""

    name: str
    account_id: str
    key: HmacKey
    wallet: Keypair
    usdt: int
    address: str


async def bring(venue: Venue, wanted: Sequence[tuple[str, int]]) -> list[Person]:
    """Return a funded trader for each name and amount of USDT."""
    made = venue.make_traders(len(wanted))
    gate = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(timeout=30.0) as chain:

        async def one(place: int) -> Person:
            name, usdt = wanted[place]
            async with gate:
                return await _bring(venue, chain, place, made[place], name=name, usdt=usdt)

        return list(await asyncio.gather(*(one(place) for place in range(len(wanted)))))


async def _bring(
    venue: Venue,
    chain: httpx.AsyncClient,
    place: int,
    log_in: dict[str, Any],
    *,
    name: str,
    usdt: int,
) -> Person:
    wallet = Keypair()
    # Each comes from an address of their own, as people do: doors are counted by address.
    address = f"127.7.{place // 250}.{place % 250 + 1}"
    async with AsyncClient(venue.url, patience=PATIENT, http=http_from(address)) as person:
        await _log_in(person, log_in)
        challenge = await person.wallet_challenge(str(wallet.pubkey()))
        signature = str(wallet.sign_message(challenge["message"].encode()))
        await person.link_wallet(str(wallet.pubkey()), signature)
        await _ask(chain, venue, "requestAirdrop", str(wallet.pubkey()), LAMPORTS)
        await _ask(chain, venue, "devchain_faucet", str(wallet.pubkey()), usdt * MICRO)
        unsigned = (await person.authorize_vault(usdt))["transaction"]
        await _confirm(chain, venue, signed(unsigned, wallet))
        await _deposit(person, usdt)
        await _wait_for_credit(person, usdt)
    key = HmacKey(log_in["api_key"], log_in["secret"], log_in["passphrase"])
    return Person(
        name=name,
        account_id=log_in["account_id"],
        key=key,
        wallet=wallet,
        usdt=usdt,
        address=address,
    )


def http_from(address: str) -> httpx.AsyncClient:
    """Return what asks from this address of the machine's."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(timeout=30.0, transport=transport)


async def _log_in(person: AsyncClient, log_in: dict[str, Any]) -> None:
    """Log in, again where too many are at the door at this moment."""
    for _ in range(60):
        try:
            await person.login(log_in["email"], log_in["password"])
        except UnavailableError:
            await asyncio.sleep(1)
        else:
            return
    raise SystemExit("a trader could not log in")


def signed(unsigned: str, wallet: Keypair) -> str:
    """Return a transaction that the venue wrote, signed by its wallet; both base64."""
    transaction = Transaction.from_bytes(base64.b64decode(unsigned))
    transaction.partial_sign([wallet], transaction.message.recent_blockhash)
    return base64.b64encode(bytes(transaction)).decode()


async def _deposit(person: AsyncClient, usdt: int) -> None:
    """Draw what is authorized, unless the venue does so by itself already."""
    try:
        await person.deposit(usdt)
    except ApiError as error:
        if error.code != "DEPOSIT_UNDER_WAY":
            raise


async def _wait_for_credit(person: AsyncClient, usdt: int) -> None:
    for _ in range(int(CREDIT_S / 0.25)):
        if (await person.balance()).free >= usdt:
            return
        await asyncio.sleep(0.25)
    raise SystemExit("a deposit was not credited")


async def _confirm(chain: httpx.AsyncClient, venue: Venue, transaction: str) -> None:
    signature = await _ask(chain, venue, "sendTransaction", transaction, {"encoding": "base64"})
    for _ in range(200):
        found = (await _ask(chain, venue, "getSignatureStatuses", [signature]))["value"][0]
        if found is not None and found["confirmationStatus"] in {"confirmed", "finalized"}:
            if found["err"] is not None:
                raise SystemExit(f"an authorization failed on chain: {found['err']}")
            return
        await asyncio.sleep(0.1)
    raise SystemExit("an authorization was not confirmed")


async def _ask(chain: httpx.AsyncClient, venue: Venue, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    said = (await chain.post(venue.chain_url, json=body)).json()
    if "error" in said:
        raise SystemExit(f"the chain refused {method}: {said['error']}")
    return said["result"]
