"""What a span model's scores are worth: weights and probabilities, fitted and kept with it.

Receives a model folder; hands on a `Calibration`, read from the calibration.json in it.
`tests/benchmarks/fit_reader.py` fits it on dev sets and writes it; docs/guide/reader.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scoqa.errors import ModelNotFoundError

FILE = "calibration.json"
SHIPPED = Path(__file__).parent / "model" / FILE  # what a reader without one begins with
FEATURES = ("spans", "best", "gap", "search", "share", "agreement")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer as a whole; what the probabilities are computed from."""

    spans: float  # log of the odds of all spans of all windows against the null
    best: float  # the first place's own score over the null
    gap: float  # the first fact's score over the second's
    search: float  # the fused score of its passage: 1 is the best that the searches found
    share: float  # of the question's words, weighted by rarity, in its sentence or heading
    agreement: float  # log of the number of documents that say it


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights in the units of the model's scores (nats), and two logistic regressions.

    answerable, right: intercept, then one coefficient for each of FEATURES. threshold: the least
    probability that something answers at which an answer is shown.
    """

    search_weight: float
    share_weight: float
    answerable: tuple[float, ...]
    right: tuple[float, ...]
    threshold: float
    fitted_on: tuple[str, ...]


def probability(coefficients: Sequence[float], evidence: Evidence) -> float:
    """Return what the logistic regression with `coefficients` gives."""
    intercept, *weights = coefficients
    values = (getattr(evidence, name) for name in FEATURES)
    logit = intercept + sum(w * value for w, value in zip(weights, values, strict=True))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def read_calibration(folder: Path) -> Calibration:
    """Return the calibration kept in `folder`. Raises ModelNotFoundError."""
    file = folder / FILE
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        size = 1 + len(FEATURES)
        found = Calibration(
            search_weight=float(kept["search_weight"]),
            share_weight=float(kept["share_weight"]),
            answerable=tuple(float(each) for each in kept["answerable"]),
            right=tuple(float(each) for each in kept["right"]),
            threshold=float(kept["threshold"]),
            fitted_on=tuple(str(each) for each in kept["fitted_on"]),
        )
        if len(found.answerable) != size or len(found.right) != size:
            raise ValueError(f"a regression has not {size} numbers")
        weights = (found.search_weight, found.share_weight, *found.answerable, *found.right)
        if not all(map(math.isfinite, weights)) or not 0 <= found.threshold <= 1:
            raise ValueError("a weight is no number, or the threshold no probability")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotFoundError(
            f"{file} cannot be used ({error}): a reader's folder holds its calibration. Train with "
            "scoqa train-reader, which writes one."
        ) from error
    return found


def write_calibration(calibration: Calibration, folder: Path) -> None:
    """Write `calibration` into `folder`, as `read_calibration` reads it."""
    text = json.dumps(asdict(calibration), indent=1) + "\n"
    (folder / FILE).write_text(text, encoding="utf-8")
