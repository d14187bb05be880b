"""Sessions of browsers in the database, for names that we could have given only.

A cookie is written by whoever likes to. A name that is none of ours (a NUL in it is one that
PostgreSQL cannot even look for) is no session, and costs no look.
"""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

OUR_NAMES = re.compile(r"[a-z0-9]{32}")


class SessionStore(DatabaseSessions):
    """Django's own, which takes no stranger's name."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Tell whether a name could be one of ours."""
        return bool(key and OUR_NAMES.fullmatch(key))
