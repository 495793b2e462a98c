"""Join the runs of a page into lines in reading order.

Input: runs in any order. Output: lines, each with the runs on one baseline of one column. Columns
follow each other. The cells of a table row are separated by tabs; the cells of a ruled table follow
each other as separate lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

import numpy as np

from scoqa.parse.pdf.aligned import LEADERS, find_tables, split_cells
from scoqa.parse.pdf.characters import RIGHT_TO_LEFT, Array
from scoqa.parse.pdf.directions import reorder_line
from scoqa.parse.pdf.glyphs import GlyphRun, fill_gaps, group_rows
from scoqa.parse.pdf.superscript_digits import SPACE
from scoqa.parse.pdf.tables import (
    Table,
    group_table_rows,
    is_header,
    is_layout,
    mirror_run,
    replace_table,
    replace_tables,
    split_at_tables,
)

# In font sizes, unless noted otherwise.
_GUTTER = 0.5  # the least free space between two columns
_EDGE = 2.0  # points; the largest difference of the edges of lines in one column
_DROP_CAP = 1.8  # the least size of a drop cap, relative to the lines next to it
_PRIVATE = re.compile(r"[\ue000-\uf8ff](?=\s\S)")


@dataclass(frozen=True, slots=True, eq=False)
class Line(GlyphRun):
    """One line of text on a page, joined from runs.

    top, bottom: of its longest run, so that a superscript does not move it. tabular: whether it is
    a table row, or a line of a cell. region: the number of its column or table on the page, in
    reading order. cell: None also in a table whose cells contain prose.
    """

    tabular: bool
    region: int


class _Columns(NamedTuple):
    """The parts of a region with two columns, in reading order."""

    above: list[GlyphRun]
    left: list[GlyphRun]
    right: list[GlyphRun]
    below: list[GlyphRun]


def build_lines(runs: Iterable[GlyphRun]) -> list[Line]:
    """Return the lines of a page in reading order, grouped by their rotation.

    The rotation with the most text comes first.
    """
    by_turn: dict[int, list[GlyphRun]] = {}
    for run in runs:
        by_turn.setdefault(run.turn, []).append(run)
    lines: list[Line] = []
    for turned in sorted(by_turn.values(), key=lambda runs: -sum(len(run.text) for run in runs)):
        leftward = sum(len(RIGHT_TO_LEFT.findall(run.text)) for run in turned)
        if 2 * leftward > sum(len(run.text) for run in turned):
            turned = [mirror_run(run) for run in turned]
        done: list[Table] = []
        runs, tables = replace_tables(_remove_shadows(turned))
        free = [run for run in runs if run not in tables]
        first = 1 + max((cell.table for table in tables.values() for cell in table), default=0)
        for table in find_tables(free, first):
            runs = replace_table(runs, table, tables)
        for region in _split_regions(runs):
            for part in split_at_tables(region, tables, done):
                number = lines[-1].region + 1 if lines else 0
                lines += (
                    _build_table_lines(part, number)
                    if isinstance(part, dict)
                    else _build_region_lines(part, number)
                )
    return lines


def _build_table_lines(table: Table, region: int) -> list[Line]:
    """Return the lines of the cells of a table, one cell after the other.

    If the table is page layout, each cell is read like a page. Rows of column names, which are not
    headings, stay rows.
    """
    lines: list[Line] = []
    lays_out = is_layout(table)
    for row in group_table_rows(table).values():
        if lays_out and not is_header(row):
            for runs in row.values():
                for part in _split_regions(runs):
                    lines += _build_region_lines(part, lines[-1].region + 1 if lines else region)
            region = lines[-1].region + 1
            continue
        for cell, runs in row.items():
            lines += [
                replace(line, tabular=True, cell=cell) for line in _build_region_lines(runs, region)
            ]
        region += lays_out
    return lines


def _remove_shadows(runs: Sequence[GlyphRun]) -> list[GlyphRun]:
    """Return `runs` without copies that are drawn with a small offset to look bold."""
    unique: list[GlyphRun] = []
    by_text: dict[str, list[GlyphRun]] = {}
    for run in runs:
        same = by_text.setdefault(run.text, [])
        near = 0.2 * run.size
        if any(abs(run.left - o.left) < near and abs(run.top - o.top) < near for o in same):
            continue
        same.append(run)
        unique.append(run)
    return unique


# -- columns ---------------------------------------------------------------------------------------


def _split_regions(runs: list[GlyphRun]) -> list[list[GlyphRun]]:
    """Split a page into regions that are read from top to bottom, in reading order."""
    waiting, regions = [runs], []
    while waiting:
        region = waiting.pop()
        parts = _split_columns(region)
        if parts is None:
            regions.append(region)
        else:
            waiting += [part for part in reversed(parts) if part]
    return regions


def _split_columns(runs: list[GlyphRun]) -> _Columns | None:
    """Split a region at the gutter that has most text beside it. Returns None without a gutter."""
    if len(runs) < 5:
        return None
    places = np.array([(run.left, run.top, run.right, run.bottom) for run in runs])
    lefts, rights = places[:, 0], places[:, 2]
    middles = (places[:, 1] + places[:, 3]) / 2
    lengths = np.array([len(run.text) for run in runs])
    size = median(run.size for run in runs)
    candidates: list[tuple[int, float, Array, Array]] = []
    for low, high in _find_gutters(lefts, rights, size):
        crossing = (lefts < high - 0.5) & (rights > low + 0.5)
        beside = np.where(rights <= low + 0.5, 0, 1)
        bands = np.searchsorted(np.sort(middles[crossing]), middles)
        for band in np.unique(bands[~crossing]):
            inside = (bands == band) & ~crossing
            characters = np.bincount(beside[inside], lengths[inside], minlength=2)
            if characters.min() > 0:
                candidates.append((int(characters.sum()), low, inside, beside))
    candidates.sort(key=lambda candidate: (-candidate[0], candidate[1]))
    for _, _, inside, beside in candidates:
        left = [run for run, side in zip(runs, inside & (beside == 0), strict=True) if side]
        right = [run for run, side in zip(runs, inside & (beside == 1), strict=True) if side]
        if _are_columns(left, right, runs):
            top, bottom = middles[inside].min(), middles[inside].max()
            rest = [(run, m) for run, m, own in zip(runs, middles, inside, strict=True) if not own]
            return _Columns(
                [run for run, middle in rest if middle < top],
                left,
                right,
                [run for run, middle in rest if middle > bottom],
            )
    return None


def _find_gutters(lefts: Array, rights: Array, size: float) -> list[tuple[float, float]]:
    """Return possible gutters from the left: the space next to edges that three runs share."""
    gutters: set[tuple[float, float]] = set()
    for edges, side in ((lefts, -1), (rights, 1)):
        ordered = np.sort(edges)
        counts = np.searchsorted(ordered, ordered + _EDGE, "right") - np.searchsorted(
            ordered, ordered, "left"
        )
        for edge in np.unique(np.round(ordered[counts >= 3])):
            near = ordered[np.abs(ordered - edge) <= _EDGE]
            place = float(near.min() if side < 0 else near.max())
            if lefts.min() + 3 * size < place < rights.max() - 3 * size:
                other = place + side * _GUTTER * size
                gutters.add((min(place, other), max(place, other)))
    return sorted(gutters)


def _are_columns(left: list[GlyphRun], right: list[GlyphRun], runs: list[GlyphRun]) -> bool:
    """Return whether two sides are separate columns of prose, and not the cells of a table.

    Cells are short. A file that contains all of one side before the other has columns.
    """
    sides = [group_rows(left), group_rows(right)]
    fewest, most = sorted(len(rows) for rows in sides)
    if fewest < 2 or most < 3:
        return False
    shared = min(max(r.bottom for r in side) for side in (left, right)) - max(
        min(r.top for r in side) for side in (left, right)
    )
    if shared < 2 * median(run.size for run in (*left, *right)):
        return False
    lengths = [fmean(sum(len(run.text) for run in row) for row in rows) for rows in sides]
    wide = [max(r.right for r in side) - min(r.left for r in side) for side in (left, right)]
    fills = [
        median((row[-1].right - row[0].left) / width for row in rows)
        for rows, width in zip(sides, wide, strict=True)
    ]
    of_left = {id(run) for run in left}
    inside = of_left | {id(run) for run in right}
    order = [id(run) in of_left for run in runs if id(run) in inside]
    if sum(a != b for a, b in pairwise(order)) <= max(2, fewest // 3):
        return min(lengths) >= 10 and min(fills) >= 0.4
    return fewest >= 3 and min(lengths) >= 18 and min(fills) >= 0.7


# -- rows ------------------------------------------------------------------------------------------


def _build_region_lines(runs: list[GlyphRun], region: int) -> list[Line]:
    """Return the lines of one region, from the top."""
    caps = _find_drop_caps(runs)
    rows = group_rows(run for run in runs if run not in caps)
    for cap in caps:
        beside = [row for row in rows if row[0].bottom > cap.top + 0.1 * cap.size]
        if beside:
            beside[0].insert(0, cap)
        else:
            rows.append([cap])
    cells = [split_cells(row) for row in rows]
    tabular = [_is_tabular(cells, number) for number in range(len(cells))]
    lines: list[Line] = []
    open_cells: list[list[GlyphRun]] = []
    for row, of_row, is_row in zip(rows, cells, tabular, strict=True):
        if is_row:
            open_cells = of_row
        elif open_cells and _continues_cells(open_cells, of_row):
            for cell in of_row:
                _find_cell_above(open_cells, cell).extend(cell)
            lines[-1] = _join_cells(open_cells, region, tabular=True)
            continue
        else:
            open_cells = []
        lines.append(_join_cells(of_row if is_row else [row], region, tabular=is_row))
    return lines


def _find_drop_caps(runs: list[GlyphRun]) -> list[GlyphRun]:
    """Return the large first letters that are next to several lines."""
    size = median(run.size for run in runs)
    return [
        run
        for run in runs
        if len(run.text) <= 2
        and run.size > _DROP_CAP * size
        and sum(
            run.top < (other.top + other.bottom) / 2 < run.bottom and other.left >= run.left
            for other in runs
            if other is not run
        )
        >= 2
    ]


def _is_tabular(rows: Sequence[list[list[GlyphRun]]], number: int) -> bool:
    """Return whether a row is part of a table: its cells are aligned with those of a near row."""
    cells = rows[number]
    if len(cells) < 2 or any(LEADERS.search(run.text) for cell in cells for run in cell):
        return False
    near = [row for row in rows[max(0, number - 2) : number + 3] if row is not cells]
    return any(
        _are_aligned(cell, other)
        for row in near
        if len(row) > 1
        for cell in cells[1:]
        for other in row[1:]
    )


def _are_aligned(one: list[GlyphRun], other: list[GlyphRun]) -> bool:
    near = one[0].size
    lefts, rights = one[0].left - other[0].left, one[-1].right - other[-1].right
    return min(abs(lefts), abs(rights), abs(lefts + rights) / 2) < 0.5 * near


def _continues_cells(above: list[list[GlyphRun]], cells: list[list[GlyphRun]]) -> bool:
    """Return whether a row consists of further lines of the cells above."""
    tops = [run for cell in above for run in cell]
    gap = cells[0][0].top - max(run.bottom for run in tops)
    return (
        len(cells) < len(above)
        and gap < 0.35 * cells[0][0].size
        and cells[0][0].left > above[0][0].left + cells[0][0].size
        and all(
            any(
                min(a[-1].right, cell[-1].right) > max(a[0].left, cell[0].left)
                and any(c.isalpha() for c in a[-1].text)
                for a in above
            )
            for cell in cells
        )
    )


def _find_cell_above(above: list[list[GlyphRun]], cell: list[GlyphRun]) -> list[GlyphRun]:
    return max(
        above,
        key=lambda a: min(max(r.right for r in a), cell[-1].right) - max(a[0].left, cell[0].left),
    )


def _join_cells(cells: list[list[GlyphRun]], region: int, *, tabular: bool) -> Line:
    """Join the runs of a row into one line, with tabs between its cells."""
    runs = [run for cell in cells for run in cell]
    starts = {id(cell[0]) for cell in cells[1:]}
    texts, boxes = [runs[0].text], [runs[0].boxes]
    for before, run in pairwise(runs):
        tab = id(run) in starts
        same_row = run.top < before.bottom and run.left >= before.left
        gap = run.left - before.right
        if tab or not same_row or gap > SPACE * run.size:
            texts.append("\t" if tab else " ")
            filled = same_row and not tab
            boxes.append(
                fill_gaps(before.boxes[-1:], run.boxes[:1])
                if filled
                else np.zeros((1, 4), before.boxes.dtype)
            )
        texts.append(run.text)
        boxes.append(run.boxes)
    main = max(runs, key=lambda run: len(run.text))
    text, line_boxes = "".join(texts), np.concatenate(boxes)
    if _PRIVATE.match(text):  # a bullet in the private code of a symbol font
        text = f"•{text[1:]}"
    if not tabular:
        text, line_boxes = reorder_line(text, line_boxes)
    return Line(
        text=text,
        boxes=line_boxes,
        left=min(run.left for run in runs),
        top=main.top,
        right=max(run.right for run in runs),
        bottom=main.bottom,
        size=main.size,
        bold=all(run.bold for run in runs),
        turn=main.turn,
        first=runs[0].first,
        cell=None,
        tabular=tabular,
        region=region,
    )
