"""Export a report as JSON, as a CSV table, and as TREC run and qrels files.

Input: a report or its records. Output: files, from which other tools can recompute any measure.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any
from urllib.parse import quote

from scoqa.evaluation.report.summary import MEANS
from scoqa.serial import json_text, to_json
from scoqa.types import Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that starts with these
_TAG = "scoqa"


def write_json(file: IO[str], report: Report, *, incidental: bool = True) -> None:
    """Write the complete report in the documented schema, one record per line.

    incidental: include times, dates and paths, which differ from run to run, under a separate
    key at the end.
    """
    head = {
        "fingerprint": report.fingerprint,
        "measures": report.measures,
        "groups": report.groups,
        "corrections": report.corrections,
    }
    text = json_text(to_json(head), indent=1)
    file.write(text.removesuffix("\n}") + ',\n "rows": [')
    for number, record in enumerate(report.rows):
        file.write((",\n  " if number else "\n  ") + json_text(record))
    file.write("\n ]")
    if incidental:
        times = json_text(to_json(report.incidental), indent=1)
        file.write(f',\n "incidental": {times}')
    file.write("\n}\n")


def write_csv(file: IO[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write one line per question: the question, the gold, the answer, and every measure.

    A missing number is an empty cell. Text that a spreadsheet would run as a formula gets a
    leading apostrophe.
    """
    table = csv.writer(file, lineterminator="\n")
    place = ("document", "start", "end")
    facts = ("answerable", "answered", "reason", "confidence", "blame")
    table.writerow(["id", "line", "kind", "question", "gold", "answer", *place, *facts, *MEANS])
    for record in records:
        first = record["citations"][0] if record["citations"] else {}
        cited = record["citations"] if record["answered"] else []
        row = [
            record["id"],
            record["line"],
            record["kind"],
            record["question"],
            "; ".join(gold["text"] for gold in record["gold"]),
            "; ".join(citation["quote"] for citation in cited),
            *(first.get(key) for key in place),
            *(record[key] for key in facts),
            *(record["measures"][name] for name in MEANS),
        ]
        table.writerow(map(_escape_cell, row))


def _escape_cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_run(file: IO[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write the rankings as a TREC run: question, Q0, passage, rank, score, name.

    The score only encodes the rank: tools sort by it, and might break ties in another order.
    """
    for record in records:
        ranking = record["ranking"]
        for rank, passage in enumerate(ranking, start=1):
            score = len(ranking) - rank + 1
            file.write(f"{_encode_id(record['id'])} Q0 {passage} {rank} {score} {_TAG}\n")


def write_qrels(file: IO[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write the judgements as TREC qrels: question, item, passage, relevance.

    The second column is TREC's subtopic: the item that the passage contains, or 0.
    """
    for record in records:
        for passage, item, relevance in record["judged"]:
            file.write(f"{_encode_id(record['id'])} {item} {passage} {relevance}\n")


def _encode_id(text: str) -> str:
    """Percent-encode white space, which separates the columns of TREC files."""
    return re.sub(r"[\s%]", lambda match: quote(match[0]), text)
