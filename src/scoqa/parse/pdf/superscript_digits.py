"""Digits that stand raised or lowered beside a word, written with the signs for such digits.

Receives a page's characters; changes them in place: "2008" with a raised 1 is "2008¹" and never
"20081", and no space stands beside such a digit where the page shows none.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from scoqa.parse.common.symbols import TO_SUPERSCRIPT
from scoqa.parse.pdf.characters import Array, Characters

# In the size of the character beside it.
_SMALLER = (0.4, 0.85)
_HIGHER = (0.15, 0.8)  # than its baseline
_LOWER = (0.05, 0.6)
_BESIDE = 0.5  # at most, from its end to a mark
SPACE = 0.12  # a gap that stands for a space where the file has none
_LONGEST = 12  # characters of one mark: "¹,²,³"

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_DIGITS = frozenset("0123456789")
_MINUS = frozenset("-−")


def mark_shifted_digits(pdfium: Any, text_page: Any, found: Characters) -> None:
    """Write raised digits, and lowered ones that touch a digit, as such; letters stay."""
    sizes = np.maximum(found.sizes, 0.01)
    ratios = sizes[1:] / sizes[:-1]
    changes = (ratios < _SMALLER[1]) | (ratios > 1 / _SMALLER[1])
    same_turn = np.abs(found.angles[1:] - found.angles[:-1]) < 0.02
    places = (np.flatnonzero(changes & same_turn) + 1).tolist()
    for place in places:
        narrow = SPACE * sizes[place - 1 : place + 1].max()
        if found.spaced[place] and abs(_measure_gap(found, place)) < narrow:
            found.spaced[place] = not _is_generated(pdfium, text_page, found, place)
    for place in places:
        if _SMALLER[0] < ratios[place - 1] < _SMALLER[1]:
            _rewrite_digits(pdfium, text_page, found, place)


def _rewrite_digits(pdfium: Any, text_page: Any, found: Characters, start: int) -> None:
    """Rewrite the digits among the smaller characters from `start`, where they are a mark."""
    size = float(found.sizes[start - 1])
    if abs(_measure_gap(found, start)) > _BESIDE * size:
        return
    end = start + 1
    last = min(len(found.texts), start + _LONGEST)
    while end < last and found.sizes[end] < _SMALLER[1] * size and not found.spaced[end]:
        end += 1
    after_digit = found.texts[start - 1] in _DIGITS
    before_digit = end < len(found.texts) and found.texts[end] in _DIGITS and not found.spaced[end]
    base = _read_origin(pdfium, text_page, found, start - 1)
    up = np.array((np.sin(found.angles[start]), np.cos(found.angles[start])))
    for place in range(start, end):
        rise = float((_read_origin(pdfium, text_page, found, place) - base) @ up) / size
        text = found.texts[place]
        is_raised = _HIGHER[0] < rise < _HIGHER[1]
        if not is_raised and not _LOWER[0] < -rise < _LOWER[1]:
            return
        is_power = place == start and text in _MINUS and after_digit and place + 1 < end
        if is_raised and (text in _DIGITS or (is_power and found.texts[place + 1] in _DIGITS)):
            found.texts[place] = text.translate(TO_SUPERSCRIPT)
        elif text in _DIGITS and not is_raised and (after_digit or before_digit):
            found.texts[place] = text.translate(_SUBSCRIPTS)


def _measure_gap(found: Characters, place: int) -> float:
    """Return how far a character begins behind the end of the one before it, in points."""
    along = np.array((np.cos(found.angles[place]), -np.sin(found.angles[place])))
    boxes = found.boxes[place - 1 : place + 1]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ along
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(along)
    return float(middles[1] - halves[1] - (middles[0] + halves[0]))


def _is_generated(pdfium: Any, text_page: Any, found: Characters, place: int) -> bool:
    """Say whether all that stands between a character and the one before it is pdfium's own."""
    between = range(found.indices[place - 1] + 1, found.indices[place])
    return all(pdfium.FPDFText_IsGenerated(text_page, index) == 1 for index in between)


def _read_origin(pdfium: Any, text_page: Any, found: Characters, place: int) -> Array:
    """Return where a character stands on its baseline, in the page's own points."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text_page, found.indices[place], ctypes.byref(x), ctypes.byref(y))
    return np.array((x.value, y.value))
