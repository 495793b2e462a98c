"""Fit what a span model's scores are worth, and keep it with the model.

    python tests/benchmarks/fit_reader.py MODEL WORKSPACE QUESTIONS [WORKSPACE QUESTIONS]...

QUESTIONS are dev sets (never test sets), asked of their WORKSPACE (or of the documents that they
bring) as scoqa asks. Every second question is asked once more of what is left when the passages
that touch its gold, or hold an answer's words, are taken out of both searches: nothing answers it
then. Chosen on the sets' mean: the weights of the searches by right places, the threshold by
silence accuracy; fitted with every set alike: the two probabilities, whose features may only speak
for an answer. Prints what comes of all that when each set in turn is left out of it (with one set,
fifths of its documents), and writes MODEL/calibration.json, made with all.
"""

from __future__ import annotations

import math
import random
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scoqa import Workspace
from scoqa.evaluate import Evaluation
from scoqa.evaluate.ranking import overlap
from scoqa.evaluate.statistics import aurc, auroc, calibration_error
from scoqa.fold import fold, phrase_pattern
from scoqa.models import reader_digest
from scoqa.read.calibration import FEATURES, Calibration, Evidence, probability, write_calibration
from scoqa.read.decode import Scored, decode, soft_least
from scoqa.read.encoder import Encoder
from scoqa.read.span import Candidate, candidates, evidence, facts_of, rank
from scoqa.retrieve import fuse, retrieve, windows
from scoqa.types import Hit, Question, Window

SEED = 1
MOST_QUESTIONS = 150  # of each set
SEARCH_WEIGHTS = (0.0, 4.0, 8.0, 12.0, 16.0)
SHARE_WEIGHTS = (0.0, 2.0, 4.0, 6.0, 8.0)
THRESHOLDS = [round(0.2 + 0.05 * step, 2) for step in range(13)]
GRID = [(search, share) for search in SEARCH_WEIGHTS for share in SHARE_WEIGHTS]
FOLDS = 5
NO_WEIGHTS = (0.0,) * (1 + len(FEATURES))
PLAIN = Calibration(0.0, 0.0, NO_WEIGHTS, NO_WEIGHTS, 0.5, ())
Floats = NDArray[np.float64]
Weights = tuple[float, float]  # of the search, of the share of words


