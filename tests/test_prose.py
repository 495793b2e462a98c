"""Docstrings, comments, messages and guide pages contain none of the phrases we dropped.

Each phrase made readers guess: it hid the subject, stood for a plain verb, or was a metaphor of
our own. Write "return", "is", "contains", "resumes", "rebuild" or "callers" instead.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PHRASES = (
    "all else",
    "costs itself",
    "costs nothing",
    "get it anew",
    "goes on where",
    "gone on with",
    "go on where",
    "hands on",
    "looks after",
    "made anew",
    "mean harm",
    "nothing stands",
    "of which nothing",
    "one stands in",
    "put right",
    "save it anew",
    "say whether",
    "stand under",
    "stands alone",
    "stands beside",
    "stands under",
    "what is drawn",
    "what stands",
    "where it is none",
    "where it is one",
    "where there is none",
    "whichever",
    "whoever",
)

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guide"
# Records of what was decided and measured keep the words of their day.
RECORDS = {GUIDE / "log.md"}
FILES = [
    *sorted((ROOT / "src" / "scoqa").rglob("*.py")),
    ROOT / "README.md",
    *sorted(page for page in GUIDE.glob("*.md") if page not in RECORDS),
]
PATTERN = re.compile(rf"\b({'|'.join(map(re.escape, PHRASES))})\b", re.IGNORECASE)


def joined(source: str) -> str:
    """Return `source` on one line: strings, comments and paragraphs are wrapped anywhere."""
    text = re.sub(r"""(["'])\s*\n\s*[rf]?\1""", "", source)
    return re.sub(r"\s*\n\s*(#:?\s*)?", " ", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_dropped_phrase_returns(file: Path) -> None:
    text = joined(file.read_text(encoding="utf-8"))
    actual = [
        f"{match[0]}: ...{text[max(0, match.start() - 40) : match.end() + 40]}..."
        for match in PATTERN.finditer(text)
    ]
    assert actual == []


def test_a_phrase_is_found_across_lines() -> None:
    for source in ('"it costs "\n    "itself"', "# it costs\n# itself", "it costs\n    itself"):
        assert PATTERN.search(joined(source)), source
