"""Run question sets for the evaluation page, one at a time; a run can be stopped and resumed.

Input: a Workspace and the selected set. Output: the progress and the outcome as JSON-compatible
values. A run works in a thread and saves each answered question, so that it can be resumed.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scoqa.background import BackgroundTask, StoppedError
from scoqa.errors import QuestionSetError, ScoqaError
from scoqa.evaluation import Evaluation
from scoqa.evaluation.gold_places import Correction
from scoqa.evaluation.runs import Run, run_key
from scoqa.evaluation.sets import read_set
from scoqa.types import IndexVersion
from scoqa.ui.evaluation.history import HEADLINES, PastRuns
from scoqa.ui.evaluation.question_sets import (
    QuestionSets,
    SetFile,
    describe_problem,
    explain_unwritable,
)
from scoqa.ui.work.model_loader import ModelLoader

if TYPE_CHECKING:
    from scoqa.index import SyncStep
    from scoqa.types import Report
    from scoqa.workspace import Workspace

MOST_CORRECTIONS = 5  # listed one by one; the rest are counted
_BROKEN = "An internal error occurred. The terminal that runs scoqa shows the details."
_LEAST_ASKED = 3  # questions asked before the remaining time is estimated
_log = logging.getLogger(__name__)


class BusyError(ScoqaError):
    """Another question set is running."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The progress of the current run.

    began: the monotonic time when the first question was asked, or None before that. first: the
    number of questions that an earlier run had answered by then.
    """

    selected: SetFile
    doing: str
    done: int = 0
    total: int = 0
    began: float | None = None
    first: int = 0

    @property
    def left_seconds(self) -> float | None:
        """The estimated time for the remaining questions, or None before it can be estimated."""
        asked = self.done - self.first
        if self.began is None or asked < _LEAST_ASKED:
            return None
        return (time.monotonic() - self.began) / asked * (self.total - self.done)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of the last run. kind: "finished", "stopped" or "failed"."""

    selected: SetFile
    kind: str
    done: int
    total: int
    run: str | None  # the id of a finished run
    problem: str | None
    corrections: tuple[Correction, ...]


