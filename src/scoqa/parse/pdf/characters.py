"""Read the characters drawn on a page of a PDF from pdfium.

Input: a pdfium text page. Output: its letters with their boxes, font sizes and angles.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# A box higher than this many font sizes is the full range of the font, not the height of a line.
_HIGHEST_BOX = 1.6
# A lower box is that of the character alone, because some programs write fonts without a range.
# Then the line height is that of Helvetica, in font sizes above and below the baseline.
_LOWEST_BOX = 1.05
_ASCENT, _DESCENT = 0.91, 0.21
_LEAST_SIZE = 0.1  # points; damaged files have fonts of size 0

_BOLD = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
# Private codes of symbol fonts. pdfium uses 2 and FFFE for a hyphen at the end of a line. A soft
# hyphen that is drawn is a hyphen.
_REPLACEMENTS = {0xF0B7: "•", 0xF0A7: "▪", 0x2: "-", 0xFFFE: "-", 0xAD: "-", 0x9: " ", 0x3000: " "}
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), "ff fi fl ffi ffl st st".split(), strict=True)) | {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in range(0xFEF5, 0xFEFD)  # lam-alef
}
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Scripts without spaces, where a line may end after any character.
WIDE = re.compile(
    r"[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_BLANK = frozenset(" \r\n")
_UNKNOWN = "\ufffd"


@dataclass(slots=True)
class Characters:
    """The drawn characters of a page, one entry per character, in pdfium's order.

    indices: pdfium's indices. spaced: whether there is a space before the character. boxes: left,
    bottom, right, top in the page's own points. angles: clockwise, in radians. sizes: font sizes.
    unknown: the number of characters without a Unicode value.
    """

    texts: list[str]
    indices: list[int]
    spaced: Array
    boxes: Array
    angles: Array
    sizes: Array
    unknown: int


def _get_fast_call(function: Any, *arguments: Any, result: Any = ctypes.c_int) -> Any:
    """Return a pdfium function that takes addresses as integers.

    The functions of the bindings check each pointer, which takes as long as the call itself.
    """
    kind = ctypes.CFUNCTYPE(result, ctypes.c_void_p, ctypes.c_int, *arguments)
    return kind(ctypes.cast(function, ctypes.c_void_p).value or 0)


def read_characters(pdfium: Any, text_page: Any) -> Characters:
    """Return the drawn characters of a page.

    The four pdfium calls per character take half of the time of parsing a PDF.
    """
    to = ctypes.c_void_p
    unicode_at = _get_fast_call(pdfium.FPDFText_GetUnicode, result=ctypes.c_uint)
    is_unmapped = _get_fast_call(pdfium.FPDFText_HasUnicodeMapError)
    loose_box_at = _get_fast_call(pdfium.FPDFText_GetLooseCharBox, to)
    box_at = _get_fast_call(pdfium.FPDFText_GetCharBox, to, to, to, to)
    angle_at = _get_fast_call(pdfium.FPDFText_GetCharAngle, result=ctypes.c_float)
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
        text = _REPLACEMENTS.get(code) or _LIGATURES.get(code) or chr(code)
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
        if space:  # the angle does not change within a word
            angle = angle_at(address, index)
        for letter in text:
            texts.append(letter)
            indices.append(index)
            spaced.append(space)
            angles.append(angle)
            space = False
    turned = np.array(angles)
    boxes, sizes = _measure_boxes(
        pdfium, text_page, indices, loose[indices][:, [0, 3, 2, 1]], tight[indices], turned
    )
    return Characters(texts, indices, np.array(spaced), boxes, turned, sizes, unknown)


def _measure_boxes(
    pdfium: Any, text_page: Any, indices: Sequence[int], loose: Array, tight: Array, angles: Array
) -> tuple[Array, Array]:
    """Return boxes with the height of the line and the width of the character, and font sizes.

    loose: boxes with the height of the font. tight: boxes around the ink, which the result always
    contains. The font sizes are as drawn, in points.
    """
    upright = np.abs(np.sin(angles)) < 0.5
    heights = np.round(np.where(upright, loose[:, 3] - loose[:, 1], loose[:, 2] - loose[:, 0]), 2)
    sizes = np.zeros(len(loose))
    for height in np.unique(heights):  # a font at one size has one height
        own = heights == height
        size = _read_size(pdfium, text_page, indices[int(np.argmax(own))]) or height
        sizes[own] = np.clip(np.nan_to_num(size), _LEAST_SIZE, None)
    has_ink = (tight[:, 2] > tight[:, 0]) & (tight[:, 3] > tight[:, 1])
    both = np.concatenate(
        (np.minimum(loose[:, :2], tight[:, :2]), np.maximum(loose[:, 2:], tight[:, 2:])), axis=1
    )
    high = heights > _HIGHEST_BOX * sizes
    boxes = np.where(has_ink[:, None], np.where(high[:, None], tight, both), loose)
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


def _read_size(pdfium: Any, text_page: Any, index: int) -> float:
    """Return the font size of a character on the page in points, or 0 if it has none."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        return 0.0
    size = pdfium.FPDFText_GetFontSize(text_page, index)
    return abs(float(size)) * math.hypot(matrix.c, matrix.d)


def is_bold(pdfium: Any, text_page: Any, index: int) -> bool:
    """Return whether the font of a character is bold, by its name or its weight."""
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, len(name), ctypes.byref(flags))
    weight = pdfium.FPDFText_GetFontWeight(text_page, index)
    return bool(_BOLD.search(name.value)) or weight >= _BOLD_WEIGHT
