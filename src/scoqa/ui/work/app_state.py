"""The state of the application: the index, the models, progress and suggested first questions.

Input: a Workspace. Output: JSON-compatible values, the same for every visitor of the page.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoqa.background import BackgroundTask
from scoqa.errors import ScoqaError
from scoqa.parse import KINDS
from scoqa.turns import in_background
from scoqa.types import IndexVersion
from scoqa.ui.work.indexing import Indexer
from scoqa.ui.work.model_loader import ModelLoader

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

NO_VERSION = IndexVersion("", -1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _IndexSummary:
    """The contents of one version of the index."""

    version: IndexVersion
    documents: int | None  # None: the index cannot be read
    passages: int | None
    collections: tuple[str, ...]


class AppState:
    """The state of one workspace. Cheap to query: results are cached until the index changes."""

    def __init__(self, workspace: Workspace, loader: ModelLoader, *, login: bool = False) -> None:
        """login: whether users log in, and therefore can log out."""
        self._login = login
        self._run = uuid.uuid4().hex
        self._workspace = workspace
        self._loader = loader
        self._lock = threading.Lock()
        self._summary: _IndexSummary | None = None
        # The questions, and the version of the index that they were made from.
        self._suggestions: tuple[IndexVersion, tuple[str, ...]] = (NO_VERSION, ())
        self._suggesting = False
        self.indexer = Indexer(workspace)

    def snapshot(self) -> dict[str, Any]:
        """Return the current state as the page shows it.

        Keys: run (differs after each start), name and folder (of the documents), kinds (supported
        file types), login, loaded, problem (one sentence or None), documents, passages (None if
        the index cannot be read), collections (names, "" for files outside every folder), found
        (a sentence on files that could not be indexed, or None), suggestions, suggesting (bool),
        indexing (done, total, doing; or None).
        """
        step = self.indexer.progress
        problem = self._loader.problem
        try:
            summary = self._read_summary()
        except ScoqaError as error:
            summary = _IndexSummary(NO_VERSION, None, None, ())
            problem = problem or str(error)
        if self._loader.done and summary.documents and step is None:
            self._start_suggesting(summary.version)
        version, questions = self._suggestions
        return {
            "run": self._run,
            "name": self._workspace.root.resolve().name,
            "folder": str(self._workspace.documents),
            "kinds": list(KINDS),
            "login": self._login,
            "loaded": self._loader.done,
            "problem": problem,
            "documents": summary.documents,
            "passages": summary.passages,
            "collections": list(summary.collections),
            "suggestions": list(questions) if version == summary.version else [],
            "suggesting": self._suggesting,
            "found": self.indexer.problem,
            "indexing": None
            if step is None
            else {"done": step.done, "total": step.total, "doing": step.doing},
        }

    def _read_summary(self) -> _IndexSummary:
        version = self._workspace.version
        with self._lock:
            if self._summary is None or self._summary.version != version:
                documents, passages = self._workspace.summary()
                names = self._workspace.collections()
                self._summary = _IndexSummary(version, documents, passages, names)
            return self._summary

    def _start_suggesting(self, version: IndexVersion) -> None:
        """Find first questions in the background, once per version of the index."""
        with self._lock:
            if self._suggesting or self._suggestions[0] == version:
                return
            self._suggesting = True

        def run(_: BackgroundTask) -> None:
            questions: tuple[str, ...] = ()
            try:
                with in_background():
                    questions = self._workspace.suggestions()
            except ScoqaError as error:
                _log.info("No first questions: %s", error)
            finally:
                self._suggestions, self._suggesting = (version, questions), False

        BackgroundTask("suggest", run).start()
