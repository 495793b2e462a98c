"""Search with and without the names of files in what is embedded.

    python tests/benchmarks/file_names.py SET FOLDER [QUESTIONS]

SET brings its own documents (SQuAD's format), whose files are named after its titles. Indexes them
twice below FOLDER: as scoqa does, and with the names of files that have no title embedded before
their passages. Prints for each how often a passage of the right document is among the first k, and
how many questions have it there one way and not the other.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from scoqa import index
from scoqa.evaluation.contexts import prepare_workspace
from scoqa.evaluation.sets import QuestionSet, read_set
from scoqa.workspace import Workspace

DEPTHS = (1, 5, 10, 20)


def ranks(questions: QuestionSet, folder: Path, asked: int) -> list[int]:
    """Return where the first passage of a right document stands, from 0, for each question."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "none.txt").write_text("The set brings its own.", encoding="utf-8")
    workspace = prepare_workspace(Workspace(folder), questions)
    answerable = [each for _, each in questions.questions if each.answers]
    random.Random(1).shuffle(answerable)
    found = []
    for question in answerable[:asked]:
        right = {gold.document for gold in question.answers}
        hits = workspace.search(question.question, k=max(DEPTHS))
        places = (place for place, hit in enumerate(hits) if hit.path in right)
        found.append(next(places, max(DEPTHS)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=int, nargs="?", default=2000)
    given = parser.parse_args()
    questions = read_set(given.set)
    without = ranks(questions, given.folder / "without", given.questions)
    index._without_file_name = lambda parsed: parsed.passages
    named = ranks(questions, given.folder / "with", given.questions)
    for depth in DEPTHS:
        pairs = [(a < depth, b < depth) for a, b in zip(without, named, strict=True)]
        print(
            f"first {depth}: without {sum(a for a, _ in pairs) / len(pairs):.3f}, "
            f"with {sum(b for _, b in pairs) / len(pairs):.3f}; "
            f"only without {sum(a > b for a, b in pairs)}, only with {sum(b > a for a, b in pairs)}"
        )


if __name__ == "__main__":
    main()
