"""The types as JSON, and a saved answer back from it: the one schema of every door.

Receives values; hands on plain dicts, lists, numbers and strings, and the other way round for
answers. `docs/guide/data-model.md` lists the fields.
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
    """Return `value` as plain dicts, lists, numbers and strings: the documented schema.

    Keys are the field names above; floats are rounded to SCORE_PLACES.
    """
    if isinstance(value, float):
        return round(value, SCORE_PLACES)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Parser):
        return {"name": value.name, "version": value.version}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(item) for item in value]
    return value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return plain values as JSON that any encoding of Unicode can hold.

    Lone surrogates, which no encoding can, are written as JSON's own escapes.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_T = TypeVar("_T")


def _typed(record: Mapping[str, Any], key: str, kind: type[_T]) -> _T:
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
        key: _typed(record, key, str)
        for key in (
            "document_id", "path", "title", "digest", "text_digest", "quote", "sentence",
        )
    }  # fmt: skip
    numbers = {
        key: _typed(record, key, int)
        for key in ("start", "end", "sentence_start", "sentence_end", "line")
    }
    parser = _typed(record, "parser", dict)
    return Citation(
        **texts,  # type: ignore[arg-type]
        **numbers,  # type: ignore[arg-type]
        parser=Parser(_typed(parser, "name", str), _typed(parser, "version", str)),
        page=None if record.get("page") is None else _typed(record, "page", str),
        heading=None if record.get("heading") is None else _typed(record, "heading", str),
        # Answers saved before there were such places name none.
        place=_typed(record, "place", str) if "place" in record else "",
        score=_typed(record, "score", float),
        also_in=tuple(map(_citation_from_json, _typed(record, "also_in", list))),
    )


def answer_from_json(record: Any) -> Answer:
    """Return the Answer that `to_json` wrote.

    Raises ValueError, naming the field, when the record has another shape. The quotes are
    taken as they stand: whether they are true is what `verify` finds out.
    """
    if not isinstance(record, Mapping):
        raise ValueError("an answer should be a JSON object")
    reason = record.get("reason")
    if reason is not None and reason not in get_args(Reason):
        raise ValueError(f"reason should be one of {', '.join(get_args(Reason))} or null")
    return Answer(
        question=_typed(record, "question", str),
        asked=_typed(record, "asked", str),
        citations=tuple(map(_citation_from_json, _typed(record, "citations", list))),
        confidence=_typed(record, "confidence", float),
        answered=_typed(record, "answered", bool),
        reason=reason,
        near_misses=tuple(map(_citation_from_json, _typed(record, "near_misses", list))),
        timings=_typed(record, "timings", dict),
    )
