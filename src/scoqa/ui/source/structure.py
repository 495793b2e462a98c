"""Pack the structure of a text for the source viewer: headings, tables, asides, starts of pages.

Input: a Document. Output: its marks as compact lists, with offsets in JavaScript's UTF-16 units.
Labels contain a document's own words; they are sent as strings and shown as text, never as markup.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scoqa.cells import Table, find_tables
from scoqa.heading_path import HeadingPath
from scoqa.types import Document, Mark
from scoqa.ui.words.wording import start_words

_TWO_UNITS = re.compile(r"[\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[0-9]{1,9}")
# HTML has six levels of headings; the titles of the page and of the document take the first two.
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Utf16Counter:
    """Counts the UTF-16 units before a place in a text, in logarithmic time per place."""

    pairs: tuple[int, ...]  # offsets of the characters that take two units

    @classmethod
    def from_text(cls, text: str) -> Utf16Counter:
        """Return the counter of `text`."""
        return cls(tuple(match.start() for match in _TWO_UNITS.finditer(text)))

    def count_before(self, offset: int) -> int:
        """Return the number of UTF-16 units of text[:offset]."""
        return offset + bisect_left(self.pairs, offset)


def pack_structure(document: Document) -> dict[str, list[Any]]:
    """Return the marks of `document` that the viewer shows, as four flat lists.

    A gap counts the UTF-16 units from the previous place in the same list.
    starts: gap and label in turn. A number is that of a row and is shown beside the text; None
    means the row after the previous one; words are shown above the text (a slide, sheet or page).
    headings: gap, length and level in turn, levels from 1. asides: gap and length in turn.
    tables: gap, length (complete lines), length of the head, and the names of the columns with tabs
    between them in turn; None means that the table continues the previous one. Tables whose cells
    are not separated by tabs (Markdown) are left out: they are shown as they are written.
    """
    units = Utf16Counter.from_text(document.text)
    return {
        "starts": _starts(document, units),
        "headings": _headings(document, units),
        "asides": _asides(document, units),
        "tables": _tables(document, units),
    }


def _starts(document: Document, units: Utf16Counter) -> list[Any]:
    packed: list[Any] = []
    position, row = 0, None
    for mark in document.marks:
        at = units.count_before(mark.start)
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


def _headings(document: Document, units: Utf16Counter) -> list[int]:
    packed: list[int] = []
    position, level = 0, 0
    for mark in _without_nested(document.marks, "heading"):
        # At most one level deeper than the previous heading, even if its words look like a path.
        depth = max(1, len(HeadingPath.parse(mark.label).headings))
        level = min(depth, level + 1, DEEPEST)
        start, end = units.count_before(mark.start), units.count_before(mark.end)
        packed += [start - position, end - start, level]
        position = start
    return packed


def _asides(document: Document, units: Utf16Counter) -> list[int]:
    """Return the asides, merging neighbours that are separated by white space only."""
    merged: list[tuple[int, int]] = []
    for mark in _without_nested(document.marks, "aside"):
        if merged and not document.text[merged[-1][1] : mark.start].strip():
            merged[-1] = (merged[-1][0], mark.end)
        else:
            merged.append((mark.start, mark.end))
    packed: list[int] = []
    position = 0
    for first, last in merged:
        start = units.count_before(first)
        packed += [start - position, units.count_before(last) - start]
        position = start
    return packed


def _tables(document: Document, units: Utf16Counter) -> list[Any]:
    packed: list[Any] = []
    text, position, last = document.text, 0, None
    end = 0
    for table in find_tables(document.marks):
        first = text.rfind("\n", 0, table.start) + 1
        if table.separator != "\t" or first < end or table.start >= table.end:
            continue
        names = None if _continues(text, last, table) else "\t".join(table.names)
        end = _find_line_end(text, table.end)
        body = first if table.body == table.start else min(end, _find_line_end(text, table.body))
        start = units.count_before(first)
        packed += [start - position, units.count_before(end) - start]
        packed += [units.count_before(body) - start, names]
        position, last = start, table
    return packed


def _continues(text: str, last: Table | None, table: Table) -> bool:
    """Return whether `table` is another group of rows, or the rows below a gap, of `last`."""
    if last is None or table.names != last.names or text[last.end : table.start].strip():
        return False
    return table.body == table.start or bool(table.group)


def _find_line_end(text: str, offset: int) -> int:
    """Return the start of the line after the one with the last character before `offset`."""
    line_end = text.find("\n", offset - 1)
    return len(text) if line_end < 0 else line_end + 1


def _without_nested(marks: Iterable[Mark], kind: str) -> Iterable[Mark]:
    """Yield the marks of `kind`, skipping empty marks and marks that overlap an earlier one."""
    end = 0
    for mark in marks:
        if mark.kind == kind and end <= mark.start < mark.end:
            end = mark.end
            yield mark
