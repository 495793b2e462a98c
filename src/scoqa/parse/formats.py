"""The registry of parsers, by file extension.

Input: a path. Output: the format of the file, with the parser that reads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.office import docx, pptx, xls, xlsx
from scoqa.parse.opendocument import odp, ods, odt
from scoqa.parse.pdf import reader as pdf
from scoqa.parse.text import (
    captions,
    delimited,
    events,
    json_records,
    markdown,
    notebook,
    plain,
    rst,
    rtf,
    source,
)
from scoqa.parse.web import eml, epub, html, mbox, mht, msg
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


# How the documents inside a Word document start, and the extensions of their formats.
_CHUNKS = ((b"PK", ".docx"), (b"{\\rtf", ".rtf"), (b"MIME-Version:", ".mht"), (b"<", ".html"))
_BYTE_ORDER_MARKS = b"\xef\xbb\xbf\xff\xfe\0"


def _read_word(data: bytes, path: str) -> Parsed:
    """Return the text of a Word document, with the documents inside it. Raises ParseError."""
    return docx.read(data, path, read_chunk=_read_chunk)


def _read_chunk(data: bytes, name: str) -> Parsed:
    """Return the text of a document inside a Word document, without documents inside of it.

    Its format is recognized by its first bytes, because names like "afchunk.dat" are common.
    Raises ParseError.
    """
    start = data[:100].lstrip(_BYTE_ORDER_MARKS + b" \t\r\n")
    kind = next((kind for first, kind in _CHUNKS if start.startswith(first)), ".txt")
    if kind == ".docx":
        return docx.read(data, f"{name}{kind}")
    return PARSERS[kind].read(data, f"{name}{kind}")


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_MACROS = "macroEnabled.12"
_HTML = Format("web pages", html.PARSER, "text/html", html.read)
_PLAIN = Format("text", plain.PARSER, "text/plain", plain.read)
_MARKDOWN = Format("Markdown", markdown.PARSER, "text/markdown", markdown.read)
_ARCHIVED = Format("web pages", mht.PARSER, "multipart/related", mht.read)
_JSON_LINES = Format("JSON", json_records.PARSER, "application/jsonl", json_records.read)
_YAML = Format("text", source.PARSER, "application/yaml", source.read)
PARSERS: dict[str, Format] = {
    ".pdf": Format("PDF", pdf.PARSER, "application/pdf", pdf.read),
    ".docx": Format("Word", docx.PARSER, f"{_OFFICE}.wordprocessingml.document", _read_word),
    ".docm": Format("Word", docx.PARSER, f"application/vnd.ms-word.document.{_MACROS}", _read_word),
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
    ".xls": Format("Excel", xls.PARSER, "application/vnd.ms-excel", xls.read),
    ".csv": Format("tables", delimited.PARSER, "text/csv", delimited.read),
    ".tsv": Format("tables", delimited.PARSER, "text/tab-separated-values", delimited.read),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": Format("web pages", html.PARSER, "application/xhtml+xml", html.read),
    ".mht": _ARCHIVED,
    ".mhtml": _ARCHIVED,
    ".epub": Format("EPUB", epub.PARSER, "application/epub+zip", epub.read),
    ".eml": Format("e-mail", eml.PARSER, "message/rfc822", eml.read),
    ".mbox": Format("e-mail", mbox.PARSER, "application/mbox", mbox.read),
    ".msg": Format("e-mail", msg.PARSER, "application/vnd.ms-outlook", msg.read),
    ".ics": Format("calendars", events.PARSER, "text/calendar", events.read),
    ".srt": Format("captions", captions.PARSER, "application/x-subrip", captions.read),
    ".vtt": Format("captions", captions.PARSER, "text/vtt", captions.read),
    ".ipynb": Format("notebooks", notebook.PARSER, "application/x-ipynb+json", notebook.read),
    ".json": Format("JSON", json_records.PARSER, "application/json", json_records.read),
    ".jsonl": _JSON_LINES,
    ".ndjson": _JSON_LINES,
    ".rtf": Format("RTF", rtf.PARSER, "application/rtf", rtf.read),
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".rst": Format("reStructuredText", rst.PARSER, "text/x-rst", rst.read),
    ".yaml": _YAML,
    ".yml": _YAML,
    ".xml": Format("text", source.PARSER, "application/xml", source.read),
    ".log": Format("text", source.PARSER, "text/plain", source.read),
}
# The supported formats by their common names, shown for example when a folder has no documents yet.
KINDS = tuple(dict.fromkeys(form.kind for form in PARSERS.values()))


# What to do with files that scoqa does not read, by extension. Advice says what the reader can do.
_OCR = "is a picture. If it shows text, run OCR on it and save it as .pdf."
_CAPTIONS = "is a recording. If it has captions, save them beside it as .srt or .vtt."
_UNPACK = "is an archive. Unpack it in its folder."
_AS_OFFICE = "is in a format of Apple. Export it as .docx, .pptx or .xlsx."
_AS_PDF = "has an unsupported format. Save it as .pdf."
_AS_EPUB = "has an unsupported format. Convert it to .epub or .pdf."
_ADVICE = {
    extension: advice
    for extensions, advice in (
        (".jpg .jpeg .png .gif .tif .tiff .bmp .webp .heic .svg", _OCR),
        (".mp3 .mp4 .m4a .wav .ogg .webm .mov .avi .mkv .flac", _CAPTIONS),
        (".zip .rar .7z .tar .gz .tgz .bz2 .xz", _UNPACK),
        (".pages .key .numbers", _AS_OFFICE),
        (".one .pub .vsd .vsdx .wpd .wps .ps .xps .odg .djvu .dwg", _AS_PDF),
        (".mobi .azw .azw3 .fb2 .chm", _AS_EPUB),
        (".pst .ost", "is a mailbox of Outlook. Save its mails as .eml, .msg or .mbox."),
        (".doc .dot", "is in a format of Word before 2007. Save it as .docx."),
        (".ppt .pps", "is in a format of PowerPoint before 2007. Save it as .pptx."),
        (".xlsb", "has an unsupported format. Save it as .xlsx."),
    )
    for extension in extensions.split()
}
# Files that are hardly ever documents, so that a report names documents first.
_MEDIA = frozenset((_OCR, _CAPTIONS))


def describe_unsupported(path: str) -> tuple[str, bool]:
    """Return why a file of an unsupported format is not read, and whether it may be a document."""
    extension = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if not extension:
        return "has no extension, which names the format. Rename it, for example to .txt.", False
    advice = _ADVICE.get(extension, "has an unsupported format.")
    return advice, extension in _ADVICE and advice not in _MEDIA


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
