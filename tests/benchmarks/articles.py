"""Make a workspace and a question set of JSON lines of contexts.

    python tests/benchmarks/articles.py OUT MOST [--whole] LINES.jsonl[.gz]...

Each line is {"context", "title", "qas": [{"question", "answers": [{"text", "start"}]}]}; without
answers the context does not answer. A document holds the contexts of one title, at most 25, or
with --whole one context. MOST documents are drawn, of each up to two questions with an answer and
two without. Writes OUT/docs and OUT/questions.jsonl; the id of a question begins with the name of
its document, so that it can be asked of that document alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path
from typing import Any

SEED = 5
MOST_CONTEXTS = 25  # of one document: longer articles cost time and test nothing new
FEWEST_CONTEXTS = 8  # of an article
MOST_QUESTIONS = 2  # of one document and one kind


def lines_of(file: Path) -> list[dict[str, Any]]:
    data = file.read_bytes()
    text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def documents(files: list[Path], *, whole: bool) -> list[list[dict[str, Any]]]:
    """Return the contexts of each document, the questions about one context together."""
    contexts: dict[str, dict[str, Any]] = {}
    for file in files:
        for row in lines_of(file):
            known = contexts.setdefault(row["context"], {**row, "qas": []})
            known["qas"] += row["qas"]
    if whole:
        return [[row] for row in contexts.values()]
    titles: dict[str, list[dict[str, Any]]] = {}
    for row in contexts.values():
        titles.setdefault(row.get("title") or "", []).append(row)
    return [
        rows for title, rows in sorted(titles.items()) if title and len(rows) >= FEWEST_CONTEXTS
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("most", type=int)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    rng = random.Random(SEED)
    every = documents(given.files, whole=given.whole)
    rng.shuffle(every)
    (given.out / "docs").mkdir(parents=True, exist_ok=True)
    questions: list[dict[str, Any]] = []
    for number, rows in enumerate(every[: given.most]):
        title = rows[0].get("title") or "text"
        name = f"{'_'.join(title.split())[:60].replace('/', '_')}-{number}.txt"
        text = "" if given.whole else f"{title.replace('_', ' ')}\n\n"
        kinds: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for row in rows[:MOST_CONTEXTS]:
            for asked in row["qas"]:
                answers = [
                    {"text": each["text"], "document": name, "start": len(text) + each["start"],
                     "end": len(text) + each["start"] + len(each["text"])}
                    for each in asked["answers"]
                ]  # fmt: skip
                kinds[bool(answers)].append({"question": asked["question"], "answers": answers})
            text += row["context"] if given.whole else f"{row['context']}\n\n"
        (given.out / "docs" / name).write_text(text, encoding="utf-8", newline="")
        for able, asked_of in kinds.items():
            for each in rng.sample(asked_of, min(len(asked_of), MOST_QUESTIONS)):
                questions.append({"id": f"{name}#{len(questions)}", "answerable": able, "kind": "",
                                  "evidence": [], **each})  # fmt: skip
    rows_out = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in questions)
    (given.out / "questions.jsonl").write_text(rows_out, encoding="utf-8")


if __name__ == "__main__":
    main()
