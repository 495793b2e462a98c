"""Compute statistics over many questions, and confidence intervals for them.

Input: columns of numbers, one entry per question. Output: numbers, or None if undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Statistic = Callable[..., float | None]  # takes columns of equal length

RESAMPLES = 1000  # enough for the ends of an interval (Efron and Tibshirani 1993)
COVERAGE = 0.95
BINS = 5
_SEED = 0  # fixed, so that the same numbers give the same interval
_BATCH_NUMBERS = 2_000_000  # numbers drawn per batch: 16 MB


def interval(
    statistic: Statistic, columns: Sequence[Column], *, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """Return the 95 % interval of `statistic` over `columns`, by the percentile bootstrap.

    Questions are drawn with replacement, the same questions in every column. Resamples in which
    the statistic is undefined are left out. None with fewer than two questions, or if the
    statistic is undefined in at least half of the resamples.
    """
    size = len(columns[0])
    if size < 2:
        return None
    generator = np.random.default_rng(_SEED)
    values: list[float] = []
    batch = max(1, _BATCH_NUMBERS // size)
    for done in range(0, resamples, batch):
        drawn = generator.integers(0, size, (min(batch, resamples - done), size))
        if statistic is mean:  # the same result as below, vectorised
            values.extend(columns[0][drawn].mean(axis=1))
        else:
            results = (statistic(*(column[row] for column in columns)) for row in drawn)
            values.extend(value for value in results if value is not None)
    if len(values) <= resamples // 2:
        return None
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def mean(column: Column) -> float | None:
    """Return the mean, or None for an empty column."""
    return float(column.mean()) if len(column) else None


def auroc(scores: Column, labels: Column) -> float | None:
    """Return the probability that a question labelled 1 scores above one labelled 0.

    Ties count half. This is the area under the ROC curve, computed from ranks (Mann and Whitney
    1947). None unless both labels occur.
    """
    ones = int(labels.sum())
    zeros = len(labels) - ones
    if not ones or not zeros:
        return None
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[group]  # ties share their mean rank
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def risk_coverage(confidences: Column, right: Column) -> Column:
    """Return the share of wrong answers among the n most confident, for n from 1.

    Questions of equal confidence count with their mean, which averages over all their orders.
    """
    errors = 1 - _by_confidence(confidences, right)[1]
    return np.asarray(np.cumsum(errors) / np.arange(1, len(errors) + 1))


def aurc(confidences: Column, right: Column) -> float | None:
    """Return the area under the risk-coverage curve (Geifman and El-Yaniv 2017); less is better."""
    return mean(risk_coverage(confidences, right))


def reliability(confidences: Column, right: Column) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, question count) for BINS bins of equal size.

    Sorted by rising confidence. Empty if there are fewer questions than bins.
    """
    if len(confidences) < BINS:
        return []
    ordered, share = _by_confidence(confidences, right)
    bins = zip(np.array_split(ordered, BINS), np.array_split(share, BINS), strict=True)
    return [(float(c.mean()), float(r.mean()), len(c)) for c, r in bins][::-1]


def calibration_error(confidences: Column, right: Column) -> float | None:
    """Return the expected calibration error over BINS bins of equal size.

    The mean distance between confidence and the share right, weighted by the number of questions
    per bin (ECE; Naeini et al. 2015). None if there are fewer questions than bins.
    """
    bins = reliability(confidences, right)
    if not bins:
        return None
    total = sum(abs(confidence - share) * count for confidence, share, count in bins)
    return total / len(confidences)


def _by_confidence(confidences: Column, right: Column) -> tuple[Column, Column]:
    """Return both columns by falling confidence; ties get the mean share right of their group."""
    order = np.argsort(-confidences, kind="stable")
    ordered, share = confidences[order], right[order].astype(np.float64)
    _, group, counts = np.unique(-ordered, return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=share) / counts if len(ordered) else share
    return ordered, means[group] if len(ordered) else share
