"""Load the models in the background while the page is already served.

Input: a Workspace. Output: whether its models are loaded and, on failure, the reason. Concurrent
asks load the models only once.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from scoqa.background import BackgroundTask
from scoqa.errors import ScoqaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoqa.types import Answer
    from scoqa.ui.work.ask_stream import AskStep
    from scoqa.workspace import Workspace

_log = logging.getLogger(__name__)


class ModelLoader:
    """Loads the models of one workspace, in the background or when first needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self.problem: str | None = None  # one sentence, after loading has failed

    @property
    def done(self) -> bool:
        """Whether the models are in memory."""
        return self._workspace.loaded

    def start(self) -> None:
        """Start loading in a thread that does not keep the program alive."""
        BackgroundTask("load", self._run).start()

    def _run(self, _: BackgroundTask) -> None:
        try:
            self.wait()
        except ScoqaError as error:
            _log.info("%s", error)  # each ask reports it to its user

    def wait(self) -> None:
        """Return when the models are in memory, loading them if necessary.

        Raises ScoqaError if loading fails.
        """
        with self._lock:
            if self.done:
                return
            try:
                self._workspace.load()
            except ScoqaError as error:
                self.problem = str(error)
                raise
            self.problem = None

    def ask(
        self,
        question: str,
        collection: str | None = None,
        *,
        progress: Callable[[AskStep], None] | None = None,
    ) -> Answer:
        """Load the models if necessary, then return the answer.

        progress: called as each step begins, with "load" if the models are not in memory yet; an
        exception that it raises ends the ask.
        """
        if progress is not None and not self.done:
            progress("load")
        self.wait()
        return self._workspace.ask(question, collection=collection, progress=progress)
