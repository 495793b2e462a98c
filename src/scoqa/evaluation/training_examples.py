"""Build training examples for the reader from question sets, with hard negatives from retrieval.

Input: evaluations (a workspace and a set with placed golds). Output: one example per question, with
the window that answers it and the best-ranked windows that do not contain the answer's words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scoqa.evaluation import Evaluation
from scoqa.normalization import fold, phrase_pattern
from scoqa.read.objective import Example
from scoqa.retrieve import retrieve, windows
from scoqa.store import View
from scoqa.types import Gold, Hit, Question, Window

NEGATIVES = 2  # windows per example that do not answer, added to the one that does
SEARCHED = 20  # negatives are taken from this many passages per search
SEED = 1  # of the shuffle that chooses the held-out rows
OPENING_WORDS = 12  # about the length of a title

ExampleRow = tuple[Evaluation, Question]


class TrainingExamples(Sequence[Example]):
    """The examples of several sets, each built on access, because searching is fast."""

    def __init__(self, rows: Sequence[ExampleRow], *, negatives: int = NEGATIVES) -> None:
        """rows: questions, each with its evaluation. negatives: wrong windows per example."""
        self._rows = rows
        self._negatives = negatives
        # By the evaluation's identity: its document ids by path.
        self._ids: dict[int, Mapping[str, str]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        evaluation, question = self._rows[index]
        workspace = evaluation.workspace
        vector = workspace.models.embedder.embed([question.question])[0]
        with workspace.view() as view:
            if id(evaluation) not in self._ids:
                entries = view.digests()
                self._ids[id(evaluation)] = {p: e.document_id for p, e in entries.items()}
            hits = retrieve(view, question.question, vector, k=SEARCHED)
            example = build_example(
                view, question, hits, self._ids[id(evaluation)], negatives=self._negatives
            )
            if evaluation.set.contexts and index % 2:
                example = _add_openings(view, example)
        return example


def split_rows(
    evaluations: Sequence[Evaluation], *, held_out: int
) -> tuple[list[ExampleRow], list[ExampleRow]]:
    """Return the training rows, and at most `held_out` rows that share no document with them.

    Rows are held out by document, so that few rows are lost: only those with answers on both
    sides. Rows whose golds were all lost, and rows with evidence only, are in neither part.
    """
    rows = [
        (evaluation, question)
        for evaluation in evaluations
        for _, question in evaluation.questions
        if not question.answerable or any(gold.start >= 0 for gold in question.answers)
    ]
    by_document: dict[tuple[Path, str], list[ExampleRow]] = {}
    for evaluation, row in rows:
        if row.answers:
            key = _document_key(evaluation, row.answers[0])
        else:
            key = (evaluation.workspace.index, row.id)
        by_document.setdefault(key, []).append((evaluation, row))
    groups = list(by_document.values())
    random.Random(SEED).shuffle(groups)
    held_out_rows: list[ExampleRow] = []
    for group in groups:
        if len(held_out_rows) + len(group) <= held_out:
            held_out_rows += group
    held_out_documents = {
        _document_key(evaluation, gold) for evaluation, row in held_out_rows for gold in row.answers
    }
    held_out_ids = {(id(evaluation), row.id) for evaluation, row in held_out_rows}
    training_rows = [
        (evaluation, row)
        for evaluation, row in rows
        if (id(evaluation), row.id) not in held_out_ids
        and not any(_document_key(evaluation, gold) in held_out_documents for gold in row.answers)
    ]
    return training_rows, held_out_rows


def _document_key(evaluation: Evaluation, gold: Gold) -> tuple[Path, str]:
    """Return a key for the document of `gold`, unique across sets that share a workspace."""
    return evaluation.workspace.index, gold.document


def build_example(
    view: View,
    question: Question,
    hits: Sequence[Hit],
    ids: Mapping[str, str],
    *,
    negatives: int,
) -> Example:
    """Return the example of a question: the window that answers it, then windows that do not.

    A question without an answering window gets one more window that does not answer.

    Parameters
    ----------
    hits
        The hits of the question, best first.
    ids
        Document ids by path.
    """
    answering = _find_answering_window(view, question, hits, ids)
    golds = [
        (0, gold.start - answering.start, gold.end - answering.start)
        for gold in question.answers
        if answering is not None and _contains(answering, gold, ids)
    ]
    answer_patterns = [phrase_pattern(gold.text) for gold in question.answers if fold(gold.text)]
    example_windows = [] if answering is None else [answering]
    for hit in hits:
        if len(example_windows) > negatives:
            break
        [window] = windows(view, [hit])
        text = fold(window.text)
        # The gold's place counts as well as its words: the pattern of "$5" does not match "$5m",
        # but the window still answers.
        answers = any(_overlaps(window, gold, ids) for gold in question.answers)
        if not answers and not any(pattern.search(text) for pattern in answer_patterns):
            example_windows.append(window)
    return Example(question.question, tuple(example_windows), tuple(golds))


def _find_answering_window(
    view: View, question: Question, hits: Sequence[Hit], ids: Mapping[str, str]
) -> Window | None:
    """Return the window of the first answer that a passage with its context contains."""
    hits_by_passage = {hit.passage.id: hit for hit in hits}
    for gold in question.answers:
        if gold.start < 0:
            continue
        for passage in view.passages_of(ids[gold.document]):
            if passage.start < gold.end and gold.start < passage.end:
                missed = Hit(passage, gold.document, 0.0, ())
                [window] = windows(view, [hits_by_passage.get(passage.id, missed)])
                if _contains(window, gold, ids):
                    return window
    return None


def _contains(window: Window, gold: Gold, ids: Mapping[str, str]) -> bool:
    inside = window.start <= gold.start and gold.end <= window.end
    return ids.get(gold.document) == window.document_id and inside


def _overlaps(window: Window, gold: Gold, ids: Mapping[str, str]) -> bool:
    overlaps = window.start < gold.end and gold.start < window.end
    return ids.get(gold.document) == window.document_id and overlaps


def _add_openings(view: View, example: Example) -> Example:
    """Return `example` with each heading replaced by the opening words of its document.

    A heading stays if the opening words contain an answer. The contexts of a set have numbers as
    titles, while real documents have informative titles.
    """
    example_windows = []
    for number, window in enumerate(example.windows):
        opening = " ".join(view.document(window.document_id).text.split()[:OPENING_WORDS])
        answers = [window.text[a:b] for gold_window, a, b in example.golds if gold_window == number]
        reveals = any(fold(answer) in fold(opening) for answer in answers)
        example_windows.append(window if reveals else replace(window, heading=opening))
    return replace(example, windows=tuple(example_windows))
