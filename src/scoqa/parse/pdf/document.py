"""The pages of a PDF, one after the other, and what is said of the whole file.

Receives pdfium's document; hands on its text with marks, boxes, title and warnings.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scoqa.errors import ParseError
from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.pdf.glyphs import GlyphRun, Glyphs, read_glyphs
from scoqa.parse.pdf.headings import (
    Heading,
    find_headings,
    find_headings_by_style,
    measure_body,
    normalize_letters,
    read_bookmarks,
)
from scoqa.parse.pdf.layout import Line, build_lines
from scoqa.parse.pdf.paragraphs import find_joints
from scoqa.parse.pdf.running import NOTE, PageParts, separate_running
from scoqa.parse.pdf.writing import PdfPage, write_pages

_MOST_ANNOTATIONS = 10_000  # looked at on one page
_MOST_NAMED = 10  # pages in a warning
_MOST_UNKNOWN = 0.03  # a share of the characters
_FOOTNOTE_SIZE = 0.92  # than the body: a footnote's size
# What programs put for a title when nobody gave one.
_NO_TITLE = re.compile(
    r"microsoft \w+ - |untitled|document\d*$|title$|\(?anonymous\)?$|slide \d+$"
    r"|.*\.[a-z]\w{1,3}$|(?:https?|file)://|about:(?:blank|srcdoc)$|(?:data|blob):\w+[:/]"
    r"|[\W\d_]*$",
    re.IGNORECASE,
)
_LARGEST_TITLE = 1.3  # of the body's size, at least, for a title on the first page


def read_document(pdfium: Any, document: Any, path: str) -> Parsed:
    """Return the text of a document with what is known of its places. Raises ParseError."""
    glyphs: list[Glyphs] = []
    count = pdfium.FPDF_GetPageCount(document)
    for index in range(count):
        page = _load_page(pdfium, document, index)
        try:
            glyphs.append(read_glyphs(page) if page else Glyphs((), 0.0, 0.0, 0, 0))
        finally:
            pdfium.FPDF_ClosePage(page)
    empty = [index for index, each in enumerate(glyphs) if not each.runs]
    if len(empty) == count:
        raise ParseError(
            path, f"has no text layer ({_format_page_count(count)}). Run OCR on it, or exclude it."
        )
    warnings = _find_warnings(pdfium, document, glyphs, empty)
    parts = separate_running(glyphs)
    layouts = [build_lines(part.body) for part in parts]
    if not any(layouts):  # nothing but what repeats
        parts = [PageParts(each.runs, (), ()) for each in glyphs]
        layouts = [build_lines(part.body) for part in parts]
    body_size, _ = measure_body(layouts)
    split = [_separate_footnotes(lines, body_size) for lines in layouts]
    headings = find_headings([body for body, _ in split], read_bookmarks(pdfium, document))
    by_line = {line: heading for heading in headings for line in heading.lines}
    title = _read_title(pdfium, document) or _choose_title(split[0][0], headings, body_size)
    pages = [
        PdfPage(
            label=_read_label(pdfium, document, index),
            width=each.width,
            height=each.height,
            body=tuple(body),
            joints=tuple(find_joints(body, by_line)),
            notes=tuple(notes),
            note_joints=tuple(find_joints(notes, {}, is_item=_is_note)),
            heads=_build_lines_without_title(part.heads, title),
            feet=_build_lines_without_title(part.feet, title),
        )
        for index, (each, part, (body, notes)) in enumerate(zip(glyphs, parts, split, strict=True))
    ]
    parsed = write_pages(pages, by_line)
    return replace(parsed, title=title, warnings=warnings)


def _load_page(pdfium: Any, document: Any, index: int) -> Any:
    """Return a page, what stands in its form's fields and in notes written on it drawn on it."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return page
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind in (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT):
            break
    else:
        return page
    pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index)


def _format_page_count(count: int) -> str:
    return f"{count} page" if count == 1 else f"{count} pages"


