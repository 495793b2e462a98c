"""Fit the sentence reader's probabilities, and show what its parts are worth.

    python tests/benchmarks/sentence_reader.py WORKSPACE QUESTIONS

WORKSPACE is indexed; QUESTIONS is a dev set (never a test set). Prints the share of questions
whose best sentence holds a gold answer, the coefficients of two logistic regressions (does
anything answer? is the best sentence right?), and the threshold with the best silence accuracy;
probabilities are held out by 5-fold cross-validation.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from scoqa import Workspace
from scoqa.evaluate.sets import read_questions, resolve
from scoqa.read.sentence import Candidate, SentenceReader, evidence
from scoqa.types import Window

FEATURES = ("margin", "cosine", "kind")


class Recording(SentenceReader):
    """The reader as it is, remembering what it ranked last."""

    ranked: list[Candidate]

    def rank(self, question: str, windows: Sequence[Window]) -> list[Candidate]:
        self.ranked = super().rank(question, windows)
        return self.ranked


def main(folder: str, questions: str) -> None:
    workspace = Workspace(folder)
    reader = Recording(workspace.assistant.embedder.embed)
    workspace.assistant.reader = reader
    with workspace.store.view() as view:
        entries = view.digests()
    paths = {entry.document_id: path for path, entry in entries.items()}
    rows = [
        resolve(row, sorted(entries), questions, number)
        for number, row in enumerate(read_questions(Path(questions)), start=1)
    ]
    features, right, answerable = [], [], []
    for row in rows:
        workspace.explain(row.question)
        best = reader.ranked[0]
        found = evidence(reader.ranked)
        features.append([found.margin, found.cosine, found.kind])
        start, end = best.window.start + best.start, best.window.start + best.end
        path = paths[best.window.document_id]
        right.append(
            any(g.document == path and g.start < end and start < g.end for g in row.answers)
        )
        answerable.append(row.answerable)
    x, is_right, able = np.array(features), np.array(right), np.array(answerable)
    print(f"right place: {is_right[able].mean():.3f} of {able.sum()} answerable questions")
    shown = fit("ANSWERABLE", x, able)
    fit("RIGHT", x, is_right)

    def accuracy(threshold: float) -> float:
        return float(((shown >= threshold) == able).mean())

    best_threshold = max(np.round(np.arange(0.3, 1.0, 0.01), 2), key=accuracy)
    print(f"THRESHOLD = {best_threshold}, by silence accuracy")
    for threshold in (best_threshold, 0.6, 0.7, 0.8):
        answers = shown >= threshold
        print(
            f"  at {threshold}: silence accuracy {accuracy(threshold):.3f}; answers "
            f"{answers[able].mean():.2f} of the answerable, {answers[~able].mean():.2f} of the "
            f"unanswerable; {is_right[answers].mean():.2f} of what it shows is right"
        )


def fit(name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Print the coefficients of the regression of y on x; return its held-out probabilities."""
    model = LogisticRegression(C=10.0)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    held_out = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    singles = ", ".join(
        f"{feature} {roc_auc_score(y, column):.3f}"
        for feature, column in zip(FEATURES, x.T, strict=True)
    )
    model.fit(x, y)
    coefficients = [float(model.intercept_[0]), *map(float, model.coef_[0])]
    print(f"{name} = ({', '.join(f'{each:.2f}' for each in coefficients)})")
    print(
        f"  AUROC held out {roc_auc_score(y, held_out):.3f} (alone: {singles}); "
        f"Brier {np.mean((held_out - y) ** 2):.3f}, always the base rate "
        f"{y.mean() * (1 - y.mean()):.3f}"
    )
    return held_out


if __name__ == "__main__":
    main(*sys.argv[1:])
