"""PDF files made by script: what stands where on their pages is known to the point.

Receives nothing; hands on the bytes of small files, the same ones each time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
LEFT, TOP, LEADING, SIZE = 72.0, 770.0, 14.0, 11.0

HARBOUR = [
    "The harbour of Northwick was dredged in 1884 by a crew of forty men.",
    "Its office stood on the quay until a storm took the roof in 1902.",
    "Nobody rebuilt the customs house, although the council voted twice to do so.",
    "The lighthouse keeper wrote every ship's name into a ledger bound in green cloth.",
    "In the winter of 1911 the bay froze, and the ferry stayed away for nine weeks.",
    "A school for pilots opened beside the chapel with six pupils and one teacher.",
    "The ledger survives; the lighthouse was sold for its bricks in 1936.",
]
ORCHARD = [
    "Apple trees need a cold season of about a thousand hours.",
    "Grafting joins a fruitful twig to a hardy root.",
    "The old orchard behind the mill holds nineteen kinds of pear.",
    "Bees visit the blossom only when the air is warmer than ten degrees.",
    "Windfalls were pressed into cider that kept through the winter.",
    "A late frost in May once took the whole crop in a single night.",
]


def pdf(draw: Callable[[Canvas], None], **options: object) -> bytes:
    """Return the file that `draw` draws; the same one each time."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, **options)
    canvas.setFont("Helvetica", SIZE)
    draw(canvas)
    canvas.save()
    return file.getvalue()


def pages(*drawings: Callable[[Canvas], None], **options: object) -> bytes:
    """Return a file with one page for each of `drawings`."""

    def draw(canvas: Canvas) -> None:
        for drawing in drawings:
            canvas.setFont("Helvetica", SIZE)
            drawing(canvas)
            canvas.showPage()

    return pdf(draw, **options)


def lines_in(text: str, width: float, size: float = SIZE, font: str = "Helvetica") -> list[str]:
    """Return `text` broken to lines at most `width` points wide."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and stringWidth(f"{lines[-1]} {word}", font, size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def write(
    canvas: Canvas,
    lines: Sequence[str],
    *,
    x: float = LEFT,
    y: float = TOP,
    leading: float = LEADING,
    size: float = SIZE,
    font: str = "Helvetica",
) -> float:
    """Draw lines under one another from baseline `y`, and return the next line's baseline."""
    canvas.setFont(font, size)
    for line in lines:
        canvas.drawString(x, y, line)
        y -= leading
    return y


def paragraphs(canvas: Canvas, texts: Sequence[str], width: float = 450, **options: float) -> float:
    """Draw paragraphs with half a line between them, and return the next line's baseline."""
    y = options.pop("y", TOP)
    for text in texts:
        y = write(canvas, lines_in(text, width), y=y, **options) - LEADING / 2
    return y


def paragraph(sentences: Sequence[str] = HARBOUR) -> str:
    return " ".join(sentences)


def one_column() -> bytes:
    return pages(lambda canvas: paragraphs(canvas, [paragraph(), paragraph(ORCHARD)]) and None)


def two_columns(*, interleaved: bool) -> bytes:
    """Two columns under a title; the stream has one after the other, or goes line by line."""

    def draw(canvas: Canvas) -> None:
        write(canvas, ["On harbours and orchards, with a title over both columns"], size=16)
        left, right = (lines_in(paragraph([*text, *text]), 210) for text in (HARBOUR, ORCHARD))
        if interleaved:
            for number in range(max(len(left), len(right))):
                for x, lines in ((LEFT, left), (LEFT + 235, right)):
                    write(canvas, lines[number : number + 1], x=x, y=730 - number * LEADING)
        else:
            write(canvas, left, y=730)
            write(canvas, right, x=LEFT + 235, y=730)

    return pages(draw)


def table() -> bytes:
    """A table between two paragraphs."""
    rows = [
        ("Port", "Ships", "Tons"),
        ("Northwick", "412", "18,250"),
        ("Easter Bay", "97", "4,033"),
        ("Saltmouth", "1,204", "61,900"),
    ]

    def draw(canvas: Canvas) -> None:
        y = paragraphs(canvas, [HARBOUR[0]]) - 10
        for name, ships, tons in rows:
            canvas.drawString(LEFT, y, name)
            canvas.drawRightString(LEFT + 200, y, ships)
            canvas.drawRightString(LEFT + 300, y, tons)
            y -= 18
        paragraphs(canvas, [HARBOUR[1]], y=y - 10)

    return pages(draw)


