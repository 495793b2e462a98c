"""What is printed on page after page (running heads and feet, page numbers) is no text of a page.

Receives the runs of every page; hands them on without those, and those that are more than page
numbers by themselves: where they stand nowhere else they are read once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal, NamedTuple

from scoqa.parse.pdf.glyphs import GlyphRun, Glyphs, group_rows
from scoqa.parse.pdf.headings import normalize_letters

LEAST_PAGES = 3
_SHARE = 2 / 3  # of the pages of a file that has too few
_MARGIN = 0.12  # of the page's height, at its top and its bottom
_MOST_ROWS = 4  # at one edge
_LARGEST = 1.15  # of the size most of the file's text has; larger is a heading of the page's own
_SAME_HEIGHT = 4.0  # points
_SMALLER = 0.92  # than the text: a footnote's size
_LEAST_LETTERS = 7  # beside a page number; fewer are "Page" or "of 12"
_MOST_NUMBERS = 3  # in one head; a row of a table has more

_NUMBER = re.compile(r"\d+|\b[ivxlcdm]+\b", re.IGNORECASE)
_ROMAN = re.compile(r"(?=.)m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$")
_PAGE = re.compile(r"\W*<-?\d+>\W*$")  # a key's words that are the page's number alone
NOTE = re.compile(r"(?:\[?\d{1,3}[\].)]?|[*†‡§¶]+|[a-z][.)]?)\s+\S")
_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}

_Key = tuple[str, int, int, str]  # edge, turn, height, words


class PageParts(NamedTuple):
    """A page's runs: its text, and what stands above and under it and nowhere in any page's."""

    body: tuple[GlyphRun, ...]
    heads: tuple[GlyphRun, ...]
    feet: tuple[GlyphRun, ...]


def separate_running(pages: Sequence[Glyphs]) -> list[PageParts]:
    """Return each page's runs, apart from them what repeats at one height on several pages.

    Numbers that count with the pages are held to be the same, all others not: the first row of a
    table that goes on is no head, though all its words are figures. Only whole rows are left out,
    and none behind one that stays.
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
    found: list[PageParts] = []
    for index, page in enumerate(pages):
        left_out: set[GlyphRun] = set()
        more: dict[str, list[GlyphRun]] = {"top": [], "bottom": []}
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
                # Beside a number that counts with the pages stands what changes with a chapter;
                # in a cell it may be that of a row.
                has_number = any(
                    _PAGE.match(each)
                    for run, own in zip(row, words, strict=True)
                    if run.cell is None
                    for each in own
                )
                if not all(words) and not has_number:
                    break
                counts = [any("<" in each for each in run) for run in words]
                if edge == "bottom" and not any(counts) and _is_note(row, usual):
                    keys = (key for key in _iterate_keys(row[0], edge, index, page))
                    if max(len(seen[key]) for key in keys) < LEAST_PAGES:
                        break
                left_out.update(row)
                more[edge] += [
                    run
                    for run, is_counted in zip(row, counts, strict=True)
                    if not is_counted
                    and len(normalize_letters(run.text)) >= (_LEAST_LETTERS if has_number else 1)
                ]
        body = tuple(run for run in page.runs if run not in left_out)
        found.append(PageParts(body, tuple(more["top"]), tuple(more["bottom"])))
    said = {normalize_letters(run.text) for part in found for run in part.body}
    return [
        part._replace(
            heads=tuple(run for run in part.heads if normalize_letters(run.text) not in said),
            feet=tuple(run for run in part.feet if normalize_letters(run.text) not in said),
        )
        for part in found
    ]


def _is_note(row: Sequence[GlyphRun], usual: float) -> bool:
    return row[0].size <= _SMALLER * usual and NOTE.match(" ".join(r.text for r in row)) is not None


def _measure_height(page: Glyphs, turn: int) -> float:
    """Return the height of the page as one holds it to read text turned by `turn`."""
    return page.width if turn in (90, 270) else page.height


def _find_edge_rows(page: Glyphs) -> list[tuple[Literal["top", "bottom"], list[list[GlyphRun]]]]:
    """Return the first rows at the page's edges, each edge's from outside in."""
    found: list[tuple[Literal["top", "bottom"], list[list[GlyphRun]]]] = []
    for turn in sorted({run.turn for run in page.runs}):
        runs = [run for run in page.runs if run.turn == turn]
        height = _measure_height(page, turn)
        top = group_rows(run for run in runs if run.bottom < _MARGIN * height)
        bottom = group_rows(run for run in runs if run.top > (1 - _MARGIN) * height)
        found.append(("top", top[:_MOST_ROWS]))
        found.append(("bottom", bottom[::-1][:_MOST_ROWS]))
    return found


def _iterate_keys(run: GlyphRun, edge: str, index: int, page: Glyphs) -> Iterator[_Key]:
    """Yield what the same head on another page would have in common with `run`."""
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
        for shift in (0, _SAME_HEIGHT / 2):  # two heights that are close share one of them
            place = int((middle + shift) // _SAME_HEIGHT)
            yield edge + str(bool(shift)), run.turn, place, words


def _parse_number(number: str) -> int | None:
    """Return the value of a number in digits or in Roman ones; None of another word."""
    if number[0].isdecimal():
        return int(number) if len(number) < 7 else None
    small = number.lower()
    if not _ROMAN.match(small):
        return None
    values = [_DIGITS[digit] for digit in small]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
