"""Bring the index up to date from the page, in the background.

Input: a Workspace. Output: progress and, on failure, the reason. Only one sync runs at a time, no
matter how many users start one; questions can be asked meanwhile.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from scoqa.background import BackgroundTask, StoppedError
from scoqa.errors import ScoqaError
from scoqa.index import SyncStep

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_BROKEN = "The documents could not be indexed. The terminal that runs scoqa shows the details."
_log = logging.getLogger(__name__)


class Indexer:
    """Brings the index of one workspace up to date in the background."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self.progress: SyncStep | None = None  # None if no sync is running
        self.problem: str | None = None  # one sentence, after a sync has failed

    def start(self) -> None:
        """Start a sync unless one is running; its thread does not keep the program alive."""
        with self._lock:
            if self.progress is not None:
                return
            self.progress, self.problem = SyncStep(0, 0, ""), None
        BackgroundTask("index", self._run).start()

    def _run(self, task: BackgroundTask) -> None:
        def set_progress(step: SyncStep) -> None:
            task.check()
            self.progress = step

        problem: str | None = _BROKEN
        try:
            report = self._workspace.sync(progress=set_progress)
            failed = (f"{notice.path} {notice.reason}" for notice in report.failed[:3])
            problem = " ".join(failed) or None
        except StoppedError:
            problem = None
        except ScoqaError as error:
            problem = str(error)
        except Exception:
            # The outermost handler: without it the page would show the progress for ever.
            _log.exception("The documents could not be indexed.")
        finally:
            self.problem, self.progress = problem, None
