"""Fit the calibration of a span model, and write it to the model's folder.

    python tests/benchmarks/fit_reader.py MODEL WORKSPACE QUESTIONS [WORKSPACE QUESTIONS]...
        [--scores FOLDER]

QUESTIONS are dev sets (never test sets), asked of their WORKSPACE, or of the documents that they
bring. If the id of a question begins with the name of a collection and "#", it is asked of that
collection alone (`made_folders.py`); the name of a document there says which one it is about
(`articles.py`). Every question is asked as in folders of several sizes:

- all: what scoqa reads among all documents;
- some: the same with two thirds of the documents gone, so that one to ten windows are left;
- alone: its document by itself;
- all without, alone without: every passage that touches gold or holds an answer's words is taken
  out of both searches, so that nothing answers.

Chosen on the sets' mean: the weights of the candidates' features, one after the other, by right
first places and their F1; as threshold the highest at which LEAST_ANSWERED of the questions that
something read answers are answered. Fitted with every set alike: the two probabilities. Prints
what each weight and each feature is worth by leaving it out, and what comes of every set when it
is itself left out, and writes MODEL/calibration.json, made with all. --scores keeps the model's
scores in a folder.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from kept_scores import KeptEncoder
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scoqa import Workspace
from scoqa.evaluation import Evaluation
from scoqa.evaluation.measures import f1
from scoqa.evaluation.ranking import overlap
from scoqa.evaluation.statistics import auroc, calibration_error
from scoqa.models import reader_digest
from scoqa.normalization import fold, phrase_pattern
from scoqa.read.calibration import (
    FEATURES,
    Calibration,
    Evidence,
    Weights,
    compute_probability,
    write_calibration,
)
from scoqa.read.candidates import Candidate, get_similarities
from scoqa.read.encoder import Encoder
from scoqa.read.span import collect_evidence, group_facts, rank, score_windows
from scoqa.read.span_decoding import WindowScores
from scoqa.retrieve import fuse, retrieve, windows
from scoqa.store import Match, Where
from scoqa.types import Hit, Question, Window

SEED = 1
MOST_QUESTIONS = 100  # of each set
READ = 10  # windows
ASKED = ("all", "alone")  # where the weights are chosen
# Where a grid makes no difference, the beginning stays: no set has more than a handful of places
# that the text excludes, and none is harmed by marking them down.
START = Weights(similarity=16.0, share=10.0, conflict=8.0, kind=3.0, excluded=8.0)
GRIDS = {
    "similarity": (0.0, 4.0, 8.0, 12.0, 16.0, 20.0),
    "share": (0.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0),
    "conflict": (0.0, 4.0, 8.0, 12.0),
    "kind": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    "excluded": (0.0, 2.0, 4.0, 6.0, 8.0),
}
THRESHOLDS = [round(0.2 + 0.05 * step, 2) for step in range(13)]
LEAST_ANSWERED = 0.9
LEAST_GAIN = 0.001  # about one question in the smallest set: less is noise, and changes nothing
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """A question asked in one folder: the windows read for it, their scores and candidates.

    able: whether a window touches gold; None if one only holds an answer's words, which may
    answer or not.
    """

    question: Question
    asked: str  # "all", "alone without", ...
    paths: dict[str, str]
    windows: list[Window]
    window_scores: list[WindowScores]
    candidates: list[Candidate]
    able: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row under certain weights."""

    asked: str
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


def fused_again(hits: Sequence[Hit]) -> list[Hit]:
    """Return the ranking that both searches give if there is nothing but `hits`.

    Shares of a best passage that is gone would tell that it was there.
    """
    rankings = [
        sorted(
            [
                Match(hit.passage, hit.path, result.score)
                for hit in hits
                for result in hit.found_by
                if result.search == search
            ],
            key=lambda match: -match.score,
        )
        for search in ("words", "vectors")
    ]
    return fuse(*rankings, k=min(map(len, rankings)))


