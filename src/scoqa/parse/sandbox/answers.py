"""Check the answers of parser processes, which a malicious file may have taken over.

Input: the bytes of an answer. Output: its values, of the types and within the limits that all
parsers keep to, or a ParseError.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from scoqa.errors import ParseError

# About 25,000 pages or ten million words. SQLite itself limits a text to a billion bytes.
MOST_CHARACTERS = 50_000_000
# The text of the largest document (up to 4 bytes per character), and the boxes of its characters
# (8 bytes each, 11 in base64), leave room for its marks.
MOST_ANSWER_BYTES = 2**30
MOST_MARKS = 5_000_000  # one per ten characters of the largest document
MOST_WARNINGS = 100
_LONGEST_PROBLEM = 1_000  # characters

_DIGEST = re.compile(r"[0-9a-f]{64}")
# Keys of the answer to "parse"; `worker.parse` describes them.
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "digest": str, "modified": str, "text": str, "text_digest": str,
    "title": (str, type(None)), "marks": list, "warnings": list, "boxes": list,
}  # fmt: skip


def check_size(size: int, path: str) -> None:
    """Raise ParseError if an answer has more bytes than that of any document."""
    if size > MOST_ANSWER_BYTES:
        raise ParseError(
            path,
            f"made the parser return {size / 2**20:,.0f} MB; scoqa accepts at most "
            f"{MOST_ANSWER_BYTES // 2**20:,} MB. Split it, or exclude it.",
        )


def check_counts(marks: int, warnings: int, path: str) -> None:
    """Raise ParseError if a document has too many marks or warnings."""
    for count, most, name in (
        (marks, MOST_MARKS, "marks (headings, rows, pages)"),
        (warnings, MOST_WARNINGS, "warnings"),
    ):
        if count > most:
            raise ParseError(
                path, f"has {count:,} {name}; scoqa accepts at most {most:,}. Split it."
            )


def read_answer(data: bytes, path: str) -> dict[str, Any]:
    """Return the values of any answer. Raises ParseError if it is not one, or reports a problem."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise _not_an_answer(path) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("memory"), int):
        raise _not_an_answer(path)
    if "problem" in answer:
        answer["problem"] = str(answer["problem"])[:_LONGEST_PROBLEM]
    return answer


def check_document(answer: Mapping[str, Any], path: str) -> None:
    """Raise ParseError unless `answer` describes a document."""
    if not all(isinstance(answer.get(key), kind) for key, kind in _TYPES.items()):
        raise _not_an_answer(path)
    text, marks, warnings = answer["text"], answer["marks"], answer["warnings"]
    check_counts(len(marks), len(warnings), path)
    if (
        len(text) > MOST_CHARACTERS
        or not all(_DIGEST.fullmatch(answer[key]) for key in ("digest", "text_digest"))
        or not all(isinstance(each, str) for each in (*warnings, *answer["boxes"]))
        or not all(_is_mark(mark, len(text)) for mark in marks)
    ):
        raise _not_an_answer(path)


def _is_mark(mark: Any, length: int) -> bool:
    """Return whether `mark` is start, end, kind, label and box, in a text of `length`."""
    if not isinstance(mark, list) or len(mark) != 5:
        return False
    start, end, kind, label, box = mark
    return (
        type(start) is type(end) is int
        and 0 <= start <= end <= length
        and type(kind) is type(label) is str
        and (
            box is None
            or (
                isinstance(box, list)
                and len(box) == 4
                and all(isinstance(side, (int, float)) for side in box)
            )
        )
    )


def decode_bytes(value: Any, path: str) -> bytes:
    """Return the bytes of a base64 string of an answer. Raises ParseError if it is not one."""
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise _not_an_answer(path) from None


def _not_an_answer(path: str) -> ParseError:
    return ParseError(
        path,
        "made the parser return a result that is not a document. Exclude it, or save it again.",
    )
