"""Open PDF files and render their pages as images.

Input: the bytes of a file. Output: a pdfium document, or a page as PNG. pdfium is called through
the raw bindings of pypdfium2. It is not thread-safe; each worker process has its own instance.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from scoqa.errors import ParseError
from scoqa.stamps import file_stamp, is_settled

LEAST_WIDTH, MOST_WIDTH = 100, 3000  # pixels of an image
MOST_PIXELS = 20_000_000
MOST_KEPT_BYTES = 128 * 2**20  # a larger file is read again for each page
DAMAGED = "is damaged or not a PDF file. Save it again, or exclude it."
ENCRYPTED = "is encrypted; save a copy without a password, or exclude it."


@contextmanager
def open_pdf(data: bytes, path: str) -> Iterator[Any]:
    """Open the PDF file in `data` and close it at the end. Raises ParseError.

    A file that is only encrypted with an owner password opens without a password.
    """
    import pypdfium2.raw as pdfium

    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        error = pdfium.FPDF_GetLastError()
        raise ParseError(path, _REASONS.get(error, DAMAGED))
    try:
        if pdfium.FPDF_GetPageCount(document) < 1:
            raise ParseError(path, "is damaged: it has no pages. Save it again, or exclude it.")
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


# pdfium's error codes FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY.
_REASONS = {
    4: ENCRYPTED,
    5: "is encrypted in a way that is not supported; save a copy without a password, or exclude "
    "it.",
}


def render(data: bytes, path: str, number: int, width: int) -> bytes:
    """Return page `number` (from 1) as PNG, `width` pixels wide, with annotations and forms.

    A page so tall that it would have more than MOST_PIXELS is rendered narrower.
    Raises ParseError.
    """
    with open_pdf(data, path) as document:
        return _render_page(document, path, number, width)


def _render_page(document: Any, path: str, number: int, width: int) -> bytes:
    from PIL import Image

    if not LEAST_WIDTH <= width <= MOST_WIDTH:
        raise ParseError(path, f"can be drawn {LEAST_WIDTH} to {MOST_WIDTH} pixels wide.")
    pixels, size = _draw_page(document, path, number, width)
    image = Image.frombuffer("RGBX", size, pixels, "raw", "BGRX", 0, 1).convert("RGB")
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=3)  # twice as fast as 6, a tenth larger
    return png.getvalue()


def _draw_page(document: Any, path: str, number: int, width: int) -> tuple[bytes, tuple[int, int]]:
    """Return the pixels of a page (four bytes per pixel), and its width and height in pixels."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDF_GetPageCount(document)
    if not 1 <= number <= count:
        raise ParseError(path, f"has no page {number}; it has {count}.")
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        raise ParseError(path, f"has a damaged page {number}, which cannot be drawn.")
    info = pdfium.FPDF_FORMFILLINFO(version=2)
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, info)
    bitmap = None
    try:
        across, down = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        if not (across > 0 and down > 0):
            raise ParseError(path, f"has a page {number} without a size, which cannot be drawn.")
        wide = max(1, min(width, int((MOST_PIXELS * across / down) ** 0.5)))
        tall = max(1, min(round(wide * down / across), MOST_PIXELS // wide))
        bitmap = pdfium.FPDFBitmap_Create(wide, tall, 0)
        if not bitmap:
            raise MemoryError
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, wide, tall, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, wide, tall, 0, pdfium.FPDF_ANNOT)
        if form:
            pdfium.FPDF_FFLDraw(form, bitmap, page, 0, 0, wide, tall, 0, pdfium.FPDF_ANNOT)
        size = pdfium.FPDFBitmap_GetStride(bitmap) * tall
        return ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), size), (wide, tall)
    finally:
        if bitmap:
            pdfium.FPDFBitmap_Destroy(bitmap)
        if form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(form)
        pdfium.FPDF_ClosePage(page)


class _LastDocument:
    """The document whose page was rendered last, kept open: the next page is probably its own."""

    def __init__(self) -> None:
        self._key: tuple[str, str, str] | None = None  # file, stamp, digest; None: not to be kept
        self._document: Any = None
        self._opened = ExitStack()

    def open(self, file: Path, path: str, digest: str) -> Any:
        """Return the document in `file`, valid until the next call.

        The file is read and hashed again if its stamp has changed. Raises ParseError, also if its
        SHA-256 is not `digest`.
        """
        try:
            state, now = file.stat(), time.time_ns()
            key = (str(file), file_stamp(state), digest)
            if key == self._key:
                return self._document
            self.close()
            data = file.read_bytes()
        except OSError as error:
            raise ParseError(path, f"cannot be read: {error.strerror or error}.") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ParseError(path, "has changed since it was indexed.")
        self._document = self._opened.enter_context(open_pdf(data, path))
        if is_settled(state, now) and len(data) <= MOST_KEPT_BYTES:
            self._key = key
        return self._document

    def close(self) -> None:
        """Release the document, if one is open."""
        self._key = None
        self._opened.close()


_last = _LastDocument()


def render_requested_page(request: Mapping[str, Any]) -> dict[str, Any]:
    """Render the page of a worker request. Returns the PNG in base64 under "png".

    request: file, path, number, width, and digest, the required SHA-256 of the file.
    """
    path = str(request["path"])
    document = _last.open(Path(request["file"]), path, str(request["digest"]))
    png = _render_page(document, path, int(request["number"]), int(request["width"]))
    return {"png": base64.b64encode(png).decode("ascii")}
