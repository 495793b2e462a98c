"""Let asks go before work in the background, where both need the same model.

Input: threads that want a turn. Output: one turn at a time, those of asks first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# So long does work in the background let asks go first before it takes a turn itself, so that an
# index also gets up to date while people ask without a pause.
MOST_PATIENCE_SECONDS = 2.0

_in_background: ContextVar[bool] = ContextVar("in_background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Mark all turns that this thread takes inside the block as work in the background."""
    token = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(token)


class Turns:
    """A lock that threads in the background get only if no other thread waits for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._waiting = 0  # threads that are not in the background
        self._overdue = 0  # threads in the background that have let others go first long enough

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock during the block; the same thread must not take it twice."""
        self._take()
        try:
            yield
        finally:
            self._release()

    def give_way(self) -> None:
        """Let other threads go first, if this one is in the background and they wait.

        Call it between two steps of a turn.
        """
        if _in_background.get() and self._waiting:
            self._release()
            self._take()

    def _take(self) -> None:
        with self._changed:
            if _in_background.get():
                if not self._changed.wait_for(
                    lambda: not (self._taken or self._waiting), timeout=MOST_PATIENCE_SECONDS
                ):
                    self._overdue += 1
                    try:
                        self._changed.wait_for(lambda: not self._taken)
                    finally:
                        self._overdue -= 1
            else:
                self._waiting += 1
                try:
                    self._changed.wait_for(lambda: not (self._taken or self._overdue))
                finally:
                    self._waiting -= 1
            self._taken = True

    def _release(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()