@dataclass(frozen=True, slots=True)
class Row:
    """A question, what was read for it and what each window says.

    able: whether a window touches gold; None where one only holds an answer's words, which may
    answer or not.
    """

    question: Question
    paths: dict[str, str]
    windows: list[Window]
    scored: list[Scored]
    found: list[Candidate]
    able: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row under certain weights."""

    evidence: Evidence
    answerable: bool
    right: bool


def drawn(evaluation: Evaluation, most: int) -> list[Question]:
    """Return `most` questions of a set, always the same, in an order of their own."""
    questions = [question for _, question in evaluation.questions]
    random.Random(SEED).shuffle(questions)
    return questions[:most]


def touches(question: Question, path: str, start: int, end: int) -> bool:
    golds = question.answers or question.evidence
    return any(overlap((path, start, end), gold) for gold in golds)


def holds_words(question: Question, text: str) -> bool:
    patterns = [phrase_pattern(gold.text) for gold in question.answers if fold(gold.text)]
    return any(pattern.search(fold(text)) for pattern in patterns)


def without_answers(question: Question, hits: Sequence[Hit], paths: dict[str, str]) -> list[Hit]:
    """Return the ranking that both searches would give without the passages that may answer.

    Fused anew: shares of a best passage that is gone would tell that it was there.
    """
    left = [
        hit
        for hit in hits
        if not touches(question, hit.path, hit.passage.start, hit.passage.end)
        and not holds_words(question, hit.passage.text)
    ]
    rankings = [
        sorted(
            [(hit.passage, f.score) for hit in left for f in hit.found_by if f.search == search],
            key=lambda each: -each[1],
        )
        for search in ("words", "vectors")
    ]
    return fuse(*rankings, k=min(map(len, rankings)), paths=paths)


def rows(evaluation: Evaluation, encoder: Encoder) -> list[Row]:
    """Return the questions of a set with what scoqa would read for them."""
    workspace = evaluation.workspace
    settings = workspace.settings
    found = []
    with workspace.store.view() as view:
        paths = {entry.document_id: path for path, entry in view.digests().items()}
        for number, question in enumerate(drawn(evaluation, MOST_QUESTIONS)):
            vector = workspace.assistant.embedder.embed([question.question])[0]
            hits = retrieve(view, question.question, vector, k=settings.search_k)
            rankings = [hits]
            if number % 2 and question.answerable:
                rankings.append(without_answers(question, hits, paths))
            for ranking in rankings:
                read = windows(view, ranking[: settings.read_k])
                pieces = encoder.pieces(question.question, read)
                scored = decode(read, pieces, encoder.score(pieces))
                able = any(touches(question, paths[w.document_id], w.start, w.end) for w in read)
                words = any(holds_words(question, w.text) for w in read)
                places = candidates(question.question, read, scored)
                known = able or (None if words else False)
                found.append(Row(question, paths, read, scored, places, known))
    return found


def outcome(row: Row, weights: Weights) -> Outcome | None:
    """Return what comes of `row`; None where nothing was read or nobody knows what is right."""
    weighed = replace(PLAIN, search_weight=weights[0], share_weight=weights[1])
    ranked = rank(row.windows, row.found, weighed)
    if not ranked or row.able is None:
        return None
    facts = facts_of(row.windows, ranked)
    null = soft_least([each.null for each in row.scored])
    best = facts[0][0]
    path = row.paths[row.windows[best.window].document_id]
    right = touches(row.question, path, best.place.start, best.place.end)
    return Outcome(evidence(row.windows, row.scored, facts, null), row.able, right)


def outcomes_of(each: Sequence[Row], weights: Weights) -> list[Outcome]:
    return [found for row in each if (found := outcome(row, weights)) is not None]


def right_places(each: Sequence[Row], weights: Weights) -> float:
    """Return the share of right first places among the rows that something read answers."""
    able = [row for row in each if row.able]
    found = [outcome(row, weights) for row in able]
    return float(np.mean([one is not None and one.right for one in found])) if able else math.nan


def fit(sets: Sequence[Sequence[Outcome]], wanted: str) -> tuple[float, ...]:
    """Return intercept and coefficients for `wanted`; every set weighs the same.

    Features that would speak against an answer, the strongest first, are left out: 0.
    """
    every = [each for outcomes in sets for each in outcomes]
    x = np.array([[getattr(each.evidence, name) for name in FEATURES] for each in every])
    y = np.array([getattr(each, wanted) for each in every])
    size = len(every) / len(sets)
    weights = np.concatenate([np.full(len(each), size / len(each)) for each in sets])
    used = list(range(len(FEATURES)))
    while True:
        model = LogisticRegression(C=10.0, max_iter=2000)
        model.fit(x[:, used], y, sample_weight=weights)
        against = int(np.argmin(model.coef_[0] * x[:, used].std(axis=0)))
        if model.coef_[0][against] >= 0:
            break
        del used[against]
    found = np.zeros(len(FEATURES))
    found[used] = model.coef_[0]
    return tuple(round(float(each), 4) for each in (model.intercept_[0], *found))


def probabilities(coefficients: Sequence[float], outcomes: Sequence[Outcome]) -> Floats:
    return np.array([probability(coefficients, each.evidence) for each in outcomes])


def labels(outcomes: Sequence[Outcome], wanted: str) -> Floats:
    return np.array([float(getattr(each, wanted)) for each in outcomes])


def made(
    sets: Sequence[Sequence[Row]],
    shares: Sequence[Mapping[Weights, float]],
    names: Sequence[str],
) -> Calibration:
    """Return the calibration that `sets` give; shares: the right places of each, by weights."""
    weights = max(GRID, key=lambda w: float(np.nanmean([each[w] for each in shares])))
    outcomes = [outcomes_of(each, weights) for each in sets]
    able, right = (fit(outcomes, wanted) for wanted in ("answerable", "right"))

    def accuracy(threshold: float) -> float:
        return float(np.mean([silence_accuracy(able, each, threshold) for each in outcomes]))

    return Calibration(*weights, able, right, max(THRESHOLDS, key=accuracy), tuple(names))


def silence_accuracy(
    coefficients: Sequence[float], outcomes: Sequence[Outcome], threshold: float
) -> float:
    shown = probabilities(coefficients, outcomes) >= threshold
    return float(np.mean(shown == labels(outcomes, "answerable")))


def told(p: Floats, y: Floats) -> str:
    """Return how far the probabilities `p` can be believed, where `y` is what happened."""
    base = y.mean() * (1 - y.mean())
    area = auroc(p, y)
    return (
        f"AUROC {'-' if area is None else f'{area:.3f}'}, risk-coverage area {aurc(p, y):.3f}, "
        f"Brier {np.mean((p - y) ** 2):.3f} (always the base rate {base:.3f}), "
        f"calibration error {calibration_error(p, y):.3f}"
    )


def in_fifths(each: Sequence[Row]) -> list[list[Row]]:
    """Return the rows in FOLDS parts, those about one document together."""

    def part(row: Row) -> int:
        golds = row.question.answers or row.question.evidence
        return zlib.crc32((golds[0].document if golds else row.question.id).encode()) % FOLDS

    found = [[row for row in each if part(row) == number] for number in range(FOLDS)]
    return [part for part in found if part]


def main(model: str, *pairs: str) -> None:
    encoder = Encoder(Path(model))
    names = [Path(each).name for each in pairs[1::2]]
    sets = [
        rows(Evaluation(Workspace(folder, reader="sentence"), questions), encoder)
        for folder, questions in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    parts, parts_names = (sets, names) if len(sets) > 1 else (in_fifths(sets[0]), names * FOLDS)
    say: Callable[[str], None] = lambda line: print(line, flush=True)  # noqa: E731
    say("right places of what is read, by (weight of the search, of the share of words):")
    shares = [{weights: right_places(each, weights) for weights in GRID} for each in parts]
    for weights in GRID:
        values = [each[weights] for each in shares]
        shown = " ".join(f"{value:.3f}" for value in values)
        say(f"  {weights}: {shown}  mean {np.nanmean(values):.4f}")
    for i, name in enumerate(parts_names[: len(parts)]):
        others = made([*parts[:i], *parts[i + 1 :]], [*shares[:i], *shares[i + 1 :]], ())
        weights = others.search_weight, others.share_weight
        outcomes = outcomes_of(parts[i], weights)
        say(
            f"{name}, left out: weights {weights}, right places "
            f"{right_places(parts[i], weights):.3f}, threshold {others.threshold}, silence "
            f"accuracy {silence_accuracy(others.answerable, outcomes, others.threshold):.3f}"
        )
        for wanted, coefficients in (("answerable", others.answerable), ("right", others.right)):
            y = labels(outcomes, wanted)
            say(f"  {wanted}: {told(probabilities(coefficients, outcomes), y)}")
    final = made(parts, shares, names)
    outcomes_all = [outcomes_of(each, (final.search_weight, final.share_weight)) for each in parts]
    for threshold in THRESHOLDS:
        values = [silence_accuracy(final.answerable, each, threshold) for each in outcomes_all]
        able, unable = (
            float(np.mean(np.concatenate([
                probabilities(final.answerable, [o for o in each if o.answerable == wanted])
                for each in outcomes_all
            ]) >= threshold))
            for wanted in (True, False)
        )  # fmt: skip
        say(
            f"threshold {threshold}: silence accuracy {np.mean(values):.3f}, answers {able:.3f} of "
            f"the answerable and {unable:.3f} of the others"
        )
    write_calibration(final, Path(model))
    say(f"{final}\nsha256 {reader_digest(Path(model))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
