"""The site's own settings on the servers of the test session, with a quicker argon2."""

from django.contrib.auth.hashers import Argon2PasswordHasher

from tests.servers import point_environment

point_environment()

from godark.settings import *  # noqa: E402, F403 - after the environment; all of them, by intent


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with the least cost it takes: a test proves the road, not the work."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


PASSWORD_HASHERS = ["tests.settings.QuickArgon2"]

# A machine under load is slow, and not broken.
LIMITS_TIMEOUT_SECONDS = 20
PROBE_SECONDS = 30
