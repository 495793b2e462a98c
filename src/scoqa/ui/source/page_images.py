"""Page images of a document, and the places of a quote on them.

Input: requests from the browser, which may be forged. Output: PNG images and JSON-compatible
values. Images are rendered in a parser process; this module caches them and limits how many are
rendered concurrently.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from scoqa.errors import ScoqaError
from scoqa.places import Marks
from scoqa.types import Citation, Document, Mark
from scoqa.verification import OUTDATED, DigestCache, freshness

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

PATH = "/page"
KINDS = frozenset({"application/pdf"})
WIDTHS = (600, 900, 1200, 1800, 2400)  # in pixels; other widths are refused
_AT_ONCE = 2
_MOST_WAITING = 16  # a viewer that turns pages quickly cancels requests for earlier pages
_MOST_CACHED_BYTES = 48 * 2**20  # some hundred pages of text
_A4 = (0.0, 0.0, 595.0, 842.0)
_Key = tuple[str, int, int]  # digest of the file, number of the page, width
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")

_UNKNOWN = "it is not in the index: it was removed, or the link is incomplete."
_BUSY = "too many pages are being rendered at the moment. Try again."


def describe_pages(workspace: Workspace, document: Document, citation: Citation | None) -> Any:
    """Return the data with which the viewer shows `document` as pages, or None without pages.

    Keys: address and digest (of the image URLs), widths, labels (None if the label is the page's
    number), sizes (width and height of each page in turn), at (the page to open, from 1), strokes
    (pairs of a page and the boxes of the quote on it, as fractions of the page).
    """
    marks = _page_marks(document)
    if not marks:
        return None
    strokes: dict[int, list[list[float]]] = {}
    if citation is not None:
        for region in workspace.regions(document, citation.start, citation.end):
            boxes = [[round(side, 5) for side in box] for box in region.boxes]
            strokes.setdefault(region.page, []).extend(boxes)
    first = Marks(marks).number("page", citation.start) if citation else 1
    return {
        "address": f"{PATH}/{document.id}/",
        "digest": document.text_digest,
        "widths": WIDTHS,
        "labels": [
            None if mark.label == str(number) else mark.label
            for number, mark in enumerate(marks, 1)
        ],
        "sizes": [round(side, 1) for mark in marks for side in (mark.box or _A4)[2:]],
        "at": min(strokes, default=max(first, 1)),
        "strokes": list(strokes.items()),
    }


def build_routes(workspace: Workspace) -> list[BaseRoute]:
    """Return the route of the images. Other paths below PATH give 404 and never reach Gradio."""
    images = PageImages(workspace)
    route = Route("/{document_id}/{number}", images.answer, methods=["GET"])
    return [Mount(PATH, routes=[route])]


class PageImages:
    """Renders page images and caches the most recently used."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._cache: OrderedDict[_Key, bytes] = OrderedDict()
        self._cached_bytes = 0
        self._digests = DigestCache()  # so that a turned page does not hash its file
        self._turns = asyncio.Semaphore(_AT_ONCE)
        # The pages that are being rendered or wait for it, and the requests for each.
        self._tasks: dict[_Key, asyncio.Task[bytes | None]] = {}
        self._requests: dict[_Key, list[Request]] = {}

    async def answer(self, request: Request) -> Response:
        """Respond with one page as a PNG, or with a sentence that explains why not."""
        number, width = (
            int(value) if _NUMBER.fullmatch(value) else 0
            for value in (
                str(request.path_params["number"]), request.query_params.get("width", ""))
        )  # fmt: skip
        if not number or width not in WIDTHS:
            widths = ", ".join(map(str, WIDTHS))
            return _refuse(400, f"Expected a page number from 1, and one of the widths {widths}.")
        document = await run_in_threadpool(
            self._find,
            str(request.path_params["document_id"]),
            request.query_params.get("digest", ""),
        )
        if isinstance(document, str) or number > len(_page_marks(document)):
            return _refuse(404, document if isinstance(document, str) else _UNKNOWN)
        state = await run_in_threadpool(
            freshness, document, self._workspace.documents, self._digests.hash_file
        )
        if state != "unchanged":
            return _refuse(409, f"{document.path} {OUTDATED[state]}")
        try:
            image = await self._get_image(request, document, number, width)
        except ScoqaError as error:
            return _refuse(409, str(error))
        if image is None:
            return _refuse(503, _BUSY)
        # Browsers must not store it: no page may remain after a logout, or outlive a changed file.
        headers = {"cache-control": "no-store"}
        return Response(image, media_type="image/png", headers=headers)

    def _find(self, document_id: str, digest: str) -> Document | str:
        """Return the document, or a sentence that explains why there is none."""
        try:
            document = self._workspace.find(document_id, digest)
        except ScoqaError as error:  # the index was damaged or removed meanwhile
            return str(error)
        if document is None or document.text_digest != digest or document.id != document_id:
            return _UNKNOWN
        return document

    async def _get_image(
        self, request: Request, document: Document, number: int, width: int
    ) -> bytes | None:
        """Return the image, or None if too many images are waiting. Raises ScoqaError.

        Requests for a page that is being rendered share its result.
        """
        key = (document.digest, number, width)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        if key not in self._tasks:
            if len(self._tasks) >= _MOST_WAITING:
                return None
            self._requests[key] = []
            self._tasks[key] = asyncio.create_task(self._render(key, document))
        self._requests[key].append(request)
        return await asyncio.shield(self._tasks[key])

    async def _render(self, key: _Key, document: Document) -> bytes | None:
        """Return the image, or None if all its requests have ended. Raises ScoqaError."""
        try:
            async with self._turns:
                # Requests that arrive during the loop are appended to the list.
                for request in self._requests[key]:
                    if not await request.is_disconnected():
                        break
                else:
                    return None
                _, number, width = key
                image = await run_in_threadpool(self._workspace.page_image, document, number, width)
                self._store(key, image)
                return image
        finally:
            del self._tasks[key], self._requests[key]

    def _store(self, key: _Key, image: bytes) -> None:
        self._cache[key] = image
        self._cached_bytes += len(image)
        while self._cached_bytes > _MOST_CACHED_BYTES and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= len(oldest)


def _page_marks(document: Document) -> list[Mark]:
    if document.media_type not in KINDS:
        return []
    return [mark for mark in document.marks if mark.kind == "page"]


def _refuse(status: int, sentence: str) -> Response:
    return JSONResponse({"problem": sentence}, status, headers={"cache-control": "no-store"})
