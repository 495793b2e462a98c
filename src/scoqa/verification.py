"""Verify citations against the current files, without any model.

Input: an Answer and the documents folder. Output: one Verdict per citation: true, the file changed,
the parser changed, the quote is elsewhere now, or it is gone. `freshness` compares an indexed
document with its current file.
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

MOST_PLACES = 20  # at most this many places per quote are listed

# Error numbers for a path where no file exists: no such name, a file in place of a folder, a loop
# of links, a name that is too long.
_MISSING_ERRORS = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def all_citations(answer: Answer) -> Iterator[Citation]:
    """Yield every citation of `answer`, every near miss, and the further places of both."""
    for citation in (*answer.citations, *answer.near_misses):
        yield citation
        yield from citation.also_in


def verify(answer: Answer, documents: Path) -> list[Verdict]:
    """Check every citation of `answer` against the current files; verdicts in order."""
    return [verify_citation(citation, documents) for citation in all_citations(answer)]


def freshness(document: Document, documents: Path) -> Freshness:
    """Compare the file of `document` below `documents` with its indexed version.

    unchanged: the same bytes, by a hash computed now. changed: other bytes. missing: there is no
    regular file with that name. unreadable: the file exists, or may exist, but cannot be read.
    """
    try:
        file = find_file(document.path, documents)
        if file is None:
            return "missing"
        return "unchanged" if hash_file(file) == document.digest else "changed"
    except WorkspaceError:  # the documents folder is missing
        return "missing"
    except OSError as error:
        return "missing" if error.errno in _MISSING_ERRORS else "unreadable"


def verify_citation(citation: Citation, documents: Path) -> Verdict:
    """Check `citation` against the current files under `documents`.

    true: same bytes, same parser, quote and sentence at their offsets, and the same line, page,
    heading and title. file_changed, parser_changed: other bytes or another parser, but quote and
    sentence are still at their offsets. elsewhere: the quote is at other offsets or in another
    file, which the verdict names, or only its line, page, heading or title differ. gone: no
    document contains the quote.
    """
    document = _parse_cited_file(citation, documents)
    if document is None:
        reason = f"{citation.path} does not exist or cannot be read"
        return _look_elsewhere(citation, documents, reason)
    same_bytes = document.digest == citation.digest
    same_parser = document.parser == citation.parser
    in_place = _is_in_place(citation, document)
    if in_place and same_bytes and same_parser and not _has_right_labels(citation, document):
        places = ((document.path, citation.start, citation.end),)
        message = (
            f"{citation.path}: the quote is there, but its line, page, heading or title differ"
        )
        return Verdict("elsewhere", citation, f"{message}.", places)
    if in_place and same_bytes and same_parser:
        return Verdict("true", citation, f"{citation.path} {citation.start}:{citation.end}")
    if in_place and not same_bytes:
        return Verdict(
            "file_changed", citation,
            f"{citation.path} has changed since; the quote is still at its offsets.",
        )  # fmt: skip
    if in_place:
        was, now = citation.parser, document.parser
        return Verdict(
            "parser_changed", citation,
            f"{citation.path} was read with {was.name} {was.version}, now with {now.name} "
            f"{now.version}; the quote is still at its offsets.",
        )  # fmt: skip
    if same_bytes and same_parser:
        reason = f"{citation.path} has different text at {citation.start}:{citation.end}"
    else:
        reason = f"{citation.path} has changed since"
    return _look_elsewhere(citation, documents, reason, first=document)


def _is_in_place(citation: Citation, document: Document) -> bool:
    """Return whether quote and sentence equal the document at the citation's offsets."""
    text = document.text
    return (
        0 <= citation.sentence_start <= citation.start < citation.end <= citation.sentence_end
        and citation.sentence_end <= len(text)
        and text[citation.start : citation.end] == citation.quote
        and text[citation.sentence_start : citation.sentence_end] == citation.sentence
    )


def _has_right_labels(citation: Citation, document: Document) -> bool:
    """Return whether line, page, place, heading and title match the place of the quote."""
    span = Span(document.id, citation.start, citation.end, citation.score)
    labels = attrgetter("line", "page", "place", "heading", "title")
    return labels(citation) == labels(Citation.from_span(document, span))


def _parse_cited_file(citation: Citation, documents: Path) -> Document | None:
    """Parse the file at the citation's path; None if it is missing or unreadable."""
    try:
        file = find_file(citation.path, documents)
        return None if file is None else parse_file(file, citation.path)[0]
    except (ParseError, OSError):
        return None


def find_file(path: str, documents: Path) -> Path | None:
    """Return the regular file at `path` below `documents`, or None. `path` may be any string.

    Raises OSError if the path is not accessible, WorkspaceError if the folder is missing.
    """
    try:
        file = documents / path
        if not file.resolve().is_relative_to(documents.resolve()):
            return None
        if stat.S_ISREG(file.stat().st_mode):  # reading a pipe would block forever
            return file
    except (ValueError, RuntimeError):
        # ValueError: NUL or lone surrogates. RuntimeError: a loop of links (Python 3.11, 3.12).
        return None
    except OSError as error:
        if error.errno not in _MISSING_ERRORS:
            raise
    # The name on disk may have another Unicode composition; paths are NFC.
    return next((source.file for source in scan(documents)[0] if source.path == path), None)


def _look_elsewhere(
    citation: Citation, documents: Path, reason: str, *, first: Document | None = None
) -> Verdict:
    """Return "elsewhere" with the current places of the quote, or "gone".

    first: a document to search before all others.
    """
    places = _find_places(citation.quote, first) if first is not None else []
    if not places:
        for source in scan(documents)[0]:
            if source.path != citation.path:
                try:
                    places += _find_places(citation.quote, parse_file(source.file, source.path)[0])
                except ParseError:
                    continue
            if len(places) >= MOST_PLACES:
                break
    if not places:
        return Verdict("gone", citation, f"{reason}; no document contains the quote.")
    path, start, end = places[0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return Verdict(
        "elsewhere", citation,
        f"{reason}; the quote is at {path} {start}:{end}{more}.",
        tuple(places[:MOST_PLACES]),
    )  # fmt: skip


def _find_places(quote: str, document: Document) -> list[tuple[str, int, int]]:
    """Return (path, start, end) of the first MOST_PLACES exact occurrences of `quote`."""
    places: list[tuple[str, int, int]] = []
    start = document.text.find(quote) if quote else -1
    while start >= 0 and len(places) < MOST_PLACES:
        places.append((document.path, start, start + len(quote)))
        start = document.text.find(quote, start + 1)
    return places
