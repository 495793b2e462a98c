"""Convert scoqa's values to JSON, and saved answers back.

Input: values. Output: dicts, lists, numbers and strings in the schema that all interfaces share;
`docs/guide/data-model.md` lists the fields. Answers can be converted in both directions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, get_args

from scoqa.types import SCORE_PLACES, Answer, Citation, Parser, Reason


def to_json(value: Any) -> Any:
    """Convert `value` to dicts, lists, numbers and strings in the documented schema.

    Keys are the field names of scoqa.types; floats are rounded to SCORE_PLACES.
    """
    if isinstance(value, float):
        return round(value, SCORE_PLACES)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Parser):
        return {"name": value.name, "version": value.version}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(item) for item in value]
    return value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return plain values as JSON text that every Unicode encoding can represent.

    Lone surrogates, which no encoding can represent, are written as JSON escapes.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_T = TypeVar("_T")


def _get_field(record: Mapping[str, Any], key: str, kind: type[_T]) -> _T:
    """Return record[key] if it has the type `kind`, otherwise raise ValueError."""
    value = record.get(key)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{key} should be {kind.__name__}, it is {value!r:.80}")
    if isinstance(value, float) and not math.isfinite(value):  # json reads NaN and Infinity
        raise ValueError(f"{key} should be a finite number, it is {value}")
    return value


def _citation_from_json(record: Any) -> Citation:
    if not isinstance(record, Mapping):
        raise ValueError(f"a citation should be an object, it is {record!r:.80}")
    texts = {
        key: _get_field(record, key, str)
        for key in (
            "document_id", "path", "title", "digest", "text_digest", "quote", "sentence",
        )
    }  # fmt: skip
    numbers = {
        key: _get_field(record, key, int)
        for key in ("start", "end", "sentence_start", "sentence_end", "line")
    }
    parser = _get_field(record, "parser", dict)
    return Citation(
        **texts,  # type: ignore[arg-type]
        **numbers,  # type: ignore[arg-type]
        parser=Parser(_get_field(parser, "name", str), _get_field(parser, "version", str)),
        page=None if record.get("page") is None else _get_field(record, "page", str),
        heading=None if record.get("heading") is None else _get_field(record, "heading", str),
        # Answers saved by versions without `place` lack this key.
        place=_get_field(record, "place", str) if "place" in record else "",
        score=_get_field(record, "score", float),
        also_in=tuple(map(_citation_from_json, _get_field(record, "also_in", list))),
        columns=_read_columns(record),
    )


def _read_columns(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of columns; answers saved by versions without them lack this key."""
    names = _get_field(record, "columns", list) if "columns" in record else []
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"columns should be a list of texts, it is {names!r:.80}")
    return tuple(names)


def answer_from_json(record: Any) -> Answer:
    """Return the Answer that `to_json` converted to `record`.

    Raises ValueError, naming the field, if the record has another shape. The quotes are not
    checked here; `verify` checks them.
    """
    if not isinstance(record, Mapping):
        raise ValueError("an answer should be a JSON object")
    reason = record.get("reason")
    if reason is not None and reason not in get_args(Reason):
        raise ValueError(f"reason should be one of {', '.join(get_args(Reason))} or null")
    return Answer(
        question=_get_field(record, "question", str),
        asked=_get_field(record, "asked", str),
        citations=tuple(map(_citation_from_json, _get_field(record, "citations", list))),
        confidence=_get_field(record, "confidence", float),
        answered=_get_field(record, "answered", bool),
        reason=reason,
        near_misses=tuple(map(_citation_from_json, _get_field(record, "near_misses", list))),
        timings=_get_field(record, "timings", dict),
    )