def without_answers(question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Return the ranking that both searches would give without the passages that may answer."""
    left = [
        hit
        for hit in hits
        if not touches(question, hit.path, hit.passage.start, hit.passage.end)
        and not holds_words(question, hit.passage.text)
    ]
    return fused_again(left)


def rankings_of(question: Question, hits: list[Hit], own: set[str]) -> dict[str, list[Hit]]:
    """Return what is read for `question` in folders of several sizes, best first.

    own: the paths of the documents that the question is about.
    """
    rng = random.Random(f"{SEED} {question.id}")
    every = sorted({hit.path for hit in hits[:READ]})
    kept = {*rng.sample(every, max(1, len(every) // 3)), *own}
    found = {
        "all": hits,
        "some": fused_again([hit for hit in hits[:READ] if hit.path in kept]),
        "alone": fused_again([hit for hit in hits if hit.path in own]),
    }
    if question.answerable:
        found["all without"] = without_answers(question, hits)
        found["alone without"] = without_answers(question, found["alone"])
    return {asked: ranking[:READ] for asked, ranking in found.items() if ranking}


def rows(evaluation: Evaluation, encoder: Encoder) -> list[Row]:
    """Return the questions of a set with what scoqa would read for them."""
    workspace = evaluation.workspace
    found = []
    with workspace.store.view() as view:
        paths = {entry.document_id: path for path, entry in view.digests().items()}
        collections = set(view.collections())
        every = drawn(evaluation, len(evaluation.questions))
        # Small folders are read in no time, so all of their questions are asked.
        small = {question.id for question in every if question.id.split("#")[0] in collections}
        for question in every if small else every[:MOST_QUESTIONS]:
            about = question.id.split("#")[0]
            where = Where(about if about in collections else None, None)
            vector = workspace.models.embedder.embed([question.question])[0]
            hits = retrieve(view, question.question, vector, k=400, where=where)
            own = {gold.document for gold in (*question.answers, *question.evidence)}
            own |= {about} & set(paths.values())
            rankings = rankings_of(question, hits, own)
            read = {hit.passage.id: hit for ranking in rankings.values() for hit in ranking}
            once = dict(zip(read, windows_in_order(view, list(read.values())), strict=True))
            window_scores, candidates = score_windows(
                encoder, question.question, list(once.values())
            )
            number = {passage: n for n, passage in enumerate(once)}
            for asked, ranking in rankings.items():
                own_windows = [replace(once[hit.passage.id], hits=(hit,)) for hit in ranking]
                similarities = get_similarities(own_windows)
                able = question.answerable and any(
                    touches(question, paths[w.document_id], w.start, w.end) for w in own_windows
                )
                words = any(holds_words(question, w.text) for w in own_windows)
                own_candidates = [
                    replace(candidate, window=n, similarity=similarities[n])
                    for n, hit in enumerate(ranking)
                    for candidate in candidates
                    if candidate.window == number[hit.passage.id]
                ]
                found.append(
                    Row(
                        question, asked, paths, own_windows,
                        [window_scores[number[hit.passage.id]] for hit in ranking], own_candidates,
                        able or (None if words and question.answerable else False),
                    )
                )  # fmt: skip
    return found


def windows_in_order(view: object, hits: Sequence[Hit]) -> list[Window]:
    """Return the window of each of `hits`, in their order."""
    return [windows(view, [hit])[0] for hit in hits]  # type: ignore[arg-type]


def first_place(row: Row, weights: Weights) -> Candidate | None:
    """Return the candidate that is shown first; None if nothing could answer."""
    ranked = rank(row.candidates, weights)
    return ranked[0] if ranked else None


def first_of(row: Row, weights: Weights) -> tuple[bool, float] | None:
    """Return whether the first place of `row` touches gold, and its F1; None without a place."""
    best = first_place(row, weights)
    if best is None:
        return None
    window = row.windows[best.window]
    right = touches(row.question, row.paths[window.document_id], best.place.start, best.place.end)
    quote = window.text[best.place.start - window.start : best.place.end - window.start]
    return right, float(f1(row.question, [quote]) or 0.0) if row.question.answers else float(right)


def outcome(row: Row, weights: Weights) -> Outcome | None:
    """Return what comes of `row`; None if nothing was read or nobody knows what is right."""
    first = first_of(row, weights)
    if first is None or row.able is None:
        return None
    facts = group_facts(row.windows, rank(row.candidates, weights))
    evidence = collect_evidence(row.window_scores, facts)
    return Outcome(row.asked, evidence, row.able, bool(row.able) and first[0])


def outcomes_of(each: Sequence[Row], weights: Weights) -> list[Outcome]:
    return [found for row in each if (found := outcome(row, weights)) is not None]


def quality(each: Sequence[Row], weights: Weights) -> tuple[float, float]:
    """Return the share of right first places and their F1, of rows that something read answers."""
    firsts = [first_of(row, weights) or (False, 0.0) for row in each if row.able]
    values = np.array(firsts, dtype=float).reshape(-1, 2).mean(axis=0)
    return float(values[0]), float(values[1])


def chosen_weights(sets: Sequence[Sequence[Row]], tell: Callable[[str], None]) -> Weights:
    """Return the weights by coordinate ascent on the sets' mean of places and F1."""
    parts = [
        [row for row in each if row.asked == asked and row.able] for each in sets for asked in ASKED
    ]
    parts = [part for part in parts if part]

    def worth(weights: Weights) -> float:
        return float(np.mean([quality(part, weights) for part in parts]))

    weights, best = START, worth(START)
    changed = True
    while changed:
        changed = False
        for name, grid in GRIDS.items():
            tried = {value: worth(replace(weights, **{name: value})) for value in grid}
            tell(f"  {name}: " + ", ".join(f"{v:g} {worth:.4f}" for v, worth in tried.items()))
            value = max(tried, key=lambda v: tried[v])
            if tried[value] > best + LEAST_GAIN:
                weights, best, changed = replace(weights, **{name: value}), tried[value], True
    tell(f"{weights}: {best:.4f}; without")
    for each in fields(Weights):
        tell(f"  {each.name}: {worth(replace(weights, **{each.name: 0.0})):.4f}")
    return weights


# The first place's lead over the second fact shrinks with every document that has such a fact, so
# it would turn an answer into silence in a large folder. Whether the first place is right may
# depend on it; its focus adds nothing there (AUROC 0.878 with it, 0.881 without).
LEFT_OUT = {"answerable": "gap", "right": "focus"}


def fit(sets: Sequence[Sequence[Outcome]], wanted: str, *left_out: str | None) -> tuple[float, ...]:
    """Return intercept and coefficients for `wanted`; every set weighs the same.

    Features that would speak the wrong way, the strongest first, are left out: 0. left_out: those
    that are left out in any case.
    """
    every = [each for outcomes in sets for each in outcomes]
    x = np.array([[getattr(each.evidence, name) for name in FEATURES] for each in every])
    y = np.array([getattr(each, wanted) for each in every])
    size = len(every) / len(sets)
    weights = np.concatenate([np.full(len(each), size / len(each)) for each in sets])
    signs = np.array([-1.0 if name in AGAINST else 1.0 for name in FEATURES])
    used = [n for n, name in enumerate(FEATURES) if name not in left_out]
    while True:
        model = LogisticRegression(C=10.0, max_iter=5000)
        model.fit(x[:, used], y, sample_weight=weights)
        strength = model.coef_[0] * x[:, used].std(axis=0) * signs[used]
        against = int(np.argmin(strength))
        if strength[against] >= 0:
            break
        del used[against]
    found = np.zeros(len(FEATURES))
    found[used] = model.coef_[0]
    return tuple(round(float(each), 4) for each in (model.intercept_[0], *found))


AGAINST = ("conflict", "excluded")  # features that speak against an answer


def probabilities(coefficients: Sequence[float], outcomes: Sequence[Outcome]) -> Floats:
    return np.array([compute_probability(coefficients, each.evidence) for each in outcomes])


def labels(outcomes: Sequence[Outcome], wanted: str) -> Floats:
    return np.array([float(getattr(each, wanted)) for each in outcomes])


def answers(
    coefficients: Sequence[float], outcomes: Sequence[Outcome], threshold: float, *, able: bool
) -> float:
    """Return the share of the questions that something answers, or that nothing does, which are
    answered.
    """
    those = [each for each in outcomes if each.answerable == able]
    return float(np.mean(probabilities(coefficients, those) >= threshold)) if those else math.nan


def silence_accuracy(
    coefficients: Sequence[float], outcomes: Sequence[Outcome], threshold: float
) -> float:
    """Return the mean of the shares of right answers-or-silences over both kinds of question."""
    shown = probabilities(coefficients, outcomes) >= threshold
    able = labels(outcomes, "answerable") > 0
    kinds = [
        np.mean(shown[kind] == truth) for kind, truth in ((able, True), (~able, False)) if any(kind)
    ]
    return float(np.mean(kinds))


def fitted(
    sets: Sequence[Sequence[Outcome]], weights: Weights, highest: float, names: Sequence[str]
) -> Calibration:
    """Return the calibration that `sets` give."""
    able, right = (fit(sets, wanted, name) for wanted, name in LEFT_OUT.items())

    def answered(threshold: float) -> float:
        return float(np.mean([answers(able, each, threshold, able=True) for each in sets]))

    threshold = max((t for t in THRESHOLDS if answered(t) >= LEAST_ANSWERED), default=THRESHOLDS[0])
    return Calibration(weights, able, right, threshold, highest, tuple(names))


def told(p: Floats, y: Floats) -> str:
    """Return how far the probabilities `p` can be believed, where `y` is what happened."""
    area = auroc(p, y)
    return (
        f"AUROC {'-' if area is None else f'{area:.3f}'}, "
        f"Brier {np.mean((p - y) ** 2):.3f} (base rate {y.mean() * (1 - y.mean()):.3f}), "
        f"calibration error {calibration_error(p, y):.3f}"
    )


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("pairs", nargs="+")
    parser.add_argument("--scores", type=Path)
    given = parser.parse_args()
    folders, files = given.pairs[::2], given.pairs[1::2]
    if given.scores:
        encoder: Encoder = KeptEncoder(given.model, given.scores)
    else:
        encoder = Encoder(given.model)
    names = [Path(folder).name for folder in folders]
    sets: list[list[Row]] = []
    for name, folder, file in zip(names, folders, files, strict=True):
        workspace = Workspace(folder, reader="sentence")
        workspace.sync()
        sets.append(rows(Evaluation(workspace, file), encoder))
        say(f"{name}: {len(sets[-1])} rows")
    weights = chosen_weights(sets, say)
    outcomes = [outcomes_of(each, weights) for each in sets]
    for name, each, own in zip(names, sets, outcomes, strict=True):
        others = [part for part in outcomes if part is not own] or [own]
        left = fitted(others, weights, 0.0, ())
        say(f"{name}, left out: threshold {left.threshold}, silence accuracy "
            f"{silence_accuracy(left.answerable, own, left.threshold):.3f}")  # fmt: skip
        for wanted, coefficients in (("answerable", left.answerable), ("right", left.right)):
            say(f"  {wanted}: {told(probabilities(coefficients, own), labels(own, wanted))}")
        for asked in dict.fromkeys(row.asked for row in each):
            part = [row for row in each if row.asked == asked]
            shown = probabilities(left.answerable, [o for o in own if o.asked == asked])
            right, score = quality(part, weights) if any(r.able for r in part) else (0.0, 0.0)
            say(f"  {asked}: {len(shown)} rows, right place {right:.3f}, F1 {score:.3f}, answered "
                f"{np.mean(shown >= left.threshold):.3f}")  # fmt: skip
    for wanted, never in LEFT_OUT.items():
        for name in (None, *FEATURES):
            areas = []
            for own in outcomes:
                others = [part for part in outcomes if part is not own] or [own]
                p = probabilities(fit(others, wanted, name, never), own)
                areas.append(auroc(p, labels(own, wanted)))
            mean = np.mean([area for area in areas if area is not None])
            say(f"{wanted}, mean AUROC of sets left out, without {name or 'nothing'}: {mean:.4f}")
    best = [
        scores.places[0].score
        for each in sets
        for row in each
        for scores in row.window_scores
        if scores.places
    ]
    highest = round(float(np.quantile(best, 0.995)), 2)
    final = fitted(outcomes, weights, highest, names)
    for threshold in THRESHOLDS:
        values = [silence_accuracy(final.answerable, each, threshold) for each in outcomes]
        able, unable = (
            float(
                np.nanmean(
                    [answers(final.answerable, each, threshold, able=a) for each in outcomes]
                )
            )
            for a in (True, False)
        )
        say(f"threshold {threshold}: silence accuracy {np.mean(values):.3f}, answers {able:.3f} of "
            f"the answerable and {unable:.3f} of the others")  # fmt: skip
    write_calibration(final, given.model)
    say(f"{final}\nsha256 {reader_digest(given.model)}")


if __name__ == "__main__":
    main()
