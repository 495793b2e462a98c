"""Which room reads which file: the one registry, by the file's extension.

Receives a file's bytes and its path; hands on what its room makes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    """What a room offers: its name and version, its media type, and how it reads bytes.

    kind: what people call such files. read: takes the file's bytes and its path (for messages and
    to tell kinds apart); raises ParseError. Heavy libraries are imported inside it.
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
# What is read, in the words of people: for whoever has put nothing into the folder yet.
KINDS = tuple(dict.fromkeys(each.kind for each in PARSERS.values()))


def format_of(path: str) -> Format | None:
    """Return the format of the file called `path`, or None where scoqa reads no such files."""
    return PARSERS.get(Path(path).suffix.lower())


def format_at(path: str) -> Format:
    """Return the format of the file called `path`. Raises ParseError where scoqa reads no such."""
    form = format_of(path)
    if form is None:
        raise ParseError(path, f"is of a kind scoqa does not read. It reads {', '.join(KINDS)}.")
    return form
