"""The data of the source viewer: a document's text, the place to mark, and citations to copy.

Input: requests from the browser, which may be forged. Output: JSON-compatible values, never
markup. Offsets are converted from code points to JavaScript's UTF-16 units only here and in
`structure`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scoqa.errors import ScoqaError
from scoqa.types import Citation, Document, Freshness, Span
from scoqa.ui.source.page_images import describe_pages
from scoqa.ui.source.structure import pack_structure
from scoqa.ui.words.export import citation_markdown, citation_text
from scoqa.ui.words.wording import place_words

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_UNKNOWN = "This source is not in the index: it was removed, or the link is incomplete."
_CHANGED = "This document has changed since this place was cited, so nothing is marked in it."
_OUTSIDE = "The requested place is outside this document, so nothing is marked in it."
MOST_PLACES = 12  # expected places shown beside a question of a set
FRESHNESS: dict[Freshness, str] = {
    "unchanged": "Unchanged since it was indexed",
    "changed": "The file has changed since it was indexed; this is the indexed text",
    "missing": "The file was removed after it was indexed; this is the indexed text",
    "unreadable": "The file cannot be read at the moment; this is the indexed text",
}
_EMPTY: dict[str, Any] = {
    "title": "", "path": "", "place": "", "characters": "", "date": "", "saved": "",
    "digest": "", "freshness": "", "fresh": None, "text": "", "start": None, "end": None,
    "structure": None, "pages": None,
    "problem": None, "link": None, "plain": None, "markdown": None,
}  # fmt: skip
_ORIGIN = re.compile(r"https?://[0-9A-Za-z.:\[\]-]{1,255}")


def utf16_offset(text: str, offset: int) -> int:
    """Convert `offset` from code points to UTF-16 units, which JavaScript counts in.

    Raises ValueError if `offset` is outside `text`.
    """
    if not 0 <= offset <= len(text):
        raise ValueError(f"{offset} is outside a text of {len(text)} characters")
    # A Document never contains lone surrogates, but the count must not fail on them.
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def citation_link(citation: Citation) -> str:
    """Return the link to a citation's place, as a query of the page; it works across sessions."""
    place = {
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "digest": citation.text_digest,
    }
    return "?" + urlencode(place)


def check_origin(value: object) -> str:
    """Return `value` if it is the origin of a page, such as http://127.0.0.1:7860; else ""."""
    return value if isinstance(value, str) and _ORIGIN.fullmatch(value) else ""


def load_source(workspace: Workspace, request: object) -> dict[str, Any]:
    """Return the viewer's data for `request` (document, start, end, digest, origin).

    Keys: title, path, place, characters, date (the document's date line), saved (the file's date),
    digest (of the file), fresh (bool) and freshness (a sentence), both checked now; text and
    structure, see `pack_structure`; pages, see `describe_pages`; start and end in UTF-16 units,
    and link, plain and markdown to copy, all None if nothing can be marked; problem, one sentence
    or None. A forged request raises nothing.
    """
    fields = request if isinstance(request, Mapping) else {}
    document, citation = _find_citation(workspace, fields)
    if document is None:
        return {**_EMPTY, "problem": citation}
    source = {
        **_EMPTY,
        **_describe_document(workspace, document),
        "text": document.text,
        "structure": pack_structure(document),
        "pages": describe_pages(
            workspace, document, citation if isinstance(citation, Citation) else None
        ),
    }
    if not isinstance(citation, Citation):
        return {**source, "problem": citation}
    link = citation_link(citation)
    page = check_origin(fields.get("origin"))
    url = f"{page}/{link}" if page else None
    date = source["date"] or None
    return {
        **source,
        "place": place_words(citation, with_column=True),
        "characters": f"{citation.start:,}–{citation.end:,}",
        "start": utf16_offset(document.text, citation.start),
        "end": utf16_offset(document.text, citation.end),
        "link": link,
        "plain": citation_text(citation, url, date=date),
        "markdown": citation_markdown(citation, url, date=date),
    }


def load_places(workspace: Workspace, request: object) -> list[dict[str, str | None]]:
    """Return the words at each place in `request`, a list of requests as for `load_source`.

    At most MOST_PLACES are returned. Keys: words (always sliced from the document, never taken
    from the request), title, place, link (for the viewer), problem (one sentence if there are no
    words, else None).
    """
    places: list[dict[str, str | None]] = []
    for fields in request[:MOST_PLACES] if isinstance(request, list) else ():
        document, citation = _find_citation(
            workspace, fields if isinstance(fields, Mapping) else {}
        )
        title = document.title if document else ""
        if isinstance(citation, Citation):
            place: dict[str, str | None] = {
                "words": citation.quote,
                "place": place_words(citation),
                "link": citation_link(citation),
            }
            places.append({**place, "title": title, "problem": None})
        else:
            place = {"words": "", "place": "", "link": None}
            places.append({**place, "title": title, "problem": citation})
    return places


def _find_citation(
    workspace: Workspace, fields: Mapping[Any, Any]
) -> tuple[Document | None, Citation | str]:
    """Return the requested document, and the citation of its place or why there is none."""
    document_id, digest = fields.get("document"), fields.get("digest")
    if not isinstance(document_id, str) or not isinstance(digest, str):
        return None, _UNKNOWN
    try:
        document = workspace.find(document_id, digest)
    except ScoqaError as error:  # the index was damaged or removed meanwhile
        return None, str(error)
    if document is None:
        return None, _UNKNOWN
    if digest != document.text_digest:
        return document, _CHANGED
    return document, _cite(document, fields.get("start"), fields.get("end")) or _OUTSIDE


def _describe_document(workspace: Workspace, document: Document) -> dict[str, Any]:
    """Return the document's metadata, and whether its file has changed since it was indexed."""
    state = workspace.freshness(document)
    saved = document.modified
    return {
        "title": document.title,
        "path": document.path,
        "date": next((mark.label for mark in document.marks if mark.kind == "date"), ""),
        "saved": f"{saved.day} {saved:%B %Y}" if saved else "",
        "digest": document.digest,
        "fresh": state == "unchanged",
        "freshness": FRESHNESS[state],
    }


def _cite(document: Document, start: object, end: object) -> Citation | None:
    """Return the citation of document.text[start:end], or None if there is no such place."""
    if type(start) is not int or type(end) is not int:  # a bool is an int to isinstance
        return None
    try:
        return Citation.from_span(document, Span(document.id, start, end, 0.0))
    except ValueError:
        return None