# What a table's cells hold; lines are drawn around them. The fourth row's first cell reaches down.
COLUMNS = (LEFT, LEFT + 130, LEFT + 180, LEFT + 380, LEFT + 450)
ROWS = (
    ("Port", "Since", "What was said of it", "Keeper"),
    (
        "Varn, the largest harbour of the north",
        "1884",
        "It was dredged by a crew of forty men, who were paid in herring, and the council voted "
        "twice to have it done again.",
        "Ada Lund, in the old office",
    ),
    ("Orl", "1902", "A storm took the roof.", "Carl Berg, of the customs house"),
    ("Saltmouth", "1911", "The bay froze for nine weeks.", "Dora Holm"),
    ("", "1936", "The lighthouse was sold for its bricks.", "nobody"),
)


def ruled(style: str = "grid", *, quarter: int = 0) -> bytes:
    """A table between two paragraphs, its cells as high as the highest, all text in their middle.

    style: how lines are drawn: a "grid", "cells" one by one, "fillings" as thin as lines, "open" at
    both sides, between "rows" alone, none above the first ("under"), as every other row's "colour",
    in a "form", or "none".
    """

    def draw(canvas: Canvas) -> None:
        turn(canvas, quarter)
        y = paragraphs(canvas, [HARBOUR[0]])
        tops = [y]
        for row in ROWS:
            cells = [
                lines_in(text, right - left - 8) if text else []
                for text, left, right in zip(row, COLUMNS, COLUMNS[1:], strict=False)
            ]
            height = LEADING * max(map(len, cells)) + 8
            for lines, left in zip(cells, COLUMNS, strict=False):
                middle = (height - LEADING * len(lines)) / 2
                write(canvas, lines, x=left + 4, y=tops[-1] - middle - SIZE)
            tops.append(tops[-1] - height)
        if style == "form":
            canvas.beginForm("lines")
            rules(canvas, "grid", [2 * place for place in COLUMNS], [2 * y for y in tops])
            canvas.endForm()
            canvas.saveState()
            canvas.scale(0.5, 0.5)
            canvas.doForm("lines")
            canvas.restoreState()
        else:
            rules(canvas, style, COLUMNS, tops)
        canvas.setFillGray(0)
        paragraphs(canvas, [HARBOUR[1]], y=tops[-1] - 2 * LEADING)

    return pages(draw)


def rules(canvas: Canvas, style: str, columns: Sequence[float], tops: Sequence[float]) -> None:
    """Draw the lines of a table, none within the cell that reaches down."""
    steps = list(pairwise(columns))
    for number, (top, bottom) in enumerate(pairwise(tops)):
        for place, (left, right) in enumerate(steps):
            merged = place == 0 and number == 4
            if style == "cells" and not merged:
                low = tops[5] if place == 0 and number == 3 else bottom
                canvas.rect(left, low, right - left, top - low)
            elif style in ("grid", "open"):
                if not merged:
                    canvas.line(left, top, right, top)
                if style == "grid" or place:
                    canvas.line(left, top, left, bottom)
            elif style == "under":
                canvas.line(left, bottom, right, bottom)
            elif style == "rows":
                canvas.line(left, top, right, top)
            elif style == "colour" and number % 2 == 0:
                canvas.setFillGray(0.9)
                canvas.rect(left, bottom, right - left, top - bottom, stroke=0, fill=1)
            elif style == "fillings":
                canvas.setFillGray(0.4)
                if not merged:
                    canvas.rect(left, top - 0.5, right - left, 1, stroke=0, fill=1)
                canvas.rect(left - 0.5, bottom, 1, top - bottom, stroke=0, fill=1)
    if style in ("grid", "open", "rows", "fillings"):
        canvas.line(columns[0], tops[-1], columns[-1], tops[-1])
    if style in ("grid", "fillings"):
        canvas.line(columns[-1], tops[0], columns[-1], tops[-1])


# What ends a sentence on the next page; none repeats, or it would be a running head.
TAILS = [sentence[0].lower() + sentence[1:] for sentence in (*HARBOUR, *ORCHARD)]


