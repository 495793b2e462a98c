"""Parse files into documents, choosing the parser by file extension.

Input: the path of a file. Output: a Document whose `text` is the canonical text that all offsets
refer to, warnings for the report, and the boxes of the characters on each page. `formats` is the
registry of parsers. Files are parsed in separate processes.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from scoqa.errors import ParseError
from scoqa.parse.formats import KINDS, PARSERS, format_at, format_of
from scoqa.parse.sandbox import pool
from scoqa.parse.sandbox.answers import check_document, decode_bytes
from scoqa.types import Document, Mark, content_id

__all__ = [
    "KINDS",
    "PARSERS",
    "ParsedFile",
    "document_id",
    "format_of",
    "hash_file",
    "page_image",
    "parse_file",
    "renamed",
    "title_from",
]


class ParsedFile(NamedTuple):
    """A document, its warnings (one sentence each) and its boxes (see `Parsed.boxes`)."""

    document: Document
    warnings: tuple[str, ...]
    boxes: tuple[bytes, ...]


def document_id(path: str) -> str:
    """Return the public id of the document at `path`. It does not depend on the content."""
    return content_id("document", path)


def title_from(path: str) -> str:
    """Return a title made from the file name, for documents without a title."""
    return Path(path).stem.replace("_", " ").replace("-", " ")


def hash_file(file: Path) -> str:
    """Return the SHA-256 of `file` as hexadecimal digits, read in chunks. Raises OSError."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def parse_file(file: Path, path: str) -> ParsedFile:
    """Parse `file` in a separate process.

    Parameters
    ----------
    path
        Relative to the documents folder, with forward slashes, in NFC. Its extension selects the
        parser.

    Raises
    ------
    ParseError
        If the file cannot be read or parsed, for example a PDF without a text layer.
    ScoqaError
        If the parser process cannot be started.
    """
    form = format_at(path)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ParseError(path, f"cannot be read: {error.strerror or error}.") from error
    request = {"task": "parse", "file": str(file.absolute()), "path": path}
    result = pool.run(request, path=path, size=size)
    check_document(result, path)
    document = Document(
        id=document_id(path),
        path=path,
        collection=_collection_of(path),
        digest=result["digest"],
        text=result["text"],
        text_digest=result["text_digest"],
        parser=form.parser,
        title=result["title"] or title_from(path),
        marks=tuple(
            Mark(start, end, kind, label, None if box is None else (box[0], box[1], box[2], box[3]))
            for start, end, kind, label, box in result["marks"]
        ),
        media_type=form.media_type,
        modified=datetime.fromisoformat(result["modified"]),
    )
    boxes = tuple(decode_bytes(page, path) for page in result["boxes"])
    return ParsedFile(document, tuple(result["warnings"]), boxes)


def renamed(document: Document, path: str, modified: datetime) -> Document | None:
    """Return what `parse_file` would return for the file of `document` at another path.

    Returns None if that is not known without parsing: if `path` has another extension, if the
    parser has changed since, or if the title may have been made from the old file name.
    modified: the modification time of the file at `path`.
    """
    form = format_of(path)
    same_extension = Path(path).suffix.lower() == Path(document.path).suffix.lower()
    if form is None or form.parser != document.parser or not same_extension:
        return None
    if document.title == title_from(document.path) != title_from(path):
        return None
    return replace(
        document,
        id=document_id(path),
        path=path,
        collection=_collection_of(path),
        media_type=form.media_type,
        modified=modified,
    )


def _collection_of(path: str) -> str:
    return path.split("/")[0] if "/" in path else ""


def page_image(file: Path, path: str, digest: str, number: int, width: int) -> bytes:
    """Return page `number` (from 1) of a PDF file as a PNG image, `width` pixels wide.

    Raises ParseError if the SHA-256 of the file is not `digest`, or if the page cannot be rendered.
    """
    request = {
        "task": "page",
        "file": str(file.absolute()),
        "path": path,
        "digest": digest,
        "number": number,
        "width": width,
    }
    return decode_bytes(pool.run(request, path=path).get("png"), path)
