"""Find tables without lines, and large figures with captions below them.

Input: the runs of a page that are in no ruled table. Output: tables in the same form as ruled ones.
Both are found before the columns of the page, which would tear them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from scoqa.parse.pdf.glyphs import GlyphRun, group_rows
from scoqa.parse.pdf.ruled import Cell
from scoqa.parse.pdf.tables import VALUE, Table, is_layout

# A table. Limits are in font sizes, unless noted otherwise.
_LEAST_ROWS = 3  # with values
_LEAST_COLUMNS = 3  # two columns are read well without, and may be columns of the page
_CELLS_GAP = 1.0  # the least gap between two cells of a row
_ROWS_GAP = 2.5  # the largest gap between two rows
_MOST_BETWEEN = 3  # rows without values between two with values
_LEAST_VALUES = 0.7  # share of the cells of a column of values
_LEAST_FILLED = 0.6  # share of the cells of all rows with values
_LONGEST_NAME = 40  # characters of a cell in a head row
_PROSE_LENGTH = 25  # characters; the median line of a column of prose is longer
_PROSE_SHARE = 0.25  # of the lines of such a column start with a small letter
_WRAPPED = 0.35  # the largest gap above a further line of the row above

# Figures.
_LARGE = 1.6  # the least font size of a figure, relative to its caption
_LONGEST_FIGURE = 12  # characters
_LONGEST_CAPTION = 200  # characters, with the figure; longer text is the column below a heading
_CAPTION_GAP = 1.2  # font sizes of the caption; the largest gap between its lines

LABEL = re.compile(
    r"(?:[•▪●◦‣·*\ue000-\uf8ff–—-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,5}[.)]|\d+(?:\.\d+)+\.?|§+\s?\d+)$"
)
# The leaders between a heading and its page number in a table of contents.
LEADERS = re.compile(r"(?:\.[ ]?){4,}|…{2,}")
_EMPTY = re.compile(r"(?:[-–—.*]+|n/?a)$", re.IGNORECASE)
_FIGURE = re.compile(r"(?=.*\d)\S+(?: \S+)?$")


class _Row(NamedTuple):
    """A row of a page, from the left, with its cells."""

    cells: list[list[GlyphRun]]

    @property
    def runs(self) -> list[GlyphRun]:
        return [run for cell in self.cells for run in cell]

    @property
    def top(self) -> float:
        return min(run.top for run in self.runs)

    @property
    def bottom(self) -> float:
        return max(run.bottom for run in self.runs)

    @property
    def size(self) -> float:
        return self.cells[0][0].size


def find_tables(runs: Sequence[GlyphRun], number: int) -> Iterator[Table]:
    """Yield the tables without lines and the groups of figures, numbered from `number`.

    A table is a block of rows with three aligned columns or more, one of which contains values:
    numbers, amounts, dates. A row without values belongs to it if it is between two others, such
    as a description or a further line of a cell, or if it names the columns above the first.
    """
    figures = list(_find_figures(runs))
    used = {run for group in figures for caption in group for run in caption}
    for group in figures:
        yield {Cell(number, row, 0): caption for row, caption in enumerate(group)}
        number += 1
    apart: dict[int | None, list[GlyphRun]] = {}  # what is inside and outside of lines
    for run in runs:
        if run not in used:
            apart.setdefault(run.cell and run.cell.table, []).append(run)
    for own in apart.values():
        rows = [_Row(split_cells(row)) for row in group_rows(own)]
        for block in _find_blocks(rows):
            table = _build_table(rows, block, number)
            if table is not None:
                yield table
                number += 1


# -- tables ----------------------------------------------------------------------------------------


def split_cells(row: Sequence[GlyphRun]) -> list[list[GlyphRun]]:
    """Split the runs of a row into cells. A list label belongs to the same cell as its item."""
    cells = [[row[0]]]
    for before, run in pairwise(row):
        if run.left - before.right > _CELLS_GAP * run.size and not (
            len(cells) == 1 and LABEL.match(before.text) and not VALUE.match(run.text)
        ):
            cells.append([run])
        else:
            cells[-1].append(run)
    return cells


def _spell(cell: Sequence[GlyphRun]) -> str:
    return " ".join(run.text for run in cell)


def _is_value(cell: Sequence[GlyphRun]) -> bool:
    return VALUE.match(_spell(cell)) is not None


def _has_values(row: _Row) -> bool:
    return (
        len(row.cells) >= _LEAST_COLUMNS
        and any(map(_is_value, row.cells))
        and not any(LEADERS.search(run.text) for run in row.runs)
    )


def _find_blocks(rows: Sequence[_Row]) -> Iterator[list[int]]:
    """Yield the numbers of rows with values that are close to each other."""
    block: list[int] = []
    for number in (number for number, row in enumerate(rows) if _has_values(row)):
        if block and not _are_near(rows, block[-1], number):
            if len(block) >= _LEAST_ROWS:
                yield block
            block = []
        block.append(number)
    if len(block) >= _LEAST_ROWS:
        yield block


def _are_near(rows: Sequence[_Row], first: int, last: int) -> bool:
    """Return whether two rows have few rows and no large gap between them, and a similar size."""
    size = rows[first].size
    return (
        last - first <= _MOST_BETWEEN + 1
        and abs(rows[last].size - size) < 0.15 * size
        and all(b.top - a.bottom < _ROWS_GAP * size for a, b in pairwise(rows[first : last + 1]))
    )


def _build_table(rows: Sequence[_Row], block: Sequence[int], number: int) -> Table | None:
    """Return the table of a block of rows with values, or None if they are not a table."""
    columns = _find_columns([rows[index] for index in block])
    if len(columns) < _LEAST_COLUMNS:
        return None
    placed = [[_place_cell(cell, columns) for cell in rows[index].cells] for index in block]
    if any(None in places or len(set(places)) < len(places) for places in placed):
        return None
    if sum(map(len, placed)) < _LEAST_FILLED * len(block) * len(columns):
        return None
    by_column: dict[int, list[list[GlyphRun]]] = {}
    for index, places in zip(block, placed, strict=True):
        for cell, place in zip(rows[index].cells, places, strict=True):
            assert place is not None
            by_column.setdefault(place, []).append(cell)
    if not any(map(_is_value_column, by_column.values())) or any(
        map(_is_prose, by_column.values())
    ):
        return None
    table: Table = {}
    row_number = 0
    above: int | None = None
    end = block[-1] + 1 + _count_last_descriptions(rows, block, columns)
    for index in [*_find_head_rows(rows, block[0], columns), *range(block[0], end)]:
        row = rows[index]
        if above is not None and index not in block and _is_wrapped(rows[above], row, columns):
            for cell in row.cells:
                key = Cell(number, row_number - 1, _place_start(cell, columns))
                table.setdefault(key, []).extend(cell)
            continue
        place = -1
        for cell in row.cells:
            place = max(place + 1, _place_start(cell, columns))
            table[Cell(number, row_number, place)] = list(cell)
        row_number += 1
        above = index if index in block else None
    return None if is_layout(table) else table


def _find_columns(rows: Sequence[_Row]) -> list[tuple[float, float]]:
    """Return the left and right edges of the columns: cells that overlap are in one column."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted((c[0].left, c[-1].right) for row in rows for c in row.cells):
        if columns and left < columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], right)
        else:
            columns.append((left, right))
    return columns


