"""The first lines of a document: its title, and the line that dates it."""

from __future__ import annotations

import re

from scoqa.types import Mark

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


def find_text_lines(text: str, most: int) -> list[tuple[int, int]]:
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


def find_date_mark(text: str, lines: list[tuple[int, int]]) -> tuple[Mark, ...]:
    """Return a mark of the first short line among `lines` that holds a date, if there is one."""
    for start, end in lines:
        if end - start <= LONGEST_DATE_LINE and DATE.search(text, start, end):
            return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()
