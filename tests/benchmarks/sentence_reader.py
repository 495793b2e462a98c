"""Fit the sentence reader's probabilities, and show what its parts are worth.

    python tests/benchmarks/sentence_reader.py WORKSPACE QUESTIONS [WORKSPACE QUESTIONS]...

Each WORKSPACE is indexed; QUESTIONS are dev sets (never test sets). Questions about documents
that a workspace does not hold count as unanswerable there. Prints the share of questions whose
best sentence is right, the coefficients of two logistic regressions (does anything answer? is
the best sentence right?) with held-out probabilities by 5-fold cross-validation, and what each
threshold does to the first set and to the others.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from scoqa import Workspace
from scoqa.errors import QuestionSetError
from scoqa.evaluation.gold_places import place_golds
from scoqa.evaluation.sets import read_set
from scoqa.models import Models
from scoqa.read.sentence import SentenceCandidate, SentenceReader, collect_evidence
from scoqa.types import Window

FEATURES = ("margin", "cosine", "share", "kind")
SEED = 1
MOST_QUESTIONS = 80  # of each set, drawn with SEED


class Recording(SentenceReader):
    """The reader as it is, remembering what it ranked last."""

    ranked: list[SentenceCandidate]

    def rank(self, question: str, windows: Sequence[Window]) -> list[SentenceCandidate]:
        self.ranked = super().rank(question, windows)
        return self.ranked


def rank_all(folder: str, questions: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what speaks for each question's best sentence, whether it is right, and whether
    the set holds the question to be answerable.
    """
    workspace = Workspace(folder)
    embedder = workspace.models.embedder
    reader = Recording(embedder.embed)
    workspace = Workspace(folder, models=Models(embedder, reader))
    with workspace.store.view() as view:
        by_id = {entry.document_id: path for path, entry in view.digests().items()}
    features, right, answerable = [], [], []
    numbered = list(read_set(Path(questions)).questions)
    random.Random(SEED).shuffle(numbered)
    for number, row in numbered[:MOST_QUESTIONS]:
        try:
            with workspace.store.view() as view:
                [(_, row)], _ = place_golds(questions, [(number, row)], view)
        except QuestionSetError:  # asked of other documents than its own: nothing answers it
            row = replace(row, answers=(), evidence=(), answerable=False)
        workspace.explain(row.question)
        best, evidence = reader.ranked[0], collect_evidence(reader.ranked)
        features.append([getattr(evidence, name) for name in FEATURES])
        start, end = best.window.start + best.start, best.window.start + best.end
        path = by_id[best.window.document_id]
        golds = row.answers or row.evidence
        right.append(any(g.document == path and g.start < end and start < g.end for g in golds))
        answerable.append(row.answerable)
    able = np.array(answerable)
    print(
        f"{questions} over {folder}: {len(able)} questions, {able.sum()} answerable, right place "
        + (f"{np.array(right)[able].mean():.3f}" if able.any() else "-")
    )
    return np.array(features), np.array(right), able


def main(*pairs: str) -> None:
    sets = [rank_all(*pair) for pair in zip(pairs[::2], pairs[1::2], strict=True)]
    x, is_right, able = (np.concatenate(each) for each in zip(*sets, strict=True))
    shown = fit("ANSWERABLE", x, able, without=("margin",))
    fit("RIGHT", x, is_right)
    first = np.arange(len(able)) < len(sets[0][2])  # the threshold is chosen on the first set
    for threshold in np.round(np.arange(0.3, 0.95, 0.05), 2):
        answers = shown >= threshold
        parts = [f"{(answers == able)[first].mean():.3f} on the first set"]
        for name, part in (("first", first), ("others", ~first)):
            for word, kind in (("answerable", able), ("unanswerable", ~able)):
                if (part & kind).any():
                    parts.append(f"answers {answers[part & kind].mean():.2f} of {name} {word}")
        print(f"  threshold {threshold}: silence accuracy {', '.join(parts)}")


def fit(name: str, x: np.ndarray, y: np.ndarray, *, without: Sequence[str] = ()) -> np.ndarray:
    """Print the coefficients of the regression of y on x; return its held-out probabilities.

    without: features that get the coefficient 0.
    """
    model = LogisticRegression(C=10.0)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    used = [i for i, feature in enumerate(FEATURES) if feature not in without]
    held_out = cross_val_predict(model, x[:, used], y, cv=folds, method="predict_proba")[:, 1]
    singles = ", ".join(
        f"{feature} {roc_auc_score(y, column):.3f}"
        for feature, column in zip(FEATURES, x.T, strict=True)
    )
    model.fit(x[:, used], y)
    weights = dict(zip(used, model.coef_[0], strict=True))
    coefficients = [model.intercept_[0], *(weights.get(i, 0.0) for i in range(len(FEATURES)))]
    print(f"{name} = ({', '.join(f'{each:.2f}' for each in coefficients)})")
    print(
        f"  AUROC held out {roc_auc_score(y, held_out):.3f} (alone: {singles}); "
        f"Brier {np.mean((held_out - y) ** 2):.3f}, always the base rate "
        f"{y.mean() * (1 - y.mean()):.3f}"
    )
    return held_out


if __name__ == "__main__":
    main(*sys.argv[1:])
