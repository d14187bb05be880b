"""The venue's door to a development chain in memory, whose time passes when somebody sleeps."""

from chain.devchain.genesis import development_key
from chain.signer import KeypairSigner
from tests.chain.conftest import Devchain
from trading.solana import Solana, salt_master


def door_to(devchain: Devchain, /) -> Solana:
    """Return a door through which the venue reaches this chain."""
    return Solana(
        client=devchain.client,
        addresses=devchain.genesis.addresses,
        mint=devchain.genesis.mint,
        operator=KeypairSigner(development_key("operator")),
        salt_master=salt_master(),
    )