def _place_cell(cell: Sequence[GlyphRun], columns: Sequence[tuple[float, float]]) -> int | None:
    """Return the only column that a cell overlaps, or None if there are several or none."""
    places = [
        place
        for place, (left, right) in enumerate(columns)
        if cell[0].left < right and cell[-1].right > left
    ]
    return places[0] if len(places) == 1 else None


def _place_start(cell: Sequence[GlyphRun], columns: Sequence[tuple[float, float]]) -> int:
    """Return the first column that a cell overlaps, or the next one on its left."""
    overlapped = [
        place
        for place, (left, right) in enumerate(columns)
        if cell[0].left < right and cell[-1].right > left
    ]
    before = [place for place, (left, _) in enumerate(columns) if left <= cell[0].left]
    return overlapped[0] if overlapped else before[-1] if before else 0


def _is_value_column(cells: Sequence[Sequence[GlyphRun]]) -> bool:
    filled = [cell for cell in cells if not _EMPTY.match(_spell(cell))]
    return len(filled) >= _LEAST_ROWS and sum(map(_is_value, filled)) >= _LEAST_VALUES * len(filled)


def _is_prose(cells: Sequence[Sequence[GlyphRun]]) -> bool:
    texts = [_spell(cell) for cell in cells]
    continued = sum(text[:1].islower() for text in texts)
    return median(map(len, texts)) >= _PROSE_LENGTH and continued >= _PROSE_SHARE * len(texts)


