"""Records and reports made by hand, for tests of what is made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoqa.evaluation.report.summary import MEANS, Columns, summarise
from scoqa.types import Report

_TEXT = "The beacon was lit on 3 May 1903"


def record(
    number: int,
    *,
    blame: str | None = None,
    kind: str = "when",
    text: str = _TEXT,
    identity: str | None = None,
) -> dict[str, Any]:
    """Return the record of a question with this outcome, as evaluate.record writes it."""
    answerable = blame != "unanswerable"
    answered = blame != "threshold"
    place = {
        "document": f"{number}-{text[:20]}.txt" if text != _TEXT else "harbour.txt",
        "start": 300,
        "end": 300 + len(text),
        "before": f"about the harbour. {text[:40]} ",
        "after": " and it burns still",
        "text": text,
        "document_id": "d",
        "text_digest": "t",
    }
    lost = {"document": "gone.txt", "start": -1, "end": -1, "item": None, "text": text}
    gold = [lost] if blame == "parse" else [{**place, "item": None}]
    right = answerable and blame in (None, "threshold")
    measures: dict[str, float | None] = {
        name: (float(right) if answerable or name == "Brier" else None) for name in MEANS
    }
    measures |= {"silence accuracy": float(answered == answerable), "verbatim": 1.0}
    return {
        "id": f"q-{number}" if identity is None else identity,
        "line": number + 1,
        "question": f"When was beacon {number} lit? {text}"
        if text != _TEXT
        else f"Beacon {number}?",
        "kind": kind,
        "answerable": answerable,
        "all_required": False,
        "answered": answered,
        "reason": None if answered else "low_confidence",
        "confidence": (number * 37 % 100) / 100,
        "answerable_probability": (number * 53 % 100) / 100,
        "right": right,
        "blame": blame,
        "rank": None if blame in ("parse", "split", "unanswerable") else number % 7 + 1,
        "measures": measures,
        "gold": gold if answerable else [],
        "evidence": [],
        "citations": [{**place, "quote": text, "line": 7, "also_in": []}],
        "ranking": [],
        "judged": [],
    }


def _time(seconds: float) -> dict[str, float]:
    return {"value": seconds, "low": 0.9 * seconds, "high": 1.1 * seconds, "count": 2}


def report_of(
    records: Sequence[dict[str, Any]],
    *,
    name: str = "set.jsonl",
    started: str = "2020-01-01T00:00:00",
    seconds: float = 0.1,
) -> Report:
    """Return the report of these records."""
    columns = Columns(records)
    return Report(
        measures=summarise(columns),
        groups={group: summarise(columns, mask) for group, mask in columns.groups().items()},
        rows=records,
        fingerprint={"reader": "sentence@2", "scoqa": "0.1.0"},
        incidental={
            "set": name,
            "run": f"run-{started}",
            "started": started,
            "seconds": {
                "stages": {
                    "read": {"median": _time(seconds), "95th percentile": _time(2 * seconds)},
                    "all": {"median": _time(2 * seconds), "95th percentile": _time(3 * seconds)},
                },
                "kinds": {},
            },
        },
    )
