"""Two reports of one set: what became better or worse, and whether it can be chance.

Receives two reports' records; hands on the difference of each measure with its interval, and which
questions were won and lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scoqa.errors import ConfigError, QuestionSetError
from scoqa.evaluation import statistics
from scoqa.evaluation.report.summary import COLUMNS, LESS_IS_BETTER, MEANS, NAMES, Columns
from scoqa.evaluation.runs import renamed_measures
from scoqa.evaluation.statistics import Column, Statistic
from scoqa.types import SCORE_PLACES

# Five questions that all lose are no proof: were it luck, either way, that happens more often than
# once in twenty (2 / 2 ** 5); six are.
FEWEST = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure before and after, over the questions that have it in both, and their difference.

    low, high: the 95 % interval of `change`, from resampling the questions in pairs; None with
    fewer than FEWEST of them.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    count: int
    verdict: str  # "better", "worse", or "noise": the interval holds 0, or there is none


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two reports. wins, losses: ids of questions that went right or wrong."""

    measures: Mapping[str, Difference | None]
    wins: tuple[str, ...]
    losses: tuple[str, ...]
    fingerprint: Mapping[str, tuple[str | None, str | None]]  # what is not the same: before, after


@dataclass(frozen=True, slots=True)
class Limit:
    """How much worse a measure may become: `F1 -0.01`."""

    measure: str
    least: float

    @classmethod
    def read(cls, text: str) -> Limit:
        """Return the limit in "MEASURE CHANGE"; raises ConfigError when it is none."""
        name, _, number = text.strip().rpartition(" ")
        names = {each.casefold(): each for each in NAMES}
        try:
            least = float(number)
            measure = names[name.strip().casefold()]
        except (ValueError, KeyError):
            raise _no_limit(text) from None
        worse = least if measure in LESS_IS_BETTER else -least
        if not 0 <= worse < np.inf:
            raise _no_limit(text)
        return cls(measure, least)

    def is_broken(self, difference: Difference | None) -> bool:
        """Return whether the measure is worse by more than allowed, and not by chance.

        The change is beyond the limit, and its interval holds no change that is not worse. A
        measure that does not exist in both reports breaks every limit: nothing was held to it.
        """
        if difference is None:
            return True
        sign = -1 if self.measure in LESS_IS_BETTER else 1
        worse_by = round(sign * (self.least - difference.change), SCORE_PLACES)
        return worse_by > 0 and difference.verdict == "worse"


_COMPARED = ("id", "question", "kind", "blame", "measures", *COLUMNS)


def _no_limit(text: str) -> ConfigError:
    return ConfigError(
        source="--fail-on",
        key="limit",
        value=text,
        allowed='a measure and how much worse it may become, like "F1 -0.01" or '
        f'"false answers 0.02"; the measures are {", ".join(NAMES)}',
    )


def compare(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    fingerprints: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> Comparison:
    """Return how the records `after` differ from those `before`, question by question.

    Raises QuestionSetError when they have no question in common.
    """
    old = {record["id"]: numbers_of(record) for record in before}
    pairs = [
        (old[record["id"]], numbers_of(record))
        for record in after
        if record["id"] in old and old[record["id"]]["question"] == record["question"]
    ]
    if not pairs:
        raise QuestionSetError("--compare", 0, "the two reports have no question in common.")
    first, second = Columns([one for one, _ in pairs]), Columns([other for _, other in pairs])
    keys = sorted({*fingerprints[0], *fingerprints[1]})
    return Comparison(
        measures={name: _difference(name, first, second) for name in NAMES},
        wins=tuple(new["id"] for was, new in pairs if was["blame"] and not new["blame"]),
        losses=tuple(new["id"] for was, new in pairs if not was["blame"] and new["blame"]),
        fingerprint={
            key: (fingerprints[0].get(key), fingerprints[1].get(key))
            for key in keys
            if fingerprints[0].get(key) != fingerprints[1].get(key)
        },
    )


def _difference(name: str, before: Columns, after: Columns) -> Difference | None:
    """Return the difference over the questions that have the measure in both reports."""
    statistic, old = before.data(name)
    _, new = after.data(name)
    known = ~np.isnan(np.array([*old, *new])).any(axis=0)
    columns = [column[known] for column in (*old, *new)]
    width = len(old)
    was, now = statistic(*columns[:width]), statistic(*columns[width:])
    if was is None or now is None:
        return None
    low, high = None, None
    if known.sum() >= FEWEST:
        low, high = _interval(statistic, columns, width) or (None, None)
    if low is None or high is None or low <= 0 <= high:
        verdict = "noise"
    else:
        verdict = "worse" if (low > 0) == (name in LESS_IS_BETTER) else "better"
    return Difference(was, now, now - was, low, high, int(known.sum()), verdict)


def _interval(
    statistic: Statistic, columns: Sequence[Column], width: int
) -> tuple[float, float] | None:
    if statistic is statistics.mean:  # of differences: the same, and faster
        return statistics.interval(statistic, [columns[1] - columns[0]])

    def change(*drawn: Column) -> float | None:
        was, now = statistic(*drawn[:width]), statistic(*drawn[width:])
        return None if was is None or now is None else now - was

    return statistics.interval(change, columns)


def numbers_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a record is compared: a thousandth of some."""
    return {key: record[key] for key in _COMPARED}


def read_report(path: Path) -> tuple[list[Mapping[str, Any]], Mapping[str, str]]:
    """Return the numbers of every record, and the fingerprint, of a report written as JSON.

    As `scoqa evaluate --json` writes it, one record a line, it is read a line at a time.
    Raises QuestionSetError when the file holds none.
    """
    records: list[Mapping[str, Any]] = []
    rest: list[str] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                whole = line.strip().rstrip(",")
                if whole.startswith('{"id":') and whole.endswith("}"):
                    records.append(_numbers(json.loads(whole), len(records)))
                else:
                    rest.append(line)
        report = json.loads("".join(rest))
        for record in report["rows"]:  # laid out in another way
            records.append(_numbers(record, len(records)))
        fingerprint = report["fingerprint"]
        return records, {str(key): str(value) for key, value in fingerprint.items()}
    except OSError as error:
        raise QuestionSetError(str(path), 0, f"cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise QuestionSetError(
            str(path), 0, f"is no report ({error}). Write one with: scoqa evaluate SET --json FILE"
        ) from error


def _numbers(record: Any, number: int) -> dict[str, Any]:
    if isinstance(record, dict) and isinstance(record.get("measures"), dict):
        record = renamed_measures(record)
    if not _is_record(record):
        raise ValueError(f"rows[{number}] is no record of a question")
    return numbers_of(record)


def _is_record(record: Any) -> bool:
    numbers = (int, float, type(None))
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(key), str) for key in ("id", "question", "kind"))
        and all(isinstance(record.get(key), (int, float)) for key in COLUMNS)
        and isinstance(record.get("blame", 0), (str, type(None)))
        and isinstance(record.get("measures"), dict)
        and all(isinstance(record["measures"].get(name, ""), numbers) for name in MEANS)
    )
