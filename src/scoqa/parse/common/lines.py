"""Find the first lines of a document and the line that contains its date.

Input: the text of a document. Output: spans of lines, and a mark for the date.
"""

from __future__ import annotations

import re

from scoqa.sentences import sentence_around
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

# Words in a date line beside the date: more of them are a sentence that contains a date.
MOST_OTHER_WORDS = 6
MOST_BEFORE_A_STOP = 2
_DATE_WORDS = frozenset(
    "date dated day updated update published issued posted created modified released revised"
    " approved adopted signed printed written sent received last version status as of on at the in"
    " meeting minutes session sitting monday tuesday wednesday thursday friday saturday sunday mon"
    " tue tues wed thu thur thurs fri sat sun am pm".split()
)
# Before a date that is not that of the document.
_OTHER_DATES = frozenset(
    "until till by before after since from due deadline expires expiry expire valid born died"
    " starts starting start begins ends ending end between to and next".split()
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_STOP = re.compile(r"[.!?…]\W*$")


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
    """Return a mark for the first of `lines` that is a date line, or ()."""
    for start, end in lines:
        if _is_date_line(text, start, end):
            return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()


def _is_date_line(text: str, start: int, end: int) -> bool:
    """Return whether the line text[start:end] gives the date of its document.

    It is short, complete and not a sentence: "Varn, 3 May 2019", "Last updated on 3 May 2019.", but
    not "The pond was dug on 3 May 2019." or "Opening: 3 May 2019".
    """
    date = DATE.search(text, start, end) if end - start <= LONGEST_DATE_LINE else None
    if date is None:
        return False
    before = [word.lower() for word in _WORDS.findall(text[start : date.start()])]
    while before and before[-1] in ("on", "the"):
        before.pop()
    others = [word for word in before if word not in _DATE_WORDS]
    is_labelled = text[start : date.start()].rstrip().endswith(":")
    if (before and before[-1] in _OTHER_DATES) or (others and is_labelled):
        return False
    after = [
        word for word in _WORDS.findall(text[date.end() : end]) if word.lower() not in _DATE_WORDS
    ]
    most = MOST_BEFORE_A_STOP if _STOP.search(text, start, end) else MOST_OTHER_WORDS
    if len(others) + len(after) > most:
        return False
    sentence_start, sentence_end = sentence_around(text, *date.span())
    # A heading that ends with its date looks like a line of prose, but for the next line.
    is_complete = sentence_end <= end or not (after or text[end : end + 100].lstrip()[:1].islower())
    return start <= sentence_start and is_complete