def report(count: int = 5) -> bytes:
    """Pages with a running head and a number, and a sentence over the end of each but the last."""

    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            write(canvas, ["Annual report of the harbour board"], y=810, size=9)
            canvas.drawCentredString(WIDTH / 2, 30, f"Page {number} of {count}")
            y = TOP
            if number > 1:
                y = write(canvas, [TAILS[number]], y=y) - 20
            y = write(canvas, [f"{HARBOUR[number % 7].split()[-2].title()} {number}"], y=y, size=16)
            text = f"{paragraph()} So says note {number}."
            y = write(canvas, lines_in(text, 450), y=y - 6) - 20
            if number < count:
                write(
                    canvas,
                    [f"Everybody saw, on the night of day {number} and from far, the quick brown"],
                    y=y,
                )

        return draw

    return pages(*(page(number) for number in range(1, count + 1)))


def broken_words() -> bytes:
    return pages(
        lambda canvas: (
            write(
                canvas,
                [
                    "It was a remark-",
                    "able and well-",
                    "known fact that a well-known har-",
                    "bour holds no state-of-the-",
                    "art cranes; the state wants art, the pre-",
                    "and postwar COVID-",
                    "19 wards of Jean-",
                    "Pierre stay.",
                ],
            )
            and None
        )
    )


def footnotes() -> bytes:
    def draw(canvas: Canvas) -> None:
        paragraphs(canvas, [paragraph(), paragraph(ORCHARD)])
        write(
            canvas,
            ["1 The ledger is kept in the town hall.", "2 Sold to a builder."],
            y=90,
            size=8,
            leading=10,
        )

    def second(canvas: Canvas) -> None:
        paragraphs(canvas, [paragraph(ORCHARD)])

    return pages(draw, second)


def headings() -> bytes:
    """Headings in larger and in bold type, without bookmarks."""

    def draw(canvas: Canvas) -> None:
        y = write(canvas, ["The board of Northwick"], size=20) - 16
        y = write(canvas, ["First part"], y=y, size=15) - 10
        y = paragraphs(canvas, [paragraph()], y=y) - 10
        y = write(canvas, ["A detail in bold"], y=y, font="Helvetica-Bold") - 4
        y = paragraphs(canvas, [paragraph(ORCHARD)], y=y) - 16
        y = (
            write(
                canvas, ["Second part, with a heading", "over two lines"], y=y, size=15, leading=18
            )
            - 10
        )
        paragraphs(canvas, [paragraph()], y=y)

    return pages(draw)


def bookmarks() -> bytes:
    """Headings that look like their text: only the bookmarks tell."""

    def first(canvas: Canvas) -> None:
        canvas.setTitle("The harbour book")
        canvas.bookmarkPage("one")
        canvas.addOutlineEntry("Beginnings", "one", 0)
        canvas.bookmarkPage("one and one")
        canvas.addOutlineEntry("The dredging", "one and one", 1)
        y = write(canvas, ["1 Beginnings"]) - LEADING
        y = paragraphs(canvas, [paragraph()], y=y) - LEADING
        y = write(canvas, ["1.1 The dredging"], y=y) - LEADING
        paragraphs(canvas, [paragraph(ORCHARD)], y=y)

    def second(canvas: Canvas) -> None:
        canvas.bookmarkPage("two")
        canvas.addOutlineEntry("Afterwards", "two", 0)
        canvas.bookmarkPage("two and one")
        canvas.addOutlineEntry("Words found nowhere", "two and one", 1)
        y = write(canvas, ["2 Afterwards"]) - LEADING
        paragraphs(canvas, [paragraph()], y=y)

    return pages(first, second)


def turned(quarter: int) -> bytes:
    """One page shown turned by `quarter` degrees clockwise, its text upright as it is shown.

    It is shown as A4 upright, so that its own points are those of A4 on its side.
    """

    def draw(canvas: Canvas) -> None:
        turn(canvas, quarter)
        paragraphs(canvas, [paragraph(), paragraph(ORCHARD)])

    return pages(draw)


def turn(canvas: Canvas, quarter: int) -> None:
    """Turn a page by `quarter` degrees, and what is drawn on it back."""
    canvas.setPageRotation(quarter)
    match quarter:
        case 90:
            canvas.translate(HEIGHT, 0)
        case 180:
            canvas.translate(WIDTH, HEIGHT)
        case 270:
            canvas.translate(0, WIDTH)
    canvas.rotate(quarter)


