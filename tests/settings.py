"""The site's own settings on the servers of the test session, with a quicker argon2."""

from tests.servers import point_environment

point_environment()

from godark.settings import *  # noqa: E402, F403 - after the environment; all of them, by intent

PASSWORD_HASHERS = ["tests.hashing.QuickArgon2"]

# A machine under load is slow, and not broken.
LIMITS_TIMEOUT_SECONDS = 20
PROBE_SECONDS = 30

# Nobody answers here: a test that wants a chain brings it.
SOLANA_RPC_URL = "http://127.0.0.1:9"
