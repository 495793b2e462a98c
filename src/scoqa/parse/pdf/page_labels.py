"""Find the labels of the pages of a PDF: those that the file gives, or the printed numbers.

Input: a pdfium document, and the numbers in the running heads and feet of its pages. Output: one
label per page. Pages without a label are labelled with their number in the file, from 1.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from scoqa.parse.common.numerals import format_numeral
from scoqa.parse.pdf.running import PrintedNumber

_LEAST_PAGES = 3  # that count on without a gap in the numbers
_LEAST_SHARE = 0.9  # of the pages with a printed number


class _Series(NamedTuple):
    """A way of numbering: the printed value minus the index of the page, and the digits."""

    offset: int
    style: str  # "1", "i" or "I"


def read_labels(pdfium: Any, document: Any, count: int) -> list[str] | None:
    """Return the page labels that a file gives, "" for pages without one; None if it gives none."""
    labels = [_read_label(pdfium, document, index) for index in range(count)]
    return labels if any(labels) else None


def _read_label(pdfium: Any, document: Any, index: int) -> str:
    size = pdfium.FPDF_GetPageLabel(document, index, None, 0)
    text = ctypes.create_string_buffer(max(size, 2))
    pdfium.FPDF_GetPageLabel(document, index, text, size)
    return " ".join(text.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())


def fill_labels(labels: Sequence[str]) -> list[str]:
    """Return the labels, with the number of the page, from 1, for each one that is missing."""
    return [label or str(number) for number, label in enumerate(labels, 1)]


def choose_printed_labels(pages: Sequence[Sequence[PrintedNumber]]) -> list[str]:
    """Return the printed number of each page, or "".

    A number next to other words ("Case 12, page 3") counts only on pages without one that is alone,
    and of several the smallest. A page without a number between two pages of one series or before
    the first, such as the first page of a chapter, has the number that it would have. If the
    numbers of more than a few pages belong to no series, nothing is labelled.
    """
    labels = [""] * len(pages)
    series: dict[_Series, list[int]] = defaultdict(list)
    for index, numbers in enumerate(pages):
        plain = [number for number in numbers if not _is_padded(number)]
        if plain:
            number = min(plain, key=lambda number: (not number.is_alone, number.value))
            series[_Series(number.value - index, _find_style(number.text))].append(index)
            labels[index] = number.text
    numbered = sum(map(len, series.values()))
    short = [key for key, indices in series.items() if len(indices) < _LEAST_PAGES]
    for key in short:
        for index in series.pop(key):
            labels[index] = ""
    if sum(map(len, series.values())) < _LEAST_SHARE * numbered:
        return [""] * len(pages)
    for (offset, style), indices in series.items():
        for start, end in pairwise(indices):
            if not any(labels[start + 1 : end]):
                between = range(start + 1, end)
                labels[start + 1 : end] = [format_numeral(i + offset, style) for i in between]
        before = indices[0] - 1
        if before >= 0 and not labels[before] and before + offset > 0:
            labels[before] = format_numeral(before + offset, style)
    return labels


def _is_padded(number: PrintedNumber) -> bool:
    """Return whether a number has leading zeros, as a stamp of an archive or a court has."""
    return number.text.startswith("0")


def _find_style(text: str) -> str:
    if text[0].isdecimal():
        return "1"
    return "I" if text[0].isupper() else "i"