def _find_head_rows(
    rows: Sequence[_Row], first: int, columns: Sequence[tuple[float, float]]
) -> list[int]:
    """Return the rows directly above a table whose cells are names of its columns, from the top.

    A name of the first rows may be between them and the table.
    """
    heads: list[int] = []
    for index in range(first - 1, -1, -1):
        row, below = rows[index], rows[index + 1]
        names = [_place_start(cell, columns) for cell in row.cells]
        if (
            below.top - row.bottom > _ROWS_GAP / 2 * row.size
            or len(set(names)) < len(names)
            or any(len(_spell(cell)) > _LONGEST_NAME for cell in row.cells)
            or abs(row.size - rows[first].size) > 0.15 * rows[first].size
            or row.cells[-1][-1].right < columns[0][0]
            or row.cells[0][0].left > columns[-1][1]
            or any(LEADERS.search(run.text) for run in row.runs)
        ):
            break
        if len(names) > 1:
            heads = list(range(index, first))
        elif names != [0] or index < first - 1:
            break
    return heads


def _count_last_descriptions(
    rows: Sequence[_Row], block: Sequence[int], columns: Sequence[tuple[float, float]]
) -> int:
    """Return the number of rows after the last row with values that are like those between two."""
    between = [index for index in range(block[0], block[-1]) if index not in block]
    starts = {_place_start(rows[index].cells[0], columns) for index in between}
    most = max((after - before - 1 for before, after in pairwise(block)), default=0)
    count = 0
    for above, row in pairwise(rows[block[-1] : block[-1] + 1 + most]):
        first = row.cells[0]
        place = _place_start(first, columns)
        if (
            row.top - above.bottom > max(_measure_gap(rows, block), 0) + 0.1 * row.size
            or place not in starts
            or abs(first[0].left - columns[place][0]) > row.size / 2
        ):
            break
        count += 1
    return count


def _measure_gap(rows: Sequence[_Row], block: Sequence[int]) -> float:
    """Return the largest gap between successive rows of a block."""
    return max(b.top - a.bottom for a, b in pairwise(rows[block[0] : block[-1] + 1]))


def _is_wrapped(above: _Row, row: _Row, columns: Sequence[tuple[float, float]]) -> bool:
    """Return whether a row consists of further lines of the cells above it.

    They are as close as the lines of a paragraph and within their columns, and continue words.
    """
    return row.top - above.bottom < _WRAPPED * row.size and all(
        _place_cell(cell, columns) is not None
        and _spell(cell)[:1].islower()
        and any(_place_cell(a, columns) == _place_cell(cell, columns) for a in above.cells)
        for cell in row.cells
    )


# -- figures ---------------------------------------------------------------------------------------


def _find_figures(runs: Sequence[GlyphRun]) -> Iterator[list[list[GlyphRun]]]:
    """Yield groups of figures in a row, each figure with the lines of its caption below it."""
    if not runs:
        return
    usual = median(run.size for run in runs)
    large = [
        run
        for run in runs
        if run.size >= _LARGE * usual
        and len(run.text) <= _LONGEST_FIGURE
        and _FIGURE.match(run.text)
    ]
    for row in group_rows(large):
        if len(row) < 2:
            continue
        others = [run for run in runs if run not in large]
        captions = [[figure, *_find_caption(figure, others)] for figure in row]
        if all(map(_is_caption, captions)) and _are_apart(captions):
            yield captions


def _is_caption(runs: Sequence[GlyphRun]) -> bool:
    """Return whether a figure has text below it that is no longer than a caption."""
    return len(runs) > 1 and sum(len(run.text) for run in runs) <= _LONGEST_CAPTION


def _are_apart(captions: Sequence[Sequence[GlyphRun]]) -> bool:
    """Return whether captions are beside each other, with a gap between them."""
    return all(
        max(run.right for run in a) + _CELLS_GAP * a[-1].size < min(run.left for run in b)
        for a, b in pairwise(captions)
    )


def _find_caption(figure: GlyphRun, others: Sequence[GlyphRun]) -> list[GlyphRun]:
    """Return the lines below a figure that are close to it and to each other."""
    caption: list[GlyphRun] = []
    left, right, bottom = figure.left, figure.right, figure.bottom
    for run in sorted(others, key=lambda run: run.top):
        if (
            run.size * _LARGE > figure.size
            or run.top < bottom - 0.5 * run.size
            or run.top - bottom > _CAPTION_GAP * run.size
            or run.left >= right
            or run.right <= left
        ):
            continue
        caption.append(run)
        left, right = min(left, run.left), max(right, run.right)
        bottom = max(bottom, run.bottom)
    return caption
