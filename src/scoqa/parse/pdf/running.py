"""Separate running heads, running feet and page numbers from the text of the pages.

Input: the runs of all pages. Output: the runs of the text of each page, and, separately, the heads
and feet that are more than page numbers and do not occur in the text. They are written only once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal, NamedTuple

from scoqa.parse.pdf.glyphs import GlyphRun, Glyphs, group_rows
from scoqa.parse.pdf.headings import normalize_letters
from scoqa.parse.pdf.tables import VALUE

LEAST_PAGES = 3
_SHARE = 2 / 3  # the least share of pages, in a file with few pages
_MARGIN = 0.12  # of the page height, at the top and at the bottom
_MOST_ROWS = 4  # per edge
_LARGEST = 1.15  # relative to the usual font size of the file; a larger row is a heading
_SAME_HEIGHT = 4.0  # points
_SMALLER = 0.92  # relative to the usual font size; the largest size of a footnote
_LEAST_LETTERS = 7  # next to a page number; fewer are "Page" or "of 12"
_TABLE_GAP = 1.25  # font sizes; the largest gap between the head of a table and its first row
_LEAST_COLUMNS = 3  # of a table
_MOST_NUMBERS = 3  # per head; a row of a table has more

_NUMBER = re.compile(r"\d+|\b[ivxlcdm]+\b", re.IGNORECASE)
_ROMAN = re.compile(r"(?=.)m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$")
_COUNTED = re.compile(r"<(-?\d+)>")  # in a key
_PAGE = re.compile(r"\W*<-?\d+>\W*$")  # the words of a key that are only a page number
NOTE = re.compile(r"(?:\[?\d{1,3}[\].)]?|[*†‡§¶]+|[a-z][.)]?)\s+\S")
_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}

_Key = tuple[str, int, int, str]  # edge, turn, height, words


class PrintedNumber(NamedTuple):
    """A number in a running head or foot that counts with the pages.

    is_alone: whether there are no other words next to it.
    """

    text: str
    value: int
    is_alone: bool


class PageParts(NamedTuple):
    """The runs of the text of a page, and its heads and feet that occur in the text of no page.

    numbers: the numbers in all its heads and feet that count with the pages.
    """

    body: tuple[GlyphRun, ...]
    heads: tuple[GlyphRun, ...]
    feet: tuple[GlyphRun, ...]
    numbers: tuple[PrintedNumber, ...] = ()


def separate_running(pages: Sequence[Glyphs]) -> list[PageParts]:
    """Separate the rows that repeat at the same height on several pages from the runs of each page.

    Numbers that increase with the page number are treated as equal; all others must match exactly,
    or the first row of a continued table would look like a running head. Only complete rows are
    removed, from the page edge inwards, stopping at the first row that stays.
    """
    lengths: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            lengths[round(run.size * 2) / 2] += len(run.text)
    usual = max(lengths, key=lambda size: (lengths[size], size), default=0.0)
    edges = [_find_edge_rows(page) for page in pages]
    seen: dict[_Key, set[int]] = defaultdict(set)
    for index, page in enumerate(pages):
        for edge, rows in edges[index]:
            for row in rows:
                for run in row:
                    for key in _iterate_keys(run, edge, index, page):
                        seen[key].add(index)
    least = min(LEAST_PAGES, max(2, -int(-len(pages) * _SHARE // 1)))
    parts: list[PageParts] = []
    for index, page in enumerate(pages):
        removed: set[GlyphRun] = set()
        running: dict[str, list[GlyphRun]] = {"top": [], "bottom": []}
        numbers: list[PrintedNumber] = []
        for edge, rows in edges[index]:
            for row in rows:
                if any(run.size > _LARGEST * usual for run in row):
                    break
                words = [
                    [
                        key[-1]
                        for key in _iterate_keys(run, edge, index, page)
                        if len(seen[key]) >= least
                    ]
                    for run in row
                ]
                # Text next to a page number may change with the chapter. A number in a cell does
                # not count, because it may be the number of a table row.
                has_number = any(
                    _PAGE.match(key_words)
                    for run, run_words in zip(row, words, strict=True)
                    if run.cell is None
                    for key_words in run_words
                )
                if not has_number and (
                    not all(words) or _starts_table(row, edge, index, page, seen)
                ):
                    break
                counts = [any("<" in key_words for key_words in run_words) for run_words in words]
                if edge == "bottom" and not any(counts) and _is_note(row, usual):
                    keys = (key for key in _iterate_keys(row[0], edge, index, page))
                    if max(len(seen[key]) for key in keys) < LEAST_PAGES:
                        break
                removed.update(row)
                for run, run_words in zip(row, words, strict=True):
                    numbers += _find_printed_numbers(run, run_words, index)
                running[edge] += [
                    run
                    for run, is_counted in zip(row, counts, strict=True)
                    if not is_counted
                    and len(normalize_letters(run.text)) >= (_LEAST_LETTERS if has_number else 1)
                ]
        body = tuple(run for run in page.runs if run not in removed)
        heads, feet = tuple(running["top"]), tuple(running["bottom"])
        parts.append(PageParts(body, heads, feet, tuple(dict.fromkeys(numbers))))
    in_text = {normalize_letters(run.text) for part in parts for run in part.body}
    return [
        part._replace(
            heads=tuple(run for run in part.heads if normalize_letters(run.text) not in in_text),
            feet=tuple(run for run in part.feet if normalize_letters(run.text) not in in_text),
        )
        for part in parts
    ]


def _starts_table(
    row: Sequence[GlyphRun],
    edge: str,
    index: int,
    page: Glyphs,
    seen: Mapping[_Key, set[int]],
) -> bool:
    """Return whether a row is the head of a table that continues on further pages.

    It is part of the text on the first page of the table, and a running head on the others.
    """
    first = min(min(seen[key]) for key in _iterate_keys(row[0], edge, index, page))
    return edge == "top" and index == first and _names_columns(row, page)


def _names_columns(row: Sequence[GlyphRun], page: Glyphs) -> bool:
    """Return whether a row is the head of a table: most of its runs are above those of a row.

    That row has values, and is as close as the rows of a table.
    """
    bottom, size = max(run.bottom for run in row), row[0].size
    below = [
        run
        for run in page.runs
        if run.turn == row[0].turn and -0.5 * size < run.top - bottom < _TABLE_GAP * size
    ]
    aligned = sum(any(b.left < run.right and b.right > run.left for b in below) for run in row)
    return (
        len(row) >= _LEAST_COLUMNS
        and aligned >= _LEAST_COLUMNS
        and any(VALUE.match(run.text) for run in below)
        and not any(VALUE.match(run.text) for run in row)
    )


def _find_printed_numbers(
    run: GlyphRun, words: Iterable[str], index: int
) -> Iterator[PrintedNumber]:
    """Yield the numbers of `run` that count with the pages in `words`, the words of its keys."""
    values = {index + int(value) for key_words in words for value in _COUNTED.findall(key_words)}
    for match in _NUMBER.finditer(run.text):
        value = _parse_number(match.group())
        if value in values:
            is_alone = len(normalize_letters(run.text)) < _LEAST_LETTERS
            yield PrintedNumber(match.group(), value, is_alone)


def _is_note(row: Sequence[GlyphRun], usual: float) -> bool:
    return row[0].size <= _SMALLER * usual and NOTE.match(" ".join(r.text for r in row)) is not None


def _measure_height(page: Glyphs, turn: int) -> float:
    """Return the height of the page when it is turned to read text rotated by `turn`."""
    return page.width if turn in (90, 270) else page.height


def _find_edge_rows(page: Glyphs) -> list[tuple[Literal["top", "bottom"], list[list[GlyphRun]]]]:
    """Return the rows at the top and bottom edges of a page, from the edge inwards."""
    edges: list[tuple[Literal["top", "bottom"], list[list[GlyphRun]]]] = []
    for turn in sorted({run.turn for run in page.runs}):
        runs = [run for run in page.runs if run.turn == turn]
        height = _measure_height(page, turn)
        top = group_rows(run for run in runs if run.bottom < _MARGIN * height)
        bottom = group_rows(run for run in runs if run.top > (1 - _MARGIN) * height)
        edges.append(("top", top[:_MOST_ROWS]))
        edges.append(("bottom", bottom[::-1][:_MOST_ROWS]))
    return edges


def _iterate_keys(run: GlyphRun, edge: str, index: int, page: Glyphs) -> Iterator[_Key]:
    """Yield the keys that `run` shares with the same head or foot on other pages."""
    middle = (run.top + run.bottom) / 2
    if edge == "bottom":
        middle -= _measure_height(page, run.turn)
    text = run.text.strip()
    spans = [(match.span(), _parse_number(match.group())) for match in _NUMBER.finditer(text)]
    numbers = [(span, value) for span, value in spans if value is not None]
    if len(numbers) > _MOST_NUMBERS:
        numbers = []
    for counting in product((False, True), repeat=len(numbers)):
        words, end = "", 0
        for ((start, stop), value), counts in zip(numbers, counting, strict=True):
            if counts:
                words += f"{text[end:start]}<{value - index}>"
                end = stop
        words += text[end:]
        for shift in (0, _SAME_HEIGHT / 2):  # two close heights share at least one of the keys
            place = int((middle + shift) // _SAME_HEIGHT)
            yield edge + str(bool(shift)), run.turn, place, words


def _parse_number(number: str) -> int | None:
    """Return the value of a number in digits or Roman numerals, or None for other words."""
    if number[0].isdecimal():
        return int(number) if len(number) < 7 else None
    small = number.lower()
    if not _ROMAN.match(small):
        return None
    values = [_DIGITS[digit] for digit in small]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
