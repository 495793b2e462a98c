"""Fit the sentence reader's probability, and show what its parts are worth.

    python tests/benchmarks/sentence_reader.py WORKSPACE QUESTIONS

WORKSPACE is indexed; QUESTIONS is a dev set (never a test set). Prints the share of questions
whose best sentence holds a gold answer, the coefficients of the logistic regression (is the best
sentence right?), and the threshold with the best balanced silence accuracy, each with what
5-fold cross-validation gives.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from scoqa import Workspace
from scoqa.evaluate.sets import read_questions, resolve
from scoqa.read.sentence import SentenceReader, evidence


def main(folder: str, questions: str) -> None:
    workspace = Workspace(folder)
    reader = SentenceReader(workspace.assistant.embedder.embed)
    with workspace.store.view() as view:
        entries = view.digests()
    paths = {entry.document_id: path for path, entry in entries.items()}
    rows = [
        resolve(row, sorted(entries), questions, number)
        for number, row in enumerate(read_questions(Path(questions)), start=1)
    ]
    features, right, answerable = [], [], []
    for row in rows:
        windows = workspace.explain(row.question).windows
        ranked = reader.rank(row.question, windows)
        found = evidence(ranked)
        features.append([found.margin, found.cosine, found.kind])
        best = ranked[0]
        start, end = best.window.start + best.start, best.window.start + best.end
        path = paths[best.window.document_id]
        right.append(
            any(g.document == path and g.start < end and start < g.end for g in row.answers)
        )
        answerable.append(row.answerable)
    x, y, able = np.array(features), np.array(right), np.array(answerable)
    print(f"right place: {y[able].mean():.3f} of {able.sum()} answerable questions")
    for name, column in zip(("margin", "cosine", "kind"), x.T, strict=True):
        print(f"{name:8} AUROC right {roc_auc_score(y, column):.3f}, "
              f"answerable {roc_auc_score(able, column):.3f}")  # fmt: skip
    model = LogisticRegression(C=10.0)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    held_out = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    print(
        f"held out: AUROC right {roc_auc_score(y, held_out):.3f}, "
        f"answerable {roc_auc_score(able, held_out):.3f}, "
        f"Brier {np.mean((held_out - y) ** 2):.3f} (base rate {y.mean() * (1 - y.mean()):.3f})"
    )
    model.fit(x, y)
    probability = model.predict_proba(x)[:, 1]
    (margin, cosine, kind), intercept = model.coef_[0], model.intercept_[0]
    print(f"MARGIN_COEFFICIENT = {margin:.2f}\nCOSINE_COEFFICIENT = {cosine:.2f}\n"
          f"KIND_COEFFICIENT = {kind:.2f}\nINTERCEPT = {intercept:.2f}")  # fmt: skip

    def balanced(threshold: float, of: np.ndarray) -> float:
        shown = of >= threshold
        return float((shown[able].mean() + (~shown[~able]).mean()) / 2)

    thresholds = np.round(np.arange(0.05, 0.9, 0.01), 2)
    best_threshold = max(thresholds, key=lambda each: balanced(each, probability))
    print(f"THRESHOLD = {best_threshold}: balanced silence accuracy "
          f"{balanced(best_threshold, probability):.3f} (held out "
          f"{balanced(best_threshold, held_out):.3f})")  # fmt: skip
    for threshold in (0.2, 0.3, 0.4, 0.5):
        shown = probability >= threshold
        print(
            f"  at {threshold}: answers {shown[able].mean():.2f} of the answerable, "
            f"{shown[~able].mean():.2f} of the unanswerable"
            + (f"; {y[shown].mean():.2f} of what it shows is right" if shown.any() else "")
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
