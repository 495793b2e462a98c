"""The pages of a document as they look: their images, and where on them a quote stands.

Receives what the browser asked for, which may be forged; hands on images and plain values. An
image is made by the process that reads files; here it is kept for a while, and few are made at
once.
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
from scoqa.types import Citation, Document, Freshness, Mark

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

PATH = "/page"
KINDS = frozenset({"application/pdf"})
WIDTHS = (600, 900, 1200, 1800, 2400)  # in pixels; a page is made in no other
_AT_ONCE = 2
_MOST_WAITING = 16  # whoever turns fast takes back what is not shown any more
_MOST_KEPT_BYTES = 48 * 2**20  # some hundred pages of text
_A4 = (0.0, 0.0, 595.0, 842.0)
_WHY: dict[Freshness, str] = {
    "changed": "has changed since it was indexed.",
    "missing": "is not there any more.",
    "unreadable": "cannot be read now.",
}
_Key = tuple[str, int, int]  # digest of the file, number of the page, width
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")

_UNKNOWN = "it is not in the index: it was removed, or the link is not whole."
_BUSY = "too many pages are drawn at the moment. Try again."


def pages(workspace: Workspace, document: Document, citation: Citation | None) -> Any:
    """Return how `document` is shown page by page, None where it has no pages to show.

    Keys: address and digest (what an image is asked for with), widths, labels (None where the
    label is the page's number), sizes (width and height of each in turn), at (the page to open,
    from 1), strokes (page and boxes of the quote on it, as fractions of the page).
    """
    marks = _pages(document)
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


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Return the route of the images. All else below its path is 404, and never Gradio's."""
    images = Images(workspace)
    route = Route("/{document_id}/{number}", images.answer, methods=["GET"])
    return [Mount(PATH, routes=[route])]


class Images:
    """Images of pages, as they were asked for last."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._size = 0
        self._free = asyncio.Semaphore(_AT_ONCE)
        # The pages that are being made or wait to be, and who asked for each.
        self._making: dict[_Key, asyncio.Task[bytes | None]] = {}
        self._asking: dict[_Key, list[Request]] = {}

    async def answer(self, request: Request) -> Response:
        """Answer with one page as a PNG, or with a sentence that says why there is none."""
        number, width = (
            int(value) if _NUMBER.fullmatch(value) else 0
            for value in (
                str(request.path_params["number"]), request.query_params.get("width", ""))
        )  # fmt: skip
        if not number or width not in WIDTHS:
            widths = ", ".join(map(str, WIDTHS))
            return _refused(400, f"A page has a number from 1, and is made {widths} wide.")
        found = await run_in_threadpool(
            self._find,
            str(request.path_params["document_id"]),
            request.query_params.get("digest", ""),
        )
        if isinstance(found, str) or number > len(_pages(found)):
            return _refused(404, found if isinstance(found, str) else _UNKNOWN)
        state = await run_in_threadpool(self._workspace.freshness, found)
        if state != "unchanged":
            return _refused(409, f"{found.path} {_WHY[state]}")
        try:
            image = await self._image(request, found, number, width)
        except ScoqaError as error:
            return _refused(409, str(error))
        if image is None:
            return _refused(503, _BUSY)
        # Whoever logs out leaves no page behind, and a file that changes is not shown as it was.
        headers = {"cache-control": "no-store"}
        return Response(image, media_type="image/png", headers=headers)

    def _find(self, document_id: str, digest: str) -> Document | str:
        try:
            document = self._workspace.find(document_id, digest)
        except ScoqaError as error:  # the index was damaged or taken away meanwhile
            return str(error)
        if document is None or document.text_digest != digest or document.id != document_id:
            return _UNKNOWN
        return document

    async def _image(
        self, request: Request, document: Document, number: int, width: int
    ) -> bytes | None:
        """Return the image, None where too many are waited for. Raises ScoqaError.

        All who ask for a page while it is made get what comes of that.
        """
        key = (document.digest, number, width)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._making:
            if len(self._making) >= _MOST_WAITING:
                return None
            self._asking[key] = []
            self._making[key] = asyncio.create_task(self._make(key, document))
        self._asking[key].append(request)
        return await asyncio.shield(self._making[key])

    async def _make(self, key: _Key, document: Document) -> bytes | None:
        """Return the image, None where nobody waits for it any more. Raises ScoqaError."""
        try:
            async with self._free:
                # Whoever asks in the meantime stands at the end of the list.
                for request in self._asking[key]:
                    if not await request.is_disconnected():
                        break
                else:
                    return None
                _, number, width = key
                image = await run_in_threadpool(self._workspace.page_image, document, number, width)
                self._keep(key, image)
                return image
        finally:
            del self._making[key], self._asking[key]

    def _keep(self, key: _Key, image: bytes) -> None:
        self._kept[key] = image
        self._size += len(image)
        while self._size > _MOST_KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)


def _pages(document: Document) -> list[Mark]:
    if document.media_type not in KINDS:
        return []
    return [mark for mark in document.marks if mark.kind == "page"]


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"problem": sentence}, status, headers={"cache-control": "no-store"})
