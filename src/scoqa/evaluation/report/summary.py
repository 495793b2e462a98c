"""Aggregate records into measures, over all questions and over groups of them.

Input: the records of a run, iterated once. Output: a Measure per name. Only the numbers of each
record are stored, so a run may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scoqa.evaluation import statistics
from scoqa.evaluation.statistics import Column, Statistic
from scoqa.types import Measure

# Measures that are means over the questions with a value, in display order.
MEANS = (
    *("Success@1", "Success@5", "Success@10", "RR", "nDCG@10", "evidence share"),
    *("EM", "F1", "item precision", "item recall", "item F1"),
    *("citation precision", "citation recall", "right document", "right place", "verbatim"),
    *("silence accuracy", "false silences", "false answers", "Brier"),
)
# Measures computed over all questions together, each with its columns.
TOGETHER: dict[str, tuple[Statistic, str, str]] = {
    "AUROC": (statistics.auroc, "answerable_probability", "answerable"),
    "AURC": (statistics.aurc, "confidence", "right"),
    "calibration error": (statistics.calibration_error, "confidence", "right"),
}
ABOUT: dict[str, tuple[str, ...]] = {
    "ranking": MEANS[:6],
    "answer": MEANS[6:11],
    "citation": MEANS[11:16],
    "silence": (*MEANS[16:19], "AUROC", "AURC", "Brier", "calibration error"),
}
NAMES = tuple(name for names in ABOUT.values() for name in names)
LESS_IS_BETTER = frozenset(
    {"false silences", "false answers", "AURC", "Brier", "calibration error"}
)
RESERVED = ("all", "answerable", "unanswerable")  # names of groups that are not kinds
_GROUP = "is answerable"
COLUMNS = ("confidence", "answerable_probability", "answerable", "right")


class Columns:
    """The numbers of many records, one array per column; NaN if a record has no number."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.ids: list[str] = []
        self.kinds: list[str] = []
        numbers: list[tuple[float, ...]] = []
        for record in records:
            self.ids.append(record["id"])
            self.kinds.append(record["kind"])
            means = (record["measures"][name] for name in MEANS)
            # Questions with evidence and no answers do not count for silence and confidence.
            counts = record["measures"]["Brier"] is not None
            numbers.append(
                (
                    *(np.nan if value is None else value for value in means),
                    *(float(record[name]) if counts else np.nan for name in COLUMNS),
                    float(record["answerable"]),
                )
            )
        names = (*MEANS, *COLUMNS, _GROUP)
        width = len(names)
        table = np.array(numbers, dtype=np.float64).reshape(len(numbers), width)
        self._columns = dict(zip(names, table.T, strict=True))

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def groups(self) -> dict[str, Column]:
        """Return a mask per group: kinds sorted by name, then answerable and unanswerable."""
        kinds = np.array(self.kinds, dtype=object)
        named = {kind: f"kind {kind}" if kind in RESERVED else kind for kind in set(self.kinds)}
        masks = {named[kind]: kinds == kind for kind in sorted(named) if kind}
        answerable = self[_GROUP] == 1
        if answerable.any() and not answerable.all():
            masks |= {"answerable": answerable, "unanswerable": ~answerable}
        return masks

    def data(self, name: str) -> tuple[Statistic, tuple[Column, ...]]:
        """Return the statistic of the measure `name`, and the columns it takes."""
        if name in TOGETHER:
            statistic, *columns = TOGETHER[name]
            return statistic, tuple(self[column] for column in columns)
        return statistics.mean, (self[name],)

    def calibrated(self) -> tuple[Column, Column]:
        """Return the columns `confidence` and `right` of the questions that have both."""
        known = ~np.isnan(self["confidence"])
        return self["confidence"][known], self["right"][known]


def summarise(columns: Columns, within: Column | None = None) -> dict[str, Measure]:
    """Return every measure over the records in the mask `within`, or over all records."""
    measures: dict[str, Measure] = {}
    for name in NAMES:
        statistic, data = columns.data(name)
        if within is not None:
            data = tuple(column[within] for column in data)
        measures[name] = compute_measure(statistic, data)
    return measures


def compute_measure(statistic: Statistic, data: Sequence[Column]) -> Measure:
    """Return the statistic of `data` with its interval; rows with NaN are left out."""
    known = ~np.isnan(np.array(data)).any(axis=0)
    data = [column[known] for column in data]
    value = statistic(*data)
    if value is None:
        return Measure(None, None, None, 0)
    low, high = statistics.interval(statistic, data) or (None, None)
    return Measure(value, low, high, int(known.sum()))


def seconds_by_stage(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return median and 95th percentile of the seconds per stage, and of their sum ("all").

    entries: {"record", "seconds"} for every question. Returns two mappings, "stages" and "kinds";
    "kinds" has the time of all stages by kind of question. Each number is a Measure.
    """
    stages: dict[str, list[float]] = {}
    kinds: dict[str, list[float]] = {}
    for entry in entries:
        seconds = entry["seconds"]
        total = sum(seconds.values())
        for stage, stage_seconds in {**seconds, "all": total}.items():
            stages.setdefault(stage, []).append(stage_seconds)
        if kind := entry["record"]["kind"]:
            kinds.setdefault(kind, []).append(total)
    return {
        "stages": {name: _percentiles(values) for name, values in stages.items()},
        "kinds": {name: _percentiles(kinds[name]) for name in sorted(kinds)},
    }


def _percentiles(values: list[float]) -> dict[str, Measure]:
    column = (np.array(values),)
    return {
        "median": compute_measure(lambda values: float(np.median(values)), column),
        "95th percentile": compute_measure(lambda values: float(np.quantile(values, 0.95)), column),
    }
