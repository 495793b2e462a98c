"""What a text is made of, as the source viewer draws it: headings, rows, where pages begin.

Receives a Document; hands on its marks, few bytes each, in JavaScript's UTF-16 units. Labels are
a document's own words: they travel as strings and are shown as text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scoqa.types import Document, Mark
from scoqa.ui.words.wording import start_words

_TWO_UNITS = re.compile(r"[\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[0-9]{1,9}")
# The page's own title and the document's stand above the headings of a text, and there are six.
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Units:
    """Counts the UTF-16 units before a place of a text, quickly however often it is asked."""

    long: tuple[int, ...]  # where the characters of two units stand

    @classmethod
    def of(cls, text: str) -> Units:
        """Return the counter of `text`."""
        return cls(tuple(match.start() for match in _TWO_UNITS.finditer(text)))

    def before(self, offset: int) -> int:
        """Return how many units text[:offset] takes."""
        return offset + bisect_left(self.long, offset)


def structure(document: Document) -> dict[str, list[Any]]:
    """Return the marks of `document` that its text is shown with, as three flat lists.

    A gap counts UTF-16 units from the place before it in the same list.
    starts: gap and label in turn. A number is a row's, which is shown beside the text, None the
    row after the one before; words are shown above the text (a slide, a sheet, a page).
    headings: gap, length and level in turn, levels from 1. asides: gap and length in turn.
    """
    units = Units.of(document.text)
    return {
        "starts": _starts(document, units),
        "headings": _headings(document, units),
        "asides": _asides(document, units),
    }


def _starts(document: Document, units: Units) -> list[Any]:
    packed: list[Any] = []
    position, row = 0, None
    for mark in document.marks:
        at = units.before(mark.start)
        label: int | str | None = start_words(mark)
        if mark.kind == "row" and _NUMBER.fullmatch(mark.label):
            number = int(mark.label)
            label = None if row is not None and number == row + 1 else number
            row = number
        elif label is None:
            continue
        packed += [at - position, label]
        position = at
    return packed


def _headings(document: Document, units: Units) -> list[int]:
    packed: list[int] = []
    position, level = 0, 0
    for mark in _apart(document.marks, "heading"):
        # None is left out on the way down, whatever stands in a heading's words.
        level = min(mark.label.count(" > ") + 1, level + 1, DEEPEST)
        start, end = units.before(mark.start), units.before(mark.end)
        packed += [start - position, end - start, level]
        position = start
    return packed


def _asides(document: Document, units: Units) -> list[int]:
    """Return the asides, those joined between which nothing stands."""
    joined: list[tuple[int, int]] = []
    for mark in _apart(document.marks, "aside"):
        if joined and not document.text[joined[-1][1] : mark.start].strip():
            joined[-1] = (joined[-1][0], mark.end)
        else:
            joined.append((mark.start, mark.end))
    packed: list[int] = []
    position = 0
    for first, last in joined:
        start = units.before(first)
        packed += [start - position, units.before(last) - start]
        position = start
    return packed


def _apart(marks: Iterable[Mark], kind: str) -> Iterable[Mark]:
    """Yield the marks of `kind`, without those that are empty or lie in one before them."""
    end = 0
    for mark in marks:
        if mark.kind == kind and end <= mark.start < mark.end:
            end = mark.end
            yield mark
