"""A PDF file whose quotes are the only thing on its pages in their colour.

Receives a file to write; hands on the words on it. Where the ink of a quote is on a screen can be
seen by its colour alone.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

INK = (1.0, 0.0, 1.0)  # nothing else on the pages, or on ours, is magenta
LIT = "lit by Ada Lund in 1887"
TURNED = "painted white in 1902"
FIRST, SECOND = "forty measures of oil", "carried up two hundred steps"
LABELS = ("i", "ii", "1", "2", "3")  # as they are printed, in the order of the pages
_FILLER = "The keeper of the lighthouse wrote the weather of the day into his ledger."


def report() -> bytes:
    """Return a PDF file: five pages, the first wide, the third turned, a sentence over the last."""
    from reportlab.pdfgen import canvas

    out = BytesIO()
    paper = canvas.Canvas(out, pagesize=(595, 842), invariant=True)
    paper.addPageLabel(0, "ROMAN_LOWER", start=1)
    paper.addPageLabel(2, "ARABIC", start=1)

    def line(y: float, *parts: str) -> None:
        """Write a line; every second part of it in the colour."""
        text = paper.beginText(90, y)
        text.setFont("Helvetica", 12)
        for number, part in enumerate(parts):
            text.setFillColorRGB(*(INK if number % 2 else (0, 0, 0)))
            text.textOut(part)
        paper.drawText(text)

    def filled(top: float, bottom: float) -> None:
        for y in range(int(top), int(bottom), -18):
            line(y, _FILLER)

    paper.setPageSize((842, 595))
    line(500, "The lighthouse of Varn")
    paper.showPage()
    paper.setPageSize((595, 842))
    filled(760, 420)
    line(400, "The lamp was ", LIT, " and has burnt since then.")
    filled(380, 80)
    paper.showPage()
    paper.setPageRotation(90)
    line(500, "The tower was ", TURNED, " by three men.")
    paper.showPage()
    paper.setPageRotation(0)
    filled(760, 120)
    line(80, "Each month they pressed ", FIRST, " that were")
    paper.showPage()
    line(760, "", SECOND, " by the boys of the village.")
    filled(720, 80)
    paper.showPage()
    paper.save()
    return out.getvalue()


def write_report(file: Path) -> None:
    """Write the report to `file`, into a folder that is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(report())