def text_at(angle: float) -> bytes:
    """A page with upright text and one sentence turned by `angle` degrees, counterclockwise."""

    def draw(canvas: Canvas) -> None:
        paragraphs(canvas, [paragraph()])
        canvas.saveState()
        canvas.translate(300, 350)
        canvas.rotate(angle)
        canvas.drawString(0, 0, "Approved by the board.")
        canvas.drawString(0, -LEADING, "Filed in the tower.")
        canvas.restoreState()

    return pages(draw)


def labelled() -> bytes:
    """Four pages labelled i, ii, 1 and 2; the third is blank."""
    data = pages(
        lambda canvas: write(canvas, ["Preface."]) and None,
        lambda canvas: write(canvas, ["More preface."]) and None,
        lambda canvas: None,
        lambda canvas: write(canvas, ["The end."]) and None,
    )
    return with_catalog(data, b"/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >>] >>")


def with_catalog(data: bytes, entry: bytes) -> bytes:
    """Return the file with one more entry in its catalog; its table of places is written anew."""
    return rewritten(data.replace(b"/Type /Catalog", b"/Type /Catalog " + entry, 1))


def rewritten(data: bytes) -> bytes:
    """Return the file with a table of places that is right again."""
    body = data[: data.rindex(b"xref\n", 0, data.rindex(b"startxref"))]
    trailer = data[data.rindex(b"trailer") : data.rindex(b"startxref")]
    places = {int(m.group(1)): m.start(1) for m in re.finditer(rb"(?m)^(\d+) 0 obj", body)}
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (max(places) + 1)
    for number in range(1, max(places) + 1):
        table += b"%010d 00000 n \n" % places[number]
    return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def cropped() -> bytes:
    """A page of which the box from (100, 200) to (500, 700) is shown; one line stands outside."""

    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((100, 200, 500, 700))
        write(canvas, ["Cut away by the crop box."], x=110, y=750)
        write(canvas, lines_in(paragraph(), 350), x=120, y=650)

    return pages(draw)


def image_only(count: int = 1, text_on: Sequence[int] = ()) -> bytes:
    """Scanned pages: a picture each; those in `text_on` (from 1) hold text instead."""

    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            if number in text_on:
                write(canvas, [f"{ORCHARD[number % 6]}"])
            else:
                canvas.rect(100, 100, 300, 300, fill=1)

        return draw

    return pages(*(page(number) for number in range(1, count + 1)))


def encrypted(user: str, owner: str = "owner") -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption

    return pages(
        lambda canvas: write(canvas, HARBOUR) and None,
        encrypt=StandardEncryption(user, ownerPassword=owner, strength=128),
    )


FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSans.ttf"),
    Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"),
)


def wide_font() -> str | None:
    """Return the name of a font with Arabic, Hebrew and ligatures, or None without one here."""
    file = next((file for file in FONTS if file.exists()), None)
    if file is None:
        return None
    pdfmetrics.registerFont(TTFont("DejaVu", str(file)))
    return "DejaVu"


def right_to_left(font: str, lines: Sequence[str]) -> bytes:
    """Lines as files hold them: from the left what is seen, numbers and all."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, 12)
        for number, line in enumerate(lines):
            seen = re.sub(r"\d+", lambda figures: figures.group()[::-1], line)[::-1]
            canvas.drawRightString(520, 700 - number * 18, seen)

    return pages(draw)


def chinese(lines: Sequence[str]) -> bytes:
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    def draw(canvas: Canvas) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        write(canvas, lines, font="STSong-Light", leading=18)

    return pages(draw)


def raw(objects: Sequence[bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a file of `objects`, numbered from 1, written out by hand."""
    body = b"%PDF-1.4\n"
    for number, each in enumerate(objects, 1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    size = len(objects) + 1
    return rewritten(body + b"xref\ntrailer\n<< /Size %d %s >>\nstartxref\n0\n" % (size, trailer))


def content(stream: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)


def page_tree_loop() -> bytes:
    return raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 3 /Kids [2 0 R 3 0 R 2 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        ]
    )


def footnote_in_a_sentence() -> bytes:
    """A note under a paragraph that goes on on the next page."""
    lines = lines_in(paragraph(ORCHARD), 450)

    def first(canvas: Canvas) -> None:
        y = paragraphs(canvas, [paragraph()])
        write(canvas, lines[:2], y=y)
        write(canvas, ["1 The ledger is kept in the town hall."], y=90, size=8)

    return pages(first, lambda canvas: write(canvas, lines[2:]) and None)


