"""The jobs of the chain, again and again, for a live site whose clockwork does not run.

Run as `python -m tests.browser.chain_jobs` in the site's environment.
"""

import os
import time

import django

EVERY_S = 0.3
CHECKPOINT_S = "1"
"""As often as the chain takes one, which is a minute: nobody here waits a quarter of an hour."""


def main() -> None:
    """Do them until somebody ends this process."""
    os.environ["GODARK_CHECKPOINT_SECONDS"] = CHECKPOINT_S
    django.setup()
    from trading.services import chain_work  # noqa: PLC0415 - after Django's setup
    from trading.services.disclosing import keep_disclosure  # noqa: PLC0415 - the same

    while True:
        chain_work.watch_chain()
        chain_work.settle_roots()
        chain_work.pay_withdrawals()
        chain_work.commit_checkpoints()
        chain_work.at_the_chain(keep_disclosure)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
