"""Gives away lamports and test USDT on a development chain, by ordinary transactions."""

from dataclasses import dataclass

from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction
from spl.token.instructions import mint_to
from spl.token.models import MintToParams

from chain.addresses import TOKEN_PROGRAM, token_account
from chain.devchain.genesis import Genesis
from chain.devchain.machine import Level, Machine
from chain.instructions import create_token_account


@dataclass(slots=True)
class Faucet:
    """The one who has enough of everything."""

    machine: Machine
    genesis: Genesis
    given: int = 0
    """How many gifts so far: makes two equal ones two transactions."""

    def give_lamports(self, to: Pubkey, lamports: int) -> Signature:
        """Send lamports."""
        faucet = self.genesis.faucet.pubkey()
        return self._send(
            transfer(TransferParams(from_pubkey=faucet, to_pubkey=to, lamports=lamports))
        )

    def give_usdt(self, owner: Pubkey, amount_micro: int) -> Signature:
        """Mint test USDT into the owner's own token account, created where there is none."""
        faucet, mint = self.genesis.faucet.pubkey(), self.genesis.mint
        return self._send(
            create_token_account(payer=faucet, owner=owner, mint=mint),
            mint_to(
                MintToParams(
                    program_id=TOKEN_PROGRAM,
                    mint=mint,
                    dest=token_account(owner=owner, mint=mint),
                    mint_authority=faucet,
                    amount=amount_micro,
                )
            ),
        )

    def _send(self, *built: Instruction) -> Signature:
        faucet = self.genesis.faucet
        self.given += 1
        nonce = TransferParams(
            from_pubkey=faucet.pubkey(), to_pubkey=faucet.pubkey(), lamports=self.given
        )
        blockhash, _last = self.machine.latest_blockhash(Level.PROCESSED)
        message = Message([*built, transfer(nonce)], faucet.pubkey())
        return self.machine.send(bytes(Transaction([faucet], message, blockhash)))
