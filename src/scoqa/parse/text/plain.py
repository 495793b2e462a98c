"""Parse plain text: the first line is the title, and a date line below it is marked.

Input: the bytes of a file. Output: the unchanged text with its title and marks.
"""

from __future__ import annotations

import re

from scoqa.parse.common.lines import HEAD_LINES, LONGEST_TITLE, find_date_mark, find_text_lines
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Mark, Parser

PARSER = Parser("plain", "2")

# "Home > News > Archive", the start of many saved web pages: a navigation path, not a title.
_BREADCRUMBS = re.compile(r"\w\s+[>»›]\s+\w")


def find_title_and_marks(text: str) -> tuple[str | None, tuple[Mark, ...]]:
    """Return the title (None if the first line is too long for a title) and the marks."""
    lines = find_text_lines(text, HEAD_LINES)
    while lines and _BREADCRUMBS.search(text, *lines[0]):
        lines = lines[1:]
    if not lines:
        return None, ()
    start, end = lines[0]
    title = " ".join(text[start:end].split()) if end - start <= LONGEST_TITLE else None
    return title, find_date_mark(text, lines[1:])


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text with its title and marks. Raises ParseError."""
    text, warnings = decode(data, path)
    title, marks = find_title_and_marks(text)
    return Parsed(text, title, marks, warnings)
