"""Join the characters on a page of a PDF into runs, which are pieces of lines.

Input: a pdfium page. Output: runs of characters in reading order that are close together on one
baseline, with the box of each character on the displayed page.
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

FULL = 65_535  # the width and height of a page, in the units of the boxes

# Limits for neighbouring characters of a run, in heights of the lower box (1.15 font sizes).
_WIDEST_GAP = 0.9
_WIDEST_STEP_BACK = 0.45  # an accent above its letter starts left of it
_LEAST_OVERLAP = 0.5  # a superscript overlaps its line by more, two lines do not overlap
_WORDS_GAP = 0.2  # font sizes; the least gap between two words
_LARGEST_STEP = 1.8  # ratio of font sizes; above it, a first letter is a separate run


@dataclass(frozen=True, slots=True, eq=False)
class GlyphRun:
    """Adjacent characters on one line.

    Attributes
    ----------
    text
        With the spaces between its words.
    boxes
        As in `Parsed`, of shape (len(text), 4).
    left, top, right, bottom
        Of the complete run, in points from the top left, with the page turned so that the run is
        upright.
    size
        The font size in points.
    turn
        The rotation of the text, in degrees clockwise.
    first
        About the width of its first word, in points.
    cell
        The ruled table cell that contains the run, or None. Always None for rotated text.
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
    """The runs of a page, its displayed size in points, and its character counts.

    characters: all drawn characters. unknown: those without a Unicode value.
    """

    runs: tuple[GlyphRun, ...]
    width: float
    height: float
    characters: int
    unknown: int


def read_glyphs(page: Any) -> Glyphs:
    """Return the runs of a page in pdfium's order, without text outside its visible part."""
    import pypdfium2.raw as pdfium

    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return Glyphs((), width, height, 0, 0)
    try:
        characters = read_characters(pdfium, text_page)
        if not characters.texts or not (width > 0 and height > 0):
            return Glyphs((), width, height, 0, 0)
        mark_shifted_digits(pdfium, text_page, characters)
        quarter_turns = pdfium.FPDFPage_GetRotation(page)
        part = _get_visible_part(pdfium, page)
        boxes = _to_shown_page(characters.boxes, part, quarter_turns)
        turns = np.round(np.degrees(characters.angles)).astype(int) + 90 * quarter_turns
        cells = find_cells(_to_shown_page(find_lines(pdfium, page), part, quarter_turns))
        runs = tuple(
            _build_runs(pdfium, text_page, characters, boxes, turns % 360, (width, height), cells)
        )
        return Glyphs(runs, width, height, len(characters.texts), characters.unknown)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _get_visible_part(pdfium: Any, page: Any) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of the visible part of a page, in its own points."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top


