"""Question sets -> measures, computed: no model judges, the same input gives the same numbers.

Receives a workspace and a set of questions with gold places; hands on a Report with one record a
question. This room asks; sets are read in `sets`, records made in `record`, kept in `runs`, and
counted in `summary`.
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
from scoqa.evaluation.contexts import workspace_of
from scoqa.evaluation.gold_places import placed
from scoqa.evaluation.record import record
from scoqa.evaluation.report.summary import Columns, seconds_by_stage, summarise
from scoqa.evaluation.runs import Journal, Records, Run
from scoqa.evaluation.sets import QuestionSet, read_set, to_jsonl
from scoqa.serial import to_json
from scoqa.types import Question, Report

if TYPE_CHECKING:
    from scoqa.index import SyncProgress
    from scoqa.workspace import Workspace

QuestionProgress = Callable[[int, int], None]  # questions done, questions in all


class Evaluation:
    """A question set made ready for a workspace: its documents indexed, its gold places checked.

    corrections: the gold answers that did not stand where the set says.
    """

    def __init__(
        self,
        workspace: Workspace,
        questions: str | Path | QuestionSet | Sequence[Question],
        *,
        progress: SyncProgress | None = None,
    ) -> None:
        """Read and check the set; index the documents that it brings along, told to `progress`.

        Raises QuestionSetError for a row that cannot be used, and what indexing raises.
        """
        self.set = _set_of(questions)
        _check(self.set)
        self.index = workspace.index  # where runs are kept
        self.workspace = workspace_of(workspace, self.set, progress=progress)
        with self.workspace.store.view() as view:
            self.version = view.identity, view.generation
            self.questions, self.corrections = placed(self.set.name, self.set.questions, view)
        self.fingerprint = {**self.workspace.fingerprint(), "set": self.set.digest}

    def run(
        self, *, progress: QuestionProgress | None = None, anew: bool = False, kept: bool = True
    ) -> Report:
        """Ask every question that is not answered yet, and return the measures of all.

        progress: called before each question and at the end; whatever it raises stops the run,
        which goes on from there the next time. anew: begin again instead. kept: on disk, in the
        index folder; else in memory.
        Raises WorkspaceError when the documents change meanwhile, and what `ask` raises.
        """
        total = len(self.questions)
        self.workspace.load()  # or the first question's time would be the model's
        with self._journal(anew=anew, kept=kept) as (run, journal):
            for line, question in self.questions[len(journal) :]:
                if progress is not None:
                    progress(len(journal), total)
                self._ask(journal, line, question)
            if progress is not None:
                progress(total, total)
            corrections = to_json(self.corrections)
            return _report(self.set.name, self.fingerprint, corrections, journal, run)

    @contextmanager
    def _journal(self, *, anew: bool, kept: bool) -> Iterator[tuple[Run | None, Journal]]:
        if not kept:
            yield None, Journal()
            return
        total = len(self.questions)
        with runs.begun(
            self.index,
            self.set.name,
            self.fingerprint,
            total,
            corrections=to_json(self.corrections),
            anew=anew,
        ) as begun:
            yield begun

    def _ask(self, journal: Journal, line: int, question: Question) -> None:
        explained = self.workspace.explain(question.question)
        passages = [hit.passage.text for hit in explained.hits]
        counts = self.workspace.assistant.embedder.count_tokens(passages)
        with self.workspace.store.view() as view:
            if (view.identity, view.generation) != self.version:
                raise WorkspaceError(
                    f"The documents changed after {len(journal):,} of {len(self.questions):,} "
                    "questions, so these answers are not of one index. Run the set again."
                )
            made = record(view, question, line, explained, counts)
        journal.append(made, explained.answer.timings)


def evaluate(
    workspace: Workspace,
    questions: str | Path | Sequence[Question],
    *,
    progress: QuestionProgress | None = None,
) -> Report:
    """Return the measures of `workspace` on `questions`, a set's file or rows already read.

    Nothing is kept on disk, but for the index of documents that a set brings along.
    Raises QuestionSetError for a row that cannot be used, and whatever `ask` raises.
    """
    return Evaluation(workspace, questions).run(progress=progress, kept=False)


def report_of(run: Run) -> Report:
    """Return the report of a run that is kept, as far as it got."""
    return _report(run.set, run.fingerprint, run.corrections, runs.journal_of(run), run)


def _set_of(questions: str | Path | QuestionSet | Sequence[Question]) -> QuestionSet:
    if isinstance(questions, QuestionSet):
        return questions
    if isinstance(questions, (str, Path)):
        return read_set(Path(questions))
    digest = hashlib.sha256(to_jsonl(questions).encode("utf-8", "surrogatepass")).hexdigest()
    return QuestionSet("rows", digest, tuple(enumerate(questions, start=1)), {})


def _check(question_set: QuestionSet) -> None:
    """Raise QuestionSetError for a row that could not be asked, or not be scored."""
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


def _report(
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
