"""Brings the exchange on chain to where the venue can settle: created, listed, its seeds paid in.

In development alone, on the development chain: elsewhere the exchange is created by its own
administration. Every step may be repeated at will. What is not here: what the program checks.
"""

import secrets
from typing import Final

from django.conf import settings
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chain import instructions
from chain.addresses import token_account
from chain.client import ChainClient, Level
from chain.devchain.genesis import Genesis, development_key
from chain.instructions import Keys, MarketTerms, Parameters
from chain.setup import Plan, ensure_exchange
from chain.signer import KeypairSigner
from chain.transactions import Fee, sign
from trading.models import Market
from trading.services.genesis import GLOBAL_INSURANCE_MICRO
from trading.solana import Solana

USDT: Final = 1_000_000
LAMPORTS: Final = 10**9
OPERATOR_LAMPORTS: Final = 1_000 * LAMPORTS
WALLET_LAMPORTS: Final = 2 * LAMPORTS
DEPOSIT_UNITS: Final = 100_000
# A mark may move by a tenth at once, and by a thousandth more each second.
STEP_PPM: Final = 100_000
PER_SECOND_PPM: Final = 1_000
PARAMETERS: Final = Parameters(
    daily_cap_micro=10_000_000 * USDT,
    delay_above_micro=100_000 * USDT,
    delay_seconds=48 * 3_600,
    deposit_unit_micro=1_000 * USDT,
)


def ensure_chain(door: Solana, /) -> int:
    """Create and list what is missing on the development chain; return how many transactions."""
    if settings.IN_PRODUCTION:
        return 0
    top_up(door.client, development_key("operator").pubkey(), OPERATOR_LAMPORTS)
    sent = ensure_exchange(
        door.records,
        plan=Plan(
            mint=door.mint,
            keys=Keys(
                authority=development_key("authority").pubkey(),
                guardian=development_key("guardian").pubkey(),
                operator=door.operator.public_key,
                witness=development_key("witness").pubkey(),
            ),
            parameters=PARAMETERS,
            markets=market_terms(),
        ),
        upgrade_authority=KeypairSigner(Genesis().upgrade_authority),
        authority=KeypairSigner(development_key("authority")),
    )
    return sent + pay_seeds(door)


def market_terms() -> list[MarketTerms]:
    """Return all markets in the order in which they were listed, as the chain numbers them."""
    return [
        MarketTerms(
            number=number,
            symbol=market.symbol,
            unit_micro=market.tick_lot_micro // 2,
            step_ppm=STEP_PPM,
            per_second_ppm=PER_SECOND_PPM,
        )
        for number, market in enumerate(Market.objects.order_by("pk"))
    ]


def pay_seeds(door: Solana, /) -> int:
    """Pay into the treasury, from the venue's own wallet, what the insurance funds begin with."""
    seeds = sum(Market.objects.values_list("insurance_seed_micro", flat=True))
    wallet = development_key("venue")
    vault = door.records.vaults([wallet.pubkey()], level=Level.CONFIRMED)[0]
    missing = seeds + GLOBAL_INSURANCE_MICRO - (vault.deposited_micro if vault else 0)
    if missing <= 0:
        return 0
    return deposit_test_usdt(door, wallet, amount_micro=missing)


def deposit_test_usdt(door: Solana, wallet: Keypair, /, *, amount_micro: int) -> int:
    """Give a development wallet test USDT and let it deposit all of it; return the transactions."""
    owner = wallet.pubkey()
    give_test_usdt_to(door, owner, amount_micro)
    built = []
    if door.records.vaults([owner], level=Level.CONFIRMED)[0] is None:
        built.append(instructions.create_vault(door.addresses, owner=owner))
    source = token_account(owner=owner, mint=door.mint)
    built.append(
        instructions.deposit(door.addresses, owner=owner, source=source, amount_micro=amount_micro)
    )
    # Two equal deposits under one blockhash would be one transaction; another limit makes it two.
    fee = Fee(compute_units=DEPOSIT_UNITS + secrets.randbelow(DEPOSIT_UNITS))
    blockhash = door.client.latest_blockhash()
    door.client.submit(sign(built, signers=[KeypairSigner(wallet)], blockhash=blockhash, fee=fee))
    return 1


def give_test_usdt_to(door: Solana, owner: Pubkey, amount_micro: int, /) -> None:
    """Give a wallet test USDT and the lamports to use them, from the development chain's faucet."""
    top_up(door.client, owner, WALLET_LAMPORTS)
    door.client.call("devchain_faucet", str(owner), amount_micro)


def top_up(client: ChainClient, owner: Pubkey, lamports: int, /) -> None:
    """Give a wallet lamports on a development chain, if it has less than half of these."""
    if client.balance(owner, level=Level.CONFIRMED) < lamports // 2:
        client.call("requestAirdrop", str(owner), lamports)
