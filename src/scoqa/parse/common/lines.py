"""Find the first lines of a document and the line that contains its date.

Input: the text of a document. Output: spans of lines, and a mark for the date.
"""

from __future__ import annotations

import re

from scoqa.types import Mark

LONGEST_TITLE = 250  # characters; a longer first line is a paragraph, not a title
HEAD_LINES = 12  # a date is only searched in this many lines that contain text
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
    """Return the spans of the first `most` lines that contain text, without outer white space."""
    spans: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\r\n]+", text):
        line = match.group()
        if line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            spans.append((start, match.start() + len(line.rstrip())))
            if len(spans) == most:
                break
    return spans


def find_date_mark(text: str, lines: list[tuple[int, int]]) -> tuple[Mark, ...]:
    """Return a mark for the first short line among `lines` that contains a date, or ()."""
    for start, end in lines:
        if end - start <= LONGEST_DATE_LINE and DATE.search(text, start, end):
            return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()