class EvaluationRunner:
    """Runs the question sets of one workspace, one set at a time."""

    def __init__(self, workspace: Workspace, loader: ModelLoader) -> None:
        self._workspace = workspace
        self._loader = loader
        self._lock = threading.Lock()
        self._task: BackgroundTask | None = None  # of the current or last run
        self._progress: RunProgress | None = None
        self._outcome: Outcome | None = None
        self._corrections: tuple[Correction, ...] = ()
        self._current_key: str | None = None  # the key of the current run
        # The last version of the index and its fingerprint.
        self._fingerprint: tuple[IndexVersion | None, dict[str, str]] = (None, {})
        self.sets = QuestionSets(workspace)
        self.runs = PastRuns(workspace)

    def start(self, selected: SetFile, *, anew: bool = False) -> None:
        """Start a run of a set, or resume a stopped one. anew: never resume.

        Raises BusyError while another run is in progress, and ScoqaError if the file is not a
        question set or the index folder cannot be written.
        """
        if selected.problem is not None:
            raise ScoqaError(selected.problem)
        if not self._workspace.writable:
            raise ScoqaError(explain_unwritable(self._workspace))
        with self._lock:
            if self._progress is not None:
                name = self._progress.selected.name
                raise BusyError(f"{name} is running. Wait until it ends, or stop it first.")
            self._task = BackgroundTask("evaluate", lambda _: self._run(selected, anew))
            self._progress = RunProgress(selected, "Loading the model")
            self._outcome, self._corrections = None, ()
        self._task.start()

    def stop(self) -> None:
        """Stop the run after the current question."""
        if self._task is not None:
            self._task.stop()

    def state(self) -> dict[str, Any]:
        """Return the state of the page as JSON-compatible values.

        Keys: workspace (its name), folder (for the user's sets), documents (None if the index
        cannot be read), problem (one sentence or None), unwritable (a sentence if the index folder
        cannot be written, else None), headlines (the names of the measures in the list), sets,
        running and ended (None without a current or last run), runs.
        """
        # Read first: a run that ends during this call is then reported as running, instead of being
        # missing from both lists.
        running, ended = self._describe_progress(), _outcome_to_json(self._outcome)
        documents, problem = self._count_documents()
        files = self.sets.list_sets()
        resumable: dict[str, int] = {}  # set -> questions answered by its newest stopped run
        past = []
        current_key = self._current_key
        for run, measures in self.runs.list_runs():
            unfinished = current_key is not None and not run.finished
            if unfinished and run_key(run.fingerprint) == current_key:
                current_key = None  # the newest run with this key is reported as running
                continue
            keys = [] if run.finished else self._find_resumable(run, files)
            keys = [key for key in keys if key not in resumable]
            resumable |= dict.fromkeys(keys, run.done)
            past.append(_run_to_json(run, measures, next(iter(keys), None)))
        return {
            "workspace": self._workspace.root.resolve().name,
            "folder": str(self.sets.folder),
            "documents": documents,
            "problem": problem or self._loader.problem,
            "unwritable": None if self._workspace.writable else explain_unwritable(self._workspace),
            "headlines": list(HEADLINES),
            "sets": [_set_to_json(file, resumable.get(file.key)) for file in files],
            "running": running,
            "ended": ended,
            "runs": past,
        }

    def _count_documents(self) -> tuple[int | None, str | None]:
        try:
            return self._workspace.summary()[0], None
        except ScoqaError as error:
            return None, str(error)

    def _describe_progress(self) -> dict[str, Any] | None:
        progress = self._progress
        if progress is None:
            return None
        return {
            "name": progress.selected.name,
            "doing": progress.doing,
            "done": progress.done,
            "total": progress.total,
            "left": progress.left_seconds,
            "stopping": self._task is not None and self._task.stopping,
            "corrections": _corrections_to_json(self._corrections),
        }

    def _find_resumable(self, run: Run, files: list[SetFile]) -> list[str]:
        """Return the keys of the sets that resume a stopped run; sets with its name come first.

        These are equal sets, if documents, models and settings are the same. Returns no keys
        before the models are loaded, because their fingerprints are not known then.
        """
        if not self._loader.done:
            return []
        try:
            version = self._workspace.version
            if self._fingerprint[0] != version:
                self._fingerprint = version, self._workspace.fingerprint()
        except ScoqaError:
            return []
        now, then = self._fingerprint[1], run.fingerprint
        differs = {key for key in (*now, *then) if now.get(key) != then.get(key)} - {"set"}
        return [
            file.key
            for file in sorted(files, key=lambda file: file.name != run.set)
            if file.digest == then.get("set")
            # A set with its own documents does not use the workspace's, and its own never change.
            and not differs - ({"corpus"} if file.brings is not False else set())
        ]

    # -- in the thread ------------------------------------------------------------------------

    def _run(self, selected: SetFile, anew: bool) -> None:
        kind, run_id, problem = "failed", None, _BROKEN
        try:
            report = self._ask_questions(selected, anew)
            run_id = str(report.incidental["run"])
            self._set_progress(doing="Saving the measures")
            run = self.runs.find(run_id)
            if run is not None:
                self.runs.save_measures(run, report)
            kind, problem = "finished", ""
        except StoppedError:
            kind, problem = "stopped", ""
        except QuestionSetError as error:
            problem = describe_problem(error, selected.name)
        except ScoqaError as error:
            problem = str(error)
        except Exception:
            # The outermost handler: without it the page would show the progress for ever.
            _log.exception("The question set could not be run.")
        finally:
            last = self._progress or RunProgress(selected, "")
            self._outcome = Outcome(
                selected, kind, last.done, last.total, run_id, problem or None, self._corrections
            )
            self._current_key = self._progress = None  # after `_outcome`: see `state`

    def _ask_questions(self, selected: SetFile, anew: bool) -> Report:
        self._loader.wait()
        self._report_progress(doing="Reading the set")
        evaluation = Evaluation(
            self._workspace, read_set(selected.file), progress=self._report_indexing
        )
        self._corrections = tuple(evaluation.corrections)
        self._current_key = run_key(evaluation.fingerprint)
        return evaluation.run(progress=self._report_answered, restart=anew)

    def _report_indexing(self, step: SyncStep) -> None:
        self._report_progress(doing="Indexing the documents of the set")

    def _report_answered(self, done: int, total: int) -> None:
        if done == total:  # too late to stop: all questions are answered
            self._set_progress(doing="Computing the measures", done=done, total=total)
        else:
            self._report_progress(doing="Asking", done=done, total=total)

    def _report_progress(self, **changes: Any) -> None:
        """Set the progress. Raises StoppedError if the user has pressed Stop."""
        self._set_progress(**changes)
        if self._task is not None:
            self._task.check()

    def _set_progress(self, **changes: Any) -> None:
        before = self._progress
        assert before is not None  # only this thread sets it to None
        if "total" in changes and before.began is None:
            changes |= {"began": time.monotonic(), "first": changes["done"]}
        self._progress = replace(before, **changes)


def _set_to_json(file: SetFile, answered: int | None) -> dict[str, Any]:
    """Return a set as the page shows it.

    answered: the questions answered by a stopped run that the set would resume, or None.
    """
    return {
        "key": file.key,
        "name": file.name,
        "uploaded": file.uploaded,
        "questions": file.questions,
        "brings": file.brings,
        "problem": file.problem,
        "answered": answered,
    }


def _run_to_json(
    run: Run, measures: dict[str, float | None] | None, key: str | None
) -> dict[str, Any]:
    """Return a run as the page shows it. key: that of the set that resumes it, or None."""
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


def _outcome_to_json(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "name": outcome.selected.name,
        "key": outcome.selected.key,
        "kind": outcome.kind,
        "done": outcome.done,
        "total": outcome.total,
        "run": outcome.run,
        "problem": outcome.problem,
        "corrections": _corrections_to_json(outcome.corrections),
    }


def _corrections_to_json(corrections: tuple[Correction, ...]) -> dict[str, Any]:
    """Return the number of golds with wrong offsets, and sentences for the first of them."""
    return {
        "count": len(corrections),
        "first": [
            f"Line {correction.line}: “{correction.text:.80}” "
            + (
                f"does not occur in {correction.document}."
                if correction.now is None
                else f"is at characters {correction.now[0]}–{correction.now[1]} of "
                f"{correction.document}."
            )
            for correction in corrections[:MOST_CORRECTIONS]
        ],
    }
