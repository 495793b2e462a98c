"""Run work in threads that can be asked to stop and do not keep the program alive.

Input: a function. Output: a `BackgroundTask`, which starts it, waits for it and keeps its error.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The work was stopped on request."""


class BackgroundTask(threading.Thread):
    """One run of a function in a thread of its own.

    The thread is a daemon: Python exits without waiting for it. error: the exception that ended
    the work, or None; an exception that the work does not handle is also logged.
    """

    def __init__(self, name: str, work: Callable[[BackgroundTask], object]) -> None:
        """Prepare the task; `start` starts it, once.

        Parameters
        ----------
        name
            For logs and debuggers.
        work
            Receives the task, to call `check` where it can stop.
        """
        super().__init__(name=f"scoqa-{name}", daemon=True)
        self.error: BaseException | None = None
        self._work = work
        self._stop_requested = threading.Event()

    def run(self) -> None:
        """Do the work; called in the new thread."""
        try:
            self._work(self)
        except StoppedError:
            return
        except SystemExit as error:  # uvicorn's way to say that it could not start
            self.error = error
        except Exception as error:
            self.error = error
            _log.exception("The background task %s failed.", self.name)

    def stop(self) -> None:
        """Ask the work to stop; returns immediately. `join` waits for its end."""
        self._stop_requested.set()

    @property
    def stopping(self) -> bool:
        """Whether the work was asked to stop."""
        return self._stop_requested.is_set()

    def check(self) -> None:
        """Raise StoppedError if the work was asked to stop."""
        if self.stopping:
            raise StoppedError


def stop_tasks(seconds: float) -> list[BackgroundTask]:
    """Ask all tasks of this process to stop; return those still running after `seconds`."""
    tasks = [thread for thread in threading.enumerate() if isinstance(thread, BackgroundTask)]
    for task in tasks:
        task.stop()
    deadline = time.monotonic() + seconds
    for task in tasks:
        task.join(max(0.0, deadline - time.monotonic()))
    return [task for task in tasks if task.is_alive()]
