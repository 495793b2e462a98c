"""Plain text: its first line is the title, a date line under it is marked.

Receives the canonical text; hands on the title and marks. The text itself is never changed.
"""

from __future__ import annotations

import re

from scoqa.parse.decode import decode
from scoqa.parse.parsed import Parsed
from scoqa.types import Mark, Parser

PARSER = Parser("plain", "1")

LONGEST_TITLE = 250  # characters; a longer first line is a paragraph, not a title
HEAD_LINES = 12  # a date line stands in the first lines that hold text, or nowhere
LONGEST_DATE_LINE = 100

MONTHS = (
    "January February March April May June July August September October November December"
).split()
_MONTHS = "|".join(MONTHS)
DATE = re.compile(
    r"\b(?:(?P<iso>(?:1\d|20)\d\d-\d\d-\d\d)"
    rf"|\d{{1,2}}\s+(?:{_MONTHS}),?\s+(?:1\d|20)\d\d"
    rf"|(?:{_MONTHS})\s+\d{{1,2}},?\s+(?:1\d|20)\d\d)\b"
)

# "Home > News > Archive", as saved web pages begin: a way to the page, not its title.
_BREADCRUMBS = re.compile(r"\w\s+[>»›]\s+\w")


def lines_with_text(text: str, most: int) -> list[tuple[int, int]]:
    """Return the first `most` lines that hold text, as spans without their white space."""
    found: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\r\n]+", text):
        line = match.group()
        if line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            found.append((start, match.start() + len(line.rstrip())))
            if len(found) == most:
                break
    return found


def date_mark(text: str, lines: list[tuple[int, int]]) -> tuple[Mark, ...]:
    """Return a mark of the first short line among `lines` that holds a date, if there is one."""
    for start, end in lines:
        if end - start <= LONGEST_DATE_LINE and DATE.search(text, start, end):
            return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()


def outline(text: str) -> tuple[str | None, tuple[Mark, ...]]:
    """Return the title (None where the first line is too long to be one) and the marks."""
    lines = lines_with_text(text, HEAD_LINES)
    while lines and _BREADCRUMBS.search(text, *lines[0]):
        lines = lines[1:]
    if not lines:
        return None, ()
    start, end = lines[0]
    title = " ".join(text[start:end].split()) if end - start <= LONGEST_TITLE else None
    return title, date_mark(text, lines[1:])


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text with its title and marks. Raises ParseError."""
    text, warnings = decode(data, path)
    title, marks = outline(text)
    return Parsed(text, title, marks, warnings)
