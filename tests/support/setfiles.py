"""Question sets to read in tests: files, rows, and a small SQuAD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scoqa.errors import QuestionSetError
from scoqa.evaluation.sets import read_set
from scoqa.types import Question

ROW: dict[str, Any] = {
    "id": "q1",
    "question": "Where?",
    "answerable": True,
    "kind": "where",
    "answers": [{"document": "a.txt", "start": 0, "end": 3, "text": "Ufa"}],
    "evidence": [{"document": "a.txt", "start": 0, "end": 9}],
}


def written(tmp_path: Path, *lines: Any) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        encoding="utf-8",
    )
    return file


def saved(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file


def questions_of(file: Path) -> list[Question]:
    return [question for _, question in read_set(file).questions]


def refusal(file: Path) -> tuple[int, str]:
    """Return the line and the reason for which the set in `file` is refused."""
    with pytest.raises(QuestionSetError) as refused:
        read_set(file)
    assert str(file) == refused.value.path
    return refused.value.line, refused.value.reason


SQUAD: dict[str, Any] = {
    "version": "v2.0",
    "data": [
        {
            "title": "Varn",
            "paragraphs": [
                {
                    "context": "The lighthouse of Varn was built in 1887 by Ada Lund.",
                    "qas": [
                        {
                            "id": "v1",
                            "question": "Who built the lighthouse?",
                            "answers": [{"text": "Ada Lund", "answer_start": 44}],
                            "is_impossible": False,
                        },
                        {
                            "id": "v2",
                            "question": "In what year did it burn?",
                            "answers": [],
                            "plausible_answers": [{"text": "1887", "answer_start": 36}],
                            "is_impossible": True,
                        },
                    ],
                }
            ],
        }
    ],
}


def squad(*articles: tuple[str, list[tuple[str, list[dict[str, Any]]]]]) -> str:
    """Return a SQuAD of (title, [(context, questions)])."""
    data = [
        {"title": title, "paragraphs": [{"context": text, "qas": qas} for text, qas in paragraphs]}
        for title, paragraphs in articles
    ]
    return json.dumps({"version": "1.1", "data": data})


def asked(name: str, *answers: tuple[str, int]) -> dict[str, Any]:
    rows = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": name, "question": "Where?", "answers": rows}
