"""Who is logged in: tokens in memory, each for twelve hours.

Receives a name; hands on a token, and whether one is still good. A restart ends all of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

# A working day (NIST SP 800-63B-4, 2.1.3, asks for a new login within 30 days at the weakest
# level and within 24 hours at the next).
SESSION_SECONDS = 12 * 3600
MOST_SESSIONS = 10_000
_TOKEN_BYTES = 32


class Sessions:
    """The sessions of one server. Not for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}  # by token, in the order they end

    def begin(self) -> str:
        """Return a new token."""
        now = self._clock()
        while self._ends:
            oldest = next(iter(self._ends))
            if self._ends[oldest] > now and len(self._ends) < MOST_SESSIONS:
                break
            del self._ends[oldest]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._ends[token] = now + SESSION_SECONDS
        return token

    def holds(self, token: str) -> bool:
        """Return whether `token` is that of a session that has not ended."""
        return self._clock() < self._ends.get(token, float("-inf"))

    def end(self, token: str) -> None:
        """End the session of `token`, if there is one."""
        self._ends.pop(token, None)
