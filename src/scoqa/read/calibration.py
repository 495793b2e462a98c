"""Read, write and apply the calibration of a span model: feature weights and probabilities.

Input: a model folder. Output: a `Calibration`, read from its calibration.json.
`tests/benchmarks/fit_reader.py` fits and writes it on dev sets; see docs/guide/reader.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from scoqa.errors import ModelNotFoundError

FILE = "calibration.json"
SHIPPED = Path(__file__).parent / "model" / FILE  # copied to new readers
FEATURES = ("total", "focus", "similarity", "contact", "gap", "conflict", "excluded")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The features of an answer from which its probabilities are computed."""

    total: float  # log odds of all spans of the first place's window against its null, in nats
    focus: float  # log of the first place's share of its window's spans, in nats; 0 for a contact
    similarity: float  # the cosine of the question and the first place's passage
    contact: float  # 1 if it is a requested address or number, because models score those low
    gap: float  # the first fact's weighted score minus the second's, in nats
    conflict: float  # 1 if its block names a different code, number, month or year
    excluded: float  # 1 if the text excludes it, -1 if the question asks for exclusions


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature of a candidate changes its score, in nats."""

    similarity: float  # times the cosine of question and passage, added
    share: float  # times the share of the question's words in its block, added
    conflict: float  # subtracted if its block is about a different key of the same kind
    kind: float  # added if it is of the requested kind, subtracted if not
    excluded: float  # subtracted if the text excludes it, added if the question asks for that


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the candidates' features, and two logistic regressions.

    Parameters
    ----------
    answerable, right
        The intercept, then one coefficient for each of FEATURES.
    threshold
        The least probability of an answer at which an answer is shown.
    highest
        The score that the best place of a window exceeds in one of 200 windows.
    fitted_on
        The names of the dev sets.
    """

    weights: Weights
    answerable: tuple[float, ...]
    right: tuple[float, ...]
    threshold: float
    highest: float
    fitted_on: tuple[str, ...]


WEIGHTS = tuple(field.name for field in fields(Weights))


def compute_probability(coefficients: Sequence[float], evidence: Evidence) -> float:
    """Return the probability from the logistic regression with `coefficients`, intercept first."""
    intercept, *weights = coefficients
    values = (getattr(evidence, name) for name in FEATURES)
    logit = intercept + sum(w * value for w, value in zip(weights, values, strict=True))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def read_calibration(folder: Path) -> Calibration:
    """Return the calibration in `folder`. Raises ModelNotFoundError if it cannot be used."""
    file = folder / FILE
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        size = 1 + len(FEATURES)
        calibration = Calibration(
            weights=Weights(**{name: float(record["weights"][name]) for name in WEIGHTS}),
            answerable=tuple(float(value) for value in record["answerable"]),
            right=tuple(float(value) for value in record["right"]),
            threshold=float(record["threshold"]),
            highest=float(record["highest"]),
            fitted_on=tuple(str(name) for name in record["fitted_on"]),
        )
        if len(calibration.answerable) != size or len(calibration.right) != size:
            raise ValueError(f"expected {size} coefficients for each probability")
        numbers = (
            *astuple(calibration.weights),
            *calibration.answerable,
            *calibration.right,
            calibration.highest,
        )
        if not all(map(math.isfinite, numbers)) or not 0 <= calibration.threshold <= 1:
            raise ValueError("a weight is not finite, or the threshold is not a probability")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotFoundError(
            f"{file} cannot be used ({error}). A reader's folder must contain its calibration. "
            "Train the reader with scoqa train-reader, which writes one."
        ) from error
    return calibration


def write_calibration(calibration: Calibration, folder: Path) -> None:
    """Write `calibration` to `folder`, for `read_calibration`."""
    text = json.dumps(asdict(calibration), indent=1) + "\n"
    (folder / FILE).write_text(text, encoding="utf-8")
