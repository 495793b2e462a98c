"""Question sets -> lessons for the reader, with hard negatives of scoqa's own retrieval.

Receives evaluations (a workspace and a set, the gold at its words); hands on lessons: of each
question the passage that answers, and those that the search holds for most like it and that do
not hold the answer's words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scoqa.evaluation import Evaluation
from scoqa.normalization import fold, phrase_pattern
from scoqa.read.objective import Lesson
from scoqa.retrieve import retrieve, windows
from scoqa.store import View
from scoqa.types import Gold, Hit, Question, Window

NEGATIVES = 2  # windows that do not answer, beside the one that does
SEARCHED = 20  # passages of each search to take negatives from
SEED = 1  # of what is kept aside
OPENING_WORDS = 12  # about a title's length

ExampleRow = tuple[Evaluation, Question]


class Lessons(Sequence[Lesson]):
    """The lessons of several sets, each made when it is asked for: searching is quick."""

    def __init__(self, rows: Sequence[ExampleRow], *, negatives: int = NEGATIVES) -> None:
        """rows: questions, each with the evaluation it belongs to."""
        self._rows = rows
        self._negatives = negatives
        self._ids: dict[int, Mapping[str, str]] = {}  # of each evaluation's documents, by path

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Lesson:  # type: ignore[override]  # no slices
        evaluation, question = self._rows[index]
        workspace = evaluation.workspace
        vector = workspace.assistant.embedder.embed([question.question])[0]
        with workspace.store.view() as view:
            if id(evaluation) not in self._ids:
                entries = view.digests()
                self._ids[id(evaluation)] = {p: e.document_id for p, e in entries.items()}
            hits = retrieve(view, question.question, vector, k=SEARCHED)
            lesson = lesson_of(
                view, question, hits, self._ids[id(evaluation)], negatives=self._negatives
            )
            if evaluation.set.contexts and index % 2:
                lesson = _opened(view, lesson)
        return lesson


def rows_of(
    evaluations: Sequence[Evaluation], *, held_out: int
) -> tuple[list[ExampleRow], list[ExampleRow]]:
    """Return the rows to learn from, and at most `held_out` that share no document with them.

    All rows about a document go together, so that keeping some aside leaves few out: those with
    answers on both sides. Rows whose gold is lost, and rows with evidence alone, are in neither.
    """
    rows = [
        (evaluation, question)
        for evaluation in evaluations
        for _, question in evaluation.questions
        if not question.answerable or any(gold.start >= 0 for gold in question.answers)
    ]
    together: dict[tuple[Path, str], list[ExampleRow]] = {}
    for each, row in rows:
        place = _place(each, row.answers[0]) if row.answers else (each.workspace.index, row.id)
        together.setdefault(place, []).append((each, row))
    groups = list(together.values())
    random.Random(SEED).shuffle(groups)
    apart: list[ExampleRow] = []
    for group in groups:
        if len(apart) + len(group) <= held_out:
            apart += group
    documents = {_place(each, gold) for each, row in apart for gold in row.answers}
    asked = {(id(each), row.id) for each, row in apart}
    learnt = [
        (each, row)
        for each, row in rows
        if (id(each), row.id) not in asked
        and not any(_place(each, gold) in documents for gold in row.answers)
    ]
    return learnt, apart


def _place(evaluation: Evaluation, gold: Gold) -> tuple[Path, str]:
    """Return what names the document of `gold` among all sets: several may ask one workspace."""
    return evaluation.workspace.index, gold.document


def lesson_of(
    view: View,
    question: Question,
    hits: Sequence[Hit],
    ids: Mapping[str, str],
    *,
    negatives: int,
) -> Lesson:
    """Return the lesson of a row: the window that answers, then those that do not.

    hits: of the question, best first. ids: of the documents, by path. A question that nothing
    answers has one window more that does not.
    """
    answering = _answering(view, question, hits, ids)
    golds = [
        (0, gold.start - answering.start, gold.end - answering.start)
        for gold in question.answers
        if answering is not None and _holds(answering, gold, ids)
    ]
    forbidden = [phrase_pattern(gold.text) for gold in question.answers if fold(gold.text)]
    found = [] if answering is None else [answering]
    for hit in hits:
        if len(found) > negatives:
            break
        [window] = windows(view, [hit])
        text = fold(window.text)
        # The place itself too: "$5" is no whole word of "$5m", and the window answers all the same.
        answers = any(_touches(window, gold, ids) for gold in question.answers)
        if not answers and not any(pattern.search(text) for pattern in forbidden):
            found.append(window)
    return Lesson(question.question, tuple(found), tuple(golds))


def _answering(
    view: View, question: Question, hits: Sequence[Hit], ids: Mapping[str, str]
) -> Window | None:
    """Return the window around the first answer that one passage and its context hold."""
    found = {hit.passage.id: hit for hit in hits}
    for gold in question.answers:
        if gold.start < 0:
            continue
        for passage in view.passages_of(ids[gold.document]):
            if passage.start < gold.end and gold.start < passage.end:
                unfound = Hit(passage, gold.document, 0.0, ())
                [window] = windows(view, [found.get(passage.id, unfound)])
                if _holds(window, gold, ids):
                    return window
    return None


def _holds(window: Window, gold: Gold, ids: Mapping[str, str]) -> bool:
    inside = window.start <= gold.start and gold.end <= window.end
    return ids.get(gold.document) == window.document_id and inside


def _touches(window: Window, gold: Gold, ids: Mapping[str, str]) -> bool:
    meets = window.start < gold.end and gold.start < window.end
    return ids.get(gold.document) == window.document_id and meets


def _opened(view: View, lesson: Lesson) -> Lesson:
    """Return `lesson` with its documents' opening words for headings, but for those that answer.

    The contexts of a set have numbers for titles, and what people have has titles that tell.
    """
    opened = []
    for number, window in enumerate(lesson.windows):
        opening = " ".join(view.document(window.document_id).text.split()[:OPENING_WORDS])
        answers = [window.text[a:b] for each, a, b in lesson.golds if each == number]
        told = any(fold(answer) in fold(opening) for answer in answers)
        opened.append(window if told else replace(window, heading=opening))
    return replace(lesson, windows=tuple(opened))
