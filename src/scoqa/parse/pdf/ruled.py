"""Find the ruled tables on a page of a PDF and the cell that contains a point.

Input: a pdfium page. Output: the straight lines drawn on it, and the cells that they form. Edges of
filled shapes count as lines: browsers draw each side of a cell as a separate shape.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from scoqa.parse.pdf.characters import Array

# In points. Closer lines are one line, and a line that ends this close to another meets it: a thick
# line is drawn with two edges, and the lines of a cell may have gaps at its corners.
_NEAR = 2.5
_SHORTEST = 4.0
_SKEWED = 1.0  # the largest deviation from the vertical or the horizontal
# Per page. Maps and plots have more; examining 4,900 shapes takes as long as reading 50 lines.
_MOST_SHAPES = 5_000
_MOST_OBJECTS = 100_000  # includes letters, if each is drawn separately
_MOST_SIDES = 20_000
_MOST_FIELDS = 10_000
_MANY = 4  # lines around three rows
_DEEPEST = 4  # nested drawings
_WHITE = 250  # of 255; a shape at least this light has no visible edges


_Matrix: TypeAlias = tuple[float, float, float, float, float, float]  # a to f, as in PDF
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Cell(NamedTuple):
    """The position of a cell: the table on its page, the row and the column, all from 0."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells on a page, in all structures with at least two rows.

    rows, columns: the edges between rows and columns, in points from the top left of the page.
    fields: for each field of this grid, the number of its cell, or -1. cells: by number.
    """

    rows: Array
    columns: Array
    fields: Array
    cells: tuple[Cell, ...]

    def find_cells(self, x: Array, y: Array) -> Array:
        """Return the number of the cell that contains each point, or -1."""
        if not self.cells:
            return np.full(len(x), -1)
        row = np.searchsorted(self.rows, y) - 1
        column = np.searchsorted(self.columns, x) - 1
        inside = (
            (row >= 0)
            & (row < len(self.rows) - 1)
            & (column >= 0)
            & (column < len(self.columns) - 1)
        )
        return np.where(inside, self.fields[row * inside, column * inside], -1)


NO_CELLS = Cells(np.zeros(0), np.zeros(0), np.zeros((0, 0), int), ())


# -- lines -----------------------------------------------------------------------------------------


def find_lines(pdfium: Any, page: Any) -> Array:
    """Return the straight lines drawn on a page, shape (n, 4): left, bottom, right, top.

    They are in the page's own points. A page with so many shapes that they cannot be a table has
    no lines.
    """
    sides: list[tuple[float, float, float, float]] = []
    page_objects = (
        pdfium.FPDFPage_GetObject(page, index)
        for index in range(pdfium.FPDFPage_CountObjects(page))
    )
    shapes = 0
    for count, (item, within) in enumerate(_iterate_objects(pdfium, page_objects, _IDENTITY, 0)):
        if count == _MOST_OBJECTS or shapes > _MOST_SHAPES or len(sides) > _MOST_SIDES:
            return np.zeros((0, 4))
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH:
            shapes += 1
            if _is_visible(pdfium, item):
                sides += _iterate_sides(pdfium, item, _compose_matrix(pdfium, item, within))
    ends = np.array(sides).reshape(-1, 4)
    return np.concatenate(
        (np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])), axis=1
    )


def _iterate_objects(
    pdfium: Any, objects: Iterator[Any], within: _Matrix, depth: int
) -> Iterator[tuple[Any, _Matrix]]:
    """Yield all objects, also in nested drawings, with the matrix of their drawing to the page."""
    for item in objects:
        yield item, within
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inner = (
                pdfium.FPDFFormObj_GetObject(item, index)
                for index in range(pdfium.FPDFFormObj_CountObjects(item))
            )
            yield from _iterate_objects(
                pdfium, inner, _compose_matrix(pdfium, item, within), depth + 1
            )


def _compose_matrix(pdfium: Any, item: Any, within: _Matrix) -> _Matrix:
    """Return the matrix that transforms points of an object into points of the page."""
    own = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, ctypes.byref(own)):
        return within
    a, b, c, d, e, f = within
    return (
        own.a * a + own.b * c,
        own.a * b + own.b * d,
        own.c * a + own.d * c,
        own.c * b + own.d * d,
        own.e * a + own.f * c + e,
        own.e * b + own.f * d + f,
    )


def _is_visible(pdfium: Any, path: Any) -> bool:
    """Return whether the sides of a shape are visible: it has a stroke, or a fill but not white."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
    colour = [ctypes.c_uint() for _ in range(4)]
    if stroke.value:
        pdfium.FPDFPageObj_GetStrokeColor(path, *map(ctypes.byref, colour))
        if colour[3].value:
            return True
    if not fill.value:
        return False
    pdfium.FPDFPageObj_GetFillColor(path, *map(ctypes.byref, colour))
    return bool(colour[3].value) and min(channel.value for channel in colour[:3]) < _WHITE


