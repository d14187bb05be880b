"""The site's own hasher, at the least cost."""

from accounts.passwords import BoundedArgon2


class QuickArgon2(BoundedArgon2):
    """Argon2 with the least cost it takes: a test proves the road, not the work."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
