"""Replace superscript and subscript digits on a page by their Unicode characters.

Input: the characters of a page, which are changed in place: "2008" with superscript 1 becomes
"2008¹", never "20081". Spaces next to such digits that the page does not have are removed.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from scoqa.parse.common.symbols import TO_SUPERSCRIPT
from scoqa.parse.pdf.characters import Array, Characters

# In font sizes of the neighbouring character.
_SMALLER = (0.4, 0.85)  # the font size of a mark
_HIGHER = (0.15, 0.8)  # the rise of a superscript above the baseline
_LOWER = (0.05, 0.6)  # the drop of a subscript below the baseline
_BESIDE = 0.5  # the largest gap between the character and a mark
SPACE = 0.12  # the least gap that counts as a space if the file has none
_LONGEST = 12  # characters per mark: "¹,²,³"

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_DIGITS = frozenset("0123456789")
_MINUS = frozenset("-−")


def mark_shifted_digits(pdfium: Any, text_page: Any, characters: Characters) -> None:
    """Replace superscript digits, and subscript digits next to a digit; letters are unchanged."""
    sizes = np.maximum(characters.sizes, 0.01)
    ratios = sizes[1:] / sizes[:-1]
    changes = (ratios < _SMALLER[1]) | (ratios > 1 / _SMALLER[1])
    same_turn = np.abs(characters.angles[1:] - characters.angles[:-1]) < 0.02
    places = (np.flatnonzero(changes & same_turn) + 1).tolist()
    for place in places:
        narrow = SPACE * sizes[place - 1 : place + 1].max()
        if characters.spaced[place] and abs(_measure_gap(characters, place)) < narrow:
            characters.spaced[place] = not _is_generated(pdfium, text_page, characters, place)
    for place in places:
        if _SMALLER[0] < ratios[place - 1] < _SMALLER[1]:
            _rewrite_digits(pdfium, text_page, characters, place)


def _rewrite_digits(pdfium: Any, text_page: Any, characters: Characters, start: int) -> None:
    """Replace the digits among the smaller characters from `start`, if these are a mark."""
    size = float(characters.sizes[start - 1])
    if abs(_measure_gap(characters, start)) > _BESIDE * size:
        return
    end = start + 1
    last = min(len(characters.texts), start + _LONGEST)
    while end < last and characters.sizes[end] < _SMALLER[1] * size and not characters.spaced[end]:
        end += 1
    after_digit = characters.texts[start - 1] in _DIGITS
    before_digit = (
        end < len(characters.texts)
        and characters.texts[end] in _DIGITS
        and not characters.spaced[end]
    )
    base = _read_origin(pdfium, text_page, characters, start - 1)
    up = np.array((np.sin(characters.angles[start]), np.cos(characters.angles[start])))
    for place in range(start, end):
        rise = float((_read_origin(pdfium, text_page, characters, place) - base) @ up) / size
        text = characters.texts[place]
        is_raised = _HIGHER[0] < rise < _HIGHER[1]
        if not is_raised and not _LOWER[0] < -rise < _LOWER[1]:
            return
        is_power = place == start and text in _MINUS and after_digit and place + 1 < end
        if is_raised and (text in _DIGITS or (is_power and characters.texts[place + 1] in _DIGITS)):
            characters.texts[place] = text.translate(TO_SUPERSCRIPT)
        elif text in _DIGITS and not is_raised and (after_digit or before_digit):
            characters.texts[place] = text.translate(_SUBSCRIPTS)


def _measure_gap(characters: Characters, place: int) -> float:
    """Return the gap between a character and the previous one, in points."""
    along = np.array((np.cos(characters.angles[place]), -np.sin(characters.angles[place])))
    boxes = characters.boxes[place - 1 : place + 1]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ along
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(along)
    return float(middles[1] - halves[1] - (middles[0] + halves[0]))


def _is_generated(pdfium: Any, text_page: Any, characters: Characters, place: int) -> bool:
    """Return whether pdfium generated all characters between a character and the previous one."""
    between = range(characters.indices[place - 1] + 1, characters.indices[place])
    return all(pdfium.FPDFText_IsGenerated(text_page, index) == 1 for index in between)


def _read_origin(pdfium: Any, text_page: Any, characters: Characters, place: int) -> Array:
    """Return the origin of a character on its baseline, in the page's own points."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(
        text_page, characters.indices[place], ctypes.byref(x), ctypes.byref(y)
    )
    return np.array((x.value, y.value))