def without_names() -> bytes:
    """Twelve signs of a font that draws squares and says of none which letter it is."""
    square = content(b"1000 0 0 0 750 750 d1 0 0 750 750 re f")
    return raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            content(b"BT /F1 12 Tf 20 200 Td <010201020102> Tj 0 -40 Td <010201020102> Tj ET"),
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 750 750]"
            b" /FontMatrix [.001 0 0 .001 0 0]"
            b" /CharProcs << /g001 6 0 R /g002 6 0 R >> /FirstChar 1 /LastChar 2"
            b" /Widths [1000 1000]"
            b" /Encoding << /Type /Encoding /Differences [1 /g001 /g002] >>"
            b" /Resources << >> >>",
            square,
        ]
    )


def sentences(*, omitted: int | None = None, quarter: int = 0, cropped: bool = False) -> bytes:
    """The harbour's sentences in one paragraph, one of them left white."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(quarter)
        if cropped:
            canvas.setCropBox((40, 300, 560, 820))
        if quarter:
            canvas.translate(*{90: (HEIGHT, 0), 180: (WIDTH, HEIGHT), 270: (0, WIDTH)}[quarter])
            canvas.rotate(quarter)
        x, y = LEFT, TOP
        for number, sentence in enumerate(HARBOUR):
            for word in sentence.split():
                width = stringWidth(word, "Helvetica", SIZE)
                if x + width > LEFT + 450:
                    x, y = LEFT, y - LEADING
                if number != omitted:
                    canvas.drawString(x, y, word)
                x += width + stringWidth(" ", "Helvetica", SIZE)

    return pages(draw)


def form() -> bytes:
    """A form with one field, filled in."""

    def draw(canvas: Canvas) -> None:
        write(canvas, ["Name of the ship:"])
        canvas.acroForm.textfield(
            name="ship", value="Merry Widow", x=180, y=TOP - 5, width=200, height=16, fontSize=11
        )

    return pages(draw)


def without_heights(font: str) -> bytes:
    """A line in a font that does not say how high it is, as some programs write them."""

    def draw(canvas: Canvas) -> None:
        write(canvas, ["Ships, no names."], font=font)

    return rewritten(re.sub(rb"/(Ascent|Descent) -?[\d.]+", rb"/\1 0", pages(draw)))


def stepped(*lines: Sequence[tuple[str, float, float]]) -> Callable[[Canvas], None]:
    """Lines of pieces drawn one right after the other: text, size, and how far it is raised."""

    def draw(canvas: Canvas) -> None:
        for number, pieces in enumerate(lines):
            x, y = LEFT, TOP - number * 2 * LEADING
            for text, size, rise in pieces:
                canvas.setFont("Helvetica", size)
                canvas.drawString(x, y + rise, text)
                x += stringWidth(text, "Helvetica", size)

    return draw


def spelt_apart(line: str) -> bytes:
    """A line read to the left as browsers print it: from the left, each letter named by itself.

    What is drawn are letters o; which letter each stands for is said beside it.
    """
    words, x = b"", 72
    for word in reversed(line.split()):
        words += b"BT\n/ReversedChars BMC\n/F1 12 Tf 1 0 0 1 %d 700 Tm\n" % x
        if word.isascii():
            words += b"(%s) Tj\n" % word.encode()
        for letter in "" if word.isascii() else reversed(word):
            words += b"/Span <</ActualText <FEFF%04X>>> BDC (o) Tj EMC\n" % ord(letter)
        words += b"EMC\nET\n"
        x += int(stringWidth("o" * len(word), "Helvetica", 12)) + 5
    return helvetica(words)


def bullets(sign: str, items: Sequence[str]) -> bytes:
    """Lines that begin with a bullet whose font says that it is `sign`."""
    lines = b"".join(
        b"BT /F1 12 Tf 1 0 0 1 72 %d Tm /Span <</ActualText <FEFF%04X>>> BDC (o) Tj EMC ET\n"
        b"BT /F1 12 Tf 1 0 0 1 100 %d Tm (%s) Tj ET\n" % (y, ord(sign), y, item.encode())
        for y, item in zip(range(700, 0, -15), items, strict=False)
    )
    return helvetica(lines)


def helvetica(lines: bytes) -> bytes:
    """Return a page on which `lines` are drawn, with Helvetica as F1."""
    return raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            content(lines),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )
