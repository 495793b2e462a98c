"""A report in the formats of others: a table, and the files of TREC.

Receives records; hands on files. Whoever doubts a number can compute it with tools of their own.
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

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run at the start of a cell
_TAG = "scoqa"


def write_json(file: IO[str], report: Report, *, incidental: bool = True) -> None:
    """Write the whole report, one record a line, in the documented schema.

    incidental: with times, dates and paths, which differ from run to run, under a key of their
    own at the end.
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
    """Write one line a question: what was asked, wanted, said, and every measure.

    A missing number is an empty cell. Text that a spreadsheet would run is put behind an
    apostrophe.
    """
    table = csv.writer(file, lineterminator="\n")
    place = ("document", "start", "end")
    facts = ("answerable", "answered", "reason", "confidence", "blame")
    table.writerow(["id", "line", "kind", "question", "gold", "answer", *place, *facts, *MEANS])
    for record in records:
        first = record["citations"][0] if record["citations"] else {}
        quotes = [each["quote"] for each in record["citations"]] if record["answered"] else []
        row = [
            record["id"],
            record["line"],
            record["kind"],
            record["question"],
            "; ".join(gold["text"] for gold in record["gold"]),
            "; ".join(quotes),
            *(first.get(key) for key in place),
            *(record[key] for key in facts),
            *(record["measures"][name] for name in MEANS),
        ]
        table.writerow(map(_cell, row))


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_run(file: IO[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write the rankings as TREC's run: question, Q0, passage, rank, score, name.

    The score only keeps the order: tools sort by it, and would break our ties in another way.
    """
    for record in records:
        ranking = record["ranking"]
        for rank, passage in enumerate(ranking, start=1):
            score = len(ranking) - rank + 1
            file.write(f"{_word(record['id'])} Q0 {passage} {rank} {score} {_TAG}\n")


def write_qrels(file: IO[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write the judgements as TREC's qrels: question, item, passage, relevance.

    The second column is TREC's subtopic: which item of a list the passage holds, else 0.
    """
    for record in records:
        for passage, item, relevance in record["judged"]:
            file.write(f"{_word(record['id'])} {item} {passage} {relevance}\n")


def _word(text: str) -> str:
    """Return an id without white space, which separates TREC's columns: percent-encoded."""
    return re.sub(r"[\s%]", lambda found: quote(found[0]), text)
