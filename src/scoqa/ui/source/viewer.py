"""What the source viewer shows: a document's text, the place to mark in it, what to copy.

Receives what the browser asked for, which may be forged; hands on plain values, never markup.
Offsets turn from code points into JavaScript's UTF-16 units here and in `structure` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scoqa.errors import ScoqaError
from scoqa.types import Citation, Document, Freshness, Span
from scoqa.ui.source.page_images import pages
from scoqa.ui.source.structure import structure
from scoqa.ui.words.export import citation_markdown, citation_text
from scoqa.ui.words.wording import place_words

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_UNKNOWN = "This source is not in the index: it was removed, or the link is not whole."
_CHANGED = "This document has changed since this place was cited, so nothing is marked in it."
_OUTSIDE = "The place asked for does not lie in this document, so nothing is marked in it."
MOST_PLACES = 12  # beside a question: what a set may hold to be right
FRESHNESS: dict[Freshness, str] = {
    "unchanged": "Unchanged since it was indexed",
    "changed": "The file has changed since it was indexed; this is the text as it was then",
    "missing": "The file is gone since it was indexed; this is the text as it was then",
    "unreadable": "The file cannot be read now; this is the text as it was indexed",
}
_BARE: dict[str, Any] = {
    "title": "", "path": "", "place": "", "characters": "", "date": "", "saved": "",
    "digest": "", "freshness": "", "fresh": None, "text": "", "start": None, "end": None,
    "structure": None, "pages": None,
    "problem": None, "link": None, "plain": None, "markdown": None,
}  # fmt: skip
_ORIGIN = re.compile(r"https?://[0-9A-Za-z.:\[\]-]{1,255}")


def utf16_offset(text: str, offset: int) -> int:
    """Return how many UTF-16 units text[:offset] takes: what JavaScript counts in.

    Raises ValueError when `offset`, in code points, lies outside `text`.
    """
    if not 0 <= offset <= len(text):
        raise ValueError(f"{offset} lies outside a text of {len(text)} characters")
    # Lone surrogates never get into a Document, but a count must not fail on them.
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def reference(citation: Citation) -> str:
    """Return the link to a citation's place, as a query on the page: it outlives the page."""
    place = {
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "digest": citation.text_digest,
    }
    return "?" + urlencode(place)


def origin(value: object) -> str:
    """Return `value` where it is the origin of a page, such as http://127.0.0.1:7860; else ""."""
    return value if isinstance(value, str) and _ORIGIN.fullmatch(value) else ""


def source(workspace: Workspace, request: object) -> dict[str, Any]:
    """Return what the viewer shows for `request` (document, start, end, digest, origin).

    Keys: title, path, place, characters, date (its date line), saved (the file's date), digest (of
    the file), fresh (bool) and freshness (a sentence), checked now; text, and its structure as
    `structure` packs it; pages, as `paper` gives them; start and end in UTF-16 units, None where
    nothing can be marked; link, plain and markdown to copy, None where nothing is marked; problem,
    one sentence, None if all is well. Never raises for a forged request.
    """
    asked = request if isinstance(request, Mapping) else {}
    document, found = _found(workspace, asked)
    if document is None:
        return {**_BARE, "problem": found}
    citation = found if isinstance(found, Citation) else None
    shown = {
        **_BARE,
        **_about(workspace, document),
        "text": document.text,
        "structure": structure(document),
        "pages": pages(workspace, document, citation),
    }
    if citation is None:
        return {**shown, "problem": found}
    link = reference(citation)
    page = origin(asked.get("origin"))
    whole = f"{page}/{link}" if page else None
    return {
        **shown,
        "place": place_words(citation),
        "characters": f"{citation.start:,}–{citation.end:,}",
        "start": utf16_offset(document.text, citation.start),
        "end": utf16_offset(document.text, citation.end),
        "link": link,
        "plain": citation_text(citation, whole, date=shown["date"] or None),
        "markdown": citation_markdown(citation, whole, date=shown["date"] or None),
    }


def places(workspace: Workspace, request: object) -> list[dict[str, str | None]]:
    """Return the words at each place in `request`, a list of what `source` is asked; at most 12.

    Keys: words, title, place, link (the viewer opens it), problem: one sentence where there are
    no words. The words are sliced here; whatever else the request says is not looked at.
    """
    shown: list[dict[str, str | None]] = []
    for asked in request[:MOST_PLACES] if isinstance(request, list) else ():
        document, found = _found(workspace, asked if isinstance(asked, Mapping) else {})
        title = document.title if document else ""
        if isinstance(found, Citation):
            each: dict[str, str | None] = {
                "words": found.quote,
                "place": place_words(found),
                "link": reference(found),
            }
            shown.append({**each, "title": title, "problem": None})
        else:
            each = {"words": "", "place": "", "link": None}
            shown.append({**each, "title": title, "problem": found})
    return shown


def _found(
    workspace: Workspace, asked: Mapping[Any, Any]
) -> tuple[Document | None, Citation | str]:
    """Return the document asked for, and the citation of the place in it or why there is none."""
    document_id, digest = asked.get("document"), asked.get("digest")
    if not isinstance(document_id, str) or not isinstance(digest, str):
        return None, _UNKNOWN
    try:
        document = workspace.find(document_id, digest)
    except ScoqaError as error:  # the index was damaged or taken away meanwhile
        return None, str(error)
    if document is None:
        return None, _UNKNOWN
    if digest != document.text_digest:
        return document, _CHANGED
    return document, _cite(document, asked.get("start"), asked.get("end")) or _OUTSIDE


def _about(workspace: Workspace, document: Document) -> dict[str, Any]:
    """Return what is true of the whole document, its file looked at now."""
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
    """Return the citation of document.text[start:end], None where there is no such place."""
    if type(start) is not int or type(end) is not int:  # a bool is an int to isinstance
        return None
    try:
        return Citation.from_span(document, Span(document.id, start, end, 0.0))
    except ValueError:
        return None
