"""Read question sets, and write them in scoqa's own format: one JSON object per line.

Input: a file in any supported format, optionally gzipped. Output: a QuestionSet, or an error that
names the invalid line and the reason. `docs/guide/question-sets.md` describes the formats;
`set_formats` reads CSV and SQuAD. Offsets are code points of the decoded document, end exclusive.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from scoqa.errors import QuestionSetError
from scoqa.evaluation.set_formats import Numbered, read_csv, read_squad
from scoqa.serial import json_text
from scoqa.types import Gold, Question

GZIP = b"\x1f\x8b"
# Unpacked size: six times SQuAD 2.0's training set, the largest set of documents and questions in
# use. As Python objects a set takes several times this size.
LARGEST_BYTES = 256 * 2**20
_TABLES = (".csv", ".tsv")
_ROWS = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions with gold places, and the documents the set contains, if any."""

    name: str  # the file's name, without folders
    digest: str  # sha256 of the file's bytes
    questions: tuple[tuple[int, Question], ...]  # (line, question), in order
    contexts: Mapping[str, str] = field(default_factory=dict)  # path -> text


def read_set(path: Path) -> QuestionSet:
    """Return the question set in the file at `path`.

    The suffix gives the format (.jsonl, .csv, .tsv); for any other suffix the content does.
    Raises QuestionSetError with the line number (0 for the whole file) and the reason.
    """
    source = str(path)
    data = _read_bytes(path)
    try:
        text = _unpack(data, path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QuestionSetError(source, 0, "is not UTF-8 text; save it as UTF-8.") from error
    numbered, contexts = _parse(text, path)
    if not numbered:
        raise QuestionSetError(source, 0, "contains no questions.")
    seen: set[str] = set()
    for line, question in numbered:
        if question.id in seen:
            raise QuestionSetError(source, line, f"the id {question.id!r} is used twice")
        seen.add(question.id)
    digest = hashlib.sha256(data).hexdigest()
    return QuestionSet(path.name, digest, tuple(numbered), contexts)


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise QuestionSetError(str(path), 0, f"cannot be read: {error.strerror}.") from error
    return _check_size(data, path)


def _unpack(data: bytes, path: Path) -> bytes:
    if not data.startswith(GZIP) and path.suffix.lower() != ".gz":
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return _check_size(file.read(LARGEST_BYTES + 1), path)
    except (OSError, EOFError, zlib.error) as error:
        raise QuestionSetError(str(path), 0, f"cannot be unpacked: {error}.") from error


def _check_size(data: bytes, path: Path) -> bytes:
    if len(data) > LARGEST_BYTES:
        most = f"{LARGEST_BYTES // 2**20} MB unpacked"
        raise QuestionSetError(str(path), 0, f"is larger than {most}; split it.")
    return data


def _parse(text: str, path: Path) -> tuple[list[Numbered], Mapping[str, str]]:
    """Return the questions and documents in `text`, choosing the format by name and content."""
    source = str(path)
    plain_name = path.name[:-3] if path.suffix.lower() == ".gz" else path.name
    suffix = PurePath(plain_name).suffix.lower()
    if suffix in _ROWS:
        return _parse_rows(text, source), {}
    if suffix in _TABLES or text.lstrip()[:1] not in ("{", "["):
        return read_csv(text, source), {}
    start = len(text) - len(text.lstrip())
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
        if isinstance(value, Mapping) and "data" not in value:
            return _parse_rows(text, source), {}
        rest = text[end:].lstrip()
        if rest:
            raise json.JSONDecodeError("Extra data", text, len(text) - len(rest))
    except json.JSONDecodeError as error:
        raise QuestionSetError(source, error.lineno, _describe_json_error(error)) from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 1,000 brackets
        raise QuestionSetError(source, 0, _describe_json_error(error)) from error
    return read_squad(value, text, source)


def _describe_json_error(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "is not usable JSON: it is nested too deeply"
    return str(error)


# -- scoqa's own format ----------------------------------------------------------------------------


def _parse_rows(text: str, source: str) -> list[Numbered]:
    numbered: list[Numbered] = []
    # Only these end a line: other separators may occur inside a question.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:  # JSONDecodeError is a ValueError
            raise QuestionSetError(source, number, _describe_json_error(error)) from error
        try:
            numbered.append((number, _parse_question(record)))
        except ValueError as error:
            raise QuestionSetError(source, number, str(error)) from error
    return numbered


def _parse_question(record: Any) -> Question:
    """Return the question in `record`; raises ValueError with the reason if it is invalid."""
    if not isinstance(record, Mapping):
        raise ValueError("the line is not a JSON object")
    if "turns" in record:
        raise ValueError("the row is a conversation (turns); only single questions are read")
    for key, kind in (("id", str), ("question", str), ("answerable", bool)):
        if not isinstance(record.get(key), kind):
            raise ValueError(f"{key} is missing or not {kind.__name__}")
    for key, default in (("kind", ""), ("all_required", False)):
        if not isinstance(record.get(key, default), type(default)):
            raise ValueError(f"{key} is not {type(default).__name__}")
    if not record["id"]:
        raise ValueError("id is empty")
    if not record["question"].strip():
        raise ValueError("question is empty")
    answers = _parse_golds(record, "answers")
    evidence = _parse_golds(record, "evidence")
    if record["answerable"] != bool(answers or evidence):
        raise ValueError("answerable does not agree with answers and evidence")
    all_required = record.get("all_required", False)
    if all_required and any(gold.item is None for gold in answers):
        raise ValueError("all_required needs an item number on every answer")
    return Question(
        id=record["id"],
        question=record["question"],
        answers=answers,
        evidence=evidence,
        answerable=record["answerable"],
        kind=record.get("kind", ""),
        all_required=all_required,
    )


def _parse_golds(record: Mapping[str, Any], key: str) -> tuple[Gold, ...]:
    rows = record.get(key, [])
    if not isinstance(rows, list):
        raise ValueError(f"{key} is not a list")
    return tuple(_parse_gold(row, key) for row in rows)


def _parse_gold(row: Any, key: str) -> Gold:
    if not isinstance(row, Mapping) or not isinstance(row.get("document"), str):
        raise ValueError(f"{key} has an entry without a document")
    text, item = row.get("text", ""), row.get("item")
    if not isinstance(text, str):
        raise ValueError(f"{key} has an entry whose text is {text!r:.80}")
    # type() and not isinstance, which accepts true and false as integers.
    if item is not None and type(item) is not int:
        raise ValueError(f"{key} has an entry with item {item!r:.80}")
    if text.strip() and "start" not in row and "end" not in row:
        return Gold(row["document"], 0, 0, text, item)  # without offsets: its text is searched for
    start, end = row.get("start"), row.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise ValueError(f"{key} has an entry with start {start!r} and end {end!r}")
    return Gold(row["document"], start, end, text, item)


def to_jsonl(questions: Iterable[Question]) -> str:
    """Return `questions` in scoqa's own format, which `read_set` reads.

    An answer without offsets is written without them. Raises ValueError for a question with a
    history, which the format does not support.
    """
    return "".join(json_text(_question_to_json(question)) + "\n" for question in questions)


def _question_to_json(question: Question) -> dict[str, Any]:
    if question.history:
        raise ValueError(
            f"the question {question.id!r} has a history, which question sets do not support"
        )
    row: dict[str, Any] = {
        "id": question.id,
        "question": question.question,
        "answers": [_gold_to_json(gold) for gold in question.answers],
        "evidence": [_gold_to_json(gold) for gold in question.evidence],
        "answerable": question.answerable,
        "kind": question.kind,
    }
    return {**row, "all_required": True} if question.all_required else row


def _gold_to_json(gold: Gold) -> dict[str, Any]:
    entry: dict[str, Any] = {"document": gold.document}
    if gold.text:
        entry["text"] = gold.text
    if gold.start < gold.end:
        entry |= {"start": gold.start, "end": gold.end}
    if gold.item is not None:
        entry["item"] = gold.item
    return entry
