"""PDF: the text of its pages in reading order, and where each character stands.

Receives a file's bytes; hands on its text, with a mark for every page and every heading. Read
with pdfium; what a page's characters say and where they stand is pdfium's, their order is ours.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from scoqa.errors import ParseError
from scoqa.parse.parsed import Parsed
from scoqa.parse.pdf_glyphs import Array, glyphs_of
from scoqa.parse.pdf_layout import lines_of
from scoqa.parse.pdf_page import opened
from scoqa.types import Mark, Parser

PARSER = Parser("pdf", "1")

_FULL = 65_535  # a page's width and height, in the units of the boxes


class _Written:
    """The text as it grows, page by page, and the boxes of its characters."""

    def __init__(self) -> None:
        self.length = 0
        self.parts: list[str] = []
        self.marks: list[Mark] = []
        self.boxes: list[list[Array]] = []
        self._size = np.ones(4)

    def page(self, label: str, width: float, height: float) -> None:
        """Begin a page: what is added from here on stands on it."""
        self.marks.append(Mark(self.length, self.length, "page", label, (0, 0, width, height)))
        self.boxes.append([])
        self._size = np.array((width, height, width, height))

    def add(self, text: str, boxes: Array) -> None:
        shares = boxes / self._size * _FULL
        shares[:, :2] = np.floor(shares[:, :2])
        shares[:, 2:] = np.ceil(shares[:, 2:])
        self._add(text, np.clip(shares, 0, _FULL).astype("<u2"))

    def gap(self, text: str) -> None:
        """Add what is drawn nowhere. It belongs to the page that was begun last."""
        self._add(text, np.zeros((len(text), 4), "<u2"))

    def _add(self, text: str, boxes: Array) -> None:
        self.parts.append(text)
        self.boxes[-1].append(boxes)
        self.length += len(text)


def label_of(pdfium: Any, document: Any, index: int) -> str:
    """Return the label printed on a page (from 0), its number where the file names none."""
    size = pdfium.FPDF_GetPageLabel(document, index, None, 0)
    text = ctypes.create_string_buffer(max(size, 2))
    pdfium.FPDF_GetPageLabel(document, index, text, size)
    return text.raw[: size - 2].decode("utf-16-le", "replace").strip() or str(index + 1)


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a PDF file with its marks and boxes. Raises ParseError."""
    import pypdfium2.raw as pdfium

    written = _Written()
    with opened(data, path) as document:
        count = pdfium.FPDF_GetPageCount(document)
        for index in range(count):
            page = pdfium.FPDF_LoadPage(document, index)
            glyphs = glyphs_of(page)
            pdfium.FPDF_ClosePage(page)
            begun = False
            for line in lines_of(glyphs.runs):
                if written.length:
                    written.gap(" " if begun else "\n\n")
                if not begun:
                    written.page(label_of(pdfium, document, index), glyphs.width, glyphs.height)
                begun = True
                written.add(line.text, line.boxes)
            if not begun:
                written.page(label_of(pdfium, document, index), glyphs.width, glyphs.height)
    if not written.length:
        raise ParseError(path, f"has no text layer ({pages(count)}). Run OCR on it, or exclude it.")
    return Parsed(
        "".join(written.parts),
        None,
        _ended(written.marks, written.length),
        (),
        tuple(b"".join(part.tobytes() for part in parts) for parts in written.boxes),
    )


def pages(count: int) -> str:
    """Return "1 page" or "12 pages"."""
    return f"{count} page" if count == 1 else f"{count} pages"


def _ended(marks: Sequence[Mark], end: int) -> tuple[Mark, ...]:
    """Return page marks of which each ends where the next one starts."""
    ends = [*(mark.start for mark in marks[1:]), end]
    return tuple(
        Mark(mark.start, stop, mark.kind, mark.label, mark.box)
        for mark, stop in zip(marks, ends, strict=True)
    )
