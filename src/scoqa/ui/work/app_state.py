"""What the page says of itself: what is here, whether it can answer yet, what to ask first.

Receives a Workspace; hands on plain values, the same to everybody who looks at the page.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoqa.errors import ScoqaError
from scoqa.parse import KINDS
from scoqa.ui.work.indexing import Indexing
from scoqa.ui.work.model_loader import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

Version = tuple[str, int]
NONE: Version = ("", -1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Holding:
    """What one version of the index holds."""

    version: Version
    documents: int | None  # None: the index cannot be read
    passages: int | None
    collections: tuple[str, ...]


class Situation:
    """Looks at one workspace. Cheap to ask often: what it finds is kept until the index changes."""

    def __init__(self, workspace: Workspace, loading: Loading, *, login: bool = False) -> None:
        """login: whether people log in, and so can log out."""
        self._login = login
        self._run = uuid.uuid4().hex
        self._workspace = workspace
        self._loading = loading
        self._lock = threading.Lock()
        self._holding: _Holding | None = None
        self._suggested: tuple[Version, tuple[str, ...]] = (NONE, ())  # of which version
        self._suggesting = False
        self.indexing = Indexing(workspace)

    def state(self) -> dict[str, Any]:
        """Return what the page shows of it.

        Keys: run (another after each start), name and folder (of the documents), kinds (of files
        that are read), login, loaded, problem (one sentence or None), documents, passages (None
        where the index cannot be read), collections (names, "" for files outside every folder),
        found (a sentence on what could not be indexed, or None), suggestions, suggesting (bool),
        indexing (done, total, doing; or None).
        """
        step = self.indexing.progress
        problem = self._loading.problem
        try:
            holding = self._look()
        except ScoqaError as error:
            holding, problem = _Holding(NONE, None, None, ()), problem or str(error)
        if self._loading.done and holding.documents and step is None:
            self._suggest(holding.version)
        version, questions = self._suggested
        return {
            "run": self._run,
            "name": self._workspace.root.resolve().name,
            "folder": str(self._workspace.documents),
            "kinds": list(KINDS),
            "login": self._login,
            "loaded": self._loading.done,
            "problem": problem,
            "documents": holding.documents,
            "passages": holding.passages,
            "collections": list(holding.collections),
            "suggestions": list(questions) if version == holding.version else [],
            "suggesting": self._suggesting,
            "found": self.indexing.problem,
            "indexing": None
            if step is None
            else {"done": step.done, "total": step.total, "doing": step.doing},
        }

    def _look(self) -> _Holding:
        version = self._workspace.version
        with self._lock:
            if self._holding is None or self._holding.version != version:
                documents, passages = self._workspace.summary()
                names = self._workspace.collections()
                self._holding = _Holding(version, documents, passages, names)
            return self._holding

    def _suggest(self, version: Version) -> None:
        """Have the first questions found in the background, once for each version."""
        with self._lock:
            if self._suggesting or self._suggested[0] == version:
                return
            self._suggesting = True

        def run() -> None:
            found: tuple[str, ...] = ()
            try:
                found = self._workspace.suggestions()
            except ScoqaError as error:
                _log.info("No first questions: %s", error)
            finally:
                self._suggested, self._suggesting = (version, found), False

        threading.Thread(target=run, name="scoqa-suggest", daemon=True).start()
