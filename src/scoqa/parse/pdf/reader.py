"""Parse PDF files to their text in reading order, with the position of each character.

Input: the bytes of a file. Output: its text, with a mark for each page and each heading. pdfium
provides the characters and their positions; this package determines their order.
"""

from __future__ import annotations

from scoqa.parse.common.parsed import Parsed
from scoqa.types import Parser

PARSER = Parser("pdf", "4")


def read(data: bytes, path: str) -> Parsed:
    """Return the text of a PDF file with its marks and boxes. Raises ParseError."""
    import pypdfium2.raw as pdfium

    from scoqa.parse.pdf.document import read_document
    from scoqa.parse.pdf.picture import open_pdf

    with open_pdf(data, path) as document:
        return read_document(pdfium, document, path)
