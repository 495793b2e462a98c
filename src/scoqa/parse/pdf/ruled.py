"""The tables on a page of a PDF that lines are drawn around: which cell a place lies in.

Receives a page of pdfium's; hands on the straight lines drawn on it, and cells made of them. Edges
of filled shapes are lines too: browsers draw each side of a cell as a shape of its own.
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

# In points. Lines that are closer are one, and a line that ends so close to another meets it: a
# thick line is drawn with two edges, and the lines of a cell with gaps at its corners.
_NEAR = 2.5
_SHORTEST = 4.0
_SKEWED = 1.0  # off the vertical or the horizontal, at most
# On one page. Maps and plots have more; 4,900 take as long to look at as 50 lines of text to read.
_MOST_SHAPES = 5_000
_MOST_OBJECTS = 100_000  # letters, too, where each is drawn by itself
_MOST_SIDES = 20_000
_MOST_FIELDS = 10_000
_MANY = 4  # lines over and under three rows
_DEEPEST = 4  # drawings within drawings
_WHITE = 250  # of 255: a white shape has no edges that are seen


_Matrix: TypeAlias = tuple[float, float, float, float, float, float]  # a to f, as PDF has them
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Cell(NamedTuple):
    """Where a cell stands: in which table of its page, row and column, each from 0."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells on a page, of what may be tables: they have two rows.

    rows, columns: the edges between them, in points from the page's top left. fields: for each
    field of that grid the number of its cell, -1 for none. cells: by number.
    """

    rows: Array
    columns: Array
    fields: Array
    cells: tuple[Cell, ...]

    def find_cells(self, x: Array, y: Array) -> Array:
        """Return the number of the cell that each place lies in, -1 for none."""
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

    In the page's own points. None where there are so many that they draw no table.
    """
    found: list[tuple[float, float, float, float]] = []
    page_objects = (
        pdfium.FPDFPage_GetObject(page, index)
        for index in range(pdfium.FPDFPage_CountObjects(page))
    )
    shapes = 0
    for count, (each, within) in enumerate(_iterate_objects(pdfium, page_objects, _IDENTITY, 0)):
        if count == _MOST_OBJECTS or shapes > _MOST_SHAPES or len(found) > _MOST_SIDES:
            return np.zeros((0, 4))
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_PATH:
            shapes += 1
            if _is_visible(pdfium, each):
                found += _iterate_sides(pdfium, each, _compose_matrix(pdfium, each, within))
    ends = np.array(found).reshape(-1, 4)
    return np.concatenate(
        (np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])), axis=1
    )


def _iterate_objects(
    pdfium: Any, objects: Iterator[Any], within: _Matrix, depth: int
) -> Iterator[tuple[Any, _Matrix]]:
    """Yield what is drawn, also in drawings, with what turns places around it into the page's."""
    for each in objects:
        yield each, within
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inner = (
                pdfium.FPDFFormObj_GetObject(each, index)
                for index in range(pdfium.FPDFFormObj_CountObjects(each))
            )
            yield from _iterate_objects(
                pdfium, inner, _compose_matrix(pdfium, each, within), depth + 1
            )


def _compose_matrix(pdfium: Any, each: Any, within: _Matrix) -> _Matrix:
    """Return what turns a place of an object into one of the page."""
    own = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(each, ctypes.byref(own)):
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
    """Say whether a shape's sides are seen: drawn, or those of a filling that is not white."""
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
    return bool(colour[3].value) and min(each.value for each in colour[:3]) < _WHITE


