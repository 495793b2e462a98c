"""Statistics against paper, against scikit-learn and scipy, and against plain loops."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import roc_auc_score

from scoqa.evaluation import statistics
from scoqa.evaluation.statistics import (
    aurc,
    auroc,
    calibration_error,
    interval,
    mean,
    reliability,
    risk_coverage,
)


def column(*values: float) -> statistics.Column:
    return np.array(values, dtype=np.float64)


# -- on paper -------------------------------------------------------------------------------------


def test_the_curve_of_five_answers_is_what_paper_says() -> None:
    confidences, right = column(0.2, 0.9, 0.8, 0.5, 0.7), column(0, 1, 0, 1, 1)
    # In order of confidence: right, wrong, right, right, wrong.
    assert [0, 1 / 2, 1 / 3, 1 / 4, 2 / 5] == pytest.approx(risk_coverage(confidences, right))
    assert (0 + 1 / 2 + 1 / 3 + 1 / 4 + 2 / 5) / 5 == pytest.approx(aurc(confidences, right))


def test_equal_confidences_count_in_every_order() -> None:
    """Whichever of the two comes first in the set, the curve is the same: half a mistake each."""
    for right in (column(1, 1, 0), column(1, 0, 1)):
        assert [0, 0.25, 1 / 3] == pytest.approx(risk_coverage(column(0.9, 0.5, 0.5), right))


def test_the_distance_from_confidence_to_what_is_right_is_what_paper_says() -> None:
    # Five bins of two; said 0.1, 0.3, 0.5, 0.7, 0.9 and right 0, 0.5, 0.5, 0.5, 1.
    said = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 2)
    right = column(0, 0, 0, 1, 1, 0, 1, 0, 1, 1)
    assert [(0.1, 0.0), (0.3, 0.5), (0.5, 0.5), (0.7, 0.5), (0.9, 1.0)] == [
        pytest.approx(bin[:2]) for bin in reliability(said, right)
    ]
    assert (0.1 + 0.2 + 0 + 0.2 + 0.1) / 5 == pytest.approx(calibration_error(said, right))


def test_a_number_that_does_not_exist_is_none() -> None:
    nothing = column()
    assert [None] * 4 == [
        mean(nothing),
        auroc(nothing, nothing),
        aurc(nothing, nothing),
        calibration_error(nothing, nothing),
    ]
    assert None is auroc(column(0.1, 0.2), column(1, 1))
    assert None is calibration_error(column(0.1, 0.2, 0.3, 0.4), column(1, 0, 1, 0))
    assert None is interval(mean, [column(1.0)])
    assert None is interval(auroc, [column(0.1, 0.2), column(1, 1)])


# -- against others -------------------------------------------------------------------------------

scores = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()),
    min_size=2,
    max_size=60,
)


@given(scores)
def test_auroc_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    said = np.array([score for score, _ in pairs])
    labels = np.array([float(label) for _, label in pairs])
    found = auroc(said, labels)
    if len(set(labels)) < 2:
        assert found is None
    else:
        assert roc_auc_score(labels, said) == pytest.approx(found)


@given(scores)
def test_the_area_is_the_mean_over_orders_of_what_ties(pairs: list[tuple[float, bool]]) -> None:
    """A plain loop over one random order a time comes to the same."""
    said = np.array([score for score, _ in pairs])
    right = np.array([float(label) for _, label in pairs])
    areas = []
    for seed in range(400):
        order = list(range(len(pairs)))
        random.Random(seed).shuffle(order)
        order.sort(key=lambda index: -said[index])
        wrong, risks = 0.0, []
        for count, index in enumerate(order, start=1):
            wrong += 1 - right[index]
            risks.append(wrong / count)
        areas.append(sum(risks) / len(risks))
    error = 5 * np.std(areas) / len(areas) ** 0.5 + 1e-9
    assert sum(areas) / len(areas) == pytest.approx(aurc(said, right), abs=error)


@pytest.mark.parametrize("size", [2, 7, 300])
def test_intervals_are_those_of_a_plain_loop(size: int) -> None:
    generator = np.random.default_rng(size)
    said, labels = generator.random(size), (generator.random(size) < 0.6).astype(float)
    labels[0], labels[1] = 1, 0
    draws = np.random.default_rng(0)
    means, areas = [], []
    for _ in range(statistics.RESAMPLES):
        drawn = draws.integers(0, size, size)
        means.append(sum(said[index] for index in drawn) / size)
        ones = [said[index] for index in drawn if labels[index]]
        zeros = [said[index] for index in drawn if not labels[index]]
        if ones and zeros:
            pairs = [(a > b) + (a == b) / 2 for a in ones for b in zeros] if size < 20 else []
            areas.append(sum(pairs) / len(pairs) if pairs else _auroc_by_sorting(ones, zeros))

    def ends(values: list[float]) -> list[float]:
        values = sorted(values)

        def at(share: float) -> float:  # linear between neighbours
            place = share * (len(values) - 1)
            low = int(place)
            high = min(low + 1, len(values) - 1)
            return values[low] + (place - low) * (values[high] - values[low])

        return [at(0.025), at(0.975)]

    assert ends(means) == pytest.approx(interval(mean, [said]))
    if len(areas) > statistics.RESAMPLES // 2:
        assert ends(areas) == pytest.approx(interval(auroc, [said, labels]))
    else:
        assert None is interval(auroc, [said, labels])


def _auroc_by_sorting(ones: list[float], zeros: list[float]) -> float:
    zeros = sorted(zeros)
    below = sum(bisect_left(zeros, each) + bisect_right(zeros, each) for each in ones)
    return below / 2 / (len(ones) * len(zeros))


def test_intervals_are_near_scipys() -> None:
    values = np.random.default_rng(1).random(200)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    ours = interval(mean, [values])
    assert ours is not None
    width = theirs.high - theirs.low
    assert (theirs.low, theirs.high) == pytest.approx(ours, abs=0.1 * width)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(300):
        low, high = interval(mean, [np.random.default_rng(seed).random(50)], resamples=300) or (
            1,
            0,
        )
        held += low <= 0.5 <= high
    assert 0.90 < held / 300 < 0.98  # 0.95, with the bootstrap's own optimism on 50 values


def test_the_same_numbers_give_the_same_interval_however_they_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(3).random(100)
    whole = interval(mean, [values])
    monkeypatch.setattr(statistics, "_BATCH_NUMBERS", 250)  # two resamples at a time
    assert whole == interval(mean, [values])
