"""What the source viewer shows: a document's text and the place to mark in it.

Receives what the browser asked for, which may be forged; hands on plain values, never markup.
Offsets turn from code points into JavaScript's UTF-16 units here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scoqa.errors import ScoqaError
from scoqa.types import Citation, Document, Span

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_UNKNOWN = "This source is not in the index any more."
_CHANGED = "This document has changed since the answer was given, so nothing is marked in it."
_OUTSIDE = "The place asked for does not lie in this document, so nothing is marked in it."
_BARE: dict[str, Any] = {
    "title": "", "path": "", "place": "", "text": "", "start": None, "end": None, "problem": None,
}  # fmt: skip


def utf16_offset(text: str, offset: int) -> int:
    """Return how many UTF-16 units text[:offset] takes: what JavaScript counts in.

    Raises ValueError when `offset`, in code points, lies outside `text`.
    """
    if not 0 <= offset <= len(text):
        raise ValueError(f"{offset} lies outside a text of {len(text)} characters")
    # Lone surrogates never get into a Document, but a count must not fail on them.
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def reference(citation: Citation) -> str:
    """Return the link of a citation's number: the place it points at, as a fragment."""
    place = {
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "digest": citation.text_digest,
    }
    return "#" + urlencode(place)


def place_words(citation: Citation) -> str:
    """Return where a citation stands, for people: page, line and heading."""
    page = [] if citation.page is None else [f"page {citation.page}"]
    heading = [] if not citation.heading else [f"under “{citation.heading}”"]
    return " · ".join((*page, f"line {citation.line:,}", *heading))


def source(workspace: Workspace, request: object) -> dict[str, Any]:
    """Return what the viewer shows for `request` (document, start, end, digest).

    Keys: title, path, place, text; start and end in UTF-16 units, None where nothing can be
    marked; problem, one sentence, None if all is well. Never raises for a forged request.
    """
    asked = request if isinstance(request, Mapping) else {}
    document_id = asked.get("document")
    if not isinstance(document_id, str):
        return {**_BARE, "problem": _UNKNOWN}
    try:
        document = workspace.document(document_id)
    except ScoqaError:
        return {**_BARE, "problem": _UNKNOWN}
    shown = {**_BARE, "title": document.title, "path": document.path, "text": document.text}
    if asked.get("digest") != document.text_digest:
        return {**shown, "problem": _CHANGED}
    citation = _cite(document, asked.get("start"), asked.get("end"))
    if citation is None:
        return {**shown, "problem": _OUTSIDE}
    return {
        **shown,
        "place": place_words(citation),
        "start": utf16_offset(document.text, citation.start),
        "end": utf16_offset(document.text, citation.end),
    }


def _cite(document: Document, start: object, end: object) -> Citation | None:
    """Return the citation of document.text[start:end], None where there is no such place."""
    if type(start) is not int or type(end) is not int:  # a bool is an int to isinstance
        return None
    try:
        return Citation.from_span(document, Span(document.id, start, end, 0.0))
    except ValueError:
        return None
