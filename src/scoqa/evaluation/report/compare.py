"""Compare two reports of one set: which measures changed, and whether chance explains it.

Input: the records of two reports. Output: the difference of each measure with its interval, and
the questions won and lost.
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
from scoqa.evaluation.runs import rename_measures
from scoqa.evaluation.statistics import Column, Statistic
from scoqa.types import SCORE_PLACES

# Five questions that all change in one direction prove nothing: by luck alone that happens more
# often than once in twenty (2 / 2 ** 5). With six it is rarer.
FEWEST = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure before and after, over the questions that have it in both reports.

    low, high: the 95 % interval of `change`, from resampling the questions in pairs; None with
    fewer than FEWEST questions.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    count: int
    verdict: str  # "better", "worse", or "noise" if the interval contains 0 or is missing


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes between two reports. wins, losses: ids of questions now right or now wrong."""

    measures: Mapping[str, Difference | None]
    wins: tuple[str, ...]
    losses: tuple[str, ...]
    fingerprint: Mapping[str, tuple[str | None, str | None]]  # differing keys: (before, after)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much worse a measure may become, such as `F1 -0.01`."""

    measure: str
    least: float

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Parse a limit of the form "MEASURE CHANGE"; raises ConfigError if it is malformed."""
        name, _, number = text.strip().rpartition(" ")
        names = {known.casefold(): known for known in NAMES}
        try:
            least = float(number)
            measure = names[name.strip().casefold()]
        except (ValueError, KeyError):
            raise _limit_error(text) from None
        worse = least if measure in LESS_IS_BETTER else -least
        if not 0 <= worse < np.inf:
            raise _limit_error(text)
        return cls(measure, least)

    def is_broken(self, difference: Difference | None) -> bool:
        """Return whether the measure became worse by more than the limit, and not by chance.

        Not by chance means that the confidence interval lies entirely on the worse side. A
        measure missing from either report counts as broken, because it could not be checked.
        """
        if difference is None:
            return True
        sign = -1 if self.measure in LESS_IS_BETTER else 1
        worse_by = round(sign * (self.least - difference.change), SCORE_PLACES)
        return worse_by > 0 and difference.verdict == "worse"


_COMPARED = ("id", "question", "kind", "blame", "measures", *COLUMNS)


def _limit_error(text: str) -> ConfigError:
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
    """Return how the records `after` differ from the records `before`, question by question.

    fingerprints: of the two reports, in the same order. Raises QuestionSetError if the reports
    have no question in common.
    """
    old = {record["id"]: select_compared(record) for record in before}
    pairs = [
        (old[record["id"]], select_compared(record))
        for record in after
        if record["id"] in old and old[record["id"]]["question"] == record["question"]
    ]
    if not pairs:
        raise QuestionSetError("--compare", 0, "the two reports have no question in common.")
    first, second = Columns([was for was, _ in pairs]), Columns([now for _, now in pairs])
    keys = sorted({*fingerprints[0], *fingerprints[1]})
    return Comparison(
        measures={name: _difference(name, first, second) for name in NAMES},
        wins=tuple(now["id"] for was, now in pairs if was["blame"] and not now["blame"]),
        losses=tuple(now["id"] for was, now in pairs if not was["blame"] and now["blame"]),
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
    if statistic is statistics.mean:  # the mean of the differences: equal, and faster
        return statistics.interval(statistic, [columns[1] - columns[0]])

    def change(*drawn: Column) -> float | None:
        was, now = statistic(*drawn[:width]), statistic(*drawn[width:])
        return None if was is None or now is None else now - was

    return statistics.interval(change, columns)


def select_compared(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that a comparison needs, at best a thousandth of its size."""
    return {key: record[key] for key in _COMPARED}


def read_report(path: Path) -> tuple[list[Mapping[str, Any]], Mapping[str, str]]:
    """Read a JSON report; return the compared fields of every record, and the fingerprint.

    A report with one record per line, the layout of `scoqa evaluate --json`, is read line by
    line. Raises QuestionSetError if the file contains no report.
    """
    records: list[Mapping[str, Any]] = []
    rest: list[str] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                text = line.strip().rstrip(",")
                if text.startswith('{"id":') and text.endswith("}"):
                    records.append(_read_record(json.loads(text), len(records)))
                else:
                    rest.append(line)
        report = json.loads("".join(rest))
        for record in report["rows"]:  # records in any other layout
            records.append(_read_record(record, len(records)))
        fingerprint = report["fingerprint"]
        return records, {str(key): str(value) for key, value in fingerprint.items()}
    except OSError as error:
        raise QuestionSetError(str(path), 0, f"cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise QuestionSetError(
            str(path),
            0,
            f"is not a report ({error}). Write one with: scoqa evaluate SET --json FILE",
        ) from error


def _read_record(record: Any, number: int) -> dict[str, Any]:
    if isinstance(record, dict) and isinstance(record.get("measures"), dict):
        record = rename_measures(record)
    if not _is_record(record):
        raise ValueError(f"rows[{number}] is not a question record")
    return select_compared(record)


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
