"""Readers side by side: whole sentences, and any number of span models.

    python tests/benchmarks/span_reader.py WORKSPACE --model FOLDER [--model FOLDER]...
        SET [SET]... [--measured SET]... [--questions N] [--scores FOLDER]

Each SET is a dev set that brings its documents (SQuAD format), which scoqa splits and indexes in
WORKSPACE; or a WORKSPACE/QUESTIONS pair written as FOLDER:FILE. N answerable questions (300) are
drawn from it. Every reader reads

- the passage that answers, alone: EM and F1 of its first span;
- the same among its nine hardest neighbours, the passages that scoqa's own search likes best and
  that do not hold the answer's words: EM and F1;
- for every second question ten neighbours instead, fused as if the passage were not there: AUROC,
  risk-coverage area and Brier of the probability that something answers.

The weights and probabilities of every model are chosen and fitted here on the other sets, in the
same way; the sentence reader's are its own. A set named with --measured takes no part in what is
chosen for the others: PolicyQA, where a hundred policies answer what is asked of one, so that
nobody knows what is right. --scores keeps the models' scores in a folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from fit_reader import (
    LEFT_OUT,
    Floats,
    Row,
    chosen_weights,
    drawn,
    first_place,
    fit,
    holds_words,
    outcomes_of,
    probabilities,
    touches,
    without_answers,
)
from kept_scores import KeptEncoder

from scoqa import Workspace
from scoqa.evaluation import Evaluation
from scoqa.evaluation.measures import exact_match, f1
from scoqa.evaluation.statistics import aurc, auroc
from scoqa.read.calibration import Weights
from scoqa.read.candidates import get_similarities
from scoqa.read.encoder import Encoder
from scoqa.read.sentence import SentenceReader
from scoqa.read.span import score_windows
from scoqa.retrieve import retrieve, windows
from scoqa.store import View
from scoqa.types import Hit, Question, Window

MOST_QUESTIONS = 300
TEN = 10
LINES = ("EM alone", "F1 alone", "EM of ten", "F1 of ten", "AUROC", "risk-coverage", "Brier")


@dataclass(frozen=True, slots=True)
class Case:
    """A question; the window that answers; that among its neighbours; and neighbours alone."""

    question: Question
    paths: dict[str, str]
    alone: list[Window]
    ten: list[Window]
    none: list[Window]


def cases(evaluation: Evaluation, most: int) -> list[Case]:
    """Return the cases of a set: those of its questions whose gold one passage holds."""
    workspace = evaluation.workspace
    found = []
    with workspace.store.view() as view:
        ids = {path: entry.document_id for path, entry in view.digests().items()}
        paths = {document_id: path for path, document_id in ids.items()}
        for question in drawn(evaluation, most):
            vector = workspace.models.embedder.embed([question.question])[0]
            hits = retrieve(view, question.question, vector, k=100)
            known = {hit.passage.id: hit for hit in hits}
            holding = [
                window
                for gold in question.answers
                if gold.start >= 0
                for passage in view.passages_of(ids[gold.document])
                if passage.start < gold.end and gold.start < passage.end
                for window in windows(
                    view, [known.get(passage.id, Hit(passage, gold.document, 0.0, ()))]
                )
                if window.start <= gold.start and gold.end <= window.end
            ]

            beside = neighbours(view, question, hits)
            instead = neighbours(view, question, without_answers(question, hits))
            if holding and len(beside) >= TEN - 1 and len(instead) >= TEN:
                ten = sorted([holding[0], *beside[: TEN - 1]], key=lambda window: -window.score)
                found.append(Case(question, paths, holding[:1], ten, instead[:TEN]))
    return found


def neighbours(view: View, question: Question, ranking: Sequence[Hit]) -> list[Window]:
    """Return the windows of the first passages that do not answer, best first."""
    return [
        window
        for hit in ranking[:40]
        for window in windows(view, [hit])
        if not touches(question, hit.path, window.start, window.end)
        and not holds_words(question, window.text)
    ]


def place_of(window: Window) -> tuple[str, int, int]:
    return window.document_id, window.start, window.end


def quote_of(read: Sequence[Window], document_id: str, start: int, end: int) -> str:
    window = next(
        each
        for each in read
        if each.document_id == document_id and each.start <= start and end <= each.end
    )
    return window.text[start - window.start : end - window.start]


def scores_of(question: Question, quote: str) -> list[float]:
    return [float(measure(question, [quote]) or 0.0) for measure in (exact_match, f1)]


def by_sentence(reader: SentenceReader, each: Case, *, able: bool) -> tuple[list[float], float]:
    """Return EM and F1 alone and of ten, and the probability that something answers."""
    scores: list[float] = []
    asked = each.question
    for read in (each.alone, each.ten):
        span = reader.read(asked.question, read).spans[0]
        scores += scores_of(asked, quote_of(read, span.document_id, span.start, span.end))
    reading = reader.read(asked.question, each.ten if able else each.none)
    return scores, 1 - reading.none_probability


@dataclass(frozen=True, slots=True)
class Read:
    """What a model says of a case: alone, of ten, and of what its silence is judged by."""

    alone: Row
    ten: Row
    judged: Row


def by_model(encoder: Encoder, each: Case, *, able: bool) -> Read:
    # The same window has another score of the searches in each, and the same from the model.
    by_place = {place_of(window): window for window in (*each.alone, *each.ten, *each.none)}
    every = list(by_place.values())
    window_scores, candidates = score_windows(encoder, each.question.question, every)
    number = {place: n for n, place in enumerate(by_place)}

    def row(read: list[Window], answers: bool) -> Row:
        own = [number[place_of(window)] for window in read]
        similarities = get_similarities(read)
        own_candidates = [
            replace(candidate, window=n, similarity=similarities[n])
            for n, _ in enumerate(read)
            for candidate in candidates
            if candidate.window == own[n]
        ]
        own_scores = [window_scores[n] for n in own]
        return Row(each.question, "all", each.paths, read, own_scores, own_candidates, answers)

    judged = row(each.ten, True) if able else row(each.none, False)
    return Read(row(each.alone, True), row(each.ten, True), judged)


def quality(row: Row, weights: Weights) -> list[float]:
    """Return EM and F1 of the first span of `row`."""
    best = first_place(row, weights)
    if best is None:
        return [0.0, 0.0]
    place = row.windows[best.window].document_id, best.place.start, best.place.end
    return scores_of(row.question, quote_of(row.windows, *place))


def column(
    sets: Sequence[Sequence[Read]], able: Sequence[Floats], learning: int
) -> list[list[float]]:
    """Return the lines of each set, with weights and probabilities from the first `learning`."""
    found = []
    for i, own in enumerate(sets):
        others = [j for j in range(learning) if j != i]
        weights = chosen_weights([[each.ten for each in sets[j]] for j in others], lambda _: None)
        fitted = fit(
            [outcomes_of([each.judged for each in sets[j]], weights) for j in others],
            "answerable",
            LEFT_OUT["answerable"],
        )
        outcomes = outcomes_of([each.judged for each in own], weights)
        p = probabilities(fitted, outcomes)
        scores = [[*quality(each.alone, weights), *quality(each.ten, weights)] for each in own]
        found.append(lines(scores, p, np.array([float(each.answerable) for each in outcomes])))
    return found


def lines(scores: Sequence[Sequence[float]], p: Floats, able: Floats) -> list[float]:
    means = np.array(scores).mean(axis=0)
    return [
        *map(float, means),
        auroc(p, able) or 0.0,
        aurc(p, able) or 0.0,
        float(np.mean((p - able) ** 2)),
    ]


def evaluation_of(name: str, workspace: Workspace) -> Evaluation:
    """Return a set ready to ask: of documents that it brings, or of those of FOLDER in
    FOLDER:FILE.
    """
    folder, _, file = name.rpartition(":")
    if not folder:
        return Evaluation(workspace, file)
    own = Workspace(folder, reader="sentence")
    own.sync()
    return Evaluation(own, file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace")
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--model", action="append", type=Path, required=True)
    parser.add_argument("--measured", action="append", default=[])
    parser.add_argument("--questions", type=int, default=MOST_QUESTIONS)
    parser.add_argument("--scores", type=Path)
    given = parser.parse_args()
    sets = [*given.sets, *given.measured]
    workspace = Workspace(given.workspace, reader="sentence")
    every = [cases(evaluation_of(each, workspace), given.questions) for each in sets]
    able = [np.array([float(i % 2) for i in range(len(each))]) for each in every]
    reader = SentenceReader(workspace.models.embedder.embed)
    columns: dict[str, list[list[float]]] = {"sentence": []}
    for each, y in zip(every, able, strict=True):
        told = [by_sentence(reader, one, able=bool(y[i])) for i, one in enumerate(each)]
        p = np.array([probability for _, probability in told])
        columns["sentence"].append(lines([scores for scores, _ in told], p, y))
    for model in given.model:
        encoder = KeptEncoder(model, given.scores) if given.scores else Encoder(model)
        columns[model.name] = column(
            [
                [by_model(encoder, one, able=bool(y[i])) for i, one in enumerate(each)]
                for each, y in zip(every, able, strict=True)
            ],
            able,
            len(given.sets),
        )
    for i, each in enumerate(sets):
        print(f"{Path(each).name}: {len(every[i])} questions")
        print(f"  {'':14}" + "".join(f"{name:>14}" for name in columns))
        for number, line in enumerate(LINES):
            shown = "".join(f"{columns[name][i][number]:14.3f}" for name in columns)
            print(f"  {line:14}{shown}")


if __name__ == "__main__":
    main()
