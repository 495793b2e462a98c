"""The characters on one page of a PDF, put together to pieces of lines.

Receives a page of pdfium's; hands on runs: characters in reading order that stand close together
on one baseline, with the box of each on the page as it is shown.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from scoqa.parse.pdf.characters import (
    RIGHT_TO_LEFT,
    WIDE,
    Array,
    Characters,
    is_bold,
    read_characters,
)
from scoqa.parse.pdf.directions import find_reading_order
from scoqa.parse.pdf.ruled import Cell, Cells, find_cells, find_lines
from scoqa.parse.pdf.superscript_digits import mark_shifted_digits

FULL = 65_535  # a page's width and height, in the units of the boxes

# How two characters of one run stand, in heights of the lower one's box (1.15 of a font's size).
_WIDEST_GAP = 0.9
_WIDEST_STEP_BACK = 0.45  # an accent set over its letter begins left of it
_LEAST_OVERLAP = 0.5  # a raised number shares more with its line, two lines share nothing
_WORDS_GAP = 0.2  # in size: between two words, at least
_LARGEST_STEP = 1.8  # in size: beyond it a first letter stands for itself


@dataclass(frozen=True, slots=True, eq=False)
class GlyphRun:
    """Characters that stand together on one line.

    text: with the spaces between its words. boxes: as in `Parsed`, of shape (len(text), 4).
    left to bottom: the whole run's, in points from the top left, the page turned so that the run
    stands upright. size: its font's, in points. turn: degrees clockwise that it stands
    at. first: about how wide its first word is, in points. cell: that it stands in, where lines
    are drawn around cells; None also for text that stands turned.
    """

    text: str
    boxes: Array
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    turn: int
    first: float
    cell: Cell | None


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """What pdfium says of a page: its runs, its size as shown, how many characters it cannot name.

    characters: all that are drawn.
    """

    runs: tuple[GlyphRun, ...]
    width: float
    height: float
    characters: int
    unknown: int


def read_glyphs(page: Any) -> Glyphs:
    """Return the runs of a page in pdfium's order, without what lies outside its visible part."""
    import pypdfium2.raw as pdfium

    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return Glyphs((), width, height, 0, 0)
    try:
        found = read_characters(pdfium, text_page)
        if not found.texts or not (width > 0 and height > 0):
            return Glyphs((), width, height, 0, 0)
        mark_shifted_digits(pdfium, text_page, found)
        quarter_turns = pdfium.FPDFPage_GetRotation(page)
        part = _get_visible_part(pdfium, page)
        boxes = _to_shown_page(found.boxes, part, quarter_turns)
        turns = np.round(np.degrees(found.angles)).astype(int) + 90 * quarter_turns
        cells = find_cells(_to_shown_page(find_lines(pdfium, page), part, quarter_turns))
        runs = tuple(
            _build_runs(pdfium, text_page, found, boxes, turns % 360, (width, height), cells)
        )
        return Glyphs(runs, width, height, len(found.texts), found.unknown)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _get_visible_part(pdfium: Any, page: Any) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of what is shown of a page, in its own points."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top


