"""A question set asked from the page: one at a time, watched, stopped, gone on with.

Receives a Workspace and what was picked; hands on how far it is and what became of it, as plain
values. The work is done in a thread; what it has answered is kept, so that it can go on.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scoqa.errors import QuestionSetError, ScoqaError
from scoqa.evaluation import Evaluation
from scoqa.evaluation.gold_places import Correction
from scoqa.evaluation.runs import Run, run_key
from scoqa.evaluation.sets import read_set
from scoqa.ui.evaluation.history import HEADLINES, PastRuns
from scoqa.ui.evaluation.question_sets import QuestionSets, SetFile, said, unwritable
from scoqa.ui.work.model_loader import Loading

if TYPE_CHECKING:
    from scoqa.index import SyncStep
    from scoqa.types import Report
    from scoqa.workspace import Workspace

MOST_CORRECTIONS = 5  # told; the others are counted
_BROKEN = "Something went wrong inside scoqa. The terminal it runs in says what."
_LEAST_ASKED = 3  # questions, before it is guessed how long the others take
_log = logging.getLogger(__name__)


class BusyError(ScoqaError):
    """Another set is being asked."""


class _Stopped(Exception):  # noqa: N818  # no error: somebody pressed Stop
    """The run was stopped."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run on its way. began, first: when asking began, and how many were answered then."""

    chosen: SetFile
    doing: str
    done: int = 0
    total: int = 0
    began: float | None = None
    first: int = 0

    @property
    def left_seconds(self) -> float | None:
        """How long the rest will take, as far as one can tell."""
        asked = self.done - self.first
        if self.began is None or asked < _LEAST_ASKED:
            return None
        return (time.monotonic() - self.began) / asked * (self.total - self.done)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the last run. kind: "finished", "stopped" or "failed"."""

    chosen: SetFile
    kind: str
    done: int
    total: int
    run: str | None  # the id of a finished one
    problem: str | None
    corrections: tuple[Correction, ...]


class Evaluating:
    """Asks the question sets of one workspace, one set at a time."""

    def __init__(self, workspace: Workspace, loading: Loading) -> None:
        self._workspace = workspace
        self._loading = loading
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._progress: RunProgress | None = None
        self._outcome: Outcome | None = None
        self._corrections: tuple[Correction, ...] = ()
        self._asked_key: str | None = None  # of the run that is asked now
        self._made_with: tuple[object, dict[str, str]] = (None, {})  # version, fingerprint
        self.sets = QuestionSets(workspace)
        self.runs = PastRuns(workspace)

    def start(self, chosen: SetFile, *, anew: bool = False) -> None:
        """Begin to ask a set, or go on where it was stopped. anew: begin again instead.

        Raises BusyError while one is asked, and QuestionSetError for a file that is no set.
        """
        if chosen.problem is not None:
            raise ScoqaError(chosen.problem)
        if not self._workspace.store.writable:
            raise ScoqaError(unwritable(self._workspace))
        with self._lock:
            if self._progress is not None:
                name = self._progress.chosen.name
                raise BusyError(f"{name} is being asked. Wait for it, or stop it first.")
            self._progress = RunProgress(chosen, "Loading the model")
            self._outcome, self._corrections = None, ()
            self._stop.clear()
        thread = threading.Thread(
            target=self._run, args=(chosen, anew), name="scoqa-evaluate", daemon=True
        )
        thread.start()

    def stop(self) -> None:
        """Have the run end after the question that is being asked."""
        self._stop.set()

    def state(self) -> dict[str, Any]:
        """Return what the page shows, as plain values.

        Keys: workspace (its name), folder (where sets are put), documents (None where the index
        cannot be read), problem (one sentence or None), writable (or a sentence), headlines (the
        names of the measures in the list), sets, running and ended (None if nothing is), runs.
        """
        # First: a run that ends from here on is told as running once more, and not as in no list.
        running, ended = self._running(), _ended(self._outcome)
        documents, problem = self._documents()
        files = self.sets.listed()
        goes_on: dict[str, int] = {}  # set -> answered already; the newest stopped run of each
        past = []
        asked = self._asked_key
        for run, measures in self.runs.listed():
            if asked is not None and not run.finished and run_key(run.fingerprint) == asked:
                asked = None  # the newest of them is on its way, and told as such
                continue
            keys = [] if run.finished else self._going_on(run, files)
            keys = [key for key in keys if key not in goes_on]
            goes_on |= dict.fromkeys(keys, run.done)
            past.append(_past(run, measures, next(iter(keys), None)))
        return {
            "workspace": self._workspace.root.resolve().name,
            "folder": str(self.sets.folder),
            "documents": documents,
            "problem": problem or self._loading.problem,
            "unwritable": None if self._workspace.store.writable else unwritable(self._workspace),
            "headlines": list(HEADLINES),
            "sets": [_set(each, goes_on.get(each.key)) for each in files],
            "running": running,
            "ended": ended,
            "runs": past,
        }

    def _documents(self) -> tuple[int | None, str | None]:
        try:
            return self._workspace.summary()[0], None
        except ScoqaError as error:
            return None, str(error)

    def _running(self) -> dict[str, Any] | None:
        progress = self._progress
        if progress is None:
            return None
        return {
            "name": progress.chosen.name,
            "doing": progress.doing,
            "done": progress.done,
            "total": progress.total,
            "left": progress.left_seconds,
            "stopping": self._stop.is_set(),
            "corrections": _told(self._corrections),
        }

    def _going_on(self, run: Run, files: list[SetFile]) -> list[str]:
        """Return the keys of the sets that go on with a stopped run, those of its name first.

        The same set, asked of the same documents with the same models and settings. Before the
        models are loaded nobody knows.
        """
        if not self._loading.done:
            return []
        try:
            version = self._workspace.version
            if self._made_with[0] != version:
                self._made_with = version, self._workspace.fingerprint()
        except ScoqaError:
            return []
        now, then = self._made_with[1], run.fingerprint
        differs = {key for key in (*now, *then) if now.get(key) != then.get(key)} - {"set"}
        same = [
            each
            for each in sorted(files, key=lambda each: each.name != run.set)
            if each.digest == then.get("set")
            # The documents that a set brings are other ones than the workspace's, always the same.
            and not differs - ({"corpus"} if each.brings is not False else set())
        ]
        return [each.key for each in same]

    # -- in the thread ------------------------------------------------------------------------

    def _run(self, chosen: SetFile, anew: bool) -> None:
        kind, run_id, problem = "failed", None, _BROKEN
        try:
            report = self._asked(chosen, anew)
            run_id = str(report.incidental["run"])
            self._note(doing="Keeping the measures")
            run = self.runs.find(run_id)
            if run is not None:
                self.runs.keep(run, report)
            kind, problem = "finished", ""
        except _Stopped:
            kind, problem = "stopped", ""
        except QuestionSetError as error:
            problem = said(error, chosen.name)
        except ScoqaError as error:
            problem = str(error)
        except Exception:
            # The page's edge: without this the wait would stay there for ever.
            _log.exception("The question set could not be asked.")
        finally:
            told = self._progress or RunProgress(chosen, "")
            self._outcome = Outcome(
                chosen, kind, told.done, told.total, run_id, problem or None, self._corrections
            )
            self._asked_key = self._progress = None  # in this order: see `state`

    def _asked(self, chosen: SetFile, anew: bool) -> Report:
        self._loading.wait()
        self._tell(doing="Reading the set")
        ready = Evaluation(self._workspace, read_set(chosen.file), progress=self._indexed)
        self._corrections = tuple(ready.corrections)
        self._asked_key = run_key(ready.fingerprint)
        return ready.run(progress=self._answered, restart=anew)

    def _indexed(self, step: SyncStep) -> None:
        self._tell(doing="Indexing the documents that the set brings")

    def _answered(self, done: int, total: int) -> None:
        if done == total:  # not stopped any more: the run is about to be finished
            self._note(doing="Computing the measures", done=done, total=total)
        else:
            self._tell(doing="Asking", done=done, total=total)

    def _tell(self, **changed: Any) -> None:
        """Say how far it is. Raises _Stopped once somebody has pressed Stop."""
        self._note(**changed)
        if self._stop.is_set():
            raise _Stopped

    def _note(self, **changed: Any) -> None:
        before = self._progress
        assert before is not None  # only the thread ends it
        if "total" in changed and before.began is None:
            changed |= {"began": time.monotonic(), "first": changed["done"]}
        self._progress = replace(before, **changed)


def _set(each: SetFile, answered: int | None) -> dict[str, Any]:
    """Return a set as the page shows it. answered: by a stopped run that it would go on with."""
    return {
        "key": each.key,
        "name": each.name,
        "uploaded": each.uploaded,
        "questions": each.questions,
        "brings": each.brings,
        "problem": each.problem,
        "answered": answered,
    }


def _past(run: Run, measures: dict[str, float | None] | None, key: str | None) -> dict[str, Any]:
    """Return a run as the page shows it. key: of the set that it goes on with."""
    return {
        "id": run.id,
        "set": run.set,
        "started": run.started,
        "questions": run.questions,
        "done": run.done,
        "finished": run.finished,
        "measures": measures,
        "key": key,
    }


def _ended(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "name": outcome.chosen.name,
        "key": outcome.chosen.key,
        "kind": outcome.kind,
        "done": outcome.done,
        "total": outcome.total,
        "run": outcome.run,
        "problem": outcome.problem,
        "corrections": _told(outcome.corrections),
    }


def _told(corrections: tuple[Correction, ...]) -> dict[str, Any]:
    """Return how many golds stood elsewhere, and the first of them in words."""
    return {
        "count": len(corrections),
        "first": [
            f"Line {each.line}: “{each.text:.80}” "
            + (
                f"does not stand in {each.document}."
                if each.now is None
                else f"stands at characters {each.now[0]}–{each.now[1]} of {each.document}."
            )
            for each in corrections[:MOST_CORRECTIONS]
        ],
    }
