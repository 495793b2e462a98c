"""The characters on one page of a PDF, put together to pieces of lines.

Receives a page of pdfium's; hands on runs: characters in reading order that stand close together
on one baseline, with the box of each on the page as it is shown.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FULL = 65_535  # a page's width and height, in the units of the boxes

# How two characters of one run stand, in heights of the lower one's box (1.15 of a font's size).
_WIDEST_GAP = 0.9
_WIDEST_STEP_BACK = 0.45  # an accent set over its letter begins left of it
_LEAST_OVERLAP = 0.5  # a raised number shares more with its line, two lines share nothing
# A box higher than this many font sizes is the font's whole range, not a line of it.
_HIGHEST_BOX = 1.6
# A lower one is that of the character alone: some programs write no range into their fonts. Then a
# line reaches from below the baseline to above it by what is usual (Helvetica's), in font sizes.
_LOWEST_BOX = 1.05
_ASCENT, _DESCENT = 0.91, 0.21
_LARGEST_STEP = 1.8  # in size: beyond it a first letter stands for itself

_BOLD = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
# What fonts of symbols name in their own way; 2 and FFFE are pdfium's for a hyphen that ends a
# line; a soft hyphen that is drawn is a hyphen.
_OTHERWISE = {0xF0B7: "•", 0xF0A7: "▪", 0x2: "-", 0xFFFE: "-", 0xAD: "-", 0x9: " ", 0x3000: " "}
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), "ff fi fl ffi ffl st st".split(), strict=True))
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Scripts that write no spaces: a line may end after any of these.
WIDE = re.compile(
    r"[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_BLANK = frozenset(" \r\n")
_UNKNOWN = "\ufffd"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Characters that stand together on one line.

    text: with the spaces between its words. boxes: as in `Parsed`, of shape (len(text), 4).
    left to bottom: the whole run's, in points from the top left, the page turned so that the run
    stands upright. size: its font's, in points. turn: degrees clockwise that it stands
    at. first: about how wide its first word is, in points.
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


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """What pdfium says of a page: its runs, its size as shown, how many characters it cannot name.

    characters: all that are drawn.
    """

    runs: tuple[Run, ...]
    width: float
    height: float
    characters: int
    unknown: int


@dataclass(slots=True)
class _Characters:
    """What is drawn, one entry a character, in pdfium's order.

    indices: pdfium's own. spaced: whether a space stands before it. boxes: in the page's own
    points, left, bottom, right, top. angles: clockwise, in radians. sizes: of the font.
    """

    texts: list[str]
    indices: list[int]
    spaced: Array
    boxes: Array
    angles: Array
    sizes: Array
    unknown: int


def glyphs_of(page: Any) -> Glyphs:
    """Return the runs of a page in pdfium's order, without what lies outside its visible part."""
    import pypdfium2.raw as pdfium

    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return Glyphs((), width, height, 0, 0)
    try:
        found = _characters(pdfium, text_page)
        if not found.texts or not (width > 0 and height > 0):
            return Glyphs((), width, height, 0, 0)
        quarter_turns = pdfium.FPDFPage_GetRotation(page)
        boxes = _shown(found.boxes, _visible_part(pdfium, page), quarter_turns)
        turns = np.round(np.degrees(found.angles)).astype(int) + 90 * quarter_turns
        runs = tuple(_runs(pdfium, text_page, found, boxes, turns % 360, (width, height)))
        return Glyphs(runs, width, height, len(found.texts), found.unknown)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _visible_part(pdfium: Any, page: Any) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of what is shown of a page, in its own points."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top


def _quick(function: Any, *arguments: Any, result: Any = ctypes.c_int) -> Any:
    """Return a function of pdfium's that takes addresses as plain numbers.

    The bindings' own check each pointer, which takes as long as the call itself.
    """
    kind = ctypes.CFUNCTYPE(result, ctypes.c_void_p, ctypes.c_int, *arguments)
    return kind(ctypes.cast(function, ctypes.c_void_p).value or 0)


