"""Read all pages of a PDF, and its title.

Input: a pdfium document. Output: its text with marks, boxes, title and warnings.
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
from scoqa.parse.pdf.form_fields import FormField, open_form, read_fields, write_fields
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
from scoqa.parse.pdf.line_numbers import separate_line_numbers
from scoqa.parse.pdf.page_labels import choose_printed_labels, fill_labels, read_labels
from scoqa.parse.pdf.paragraphs import find_separators
from scoqa.parse.pdf.running import NOTE, PageParts, separate_running
from scoqa.parse.pdf.writing import PdfPage, write_pages

_MOST_ANNOTATIONS = 10_000  # examined per page
_MOST_NAMED = 10  # pages in a warning
_MOST_UNKNOWN = 0.03  # share of the characters
_FOOTNOTE_SIZE = 0.92  # at most, relative to the font size of the body
# Default titles that programs write if the author gave none.
_NO_TITLE = re.compile(
    r"microsoft \w+ - |untitled|document\d*$|title$|\(?anonymous\)?$|slide \d+$"
    r"|.*\.[a-z]\w{1,3}$|(?:https?|file)://|about:(?:blank|srcdoc)$|(?:data|blob):\w+[:/]"
    r"|[\W\d_]*$",
    re.IGNORECASE,
)
_LARGEST_TITLE = 1.3  # at least, relative to the body, for a title on the first page


def read_document(pdfium: Any, document: Any, path: str) -> Parsed:
    """Return the text of a document with its marks, boxes, title and warnings.

    Raises ParseError if no page has text.
    """
    glyphs: list[Glyphs] = []
    fields: list[list[FormField]] = []
    count = pdfium.FPDF_GetPageCount(document)
    with open_form(pdfium, document) as form:
        for index in range(count):
            page, page_fields = _load_page(pdfium, document, index, form)
            try:
                glyphs.append(read_glyphs(page) if page else Glyphs((), 0.0, 0.0, 0, 0))
                fields.append(page_fields)
            finally:
                pdfium.FPDF_ClosePage(page)
    empty = [index for index, page_glyphs in enumerate(glyphs) if not page_glyphs.runs]
    if len(empty) == count:
        raise ParseError(
            path, f"has no text layer ({_format_page_count(count)}). Run OCR on it, or exclude it."
        )
    glyphs, line_numbers = separate_line_numbers(glyphs)
    parts = separate_running(glyphs)
    labels = fill_labels(
        read_labels(pdfium, document, count)
        or choose_printed_labels([part.numbers for part in parts])
    )
    warnings = _find_warnings(pdfium, document, glyphs, empty, labels)
    layouts = [build_lines(part.body) for part in parts]
    if not any(layouts):  # all text is running heads and feet
        parts = [PageParts(page_glyphs.runs, (), ()) for page_glyphs in glyphs]
        layouts = [build_lines(part.body) for part in parts]
    body_size, _ = measure_body(layouts)
    split = [_separate_footnotes(lines, body_size) for lines in layouts]
    headings = find_headings([body for body, _ in split], read_bookmarks(pdfium, document))
    by_line = {line: heading for heading in headings for line in heading.lines}
    title = _read_title(pdfium, document) or _choose_title(split[0][0], headings, body_size)
    pages = [
        PdfPage(
            label=label,
            width=glyph_page.width,
            height=glyph_page.height,
            body=tuple(body),
            separators=tuple(find_separators(body, by_line)),
            notes=tuple(notes),
            note_separators=tuple(find_separators(notes, {}, is_item=_is_note)),
            heads=_build_lines_without_title(part.heads, title),
            feet=_build_lines_without_title(part.feet, title),
            line_numbers=tuple(line for run in numbers for line in build_lines([run])),
            fields=tuple(write_fields(page_fields, glyph_page)),
        )
        for label, glyph_page, part, numbers, page_fields, (body, notes) in zip(
            labels, glyphs, parts, line_numbers, fields, split, strict=True
        )
    ]
    parsed = write_pages(pages, by_line)
    return replace(parsed, title=title, warnings=warnings)


def _load_page(pdfium: Any, document: Any, index: int, form: Any) -> tuple[Any, list[FormField]]:
    """Load a page, and draw the content of its form fields and text annotations on it.

    Returns the page and its form fields, which are only known before they are drawn.
    """
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return page, []
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind in (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT):
            break
    else:
        return page, []
    fields = read_fields(pdfium, form, page) if form else []
    pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index), fields


def _format_page_count(count: int) -> str:
    return f"{count} page" if count == 1 else f"{count} pages"


def _find_warnings(
    pdfium: Any,
    document: Any,
    glyphs: Sequence[Glyphs],
    empty: Sequence[int],
    page_labels: Sequence[str],
) -> tuple[str, ...]:
    warnings: list[str] = []
    scanned = [index for index in empty if _has_pictures(pdfium, document, index)]
    if scanned:
        labels = ", ".join(page_labels[index] for index in scanned[:_MOST_NAMED])
        more = f" and {len(scanned) - _MOST_NAMED} more" if len(scanned) > _MOST_NAMED else ""
        warnings.append(
            f"has no text layer on {len(scanned)} of {_format_page_count(len(glyphs))} "
            f"({labels}{more}). Run OCR on it to include these pages."
        )
    unknown = sum(page_glyphs.unknown for page_glyphs in glyphs)
    if unknown > _MOST_UNKNOWN * sum(page_glyphs.characters for page_glyphs in glyphs):
        warnings.append(
            f"has {unknown:,} characters without a Unicode value; they are shown as U+FFFD. "
            "Save it again, or run OCR on it."
        )
    return tuple(warnings)


def _has_pictures(pdfium: Any, document: Any, index: int) -> bool:
    """Return whether anything is drawn on a page."""
    page = pdfium.FPDF_LoadPage(document, index)
    try:
        return bool(page) and pdfium.FPDFPage_CountObjects(page) > 0
    finally:
        pdfium.FPDF_ClosePage(page)


def _read_title(pdfium: Any, document: Any) -> str | None:
    """Return the title in the metadata, or None if it is missing, too long or a default title."""
    size = pdfium.FPDF_GetMetaText(document, b"Title", None, 0)
    text = ctypes.create_string_buffer(max(size, 2))
    pdfium.FPDF_GetMetaText(document, b"Title", text, size)
    title = " ".join(text.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())
    return None if _NO_TITLE.match(title) or len(title) > LONGEST_TITLE else title


def _choose_title(page: Sequence[Line], headings: Sequence[Heading], body: float) -> str | None:
    """Return the largest heading on the first page, or the first one if none is in large type.

    If the headings come from bookmarks, large lines that are not bookmarked are considered too.
    """
    heading_lines = {line for heading in headings for line in heading.lines}
    candidates = [heading for heading in headings if heading.lines[0] in page]
    candidates += [
        heading
        for heading in find_headings_by_style([page], body, is_bold=True)
        if heading.lines[0].size >= _LARGEST_TITLE * body
        and heading_lines.isdisjoint(heading.lines)
    ]
    if not candidates:
        return None
    largest = max(candidates, key=lambda heading: heading.lines[0].size)
    return (largest if largest.lines[0].size >= _LARGEST_TITLE * body else candidates[0]).words


def _build_lines_without_title(runs: Sequence[GlyphRun], title: str | None) -> tuple[Line, ...]:
    """Return the lines of running heads or feet, except the title of the document."""
    return tuple(
        line
        for line in build_lines(runs)
        if normalize_letters(line.text) != normalize_letters(title or "")
    )


def _is_note(line: Line) -> bool:
    return NOTE.match(line.text) is not None


def _separate_footnotes(lines: Sequence[Line], body: float) -> tuple[list[Line], list[Line]]:
    """Return the lines of the body and of the footnotes: small lines at the end of a column."""
    body_lines: list[Line] = []
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
        body_lines += column[:start]
        notes += column[start:]
    return body_lines, notes
