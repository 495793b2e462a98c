"""Login sessions: random tokens in memory, each valid for twelve hours.

Input: a token to check or to end. Output: new tokens, and whether a token is valid. A restart ends
all sessions.
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
    """The sessions of one server. Not thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}  # end of each session by token, earliest first

    def begin(self) -> str:
        """Start a session and return its token; the oldest one ends if there are too many."""
        now = self._clock()
        while self._ends:
            oldest = next(iter(self._ends))
            if self._ends[oldest] > now and len(self._ends) < MOST_SESSIONS:
                break
            del self._ends[oldest]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._ends[token] = now + SESSION_SECONDS
        return token

    def is_valid(self, token: str) -> bool:
        """Return whether `token` belongs to a session that has not ended."""
        return self._clock() < self._ends.get(token, float("-inf"))

    def end(self, token: str) -> None:
        """End the session of `token`, if there is one."""
        self._ends.pop(token, None)
