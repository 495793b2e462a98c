"""Which room reads which file: the one registry, by the file's extension.

Receives a file's bytes and its path; hands on what its room makes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scoqa.errors import ParseError
from scoqa.parse import (
    delimited,
    docx,
    eml,
    epub,
    html,
    markdown,
    odp,
    ods,
    odt,
    pdf,
    plain,
    pptx,
    rst,
    xlsx,
)
from scoqa.parse.parsed import Parsed
from scoqa.types import Parser


@dataclass(frozen=True, slots=True)
class Format:
    """What a room offers: its name and version, its media type, and how it reads bytes.

    read: takes the file's bytes and its path (for messages and to tell kinds apart); raises
    ParseError. Heavy libraries are imported inside it.
    """

    parser: Parser
    media_type: str
    read: Callable[[bytes, str], Parsed]


_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_PLAIN = Format(plain.PARSER, "text/plain", plain.read)
_MARKDOWN = Format(markdown.PARSER, "text/markdown", markdown.read)
_HTML = Format(html.PARSER, "text/html", html.read)
PARSERS: dict[str, Format] = {
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".pdf": Format(pdf.PARSER, "application/pdf", pdf.read),
    ".rst": Format(rst.PARSER, "text/x-rst", rst.read),
    ".csv": Format(delimited.PARSER, "text/csv", delimited.read),
    ".tsv": Format(delimited.PARSER, "text/tab-separated-values", delimited.read),
    ".xlsx": Format(xlsx.PARSER, _SPREADSHEET, xlsx.read),
    ".xlsm": Format(xlsx.PARSER, "application/vnd.ms-excel.sheet.macroEnabled.12", xlsx.read),
    ".pptx": Format(pptx.PARSER, _SLIDES, pptx.read),
    ".pptm": Format(
        pptx.PARSER, "application/vnd.ms-powerpoint.presentation.macroEnabled.12", pptx.read
    ),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": Format(html.PARSER, "application/xhtml+xml", html.read),
    ".docx": Format(
        docx.PARSER,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        docx.read,
    ),
    ".epub": Format(epub.PARSER, "application/epub+zip", epub.read),
    ".eml": Format(eml.PARSER, "message/rfc822", eml.read),
    ".odt": Format(odt.PARSER, f"{_OPEN_DOCUMENT}.text", odt.read),
    ".fodt": Format(odt.PARSER, f"{_OPEN_DOCUMENT}.text-flat-xml", odt.read),
    ".ods": Format(ods.PARSER, f"{_OPEN_DOCUMENT}.spreadsheet", ods.read),
    ".odp": Format(odp.PARSER, f"{_OPEN_DOCUMENT}.presentation", odp.read),
}


def format_of(path: str) -> Format | None:
    """Return the format of the file called `path`, or None where scoqa reads no such files."""
    return PARSERS.get(Path(path).suffix.lower())


def format_at(path: str) -> Format:
    """Return the format of the file called `path`. Raises ParseError where scoqa reads no such."""
    form = format_of(path)
    if form is None:
        raise ParseError(path, f"is of a kind scoqa does not read. It reads {', '.join(PARSERS)}.")
    return form