def _find_warnings(
    pdfium: Any, document: Any, glyphs: Sequence[Glyphs], empty: Sequence[int]
) -> tuple[str, ...]:
    found: list[str] = []
    blank = [index for index in empty if _has_pictures(pdfium, document, index)]
    if blank:
        named = ", ".join(_read_label(pdfium, document, index) for index in blank[:_MOST_NAMED])
        more = f" and {len(blank) - _MOST_NAMED} more" if len(blank) > _MOST_NAMED else ""
        found.append(
            f"has no text layer on {len(blank)} of {_format_page_count(len(glyphs))} "
            f"({named}{more}). Run OCR on it to include these pages."
        )
    unknown = sum(each.unknown for each in glyphs)
    if unknown > _MOST_UNKNOWN * sum(each.characters for each in glyphs):
        found.append(
            f"has {unknown:,} characters without a Unicode value; they are shown as U+FFFD. "
            "Save it again, or run OCR on it."
        )
    return tuple(found)


def _has_pictures(pdfium: Any, document: Any, index: int) -> bool:
    """Say whether anything is drawn on a page."""
    page = pdfium.FPDF_LoadPage(document, index)
    try:
        return bool(page) and pdfium.FPDFPage_CountObjects(page) > 0
    finally:
        pdfium.FPDF_ClosePage(page)


def _read_label(pdfium: Any, document: Any, index: int) -> str:
    """Return the label printed on a page (from 0), its number where the file names none."""
    size = pdfium.FPDF_GetPageLabel(document, index, None, 0)
    text = ctypes.create_string_buffer(max(size, 2))
    pdfium.FPDF_GetPageLabel(document, index, text, size)
    label = " ".join(text.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())
    return label or str(index + 1)


def _read_title(pdfium: Any, document: Any) -> str | None:
    """Return the title a file gives itself, where it is one."""
    size = pdfium.FPDF_GetMetaText(document, b"Title", None, 0)
    text = ctypes.create_string_buffer(max(size, 2))
    pdfium.FPDF_GetMetaText(document, b"Title", text, size)
    title = " ".join(text.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())
    return None if _NO_TITLE.match(title) or len(title) > LONGEST_TITLE else title


def _choose_title(page: Sequence[Line], headings: Sequence[Heading], body: float) -> str | None:
    """Return the largest heading on the first page; without one in large type, the first.

    Where bookmarks say what the headings are, the title need not be one of them.
    """
    own = {line for heading in headings for line in heading.lines}
    first = [each for each in headings if each.lines[0] in page]
    first += [
        each
        for each in find_headings_by_style([page], body, is_bold=True)
        if each.lines[0].size >= _LARGEST_TITLE * body and own.isdisjoint(each.lines)
    ]
    if not first:
        return None
    largest = max(first, key=lambda heading: heading.lines[0].size)
    return (largest if largest.lines[0].size >= _LARGEST_TITLE * body else first[0]).words


def _build_lines_without_title(runs: Sequence[GlyphRun], title: str | None) -> tuple[Line, ...]:
    """Return the lines of heads or feet but for the title of the whole."""
    return tuple(
        line
        for line in build_lines(runs)
        if normalize_letters(line.text) != normalize_letters(title or "")
    )


def _is_note(line: Line) -> bool:
    return NOTE.match(line.text) is not None


def _separate_footnotes(lines: Sequence[Line], body: float) -> tuple[list[Line], list[Line]]:
    """Return a page's lines without its footnotes, and those: small lines that end a column."""
    kept: list[Line] = []
    notes: list[Line] = []
    for region in sorted({line.region for line in lines}):
        column = [line for line in lines if line.region == region]
        start = len(column)
        while (
            start and column[start - 1].size <= _FOOTNOTE_SIZE * body and not column[start - 1].cell
        ):
            start -= 1
        while start < len(column) and not _is_note(column[start]):
            start += 1
        if not any(line.size > _FOOTNOTE_SIZE * body for line in lines):
            start = len(column)
        kept += column[:start]
        notes += column[start:]
    return kept, notes
