"""The registry of parsers, by file extension.

Input: a path. Output: the format of the file, with the parser that reads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.office import docx, pptx, xlsx
from scoqa.parse.opendocument import odp, ods, odt
from scoqa.parse.pdf import reader as pdf
from scoqa.parse.text import delimited, markdown, plain, rst
from scoqa.parse.web import eml, epub, html
from scoqa.types import Parser


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: the name and version of its parser, its media type and its read function.

    kind: the common name of such files. read: takes the bytes and the path of a file (the path for
    messages and for its extension) and raises ParseError. It imports heavy libraries when called.
    """

    kind: str
    parser: Parser
    media_type: str
    read: Callable[[bytes, str], Parsed]


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_MACROS = "macroEnabled.12"
_HTML = Format("web pages", html.PARSER, "text/html", html.read)
_PLAIN = Format("text", plain.PARSER, "text/plain", plain.read)
_MARKDOWN = Format("Markdown", markdown.PARSER, "text/markdown", markdown.read)
PARSERS: dict[str, Format] = {
    ".pdf": Format("PDF", pdf.PARSER, "application/pdf", pdf.read),
    ".docx": Format("Word", docx.PARSER, f"{_OFFICE}.wordprocessingml.document", docx.read),
    ".docm": Format("Word", docx.PARSER, f"application/vnd.ms-word.document.{_MACROS}", docx.read),
    ".odt": Format("OpenDocument", odt.PARSER, f"{_OPEN_DOCUMENT}.text", odt.read),
    ".fodt": Format("OpenDocument", odt.PARSER, f"{_OPEN_DOCUMENT}.text-flat-xml", odt.read),
    ".ods": Format("OpenDocument", ods.PARSER, f"{_OPEN_DOCUMENT}.spreadsheet", ods.read),
    ".fods": Format("OpenDocument", ods.PARSER, f"{_OPEN_DOCUMENT}.spreadsheet-flat-xml", ods.read),
    ".odp": Format("OpenDocument", odp.PARSER, f"{_OPEN_DOCUMENT}.presentation", odp.read),
    ".fodp": Format(
        "OpenDocument", odp.PARSER, f"{_OPEN_DOCUMENT}.presentation-flat-xml", odp.read
    ),
    ".pptx": Format("PowerPoint", pptx.PARSER, f"{_OFFICE}.presentationml.presentation", pptx.read),
    ".pptm": Format(
        "PowerPoint",
        pptx.PARSER,
        f"application/vnd.ms-powerpoint.presentation.{_MACROS}",
        pptx.read,
    ),
    ".ppsx": Format("PowerPoint", pptx.PARSER, f"{_OFFICE}.presentationml.slideshow", pptx.read),
    ".xlsx": Format("Excel", xlsx.PARSER, f"{_OFFICE}.spreadsheetml.sheet", xlsx.read),
    ".xlsm": Format("Excel", xlsx.PARSER, f"application/vnd.ms-excel.sheet.{_MACROS}", xlsx.read),
    ".csv": Format("tables", delimited.PARSER, "text/csv", delimited.read),
    ".tsv": Format("tables", delimited.PARSER, "text/tab-separated-values", delimited.read),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": Format("web pages", html.PARSER, "application/xhtml+xml", html.read),
    ".epub": Format("EPUB", epub.PARSER, "application/epub+zip", epub.read),
    ".eml": Format("e-mail", eml.PARSER, "message/rfc822", eml.read),
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".rst": Format("reStructuredText", rst.PARSER, "text/x-rst", rst.read),
}
# The supported formats by their common names, shown for example when a folder has no documents yet.
KINDS = tuple(dict.fromkeys(form.kind for form in PARSERS.values()))


def format_of(path: str) -> Format | None:
    """Return the format of the file at `path`, or None if its extension is unsupported."""
    # Called for every file of every sync; a Path takes four times as long.
    return PARSERS.get(os.path.splitext(path)[1].lower())  # noqa: PTH122


def format_at(path: str) -> Format:
    """Return the format of the file at `path`. Raises ParseError for unsupported extensions."""
    form = format_of(path)
    if form is None:
        raise ParseError(path, f"has an unsupported format. scoqa reads {', '.join(KINDS)}.")
    return form
