"""The models' way into memory, beside a page that is already there.

Receives a Workspace; hands on whether its models are loaded and, if they cannot be, why.
However many people ask at once, they are loaded once.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from scoqa.errors import ScoqaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoqa.types import Answer
    from scoqa.ui.work.ask_stream import AskStep
    from scoqa.workspace import Workspace

_log = logging.getLogger(__name__)


class Loading:
    """Loads the models of one workspace, in the background or when they are first needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self.problem: str | None = None  # one sentence, once loading has failed

    @property
    def done(self) -> bool:
        """Whether the models are in memory."""
        return self._workspace.loaded

    def start(self) -> None:
        """Begin to load in a thread that does not keep the program alive."""
        threading.Thread(target=self._run, name="scoqa-load", daemon=True).start()

    def _run(self) -> None:
        try:
            self.wait()
        except ScoqaError as error:
            _log.info("%s", error)  # whoever asks is told by the ask itself

    def wait(self) -> None:
        """Return once the models are in memory, loading them if nobody has begun to.

        Raises the ScoqaError that loading ended with.
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
        """Return the answer, after the models are in memory.

        progress: called as each step begins, "load" where the models are waited for; what it
        raises ends the ask.
        """
        if progress is not None and not self.done:
            progress("load")
        self.wait()
        return self._workspace.ask(question, collection=collection, progress=progress)