def _to_shown_page(
    boxes: Array, part: tuple[float, float, float, float], quarter_turns: int
) -> Array:
    """Convert boxes in the page's own points to the displayed page: rotated, from the top left."""
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
    """Rotate the boxes back by `turns` degrees, so that their text is upright.

    Boxes at an angle that is not a multiple of 90 become squares of about their character's size.
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
    """Divide the box of a glyph that represents several letters among these letters, in place."""
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
    characters: Characters,
    boxes: Array,
    turns: Array,
    size: tuple[float, float],
    cells: Cells,
) -> Iterator[GlyphRun]:
    """Yield the runs in pdfium's order. size: of the displayed page."""
    _reorder_letters(characters, boxes, turns, size)
    _divide_ligatures(boxes, turns, characters.texts)
    upright = _turn_upright(boxes, turns, size)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    shares = _to_page_units(boxes, size)
    gaps = np.concatenate((np.zeros((1, 4), "<u2"), fill_gaps(shares[:-1], shares[1:])))
    inside = np.all((middles >= 0) & (middles <= size), axis=1)
    cell_numbers = np.where(turns == 0, cells.find_cells(*middles.T), -1)
    # A word that crosses a line is not split. Two words may come without a space between them.
    apart = characters.spaced[1:] | (
        upright[1:, 0] - upright[:-1, 2] > _WORDS_GAP * characters.sizes[1:]
    )
    broken = _find_breaks(upright, turns, inside, characters) | (
        (cell_numbers[:-1] != cell_numbers[1:]) & apart
    )
    edges = [0, *(np.flatnonzero(broken) + 1), len(boxes)]
    for start, end in pairwise(edges):
        if not inside[start]:
            continue
        text, run_boxes = _spell_run(characters, shares, gaps, start, end)
        whole = upright[start:end]
        left, top = whole[:, :2].min(axis=0)
        right, bottom = whole[:, 2:].max(axis=0)
        breaks = (
            i
            for i in range(start + 1, end)
            if characters.spaced[i] or WIDE.match(characters.texts[i])
        )
        word = upright[start : next(breaks, end)]
        yield GlyphRun(
            text=text,
            boxes=run_boxes,
            left=float(left),
            top=float(top),
            right=float(right),
            bottom=float(bottom),
            size=float(np.median(characters.sizes[start:end])),
            bold=is_bold(pdfium, text_page, characters.indices[(start + end) // 2]),
            turn=int(turns[start]),
            first=float(word[:, 2].max() - word[:, 0].min()),
            cell=cells.cells[cell_numbers[start]] if cell_numbers[start] >= 0 else None,
        )


def _reorder_letters(
    characters: Characters, boxes: Array, turns: Array, size: tuple[float, float]
) -> None:
    """Put the letters of right-to-left words into reading order, in place."""
    if not RIGHT_TO_LEFT.search("".join(characters.texts)):
        return
    ends = characters.spaced | np.concatenate(([True], turns[1:] != turns[:-1]))
    order = find_reading_order(characters.texts, ends, _turn_upright(boxes, turns, size))
    characters.texts[:] = [characters.texts[place] for place in order]
    characters.indices[:] = [characters.indices[place] for place in order]
    characters.sizes[:], boxes[:] = characters.sizes[order], boxes[order]


def _find_breaks(upright: Array, turns: Array, inside: Array, characters: Characters) -> Array:
    """Return for each character except the last whether its run ends with it."""
    before, after = upright[:-1], upright[1:]
    heights = upright[:, 3] - upright[:, 1]
    lower = np.maximum(np.minimum(heights[:-1], heights[1:]), 0.1)
    shared = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    gap, step = after[:, 0] - before[:, 2], after[:, 0] - before[:, 0]
    sizes = characters.sizes
    if RIGHT_TO_LEFT.search("".join(characters.texts)):  # neighbours may be on either side
        leftward = np.array([bool(RIGHT_TO_LEFT.match(text)) for text in characters.texts])
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
    """Convert boxes in points to integer page units (see FULL), rounded outwards."""
    shares = boxes / (*size, *size) * FULL
    shares[:, :2], shares[:, 2:] = np.floor(shares[:, :2]), np.ceil(shares[:, 2:])
    return np.asarray(np.clip(shares, 0, FULL).astype("<u2"))


def _spell_run(
    characters: Characters, shares: Array, gaps: Array, start: int, end: int
) -> tuple[str, Array]:
    """Return the text of a run with its spaces, and the box of each of its characters.

    gaps: for each character, the box between it and the previous character.
    """
    spaced = characters.spaced[start:end].copy()
    spaced[0] = False
    places = np.arange(end - start) + np.cumsum(spaced)
    boxes = np.zeros((int(places[-1]) + 1, 4), "<u2")
    boxes[places] = shares[start:end]
    boxes[places[spaced] - 1] = gaps[start:end][spaced]
    letters = zip(spaced, characters.texts[start:end], strict=True)
    return "".join(f" {letter}" if space else letter for space, letter in letters), boxes


def fill_gaps(one: Array, other: Array) -> Array:
    """Return the boxes that fill the gaps between boxes of a line; zeros if there is no gap."""
    left, right = np.minimum(one[:, 2], other[:, 2]), np.maximum(one[:, 0], other[:, 0])
    top, bottom = np.minimum(one[:, 3], other[:, 3]), np.maximum(one[:, 1], other[:, 1])
    low, high = np.minimum(one[:, :2], other[:, :2]), np.maximum(one[:, 2:], other[:, 2:])
    across = np.stack((left, low[:, 1], right, high[:, 1]), axis=1)
    down = np.stack((low[:, 0], top, high[:, 0], bottom), axis=1)
    beside, under = (right > left)[:, None], (bottom > top)[:, None]
    return np.asarray(np.where(beside, across, np.where(under, down, 0)).astype("<u2"))


def group_rows(runs: Iterable[GlyphRun]) -> list[list[GlyphRun]]:
    """Group the runs on the same line; rows from the top, the runs of a row from the left."""
    rows: list[list[GlyphRun]] = []
    for run in sorted(runs, key=lambda run: (run.top + run.bottom, run.left)):
        if rows:
            main = max(rows[-1], key=lambda run: len(run.text))
            shared = min(main.bottom, run.bottom) - max(main.top, run.top)
            if shared > 0.5 * min(main.bottom - main.top, run.bottom - run.top):
                rows[-1].append(run)
                continue
        rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]
