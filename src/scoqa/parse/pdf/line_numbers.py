"""Separate the line numbers of transcripts, pleadings, bills and patents from the text.

Input: the runs of all pages. Output: the same pages without line numbers, and the line numbers of
each page. They count the lines of a page, or every second, fifth or tenth, in a column of their
own: at the left or right edge, or between two columns of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scoqa.parse.pdf.glyphs import FULL, GlyphRun, Glyphs, group_rows

_STEPS = {1: 5, 2: 4, 5: 3, 10: 3}  # between successive numbers: the fewest numbers on a page
_ALIGNED = 3.0  # points; the largest difference of the edges of a column of numbers
_MOST_CROSSING = 0.05  # share of the rows beside the numbers that reach into their column
_COUNTED = 0.85  # the least share of numbers with as many rows up to the next as they count
# Lines of prose start in the middle of a sentence; the items of a numbered list and the rows of a
# numbered table seldom do.
_LEAST_CONTINUED = 0.2  # share of the rows
_FULL_LINE = 0.75  # of the width of the text; a line that the next one continues is longer
_LEAST_CHARACTERS = 25  # of such a line; items that start with small letters are shorter
_MOST_CELLS = 0.5  # share of the rows that consist of several cells
_CELLS_GAP = 1.5  # font sizes; the least gap between two cells

_NUMBER = re.compile(r"(\d{1,4})(?:\s+(\S.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    """A number, the run that is or starts with it, and its left and right edge in points."""

    value: int
    run: GlyphRun
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class _Column:
    """Numbers that count rows.

    rows: how many there are. continued: how many of them continue the sentence of the row above.
    cells: how many have several cells. blank: how many more are counted than there are.
    """

    numbers: tuple[_Number, ...]
    rows: int
    continued: int
    cells: int
    blank: int


def separate_line_numbers(
    pages: Sequence[Glyphs],
) -> tuple[list[Glyphs], list[tuple[GlyphRun, ...]]]:
    """Return the pages without line numbers, and the line numbers of each page from the top.

    The text of all numbered pages decides together whether the numbers count lines of prose.
    """
    columns: list[list[_Column]] = []
    last = 0
    for page in pages:
        own = _find_columns(page, last)
        last = max((column.numbers[-1].value for column in own), default=last)
        columns.append(own)
    if not _count_prose([column for own in columns for column in own]):
        columns = [[] for _ in pages]
    numbered = [number for own in columns for column in own for number in column.numbers]
    separated: list[Glyphs] = []
    line_numbers: list[tuple[GlyphRun, ...]] = []
    for page, own in zip(pages, columns, strict=True):
        numbers = {number.run: number for column in own for number in column.numbers}
        if not own:  # a page with few lines
            numbers |= {n.run: n for n in _iterate_numbers(page) if _is_repeated(n, numbered)}
        parts = {run: _split_run(number, page.width) for run, number in numbers.items()}
        runs = (parts[run][1] if run in parts else run for run in page.runs)
        separated.append(replace(page, runs=tuple(run for run in runs if run is not None)))
        line_numbers.append(tuple(number for number, _ in parts.values()))
    return separated, line_numbers


def _count_prose(columns: Sequence[_Column]) -> bool:
    """Return whether the numbers count lines of prose.

    Blank lines are counted in prose, and also where a form has rows to be filled in: they are
    evidence only beside continued sentences.
    """
    rows = sum(column.rows for column in columns)
    continued = sum(column.continued for column in columns)
    blank = sum(column.blank for column in columns) if continued > 1 else 0
    cells = sum(column.cells for column in columns)
    return continued + blank >= _LEAST_CONTINUED * (rows + blank) and cells <= _MOST_CELLS * rows


def _find_columns(page: Glyphs, last: int) -> list[_Column]:
    """Return the columns of numbers that count the rows beside them, from the left.

    last: the last number of the pages before, which the first number of a column may continue.
    """
    columns: list[_Column] = []
    rest = sorted(_iterate_numbers(page), key=lambda number: number.run.top)
    for edge in ("right", "left"):
        for group in _group_aligned(rest, edge):
            for chain, step in _iterate_chains(group):
                starts = {1, step, last + step}
                column = _measure(chain, page) if chain[0].value in starts else None
                if column is not None:
                    columns.append(column)
        taken = {number for column in columns for number in column.numbers}
        rest = [number for number in rest if number not in taken]
    return sorted(columns, key=lambda column: column.numbers[0].left)


def _is_repeated(number: _Number, others: Sequence[_Number]) -> bool:
    """Return whether one of the line numbers of other pages is the same, at the same place."""
    return any(
        other.value == number.value
        and abs(other.run.top - number.run.top) <= _ALIGNED
        and min(abs(other.left - number.left), abs(other.right - number.right)) <= _ALIGNED
        for other in others
    )


def _iterate_numbers(page: Glyphs) -> Iterator[_Number]:
    """Yield the numbers that are an upright run, or the first word of one."""
    for run in page.runs:
        match = _NUMBER.match(run.text) if run.turn == 0 else None
        if match:
            edge = float(run.boxes[match.end(1) - 1, 2]) / FULL * page.width
            yield _Number(int(match.group(1)), run, run.left, edge if match.group(2) else run.right)


def _group_aligned(numbers: Sequence[_Number], edge: str) -> list[list[_Number]]:
    """Group numbers whose left or right edges are aligned; each group from the top."""
    groups: list[list[_Number]] = []
    for number in sorted(numbers, key=lambda number: float(getattr(number, edge))):
        if groups and getattr(number, edge) - getattr(groups[-1][0], edge) <= _ALIGNED:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [sorted(group, key=lambda number: number.run.top) for group in groups]


def _iterate_chains(numbers: Sequence[_Number]) -> Iterator[tuple[list[_Number], int]]:
    """Yield numbers that rise in equal steps, with the step. "1, 5, 10" rises in steps of 5."""
    for step, least in _STEPS.items():
        chain: list[_Number] = []
        for number in (*numbers, None):
            if number is not None and chain and _follows(chain, number.value, step):
                chain.append(number)
                continue
            if len(chain) >= least:
                yield chain, step
            chain = [] if number is None else [number]


def _follows(chain: Sequence[_Number], value: int, step: int) -> bool:
    first = len(chain) == 1 and chain[0].value == 1 and step > 1 and value == step
    return first or value - chain[-1].value == step


def _measure(chain: Sequence[_Number], page: Glyphs) -> _Column | None:
    """Return the column of `chain`, or None if its numbers do not count the rows beside them."""
    left = min(number.left for number in chain) - 1
    right = max(number.right for number in chain) + 1
    top, bottom = chain[0].run.top, chain[-1].run.bottom
    own = {number.run: number for number in chain}
    beside: list[GlyphRun] = []
    for run in page.runs:
        if run.turn or not top <= (run.top + run.bottom) / 2 <= bottom:
            continue
        if run in own:
            _, rest = _split_run(own[run], page.width)
            if rest is not None:
                beside.append(rest)
        else:
            beside.append(run)
    crossing = [run for run in beside if run.left < right and run.right > left]
    sides = [
        group_rows(run for run in beside if run.left >= right),
        group_rows(run for run in beside if run.right <= left),
    ]
    rows = max(sides, key=len)
    if not rows or len(crossing) > _MOST_CROSSING * len(rows) or not _are_counted(chain, rows):
        return None
    start, end = min(r.left for row in rows for r in row), max(r.right for row in rows for r in row)
    full = start + _FULL_LINE * (end - start)
    return _Column(
        tuple(chain),
        len(rows),
        sum(
            a[-1].right >= full
            and sum(len(run.text) for run in a) >= _LEAST_CHARACTERS
            and _starts_inside(b)
            for a, b in pairwise(rows)
        ),
        sum(any(b.left - a.right > _CELLS_GAP * b.size for a, b in pairwise(row)) for row in rows),
        max(0, chain[-1].value - chain[0].value + 1 - len(rows)),
    )


def _are_counted(chain: Sequence[_Number], rows: Sequence[Sequence[GlyphRun]]) -> bool:
    """Return whether most numbers are as many rows before the next one as they count.

    Lines without text may be counted, so that there may be fewer rows.
    """
    middles = [(row[0].top + row[0].bottom) / 2 for row in rows]
    good = 0
    for a, b in pairwise(chain):
        start, end = ((n.run.top + n.run.bottom) / 2 - 0.5 * n.run.size for n in (a, b))
        good += sum(start <= middle < end for middle in middles) <= b.value - a.value
    return good >= _COUNTED * (len(chain) - 1) and len(rows) >= len(chain) / 2


def _starts_inside(row: Sequence[GlyphRun]) -> bool:
    """Return whether a row starts like the middle of a sentence, with two words or more."""
    text = row[0].text
    return text[:1].islower() and (" " in text or len(row) > 1)


def _split_run(number: _Number, width: float) -> tuple[GlyphRun, GlyphRun | None]:
    """Return the run of a number, and the run of the text that follows it in the same run."""
    run = number.run
    match = _NUMBER.match(run.text)
    assert match is not None
    if match.group(2) is None:
        return run, None
    end, start = match.end(1), match.start(2)
    left = float(run.boxes[start, 0]) / FULL * width
    alone = replace(run, text=run.text[:end], boxes=run.boxes[:end], right=number.right)
    return alone, replace(run, text=run.text[start:], boxes=run.boxes[start:], left=left)
