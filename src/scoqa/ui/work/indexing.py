"""The index brought up to date from the page, beside those who go on asking.

Receives a Workspace; hands on how far it is and, if it could not be done, why.
However many people press the button, it is done once.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from scoqa.errors import ScoqaError
from scoqa.index import SyncStep

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_BROKEN = "The documents could not be read. The terminal scoqa runs in says why."
_log = logging.getLogger(__name__)


class Indexing:
    """Brings the index of one workspace up to date in the background."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self.progress: SyncStep | None = None  # None: nothing is being done
        self.problem: str | None = None  # one sentence, once it has failed

    def start(self) -> None:
        """Begin, unless it has begun; the thread does not keep the program alive."""
        with self._lock:
            if self.progress is not None:
                return
            self.progress, self.problem = SyncStep(0, 0, ""), None
        threading.Thread(target=self._run, name="scoqa-index", daemon=True).start()

    def _run(self) -> None:
        problem: str | None = _BROKEN
        try:
            report = self._workspace.sync(progress=self._note)
            problem = " ".join(f"{each.path} {each.reason}" for each in report.failed[:3]) or None
        except ScoqaError as error:
            problem = str(error)
        except Exception:
            # The page's edge: without this the wait would stay there for ever.
            _log.exception("The documents could not be indexed.")
        finally:
            self.problem, self.progress = problem, None

    def _note(self, step: SyncStep) -> None:
        self.progress = step
