"""Hold what was said against the files as they are now, without any model.

Receives an Answer and a folder of documents; hands on one Verdict a citation: true, the file
changed, the parser changed, the quote stands elsewhere now, or it is gone. Or receives a
document, and hands on whether its file is still what was read.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from scoqa.errors import ParseError, WorkspaceError
from scoqa.parse import hash_file, parse_file
from scoqa.parse.folder import scan
from scoqa.types import Answer, Citation, Document, Freshness, Span, Verdict

MOST_PLACES = 20  # how many places of a quote are listed

# What the system says of a path where nothing is: no such name, a file where a folder should
# be, a loop of links, a name longer than names can be.
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def citations_of(answer: Answer) -> Iterator[Citation]:
    """Yield every citation of `answer`: cited, near misses, and the places they also stand."""
    for citation in (*answer.citations, *answer.near_misses):
        yield citation
        yield from citation.also_in


def verify(answer: Answer, documents: Path) -> list[Verdict]:
    """Return one verdict for each citation of `answer`, in order, against the files now."""
    return [verify_citation(citation, documents) for citation in citations_of(answer)]


def freshness(document: Document, documents: Path) -> Freshness:
    """Return whether the file of `document` below `documents` still is what was read.

    unchanged: the same bytes, read and hashed now. missing: no plain file of that name is
    there. unreadable: one is, or may be, and it cannot be read.
    """
    try:
        file = file_at(document.path, documents)
        if file is None:
            return "missing"
        return "unchanged" if hash_file(file) == document.digest else "changed"
    except WorkspaceError:  # the folder itself is gone
        return "missing"
    except OSError as error:
        return "missing" if error.errno in _NOTHING_THERE else "unreadable"


def verify_citation(citation: Citation, documents: Path) -> Verdict:
    """Return what has become of `citation` in the files under `documents`.

    true: the same bytes, the same parser, and quote and sentence stand at their characters, under
    the line, page, heading and title that are given.
    file_changed, parser_changed: other bytes or another parser, but the quote still stands at
    its characters. elsewhere: it stands at other characters, or in another file, which are
    named. gone: it stands nowhere.
    """
    document = _read(citation, documents)
    if document is None:
        reason = f"{citation.path} is not there or cannot be read"
        return _look_elsewhere(citation, documents, reason)
    same_bytes = document.digest == citation.digest
    same_parser = document.parser == citation.parser
    stands = _stands(citation, document)
    if stands and same_bytes and same_parser and not _says_where(citation, document):
        found = ((document.path, citation.start, citation.end),)
        message = f"{citation.path}: the quote stands there, but not under the line, page, heading "
        return Verdict("elsewhere", citation, message + "or title that is given.", found)
    if stands and same_bytes and same_parser:
        return Verdict("true", citation, f"{citation.path} {citation.start}:{citation.end}")
    if stands and not same_bytes:
        return Verdict(
            "file_changed", citation,
            f"{citation.path} has changed since; the quote still stands at its characters.",
        )  # fmt: skip
    if stands:
        was, now = citation.parser, document.parser
        return Verdict(
            "parser_changed", citation,
            f"{citation.path} was read with {was.name} {was.version}, now with {now.name} "
            f"{now.version}; the quote still stands at its characters.",
        )  # fmt: skip
    if same_bytes and same_parser:
        reason = f"{citation.path} has other words at {citation.start}:{citation.end}"
    else:
        reason = f"{citation.path} has changed since"
    return _look_elsewhere(citation, documents, reason, first=document)


def _stands(citation: Citation, document: Document) -> bool:
    """Return whether quote and sentence are exactly the slices the citation says they are."""
    text = document.text
    return (
        0 <= citation.sentence_start <= citation.start < citation.end <= citation.sentence_end
        and citation.sentence_end <= len(text)
        and text[citation.start : citation.end] == citation.quote
        and text[citation.sentence_start : citation.sentence_end] == citation.sentence
    )


def _says_where(citation: Citation, document: Document) -> bool:
    """Return whether line, page, place, heading and title are those of the quote's place."""
    span = Span(document.id, citation.start, citation.end, citation.score)
    true = Citation.from_span(document, span)
    said = attrgetter("line", "page", "place", "heading", "title")
    return said(citation) == said(true)


def _read(citation: Citation, documents: Path) -> Document | None:
    """Return the document at the citation's path, if that is a file below `documents`."""
    try:
        file = file_at(citation.path, documents)
        return None if file is None else parse_file(file, citation.path)[0]
    except (ParseError, OSError):
        return None


def file_at(path: str, documents: Path) -> Path | None:
    """Return the plain file at `path`, any string, below `documents`; None if none is there.

    Raises OSError where it may not be looked for, WorkspaceError without the folder.
    """
    try:
        file = documents / path
        if not file.resolve().is_relative_to(documents.resolve()):
            return None
        if stat.S_ISREG(file.stat().st_mode):  # reading a pipe would wait for ever
            return file
    except (ValueError, RuntimeError):
        # NUL and lone surrogates; a loop of links (Python 3.11 and 3.12).
        return None
    except OSError as error:
        if error.errno not in _NOTHING_THERE:
            raise
    # The name on disk may be composed otherwise: paths are NFC.
    return next((each.file for each in scan(documents)[0] if each.path == path), None)


def _look_elsewhere(
    citation: Citation, documents: Path, reason: str, *, first: Document | None = None
) -> Verdict:
    """Return "elsewhere" with the places of the quote now, or "gone"."""
    found = _places(citation.quote, first) if first is not None else []
    if not found:
        for source in scan(documents)[0]:
            if source.path != citation.path:
                try:
                    found += _places(citation.quote, parse_file(source.file, source.path)[0])
                except ParseError:
                    continue
            if len(found) >= MOST_PLACES:
                break
    if not found:
        return Verdict("gone", citation, f"{reason}; the quote stands nowhere in the documents.")
    path, start, end = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Verdict(
        "elsewhere", citation,
        f"{reason}; the quote stands at {path} {start}:{end}{more}.",
        tuple(found[:MOST_PLACES]),
    )  # fmt: skip


def _places(quote: str, document: Document) -> list[tuple[str, int, int]]:
    """Return where `quote` stands in `document`, to the character."""
    found: list[tuple[str, int, int]] = []
    start = document.text.find(quote) if quote else -1
    while start >= 0 and len(found) < MOST_PLACES:
        found.append((document.path, start, start + len(quote)))
        start = document.text.find(quote, start + 1)
    return found
