"""Those who trade: one file per kind, each a coroutine that trades until the day is over."""
