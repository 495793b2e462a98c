"""PDF: the text of its pages in reading order, and where each character stands.

Receives a file's bytes; hands on its text, with a mark for every page and every heading. Read
with pdfium: what a page's characters say and where they stand is pdfium's, their order is ours.
"""

from __future__ import annotations

from scoqa.parse.common.parsed import Parsed
from scoqa.types import Parser

PARSER = Parser("pdf", "3")


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a PDF file with its marks and boxes. Raises ParseError."""
    import pypdfium2.raw as pdfium

    from scoqa.parse.pdf.document import read_document
    from scoqa.parse.pdf.picture import open_pdf

    with open_pdf(data, path) as document:
        return read_document(pdfium, document, path)