def _to_shown_page(
    boxes: Array, part: tuple[float, float, float, float], quarter_turns: int
) -> Array:
    """Return boxes of the page's own points as they are shown: turned, from the top left."""
    left, bottom, right, top = part
    x0, y0, x1, y1 = boxes.T
    match quarter_turns:
        case 1:
            edges = (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        case 2:
            edges = (right - x1, y0 - bottom, right - x0, y1 - bottom)
        case 3:
            edges = (top - y1, right - x1, top - y0, right - x0)
        case _:
            edges = (x0 - left, top - y1, x1 - left, top - y0)
    return np.stack(edges, axis=1)


def _turn_upright(boxes: Array, turns: Array, size: tuple[float, float]) -> Array:
    """Return boxes on the page turned back by `turns` degrees, so that their text stands upright.

    Those at an angle other than a right one become squares of about their characters' size.
    """
    across = np.cos(np.radians(turns))
    down = np.sin(np.radians(turns))
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    square = (width + height) / (2 * (abs(across) + abs(down)))
    skew = turns % 90 != 0
    wide = np.where(skew, square, np.where(turns % 180 == 0, width, height)) / 2
    tall = np.where(skew, square, np.where(turns % 180 == 0, height, width)) / 2
    x, y = x * across + y * down, y * across - x * down
    x += np.where((turns == 180) | (turns == 270), np.where(turns == 180, size[0], size[1]), 0)
    y += np.where((turns == 90) | (turns == 180), np.where(turns == 90, size[0], size[1]), 0)
    return np.stack((x - wide, y - tall, x + wide, y + tall), axis=1)


def _divide_ligatures(boxes: Array, turns: Array, texts: list[str]) -> None:
    """Give each of several letters that one glyph stands for its part of the glyph's box."""
    same = np.all(boxes[1:] == boxes[:-1], axis=1)
    end = 0
    for index in np.flatnonzero(same).tolist():
        if index < end:
            continue
        end = index + 1
        while end < len(same) and same[end]:
            end += 1
        count = end - index + 1
        low, high = (0, 2) if turns[index] % 180 == 0 else (1, 3)
        edges = np.linspace(boxes[index, low], boxes[index, high], count + 1)
        if (turns[index] in (180, 270)) != bool(RIGHT_TO_LEFT.match(texts[index])):
            edges = edges[::-1]
        boxes[index : end + 1, low] = np.minimum(edges[:-1], edges[1:])
        boxes[index : end + 1, high] = np.maximum(edges[:-1], edges[1:])


def _build_runs(
    pdfium: Any,
    text_page: Any,
    found: Characters,
    boxes: Array,
    turns: Array,
    size: tuple[float, float],
    cells: Cells,
) -> Iterator[GlyphRun]:
    """Yield the runs, in pdfium's order. size: the page's as shown."""
    _reorder_letters(found, boxes, turns, size)
    _divide_ligatures(boxes, turns, found.texts)
    upright = _turn_upright(boxes, turns, size)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    shares = _to_page_units(boxes, size)
    gaps = np.concatenate((np.zeros((1, 4), "<u2"), fill_gaps(shares[:-1], shares[1:])))
    inside = np.all((middles >= 0) & (middles <= size), axis=1)
    held = np.where(turns == 0, cells.find_cells(*middles.T), -1)
    # A word over a line stays whole; letters of two words may come without a space.
    apart = found.spaced[1:] | (upright[1:, 0] - upright[:-1, 2] > _WORDS_GAP * found.sizes[1:])
    broken = _find_breaks(upright, turns, inside, found) | ((held[:-1] != held[1:]) & apart)
    edges = [0, *(np.flatnonzero(broken) + 1), len(boxes)]
    for start, end in pairwise(edges):
        if not inside[start]:
            continue
        text, placed = _spell_run(found, shares, gaps, start, end)
        whole = upright[start:end]
        left, top = whole[:, :2].min(axis=0)
        right, bottom = whole[:, 2:].max(axis=0)
        breaks = (i for i in range(start + 1, end) if found.spaced[i] or WIDE.match(found.texts[i]))
        word = upright[start : next(breaks, end)]
        yield GlyphRun(
            text=text,
            boxes=placed,
            left=float(left),
            top=float(top),
            right=float(right),
            bottom=float(bottom),
            size=float(np.median(found.sizes[start:end])),
            bold=is_bold(pdfium, text_page, found.indices[(start + end) // 2]),
            turn=int(turns[start]),
            first=float(word[:, 2].max() - word[:, 0].min()),
            cell=cells.cells[held[start]] if held[start] >= 0 else None,
        )


def _reorder_letters(
    found: Characters, boxes: Array, turns: Array, size: tuple[float, float]
) -> None:
    """Put the letters of words that are read from the right in the order they are read in."""
    if not RIGHT_TO_LEFT.search("".join(found.texts)):
        return
    ends = found.spaced | np.concatenate(([True], turns[1:] != turns[:-1]))
    order = find_reading_order(found.texts, ends, _turn_upright(boxes, turns, size))
    found.texts[:] = [found.texts[place] for place in order]
    found.indices[:] = [found.indices[place] for place in order]
    found.sizes[:], boxes[:] = found.sizes[order], boxes[order]


def _find_breaks(upright: Array, turns: Array, inside: Array, found: Characters) -> Array:
    """Return for each character but the last whether its run ends with it."""
    before, after = upright[:-1], upright[1:]
    heights = upright[:, 3] - upright[:, 1]
    lower = np.maximum(np.minimum(heights[:-1], heights[1:]), 0.1)
    shared = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    gap, step = after[:, 0] - before[:, 2], after[:, 0] - before[:, 0]
    sizes = found.sizes
    if RIGHT_TO_LEFT.search("".join(found.texts)):  # its neighbours may stand on either side
        leftward = np.array([bool(RIGHT_TO_LEFT.match(text)) for text in found.texts])
        either = leftward[:-1] | leftward[1:]
        gap = np.where(either, np.maximum(gap, before[:, 0] - after[:, 2]), gap)
        step = np.where(either, 0, step)
    bigger = np.maximum(sizes[:-1], sizes[1:]) > _LARGEST_STEP * np.minimum(sizes[:-1], sizes[1:])
    broken = (
        bigger
        | (turns[:-1] != turns[1:])
        | (inside[:-1] != inside[1:])
        | (shared < _LEAST_OVERLAP * lower)
        | (gap > _WIDEST_GAP * lower)
        | (step < -_WIDEST_STEP_BACK * lower)
    )
    return np.asarray(broken)


def _to_page_units(boxes: Array, size: tuple[float, float]) -> Array:
    """Return boxes in points as whole shares of the page, none smaller than it was."""
    shares = boxes / (*size, *size) * FULL
    shares[:, :2], shares[:, 2:] = np.floor(shares[:, :2]), np.ceil(shares[:, 2:])
    return np.asarray(np.clip(shares, 0, FULL).astype("<u2"))


def _spell_run(
    found: Characters, shares: Array, gaps: Array, start: int, end: int
) -> tuple[str, Array]:
    """Return the text of a run with its spaces, and the box of each character of it.

    gaps: for each character the box between it and the one before.
    """
    spaced = found.spaced[start:end].copy()
    spaced[0] = False
    places = np.arange(end - start) + np.cumsum(spaced)
    boxes = np.zeros((int(places[-1]) + 1, 4), "<u2")
    boxes[places] = shares[start:end]
    boxes[places[spaced] - 1] = gaps[start:end][spaced]
    letters = zip(spaced, found.texts[start:end], strict=True)
    return "".join(f" {letter}" if space else letter for space, letter in letters), boxes


def fill_gaps(one: Array, other: Array) -> Array:
    """Return the boxes that fill the gaps between boxes of a line; zeros where there is none."""
    left, right = np.minimum(one[:, 2], other[:, 2]), np.maximum(one[:, 0], other[:, 0])
    top, bottom = np.minimum(one[:, 3], other[:, 3]), np.maximum(one[:, 1], other[:, 1])
    low, high = np.minimum(one[:, :2], other[:, :2]), np.maximum(one[:, 2:], other[:, 2:])
    across = np.stack((left, low[:, 1], right, high[:, 1]), axis=1)
    down = np.stack((low[:, 0], top, high[:, 0], bottom), axis=1)
    beside, under = (right > left)[:, None], (bottom > top)[:, None]
    return np.asarray(np.where(beside, across, np.where(under, down, 0)).astype("<u2"))


def group_rows(runs: Iterable[GlyphRun]) -> list[list[GlyphRun]]:
    """Return the runs that stand on one line together, from the top; in each from the left."""
    rows: list[list[GlyphRun]] = []
    for run in sorted(runs, key=lambda run: (run.top + run.bottom, run.left)):
        if rows:
            main = max(rows[-1], key=lambda each: len(each.text))
            shared = min(main.bottom, run.bottom) - max(main.top, run.top)
            if shared > 0.5 * min(main.bottom - main.top, run.bottom - run.top):
                rows[-1].append(run)
                continue
        rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]