def _iterate_sides(
    pdfium: Any, path: Any, matrix: _Matrix
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the straight sides of a shape as (x, y) of their start and end."""
    a, b, c, d, e, f = matrix
    x, y = ctypes.c_float(), ctypes.c_float()
    start = last = (0.0, 0.0)
    for index in range(min(pdfium.FPDFPath_CountSegments(path), _MOST_SIDES)):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        point = x.value * a + y.value * c + e, x.value * b + y.value * d + f
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield *last, *point
        last = point
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield *last, *start
            last = start


# -- cells -----------------------------------------------------------------------------------------


def find_cells(lines: Array) -> Cells:
    """Return the cells that lines enclose. lines: left, top, right, bottom, from the top left."""
    if len(lines) < 3 or not np.isfinite(lines).all():
        return NO_CELLS
    wide, high = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    across = _join_lines(lines[(high <= _SKEWED) & (wide >= _SHORTEST)])
    down = _join_lines(lines[(wide <= _SKEWED) & (high >= _SHORTEST)][:, [1, 0, 3, 2]])
    down = np.concatenate((down, _close_rows(across, down)))
    rows, of_across = _cluster(across[:, 2])
    columns, of_down = _cluster(down[:, 2])
    shape = len(rows) - 1, len(columns) - 1
    if min(shape) < 1 or max(shape) < 2 or shape[0] * shape[1] > _MOST_FIELDS:
        return NO_CELLS
    above = _find_covered(across, of_across, len(rows), columns)
    beside = _find_covered(down, of_down, len(columns), rows).T
    fields = _keep_rectangles(_number_enclosures(above, beside))
    tables = _number_enclosures(*_outline_tables(fields))
    numbers, first = np.unique(fields, return_index=True)
    cells = {
        int(number): Cell(int(tables.flat[place]), *divmod(int(place), shape[1]))
        for number, place in zip(numbers, first, strict=True)
        if number >= 0
    }
    row_counts = Counter(table for table, _ in {(cell.table, cell.row) for cell in cells.values()})
    table_cells = {number: cell for number, cell in cells.items() if row_counts[cell.table] > 1}
    renumbered = np.full(len(fields.flat) + 1, -1)  # the last entry is for fields without a cell
    renumbered[list(table_cells)] = range(len(table_cells))
    return Cells(rows, columns, renumbered[fields], tuple(table_cells.values()))


def _keep_rectangles(fields: Array) -> Array:
    """Return `fields` without enclosures that are not rectangles, such as the inside of a frame."""
    inside = fields >= 0
    numbers = fields[inside]
    box = np.zeros((numbers.max(initial=-1) + 1, 2, 2), int)
    box[:, 0] = fields.size
    for axis, places in enumerate(np.nonzero(inside)):
        np.minimum.at(box[:, 0, axis], numbers, places)
        np.maximum.at(box[:, 1, axis], numbers, places)
    area = np.prod(box[:, 1] - box[:, 0] + 1, axis=1)
    is_rectangle = area == np.bincount(numbers, minlength=len(area))
    rectangles = np.full(fields.shape, -1)
    rectangles[inside] = np.where(is_rectangle[numbers], numbers, -1)
    return rectangles


def _join_lines(lines: Array) -> Array:
    """Join horizontal lines that continue each other; return start, end and height of each.

    lines: left, top, right, bottom. For vertical lines, the axes are exchanged.
    """
    heights, numbers = _cluster((lines[:, 1] + lines[:, 3]) / 2)
    joined: list[list[float]] = []
    for number in np.lexsort((lines[:, 0], numbers)):
        start, _, end, _ = lines[number].tolist()
        height = float(heights[numbers[number]])
        if joined and joined[-1][2] == height and start <= joined[-1][1] + _NEAR:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end, height])
    return np.array(joined).reshape(-1, 3)


def _close_rows(across: Array, down: Array) -> Array:
    """Return the missing outer sides of rows, as vertical lines.

    Horizontal lines that share both endpoints are grouped. Two neighbouring lines bound a row if a
    vertical line joins them. In a group of _MANY or more lines, unjoined gaps are rows too (every
    other row may have a colour), unless joined gaps are adjacent: then an unjoined gap is text
    between two tables.
    """
    sides: list[tuple[float, float, float]] = []
    ends = np.stack((_cluster(across[:, 0])[1], _cluster(across[:, 1])[1]), axis=1)
    pairs, counts = np.unique(ends, axis=0, return_counts=True)
    for pair in pairs[counts > 1]:
        own = across[np.all(ends == pair, axis=1)]
        low, high = float(own[:, 0].min()), float(own[:, 1].max())
        near = down[(down[:, 2] > low - _NEAR) & (down[:, 2] < high + _NEAR)]
        heights = np.unique(own[:, 2]).tolist()
        crossed = [
            bool(np.any((near[:, 0] <= top + _NEAR) & (near[:, 1] >= bottom - _NEAR)))
            for top, bottom in pairwise(heights)
        ]
        is_large = len(heights) >= _MANY
        is_alternating = not any(one and other for one, other in pairwise(crossed))
        for (top, bottom), is_row in zip(pairwise(heights), crossed, strict=True):
            if is_row or (is_large and is_alternating):
                sides += [(top, bottom, low), (top, bottom, high)]
    return np.array(sides).reshape(-1, 3)


def _cluster(places: Array) -> tuple[Array, Array]:
    """Merge positions whose gap is at most _NEAR; return sorted means and the index per input."""
    if not len(places):
        return np.zeros(0), np.zeros(0, int)
    order = np.argsort(places, kind="stable")
    group = np.concatenate(([0], np.cumsum(np.diff(places[order]) > _NEAR)))
    sums = np.bincount(group, places[order])
    numbers = np.empty(len(places), int)
    numbers[order] = group
    return sums / np.bincount(group), numbers


def _find_covered(lines: Array, places: Array, count: int, edges: Array) -> Array:
    """Return which intervals between `edges` are covered by a line, at each of `count` places."""
    covered = np.zeros((count, len(edges) - 1), bool)
    first = np.searchsorted(edges, lines[:, 0] - _NEAR)
    last = np.searchsorted(edges, lines[:, 1] + _NEAR, "right") - 1
    for place, start, end in zip(places, first, last, strict=True):
        covered[place, start : max(start, end)] = True
    return covered


def _number_enclosures(above: Array, beside: Array) -> Array:
    """Return the number of the enclosure that contains each field, from the top left, or -1.

    above: whether there is a line above each field, and below the last row. beside: whether there
    is a line left of each field, and right of the last column.
    """
    rows, columns = above.shape[0] - 1, beside.shape[1] - 1
    over, left = above.tolist(), beside.tolist()  # reading lists is much faster than arrays
    enclosures = [[-2] * columns for _ in range(rows)]
    count = 0
    for start in product(range(rows), range(columns)):
        if enclosures[start[0]][start[1]] != -2:
            continue
        waiting, own, is_open = [start], [start], False
        enclosures[start[0]][start[1]] = count
        while waiting:
            row, column = waiting.pop()
            for is_line, y, x in (
                (over[row][column], row - 1, column),
                (over[row + 1][column], row + 1, column),
                (left[row][column], row, column - 1),
                (left[row][column + 1], row, column + 1),
            ):
                if is_line:
                    continue
                if not (0 <= y < rows and 0 <= x < columns):
                    is_open = True
                elif enclosures[y][x] == -2:
                    enclosures[y][x] = count
                    own.append((y, x))
                    waiting.append((y, x))
        if is_open:
            for y, x in own:
                enclosures[y][x] = -1
        else:
            count += 1
    return np.array(enclosures)


def _outline_tables(fields: Array) -> tuple[Array, Array]:
    """Return the outlines of complete tables, in the form that `_number_enclosures` takes."""
    inside = np.pad(fields >= 0, 1)
    above = inside[1:, 1:-1] != inside[:-1, 1:-1]
    beside = inside[1:-1, 1:] != inside[1:-1, :-1]
    return above, beside
