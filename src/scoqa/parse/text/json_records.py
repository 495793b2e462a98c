"""Parse JSON and JSON lines: one "key: value" line per value.

Input: the bytes of a file. Output: its keys and values in file order, built from the characters of
the file. An object inside another one follows its key, after a blank line. Each record of a file
with JSON lines is marked with the number of its line. Files that scoqa itself writes have no text.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath
from typing import Any

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.common.text_decoding import decode, replace_unstorable
from scoqa.types import Parser

PARSER = Parser("json", "1")

MALFORMED = "is malformed JSON; its text was read as it is."
# Files that scoqa writes or reads, by some of their keys (docs/guide/data-model.md).
_OWN_KINDS = (
    (frozenset(("question", "asked", "citations")), "an answer"),
    (frozenset(("answer", "hits", "windows")), "an answer"),
    (frozenset(("passage", "found_by")), "a search result"),
    (frozenset(("fingerprint", "measures")), "an evaluation report"),
    (frozenset(("question", "answers")), "a question set"),
    (frozenset(("question", "answerable")), "a question set"),
)
MOST_DEPTH = 200  # of objects and lists; the JSON parser itself stops at about a thousand
_LINE_END = re.compile(r"\r\n|\r|\n")


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in file order, with those that have the same key."""


def read(data: bytes, path: str) -> Parsed:
    """Return the keys and values of a file, or its text if it is malformed. Raises ParseError."""
    text, warnings = decode(data, path)
    is_lines = PurePath(path).suffix.lower() in (".jsonl", ".ndjson")
    writer = Writer()
    try:
        if is_lines:
            for number, line in enumerate(_LINE_END.split(text), start=1):
                if line.strip():
                    value = parse_json(line)
                    if not writer.length and (own := find_own_kind(value)):
                        return Parsed("", None, (), (*warnings, own))
                    writer.ensure_gap()
                    with writer.mark("row", str(number)):
                        _write(writer, value, 0)
        elif text.strip():
            value = parse_json(text)
            if own := find_own_kind(value):
                return Parsed("", None, (), (*warnings, own))
            _write(writer, value, 0)
    except (ValueError, RecursionError):
        return Parsed(text, None, (), (*warnings, MALFORMED))
    if not writer.length and not warnings:
        warnings = (NO_TEXT,)
    return writer.to_parsed(None, warnings=warnings)


def find_own_kind(value: Any) -> str | None:
    """Return a warning if `value` is what scoqa itself writes or is asked with, or None.

    As documents, saved answers would confirm themselves, and question sets contain their answers.
    """
    first = value[0] if type(value) is list and value else value
    members = dict(first) if isinstance(first, _Pairs) else {}
    kind = next((kind for keys, kind in _OWN_KINDS if keys <= members.keys()), None)
    data = members.get("data")
    if (
        type(data) is list
        and data
        and isinstance(data[0], _Pairs)
        and "paragraphs" in dict(data[0])
    ):
        kind = "a question set"
    return None if kind is None else f"is {kind} of scoqa, which is not read as a document."


def parse_json(text: str) -> Any:
    """Return a JSON value; numbers as they are written, objects as `_Pairs`.

    Raises ValueError if it is malformed, RecursionError if it is nested too deeply.
    """
    return json.loads(
        text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_Pairs
    )


def _write(writer: Writer, value: Any, depth: int) -> None:
    """Write a value: the members of an object as lines, the items of a list as lines."""
    if depth > MOST_DEPTH:
        raise RecursionError
    if isinstance(value, _Pairs):
        gap = "\n"
        for key, member in value:
            is_nested = _write_member(writer, replace_unstorable(key), member, depth, gap)
            gap = "\n\n" if is_nested else "\n"
    elif isinstance(value, list):
        has_records = any(isinstance(item, list) for item in value)
        for item in value:
            writer.ensure_gap("\n\n" if has_records else "\n")
            _write(writer, item, depth + 1)
    else:
        writer.add(_format_scalar(value))


def _write_member(writer: Writer, key: str, value: Any, depth: int, gap: str) -> bool:
    """Write a member of an object after `gap`; return whether it is more than one line."""
    is_nested = isinstance(value, list) and any(isinstance(i, (list, tuple)) for i in value)
    if is_nested:
        writer.ensure_gap()
        writer.add(f"{key}:")
        writer.ensure_gap("\n")
        _write(writer, value, depth + 1)
        return True
    values = value if isinstance(value, list) else [value]
    if text := ", ".join(filter(None, map(_format_scalar, values))):
        writer.ensure_gap(gap)
        writer.add(f"{key}: {text}")
    return False


def _format_scalar(value: Any) -> str:
    """Return a string, number or truth value as text; null is ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return replace_unstorable(str(value)).strip()
