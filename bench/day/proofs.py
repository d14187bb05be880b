"""Does every trader's proof verify? Each climbs from theirs to the root that the chain holds.

The roots are read from the chain's own answers, not from the venue's; the hashes are those of
docs/PROOFS.md. Where there is a checkpoint, claims are looked at too. What is not here: exits.
"""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any, Final

import httpx
from solders.pubkey import Pubkey

from bench.day.people import PATIENT, Person, http_from
from bench.day.venue import Venue
from chain.addresses import Addresses
from chain.claims import Claim, Summed, SumPath
from chain.layouts import Checkpoints, parse_roots
from chain.leaves import Leaf, Position, leaf_hash
from chain.merkle import Path
from godark_client import AsyncClient
from godark_client.errors import GoDarkError

AT_ONCE: Final = 4
TRIES: Final = 5


class Chain:
    """What stands on chain, read anew each time."""

    def __init__(self, url: str) -> None:
        self._url = url
        program = Pubkey.from_string(self._ask("devchain_addresses")["program"])
        self._addresses = Addresses(program)

    def roots(self) -> dict[int, bytes]:
        """Return the newest roots by number."""
        return {one.number: one.root for one in parse_roots(self._data(self._addresses.roots))}

    def checkpoints(self) -> Checkpoints:
        """Return the newest checkpoints."""
        return Checkpoints.parse(self._data(self._addresses.checkpoints))

    def _data(self, address: Pubkey) -> bytes:
        found = self._ask("getAccountInfo", str(address), {"encoding": "base64"})["value"]
        return base64.b64decode(found["data"][0])

    def _ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return httpx.post(self._url, json=body, timeout=30.0).json()["result"]


def verify_all(venue: Venue, traders: Sequence[Person]) -> tuple[bool, str]:
    """Return whether every trader's proof holds, and how many did."""
    failures = asyncio.run(_verify(venue, Chain(venue.chain_url), traders))
    said = (
        f"{len(traders) - len(failures)} of {len(traders)} traders' proofs lead to a root on chain"
    )
    return not failures, "; ".join([said, *failures[:5]])


async def _verify(venue: Venue, chain: Chain, traders: Sequence[Person]) -> list[str]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(person: Person) -> str | None:
        async with gate:
            said = "no answer"
            for _ in range(TRIES):
                said = await _complaint(venue, chain, person) or ""
                if not said:
                    return None
                await asyncio.sleep(1)
            return f"{person.name} {person.account_id}: {said}"

    found = await asyncio.gather(*(one(person) for person in traders))
    return [said for said in found if said is not None]


async def _complaint(venue: Venue, chain: Chain, person: Person) -> str | None:
    """Return what is wrong with a trader's proof; None: nothing."""
    http = http_from(person.address)
    async with AsyncClient(venue.url, person.key, patience=PATIENT, http=http) as client:
        try:
            proof = await client.account_proof()
        except GoDarkError as error:
            return type(error).__name__
    leaf = leaf_of(proof)
    if leaf.owner != person.wallet.pubkey():
        return "another's leaf"
    root = path_of(proof).root_of(leaf_hash(head=leaf.head_hash, body=leaf.body_hash))
    if root != (await asyncio.to_thread(chain.roots)).get(proof["number"]):
        return "the path leads to no root on chain"
    if proof["checkpoint"] is None:
        return None
    return await asyncio.to_thread(_claim_complaint, chain, proof["checkpoint"])


def _claim_complaint(chain: Chain, told: dict[str, Any]) -> str | None:
    kept = {one.number: one for one in chain.checkpoints().ring}.get(told["number"])
    if kept is None:
        return "the checkpoint is not on chain"
    leaf = told["leaf"]
    claim = Claim(
        owner=Pubkey.from_string(leaf["owner"]),
        salt=bytes.fromhex(told["salt"]),
        **{name: int(leaf[name]) for name in ("vault_id", "deposits_micro", "released_micro")},
        claim_micro=int(leaf["claim_micro"]),
    )
    if path_of(told).root_of(claim.hash) != kept.plain_root:
        return "the claim's path leads elsewhere"
    siblings = (
        Summed(bytes.fromhex(one["hash"]), int(one["sum_micro"])) for one in told["sum_path"]
    )
    top = SumPath(told["index"], tuple(siblings)).root_of(Summed(claim.hash, claim.claim_micro))
    whole = Summed(kept.sum_root, kept.claims_micro + kept.venue_micro)
    return None if top == whole else "the claim's path with sums leads elsewhere"


def leaf_of(proof: dict[str, Any]) -> Leaf:
    """Return the leaf that a proof tells of."""
    told = proof["leaf"]
    return Leaf(
        owner=Pubkey.from_string(told["owner"]),
        vault_id=int(told["vault_id"]),
        deposits_micro=int(told["deposits_micro"]),
        released_micro=int(told["released_micro"]),
        cash_micro=int(told["cash_micro"]),
        positions=tuple(Position(*map(int, one)) for one in told["positions"]),
        salt=bytes.fromhex(proof["salt"]),
    )


def path_of(proof: dict[str, Any]) -> Path:
    """Return the path that a proof tells of."""
    return Path(proof["index"], tuple(map(bytes.fromhex, proof["path"])))