def _characters(pdfium: Any, text_page: Any) -> _Characters:
    """Return what is drawn on a page. Its four calls a character are half of a PDF's time."""
    to = ctypes.c_void_p
    unicode_at = _quick(pdfium.FPDFText_GetUnicode, result=ctypes.c_uint)
    is_unmapped = _quick(pdfium.FPDFText_HasUnicodeMapError)
    loose_box_at = _quick(pdfium.FPDFText_GetLooseCharBox, to)
    box_at = _quick(pdfium.FPDFText_GetCharBox, to, to, to, to)
    angle_at = _quick(pdfium.FPDFText_GetCharAngle, result=ctypes.c_float)
    address = ctypes.cast(text_page, ctypes.c_void_p).value
    count = max(0, pdfium.FPDFText_CountChars(text_page))
    loose = np.zeros((count, 4), np.float32)  # left, top, right, bottom
    tight = np.zeros((count, 4), np.float64)  # left, bottom, right, top
    loose_place, tight_place = loose.ctypes.data, tight.ctypes.data

    texts: list[str] = []
    indices: list[int] = []
    spaced: list[bool] = []
    angles: list[float] = []
    space, high, unknown, angle = True, 0, 0, 0.0
    for index in range(count):
        code = unicode_at(address, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        text = _OTHERWISE.get(code) or _LIGATURES.get(code) or chr(code)
        if text in _BLANK:
            space = True
            continue
        if is_unmapped(address, index) == 1 or code == 0 or 0xD800 <= code < 0xE000:
            text = _UNKNOWN
            unknown += 1
        elif text < " ":
            continue
        loose_box_at(address, index, loose_place + 16 * index)
        place = tight_place + 32 * index
        box_at(address, index, place, place + 16, place + 8, place + 24)
        if space:  # within a word no angle changes
            angle = angle_at(address, index)
        for letter in text:
            texts.append(letter)
            indices.append(index)
            spaced.append(space)
            angles.append(angle)
            space = False
    turned = np.array(angles)
    boxes, sizes = _line_high(
        pdfium, text_page, indices, loose[indices][:, [0, 3, 2, 1]], tight[indices], turned
    )
    return _Characters(texts, indices, np.array(spaced), boxes, turned, sizes, unknown)


def _line_high(
    pdfium: Any, text_page: Any, indices: Sequence[int], loose: Array, tight: Array, angles: Array
) -> tuple[Array, Array]:
    """Return boxes as high as a line and as wide as each character, all its ink within; and sizes.

    loose: as high as the font. tight: around the ink. The sizes are the fonts', as they are drawn,
    in points.
    """
    upright = np.abs(np.sin(angles)) < 0.5
    heights = np.round(np.where(upright, loose[:, 3] - loose[:, 1], loose[:, 2] - loose[:, 0]), 2)
    sizes = np.zeros(len(loose))
    for height in np.unique(heights):  # each font at one size has its own
        own = heights == height
        sizes[own] = _size_at(pdfium, text_page, indices[int(np.argmax(own))]) or height
    drawn = (tight[:, 2] > tight[:, 0]) & (tight[:, 3] > tight[:, 1])
    both = np.concatenate(
        (np.minimum(loose[:, :2], tight[:, :2]), np.maximum(loose[:, 2:], tight[:, 2:])), axis=1
    )
    high = heights > _HIGHEST_BOX * sizes
    boxes = np.where(drawn[:, None], np.where(high[:, None], tight, both), loose)
    across, up = ctypes.c_double(), ctypes.c_double()
    for number in np.flatnonzero(high | (heights < _LOWEST_BOX * sizes)).tolist():
        pdfium.FPDFText_GetCharOrigin(
            text_page, indices[number], ctypes.byref(across), ctypes.byref(up)
        )
        upward = np.array((np.sin(angles[number]), np.cos(angles[number]))) * sizes[number]
        for reach in (_ASCENT * upward, -_DESCENT * upward):
            point = reach + np.array((across.value, up.value))
            boxes[number, :2] = np.minimum(boxes[number, :2], point)
            boxes[number, 2:] = np.maximum(boxes[number, 2:], point)
    return boxes, sizes


def _size_at(pdfium: Any, text_page: Any, index: int) -> float:
    """Return the size of a character's font on the page, in points; 0 where it has none."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        return 0.0
    size = pdfium.FPDFText_GetFontSize(text_page, index)
    return abs(float(size)) * math.hypot(matrix.c, matrix.d)


def _is_bold(pdfium: Any, text_page: Any, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, len(name), ctypes.byref(flags))
    weight = pdfium.FPDFText_GetFontWeight(text_page, index)
    return bool(_BOLD.search(name.value)) or weight >= _BOLD_WEIGHT


def _shown(boxes: Array, part: tuple[float, float, float, float], quarter_turns: int) -> Array:
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


def _upright(boxes: Array, turns: Array, size: tuple[float, float]) -> Array:
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


def _share(boxes: Array, turns: Array, texts: list[str]) -> None:
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


def _runs(
    pdfium: Any,
    text_page: Any,
    found: _Characters,
    boxes: Array,
    turns: Array,
    size: tuple[float, float],
) -> Iterator[Run]:
    """Yield the runs, in pdfium's order. size: the page's as shown."""
    _share(boxes, turns, found.texts)
    upright = _upright(boxes, turns, size)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    shares = _shares(boxes, size)
    gaps = np.concatenate((np.zeros((1, 4), "<u2"), between(shares[:-1], shares[1:])))
    inside = np.all((middles >= 0) & (middles <= size), axis=1)
    edges = [0, *(np.flatnonzero(_breaks(upright, turns, inside, found)) + 1), len(boxes)]
    for start, end in pairwise(edges):
        if not inside[start]:
            continue
        text, placed = _spelt(found, shares, gaps, start, end)
        whole = upright[start:end]
        left, top = whole[:, :2].min(axis=0)
        right, bottom = whole[:, 2:].max(axis=0)
        breaks = (i for i in range(start + 1, end) if found.spaced[i] or WIDE.match(found.texts[i]))
        word = upright[start : next(breaks, end)]
        yield Run(
            text=text,
            boxes=placed,
            left=float(left),
            top=float(top),
            right=float(right),
            bottom=float(bottom),
            size=float(np.median(found.sizes[start:end])),
            bold=_is_bold(pdfium, text_page, found.indices[(start + end) // 2]),
            turn=int(turns[start]),
            first=float(word[:, 2].max() - word[:, 0].min()),
        )


def _breaks(upright: Array, turns: Array, inside: Array, found: _Characters) -> Array:
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


def _shares(boxes: Array, size: tuple[float, float]) -> Array:
    """Return boxes in points as whole shares of the page, none smaller than it was."""
    shares = boxes / (*size, *size) * FULL
    shares[:, :2], shares[:, 2:] = np.floor(shares[:, :2]), np.ceil(shares[:, 2:])
    return np.asarray(np.clip(shares, 0, FULL).astype("<u2"))


def _spelt(
    found: _Characters, shares: Array, gaps: Array, start: int, end: int
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


def between(one: Array, other: Array) -> Array:
    """Return the boxes that fill the gaps between boxes of a line; zeros where there is none."""
    left, right = np.minimum(one[:, 2], other[:, 2]), np.maximum(one[:, 0], other[:, 0])
    top, bottom = np.minimum(one[:, 3], other[:, 3]), np.maximum(one[:, 1], other[:, 1])
    low, high = np.minimum(one[:, :2], other[:, :2]), np.maximum(one[:, 2:], other[:, 2:])
    across = np.stack((left, low[:, 1], right, high[:, 1]), axis=1)
    down = np.stack((low[:, 0], top, high[:, 0], bottom), axis=1)
    beside, under = (right > left)[:, None], (bottom > top)[:, None]
    return np.asarray(np.where(beside, across, np.where(under, down, 0)).astype("<u2"))
