"""A file -> a Document, by the file's extension.

Receives a path; hands on a Document whose `text` is the canonical text every offset counts in,
and warnings for the report. One room per format; `PARSERS` is the one registry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scoqa.errors import ParseError
from scoqa.parse import markdown, plain
from scoqa.parse.decode import decode
from scoqa.types import Document, Mark, Parser, content_id


@dataclass(frozen=True, slots=True)
class Format:
    """What a room offers: its version, its media type, and title and marks of a text."""

    parser: Parser
    media_type: str
    outline: Callable[[str], tuple[str | None, tuple[Mark, ...]]]


_PLAIN = Format(plain.PARSER, "text/plain", plain.outline)
_MARKDOWN = Format(markdown.PARSER, "text/markdown", markdown.outline)
PARSERS: dict[str, Format] = {
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
}


def format_of(path: str) -> Format | None:
    """Return the format of the file called `path`, or None where scoqa reads no such files."""
    return PARSERS.get(Path(path).suffix.lower())


def document_id(path: str) -> str:
    """Return the public id of the document at `path`, whatever its content is."""
    return content_id("document", path)


def digest_of(file: Path) -> str:
    """Return the sha256 of the bytes in `file`, read bit by bit. Raises OSError."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def parse(file: Path, path: str) -> tuple[Document, tuple[str, ...]]:
    """Return the document in `file`, known as `path`, and warnings, one sentence each.

    path: relative to the documents, forward slashes, NFC.
    Raises ParseError when the file cannot be read or holds no text.
    """
    form = format_of(path)
    if form is None:
        raise ParseError(path, f"is of a kind scoqa does not read. It reads {', '.join(PARSERS)}.")
    try:
        data = file.read_bytes()
        modified = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    except OSError as error:
        raise ParseError(path, f"cannot be read: {error.strerror or error}.") from error
    text, warnings = decode(data, path)
    title, marks = form.outline(text)
    digest = hashlib.sha256(data).hexdigest()
    document = Document(
        id=document_id(path),
        path=path,
        collection=path.split("/")[0] if "/" in path else "",
        digest=digest,
        text=text,
        text_digest=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        parser=form.parser,
        title=title or Path(path).stem.replace("_", " ").replace("-", " "),
        marks=marks,
        media_type=form.media_type,
        modified=modified,
    )
    return document, warnings
