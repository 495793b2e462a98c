"""Run question sets and compute their measures; no model judges, so results are reproducible.

Input: a workspace and a set of questions with gold places. Output: a Report with one record per
question. This module asks the questions; `sets` reads sets, `record` builds records, `runs`
stores them, and `report.summary` aggregates them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoqa.assistant import check_question
from scoqa.errors import QuestionError, QuestionSetError, WorkspaceError
from scoqa.evaluation import runs
from scoqa.evaluation.contexts import prepare_workspace
from scoqa.evaluation.gold_places import place_golds
from scoqa.evaluation.record import build_record
from scoqa.evaluation.report.summary import Columns, seconds_by_stage, summarise
from scoqa.evaluation.runs import Journal, Records, Run
from scoqa.evaluation.sets import QuestionSet, read_set, to_jsonl
from scoqa.serial import to_json
from scoqa.types import IndexVersion, Question, Report

if TYPE_CHECKING:
    from scoqa.index import SyncProgress
    from scoqa.workspace import Workspace

QuestionProgress = Callable[[int, int], None]  # called with (questions done, all questions)


class Evaluation:
    """A question set prepared for a workspace: documents indexed, gold places checked.

    corrections: the golds that are not at the offsets given in the set.
    """

    def __init__(
        self,
        workspace: Workspace,
        questions: str | Path | QuestionSet | Sequence[Question],
        *,
        progress: SyncProgress | None = None,
    ) -> None:
        """Read and check the set; index its own documents, if any, reporting to `progress`.

        Raises QuestionSetError for an invalid row, and any error of indexing.
        """
        self.set = _read_questions(questions)
        _check_questions(self.set)
        self.index = workspace.index  # the folder that stores the runs
        self.workspace = prepare_workspace(workspace, self.set, progress=progress)
        with self.workspace.view() as view:
            self.version = IndexVersion(view.identity, view.generation)
            self.questions, self.corrections = place_golds(self.set.name, self.set.questions, view)
        self.fingerprint = {**self.workspace.fingerprint(), "set": self.set.digest}

    def run(
        self, *, progress: QuestionProgress | None = None, restart: bool = False, save: bool = True
    ) -> Report:
        """Ask every question that has no answer yet, and return the measures over all of them.

        Parameters
        ----------
        progress
            Called before each question and at the end. An exception it raises stops the run;
            the next call resumes there.
        restart
            Start a new run instead of resuming a stopped one.
        save
            Store the run on disk, in the index folder; otherwise keep it in memory only.

        Raises
        ------
        WorkspaceError
            The documents changed during the run. Errors of `ask` are raised as well.
        """
        total = len(self.questions)
        self.workspace.load()  # so that the first question's time excludes loading the models
        with self._open_journal(restart=restart, save=save) as (run, journal):
            for line, question in self.questions[len(journal) :]:
                if progress is not None:
                    progress(len(journal), total)
                self._ask(journal, line, question)
            if progress is not None:
                progress(total, total)
            corrections = to_json(self.corrections)
            return _build_report(self.set.name, self.fingerprint, corrections, journal, run)

    @contextmanager
    def _open_journal(self, *, restart: bool, save: bool) -> Iterator[tuple[Run | None, Journal]]:
        if not save:
            yield None, Journal()
            return
        total = len(self.questions)
        with runs.open_run(
            self.index,
            self.set.name,
            self.fingerprint,
            total,
            corrections=to_json(self.corrections),
            restart=restart,
        ) as run_and_journal:
            yield run_and_journal

    def _ask(self, journal: Journal, line: int, question: Question) -> None:
        explained = self.workspace.explain(question.question)
        passages = [hit.passage.text for hit in explained.hits]
        counts = self.workspace.models.embedder.count_tokens(passages)
        with self.workspace.view() as view:
            now = IndexVersion(view.identity, view.generation)
            if {explained.version, now} != {self.version}:
                raise WorkspaceError(
                    f"The documents changed after {len(journal):,} of {len(self.questions):,} "
                    "questions, so the answers come from different versions of the index. Run "
                    "the set again."
                )
            record = build_record(view, question, line, explained, counts)
        journal.append(record, explained.answer.timings)


def evaluate(
    workspace: Workspace,
    questions: str | Path | Sequence[Question],
    *,
    progress: QuestionProgress | None = None,
) -> Report:
    """Return the measures of `workspace` on `questions`, the path of a set or its rows.

    Nothing is stored on disk except the index of the documents that a set contains.
    Raises QuestionSetError for an invalid row, and any error of `ask`.
    """
    return Evaluation(workspace, questions).run(progress=progress, save=False)


def build_report(run: Run) -> Report:
    """Return the report of a stored run, over the records it has so far."""
    return _build_report(run.set, run.fingerprint, run.corrections, runs.open_journal(run), run)


def _read_questions(questions: str | Path | QuestionSet | Sequence[Question]) -> QuestionSet:
    if isinstance(questions, QuestionSet):
        return questions
    if isinstance(questions, (str, Path)):
        return read_set(Path(questions))
    digest = hashlib.sha256(to_jsonl(questions).encode("utf-8", "surrogatepass")).hexdigest()
    return QuestionSet("rows", digest, tuple(enumerate(questions, start=1)), {})


def _check_questions(question_set: QuestionSet) -> None:
    """Raise QuestionSetError for a row that cannot be asked or scored."""
    seen: set[str] = set()
    for line, question in question_set.questions:
        try:
            check_question(question.question)
            if question.id in seen:
                raise ValueError(f"the id {question.id!r} is used twice")
            if question.answerable != bool(question.answers or question.evidence):
                raise ValueError("answerable does not agree with answers and evidence")
        except (QuestionError, ValueError) as error:
            raise QuestionSetError(question_set.name, line, str(error)) from error
        seen.add(question.id)


def _build_report(
    name: str,
    fingerprint: Mapping[str, str],
    corrections: Sequence[Mapping[str, Any]],
    journal: Journal,
    run: Run | None,
) -> Report:
    records = Records(journal)
    columns = Columns(records)
    return Report(
        measures=summarise(columns),
        groups={group: summarise(columns, mask) for group, mask in columns.groups().items()},
        rows=records,
        fingerprint=fingerprint,
        corrections=corrections,
        incidental={
            "set": name,
            "run": run.id if run else None,
            "started": run.started if run else None,
            "seconds": to_json(seconds_by_stage(journal.entries())),
        },
    )
