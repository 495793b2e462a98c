"""What a span model's scores are worth: weights and probabilities, fitted and kept with it.

Receives a model folder; hands on a `Calibration`, read from the calibration.json in it.
`tests/benchmarks/fit_reader.py` fits it on dev sets and writes it; docs/guide/reader.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from scoqa.errors import ModelNotFoundError

FILE = "calibration.json"
SHIPPED = Path(__file__).parent / "model" / FILE  # what a reader without one begins with
FEATURES = ("total", "focus", "similarity", "contact", "gap", "conflict", "excluded")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer; what the probabilities are computed from."""

    total: float  # the odds of all spans of the first place's window against its null, in nats
    focus: float  # log of the first place's share of the spans of its window, in nats; 0: contact
    similarity: float  # the cosine of the question and the first place's passage
    contact: float  # 1 if it is an address or number that is asked for: models score those low
    gap: float  # the first fact's weighed score over the second's, in nats
    conflict: float  # 1 if its block names another code, number, month or year instead
    excluded: float  # 1 if the text excludes it, -1 if the question asks for that


@dataclass(frozen=True, slots=True)
class Weights:
    """What a feature of a candidate adds to its score, or takes from it, in nats."""

    similarity: float  # added, times the cosine of question and passage
    share: float  # added, times the share of the question's words in its block
    conflict: float  # taken if its block is about another key of the question's kind
    kind: float  # added if it is of the kind that is asked for, taken if not
    excluded: float  # taken if the text excludes it, added if the question asks for that


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the candidates' features, and two logistic regressions.

    answerable, right: intercept, then one coefficient for each of FEATURES. threshold: the least
    probability that something answers at which an answer is shown. highest: the score that the
    best place of a window exceeds in one of 200 windows.
    """

    weights: Weights
    answerable: tuple[float, ...]
    right: tuple[float, ...]
    threshold: float
    highest: float
    fitted_on: tuple[str, ...]


WEIGHTS = tuple(each.name for each in fields(Weights))


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
            weights=Weights(**{name: float(kept["weights"][name]) for name in WEIGHTS}),
            answerable=tuple(float(each) for each in kept["answerable"]),
            right=tuple(float(each) for each in kept["right"]),
            threshold=float(kept["threshold"]),
            highest=float(kept["highest"]),
            fitted_on=tuple(str(each) for each in kept["fitted_on"]),
        )
        if len(found.answerable) != size or len(found.right) != size:
            raise ValueError(f"expected {size} coefficients for each probability")
        weights = (*astuple(found.weights), *found.answerable, *found.right, found.highest)
        if not all(map(math.isfinite, weights)) or not 0 <= found.threshold <= 1:
            raise ValueError("a weight is not finite, or the threshold is not a probability")
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
