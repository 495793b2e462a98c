"""A file -> a Document, by the file's extension.

Receives a path; hands on a Document whose `text` is the canonical text every offset counts in,
warnings for the report, and where on a page its characters stand. One room per format; `formats`
has the one registry. Files are read in processes of their own.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from scoqa.errors import ParseError
from scoqa.parse.formats import KINDS, PARSERS, format_at, format_of
from scoqa.parse.sandbox import pool
from scoqa.types import Document, Mark, content_id

__all__ = [
    "KINDS",
    "PARSERS",
    "ParsedFile",
    "digest_of",
    "document_id",
    "format_of",
    "page_image",
    "parse_file",
    "title_from",
]


class ParsedFile(NamedTuple):
    """A document, one sentence for each warning, and the boxes of `parsed.Parsed`."""

    document: Document
    warnings: tuple[str, ...]
    boxes: tuple[bytes, ...]


def document_id(path: str) -> str:
    """Return the public id of the document at `path`, whatever its content is."""
    return content_id("document", path)


def title_from(path: str) -> str:
    """Return the title of a document that has none: its file's name."""
    return Path(path).stem.replace("_", " ").replace("-", " ")


def digest_of(file: Path) -> str:
    """Return the sha256 of the bytes in `file`, read bit by bit. Raises OSError."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def parse_file(file: Path, path: str) -> ParsedFile:
    """Return what is in `file`, known as `path`.

    path: relative to the documents, forward slashes, NFC.
    Raises ParseError when the file cannot be read or holds no text.
    """
    form = format_at(path)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ParseError(path, f"cannot be read: {error.strerror or error}.") from error
    request = {"task": "parse", "file": str(file.absolute()), "path": path}
    found = pool.run(request, path=path, size=size)
    document = Document(
        id=document_id(path),
        path=path,
        collection=path.split("/")[0] if "/" in path else "",
        digest=found["digest"],
        text=found["text"],
        text_digest=found["text_digest"],
        parser=form.parser,
        title=found["title"] or title_from(path),
        marks=tuple(
            Mark(start, end, kind, label, None if box is None else (box[0], box[1], box[2], box[3]))
            for start, end, kind, label, box in found["marks"]
        ),
        media_type=form.media_type,
        modified=datetime.fromisoformat(found["modified"]),
    )
    boxes = tuple(base64.b64decode(each) for each in found["boxes"])
    return ParsedFile(document, tuple(found["warnings"]), boxes)


def page_image(file: Path, path: str, digest: str, number: int, width: int) -> bytes:
    """Return page `number` (from 1) of `file` as a PNG of `width` pixels across.

    Raises ParseError when the file is not the one of `digest`, or cannot be shown.
    """
    request = {
        "task": "page",
        "file": str(file.absolute()),
        "path": path,
        "digest": digest,
        "number": number,
        "width": width,
    }
    return base64.b64decode(pool.run(request, path=path)["png"])
