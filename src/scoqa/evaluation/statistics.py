"""Numbers over many questions that are no means, and how sure any number is.

Receives columns of numbers, one entry a question; hands on numbers, None where they do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Statistic = Callable[..., float | None]  # of columns of one length

RESAMPLES = 1000  # Efron and Tibshirani 1993: 1,000 for the ends of an interval
COVERAGE = 0.95
BINS = 5
_SEED = 0  # the same numbers give the same interval
_AT_ONCE = 2_000_000  # numbers drawn at a time: 16 MB


def interval(
    statistic: Statistic, columns: Sequence[Column], *, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """Return the 95 % interval of `statistic` over `columns`, by the percentile bootstrap.

    Questions are drawn with replacement, whole: the same ones in every column. Resamples in
    which the statistic does not exist are left out; None with fewer than two questions, or where
    it does not exist in half of them.
    """
    size = len(columns[0])
    if size < 2:
        return None
    generator = np.random.default_rng(_SEED)
    values: list[float] = []
    batch = max(1, _AT_ONCE // size)
    for done in range(0, resamples, batch):
        drawn = generator.integers(0, size, (min(batch, resamples - done), size))
        if statistic is mean:  # the same as below, all at once
            values.extend(columns[0][drawn].mean(axis=1))
        else:
            found = (statistic(*(column[row] for column in columns)) for row in drawn)
            values.extend(value for value in found if value is not None)
    if len(values) <= resamples // 2:
        return None
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def mean(column: Column) -> float | None:
    """Return the mean; None of nothing."""
    return float(column.mean()) if len(column) else None


def auroc(scores: Column, labels: Column) -> float | None:
    """Return the chance that a question labelled 1 scores above one labelled 0; ties count half.

    The area under the ROC curve by ranks (Mann and Whitney 1947). None without both labels.
    """
    ones = int(labels.sum())
    zeros = len(labels) - ones
    if not ones or not zeros:
        return None
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[group]  # equals share their mean rank
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def risk_coverage(confidences: Column, right: Column) -> Column:
    """Return the share of wrong answers among the n most confident, for n from 1.

    Questions of equal confidence are taken in every order at once: each counts their mean.
    """
    errors = 1 - _by_confidence(confidences, right)[1]
    return np.asarray(np.cumsum(errors) / np.arange(1, len(errors) + 1))


def aurc(confidences: Column, right: Column) -> float | None:
    """Return the area under the risk-coverage curve (Geifman and El-Yaniv 2017); less is better."""
    return mean(risk_coverage(confidences, right))


def reliability(confidences: Column, right: Column) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, questions) of BINS bins of equal size, rising.

    None of them where there are fewer questions than bins.
    """
    if len(confidences) < BINS:
        return []
    ordered, share = _by_confidence(confidences, right)
    bins = zip(np.array_split(ordered, BINS), np.array_split(share, BINS), strict=True)
    return [(float(c.mean()), float(r.mean()), len(c)) for c, r in bins][::-1]


def calibration_error(confidences: Column, right: Column) -> float | None:
    """Return how far confidence is from the share that is right, over BINS bins of equal size.

    The mean distance, weighted by the questions in each bin (ECE; Naeini et al. 2015).
    """
    bins = reliability(confidences, right)
    if not bins:
        return None
    return sum(abs(said - was) * count for said, was, count in bins) / len(confidences)


def _by_confidence(confidences: Column, right: Column) -> tuple[Column, Column]:
    """Return both columns, the most confident first, equals given the mean of what is right."""
    order = np.argsort(-confidences, kind="stable")
    ordered, share = confidences[order], right[order].astype(np.float64)
    _, group, counts = np.unique(-ordered, return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=share) / counts if len(ordered) else share
    return ordered, means[group] if len(ordered) else share