def _iterate_sides(
    pdfium: Any, path: Any, matrix: _Matrix
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the straight sides of a shape, from end to end."""
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
    rows_in = Counter(table for table, _ in {(cell.table, cell.row) for cell in cells.values()})
    kept = {number: cell for number, cell in cells.items() if rows_in[cell.table] > 1}
    renumbered = np.full(len(fields.flat) + 1, -1)  # the last is that of no cell
    renumbered[list(kept)] = range(len(kept))
    return Cells(rows, columns, renumbered[fields], tuple(kept.values()))


def _keep_rectangles(fields: Array) -> Array:
    """Return `fields` without what is no rectangle: the space between a table and a frame."""
    inside = fields >= 0
    numbers = fields[inside]
    box = np.zeros((numbers.max(initial=-1) + 1, 2, 2), int)
    box[:, 0] = fields.size
    for axis, places in enumerate(np.nonzero(inside)):
        np.minimum.at(box[:, 0, axis], numbers, places)
        np.maximum.at(box[:, 1, axis], numbers, places)
    area = np.prod(box[:, 1] - box[:, 0] + 1, axis=1)
    whole = area == np.bincount(numbers, minlength=len(area))
    found = np.full(fields.shape, -1)
    found[inside] = np.where(whole[numbers], numbers, -1)
    return found


def _join_lines(lines: Array) -> Array:
    """Return lines across, those that go on one another joined, as start, end and height.

    lines: left, top, right, bottom. Lines down come with the axes exchanged.
    """
    heights, numbers = _cluster((lines[:, 1] + lines[:, 3]) / 2)
    found: list[list[float]] = []
    for number in np.lexsort((lines[:, 0], numbers)):
        start, _, end, _ = lines[number].tolist()
        height = float(heights[numbers[number]])
        if found and found[-1][2] == height and start <= found[-1][1] + _NEAR:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end, height])
    return np.array(found).reshape(-1, 3)


def _close_rows(across: Array, down: Array) -> Array:
    """Return the outer sides of rows that are open there, as lines down.

    Of lines across that begin and end at the same places, two with a line down between them are
    over and under a row. So are many without any; and where single rows have such lines, what is
    between them: every other row may have a colour. What is between rows in groups is no row, but
    a text between two tables.
    """
    found: list[tuple[float, float, float]] = []
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
        many = len(heights) >= _MANY
        alternate = not any(one and other for one, other in pairwise(crossed))
        for (top, bottom), is_row in zip(pairwise(heights), crossed, strict=True):
            if is_row or (many and alternate):
                found += [(top, bottom, low), (top, bottom, high)]
    return np.array(found).reshape(-1, 3)


def _cluster(places: Array) -> tuple[Array, Array]:
    """Return places with those that are near made one, in order; and which of them each became."""
    if not len(places):
        return np.zeros(0), np.zeros(0, int)
    order = np.argsort(places, kind="stable")
    group = np.concatenate(([0], np.cumsum(np.diff(places[order]) > _NEAR)))
    sums = np.bincount(group, places[order])
    numbers = np.empty(len(places), int)
    numbers[order] = group
    return sums / np.bincount(group), numbers


def _find_covered(lines: Array, places: Array, count: int, edges: Array) -> Array:
    """Return which steps between `edges` a line covers, at each of `count` places."""
    found = np.zeros((count, len(edges) - 1), bool)
    first = np.searchsorted(edges, lines[:, 0] - _NEAR)
    last = np.searchsorted(edges, lines[:, 1] + _NEAR, "right") - 1
    for place, start, end in zip(places, first, last, strict=True):
        found[place, start : max(start, end)] = True
    return found


def _number_enclosures(above: Array, beside: Array) -> Array:
    """Return for each field which enclosure it is in, by number from the top left; -1 for none.

    above: whether a line is above each field, and under the last; beside: left of it, and right.
    """
    rows, columns = above.shape[0] - 1, beside.shape[1] - 1
    over, left = above.tolist(), beside.tolist()  # many times as fast to ask as arrays
    found = [[-2] * columns for _ in range(rows)]
    count = 0
    for start in product(range(rows), range(columns)):
        if found[start[0]][start[1]] != -2:
            continue
        waiting, own, is_open = [start], [start], False
        found[start[0]][start[1]] = count
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
                elif found[y][x] == -2:
                    found[y][x] = count
                    own.append((y, x))
                    waiting.append((y, x))
        if is_open:
            for y, x in own:
                found[y][x] = -1
        else:
            count += 1
    return np.array(found)


def _outline_tables(fields: Array) -> tuple[Array, Array]:
    """Return the lines around what is enclosed, as `_enclosed` takes them: around whole tables."""
    inside = np.pad(fields >= 0, 1)
    above = inside[1:, 1:-1] != inside[:-1, 1:-1]
    beside = inside[1:-1, 1:] != inside[1:-1, :-1]
    return above, beside
