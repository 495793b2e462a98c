"""Join the lines of the pages of a PDF into one text.

Input: the lines of each page and the separators between them. Output: the text, the marks of its
pages, headings and date, and its boxes. A paragraph that continues on the next page stays one
paragraph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scoqa.parse.common.lines import HEAD_LINES, find_date_mark, find_text_lines
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.pdf.characters import Array
from scoqa.parse.pdf.headings import Heading, normalize_letters
from scoqa.parse.pdf.layout import Line
from scoqa.parse.pdf.paragraphs import (
    HyphenatedWords,
    continues_paragraph,
    find_first_columns,
    find_separators,
)
from scoqa.parse.pdf.table_marks import PlacedCell, mark_tables
from scoqa.types import Mark


@dataclass(frozen=True, slots=True)
class PdfPage:
    """The lines of the body and the footnotes of a page, and the separators between them.

    width, height: of the displayed page, in points. heads, feet: running heads and feet, which
    also occur on other pages. line_numbers: the numbers beside its lines, each a line.
    fields: what is chosen in its form.
    """

    label: str
    width: float
    height: float
    body: tuple[Line, ...]
    separators: tuple[str, ...]
    notes: tuple[Line, ...]
    note_separators: tuple[str, ...]
    heads: tuple[Line, ...]
    feet: tuple[Line, ...]
    line_numbers: tuple[Line, ...]
    fields: tuple[Line, ...]


def write_pages(pages: Sequence[PdfPage], headings: Mapping[Line, Heading]) -> Parsed:
    """Return the text of `pages` without title and warnings. headings: by their lines."""
    text = _TextBuilder(HyphenatedWords(line for page in pages for line in page.body), len(pages))
    bodies = [number for number, page in enumerate(pages) if page.body]
    after = dict(pairwise(bodies))
    spans: dict[Heading, tuple[int, int]] = {}
    continues_previous = False
    written: set[str] = set()
    asides: list[int] = []  # start and end of each block of line numbers
    cells: list[PlacedCell] = []
    for number, page in enumerate(pages):
        following = pages[after[number]].body[0] if number in after else None
        continues_next = following is not None and continues_paragraph(
            page.body[-1], following, page.body, headings
        )
        lines = _order_lines(page, continues_next, continues_previous, written)
        for index, (line, separator) in enumerate(lines):
            start = text.add(line, " " if continues_previous and not index else separator, number)
            if page.line_numbers and line is page.line_numbers[0]:
                asides.append(start)
            if page.line_numbers and line is page.line_numbers[-1]:
                asides.append(text.length)
            if line.cell is not None:
                cells.append(PlacedCell(number, line.cell, start, text.length, line.bold))
            if line in headings:
                first = spans.get(headings[line], (start, 0))[0]
                spans[headings[line]] = (first, text.length)
        if lines:
            continues_previous = continues_next and lines[-1][0] is page.body[-1]
    joined = "".join(text.parts)
    marks = [
        *_mark_pages(pages, text),
        *_mark_headings(spans),
        *mark_tables(joined, cells),
        *(Mark(*span, "aside", "") for span in zip(asides[::2], asides[1::2], strict=True)),
        *find_date_mark(joined, find_text_lines(joined, HEAD_LINES)),
    ]
    # Blank pages stay before the next page with text.
    marks.sort(key=lambda mark: (mark.start, mark.kind == "head"))
    boxes = tuple(b"".join(part.tobytes() for part in parts) for parts in text.boxes)
    return Parsed(joined, None, tuple(marks), (), boxes)


class _TextBuilder:
    """Builds the text line by line, and the boxes of its characters page by page."""

    def __init__(self, words: HyphenatedWords, pages: int) -> None:
        self.length = 0
        self.parts: list[str] = []
        self.boxes: list[list[Array]] = [[] for _ in range(pages)]
        self.starts: dict[int, int] = {}  # page number -> start in the text, if it has text
        self._words = words
        self._page = 0
        self._last: Line | None = None

    def add(self, line: Line, separator: str, page: int) -> int:
        """Add a line of `page` after the separator `separator`, and return its start."""
        if self._last is not None:
            separator, is_hyphen_dropped = self._words.choose_separator(self._last, line, separator)
            if is_hyphen_dropped:
                self._remove_hyphen()
            self._append(separator, np.zeros((len(separator), 4), "<u2"))
        start = self.length
        self.starts.setdefault(page, start)
        self._page, self._last = page, line
        self._append(line.text, line.boxes)
        return start

    def _append(self, text: str, boxes: Array) -> None:
        self.parts.append(text)
        self.boxes[self._page].append(boxes)
        self.length += len(text)

    def _remove_hyphen(self) -> None:
        """Remove the hyphen at the end of the text; the letter before it gets the box of both."""
        boxes = self.boxes[self._page]
        *_, letter, hyphen = boxes[-1]
        both = np.concatenate((np.minimum(letter, hyphen)[:2], np.maximum(letter, hyphen)[2:]))
        boxes[-1] = np.concatenate((boxes[-1][:-2], both[None]))
        self.parts[-1] = self.parts[-1][:-1]
        self.length -= 1


def _order_lines(
    page: PdfPage, continues_next: bool, continues_previous: bool, written: set[str]
) -> list[tuple[Line, str]]:
    """Return the lines of a page in reading order, each with the separator before it.

    Form fields, footnotes, feet and line numbers follow the body. If its last paragraph continues
    on the next page (`continues_next`), they precede that paragraph, so that they do not interrupt
    a sentence. Heads precede the body. Heads and feet in `written` are omitted, the others are
    added to it. If they would interrupt a sentence, they are left to another page that has them;
    line numbers are then left out.
    """
    first = page.body[0].cell if page.body else None
    columns = first.column - find_first_columns(page.body)[first.table] if first else 0
    start = "\n\n" + "\t" * columns
    body = list(zip(page.body, (start, *page.separators), strict=False))
    line_ends = ["\n"] * (len(page.fields) - 1)
    notes = list(zip(page.fields, ("\n\n", *line_ends), strict=False))
    notes += zip(page.notes, ("\n\n", *page.note_separators), strict=False)
    last = max((n for n, (_, gap) in enumerate(body) if gap.startswith("\n\n")), default=0)
    heads = [] if continues_previous else _select_new_lines(page.heads, written)
    fits = (body or not continues_previous) and (last or not continues_next)
    feet = _select_new_lines(page.feet, written) if fits else []
    if fits and page.line_numbers:
        spaces = " " * (len(page.line_numbers) - 1)
        feet += zip(page.line_numbers, ("\n\n", *spaces), strict=True)
    if continues_next and last:
        return heads + body[:last] + notes + feet + body[last:]
    return heads + body + notes + feet


def _select_new_lines(lines: Sequence[Line], written: set[str]) -> list[tuple[Line, str]]:
    """Return the lines not in `written`, each with the separator before it, and add them to it."""
    new = [line for line in lines if normalize_letters(line.text) not in written]
    written.update(normalize_letters(line.text) for line in new)
    return list(zip(new, ("\n\n", *find_separators(new, {})), strict=False))


def _mark_pages(pages: Sequence[PdfPage], text: _TextBuilder) -> list[Mark]:
    """Return a mark for each page, up to the start of the next page."""
    marks: list[Mark] = []
    end = text.length
    for number in range(len(pages) - 1, -1, -1):
        page = pages[number]
        start = text.starts.get(number, end)
        box = (0.0, 0.0, round(page.width, 2), round(page.height, 2))
        marks.append(Mark(start, end, "page", page.label, box))
        end = start
    return marks[::-1]


def _mark_headings(spans: Mapping[Heading, tuple[int, int]]) -> list[Mark]:
    """Return the marks of the headings, labelled with their paths."""
    headings = Outline()
    return [
        Mark(start, end, "heading", headings.open_heading(heading.level, heading.words))
        for heading, (start, end) in spans.items()
    ]
