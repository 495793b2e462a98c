"""Reading question sets: one JSON object a line.

Receives a file; hands on Questions, or says which line cannot be used and why. The format is in
`docs/guide/question-sets.md`; offsets are code points of the decoded document, end exclusive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scoqa.errors import QuestionSetError
from scoqa.types import Gold, Question


def read_questions(path: Path) -> list[Question]:
    """Return the questions in the JSONL file at `path`, in order.

    Raises QuestionSetError with the line's number and what is wrong with it.
    """
    return [question for _, question in numbered_questions(path)]


def numbered_questions(path: Path) -> list[tuple[int, Question]]:
    """Return (line, question) for the questions in `path`; as `read_questions`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise QuestionSetError(str(path), 0, f"cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise QuestionSetError(str(path), 0, "is not UTF-8 text; save it as UTF-8.") from error
    questions: list[tuple[int, Question]] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
            if question.id in seen:
                raise ValueError(f"the id {question.id!r} is used twice")
        except (ValueError, RecursionError) as error:  # JSONDecodeError is a ValueError
            raise QuestionSetError(str(path), number, str(error)) from error
        seen.add(question.id)
        questions.append((number, question))
    if not questions:
        raise QuestionSetError(str(path), 0, "holds no questions.")
    return questions


def _question(record: Any) -> Question:
    """Return the question in `record`; ValueError says what is wrong with it."""
    if not isinstance(record, Mapping):
        raise ValueError("the line is not a JSON object")
    if "turns" in record:
        raise ValueError("the row is a conversation (turns); only single questions are read")
    for key, kind in (("id", str), ("question", str), ("answerable", bool)):
        if not isinstance(record.get(key), kind):
            raise ValueError(f"{key} is missing or not {kind.__name__}")
    if not record["question"].strip():
        raise ValueError("question is empty")
    answers = _golds(record, "answers")
    evidence = _golds(record, "evidence")
    if record["answerable"] != bool(answers or evidence):
        raise ValueError("answerable does not agree with answers and evidence")
    all_required = bool(record.get("all_required", False))
    if all_required and any(gold.item is None for gold in answers):
        raise ValueError("all_required needs an item number on every answer")
    return Question(
        id=record["id"],
        question=record["question"],
        answers=answers,
        evidence=evidence,
        answerable=record["answerable"],
        kind=str(record.get("kind", "")),
        all_required=all_required,
    )


def _golds(record: Mapping[str, Any], key: str) -> tuple[Gold, ...]:
    rows = record.get(key, [])
    if not isinstance(rows, list):
        raise ValueError(f"{key} is not a list")
    golds: list[Gold] = []
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("document"), str):
            raise ValueError(f"{key} has an entry without a document")
        start, end = row.get("start"), row.get("end")
        # type() and not isinstance: true and false are no offsets.
        if type(start) is not int or type(end) is not int or not 0 <= start < end:
            raise ValueError(f"{key} has an entry with start {start!r} and end {end!r}")
        item = row.get("item")
        golds.append(
            Gold(row["document"], start, end, str(row.get("text", "")),
                 item if isinstance(item, int) else None)
        )  # fmt: skip
    return tuple(golds)


def resolve(question: Question, paths: Sequence[str], source: str, number: int) -> Question:
    """Return `question` with every gold document named by its whole path.

    paths: the documents of the index. A bare name stands for the one document of that name.
    Raises QuestionSetError when no document, or more than one, has the name.
    """

    def whole(gold: Gold) -> Gold:
        matches = [
            path for path in paths if path == gold.document or path.endswith(f"/{gold.document}")
        ]
        if gold.document in matches:
            matches = [gold.document]
        if len(matches) != 1:
            found = ", ".join(matches) if matches else "none in the index"
            raise QuestionSetError(
                source, number, f"document {gold.document!r} should name one document: {found}."
            )
        return replace(gold, document=matches[0])

    return replace(
        question,
        answers=tuple(map(whole, question.answers)),
        evidence=tuple(map(whole, question.evidence)),
    )


def check_places(question: Question, texts: Mapping[str, str], source: str, number: int) -> None:
    """Raise QuestionSetError unless every gold place lies in its text and holds its words.

    texts: by path. A set made for other files, or with other newlines, would otherwise be scored
    against the wrong characters without a word.
    """
    for gold in (*question.answers, *question.evidence):
        text = texts[gold.document]
        if gold.end > len(text):
            raise QuestionSetError(
                source, number, f"{gold.start}:{gold.end} leaves {gold.document}, which has "
                f"{len(text)} characters.",
            )  # fmt: skip
        found = text[gold.start : gold.end]
        if gold.text and found != gold.text:
            raise QuestionSetError(
                source, number, f"{gold.document} has {found!r:.80} at {gold.start}:{gold.end}, "
                f"not {gold.text!r:.80}.",
            )  # fmt: skip
