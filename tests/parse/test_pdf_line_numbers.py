"""Line numbers beside the text of a PDF: they are apart from it, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

import pdfs
from pdfs import Canvas
from scoqa.parse.pdf.reader import read

TEXT = pdfs.paragraph(pdfs.HARBOUR + pdfs.ORCHARD + pdfs.HARBOUR)
PROSE = pdfs.lines_in(TEXT, 330)
FIRST = 18  # lines on the first of two pages
ROW = 24.0  # points; transcripts are double-spaced


def numbered(
    pages: Iterable[list[str]],
    numbers: Callable[[int], str],
    *,
    x: float = 60,
    text_x: float = 90,
    size: float = pdfs.SIZE,
) -> bytes:
    """Return pages of double-spaced lines, each with its number, counted from 1, at `x`."""

    def page(lines: list[str]) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for row, line in enumerate(lines, 1):
                y = pdfs.TOP - row * ROW
                canvas.setFont("Helvetica", pdfs.SIZE)
                canvas.drawString(text_x, y, line)
                canvas.setFont("Helvetica", size)
                canvas.drawRightString(x, y, numbers(row))

        return draw

    return pdfs.pages(*map(page, pages))


def every(step: int) -> Callable[[int], str]:
    return lambda row: str(row) if row == 1 or row % step == 0 else ""


@pytest.mark.parametrize(
    ("numbers", "place"),
    [
        (every(1), {"x": 60.0}),
        (every(1), {"x": 83.0}),  # a space before the text
        (every(1), {"x": 520.0}),
        (every(5), {"x": 60.0, "size": 8}),
        (every(5), {"x": 520.0, "size": 8}),
    ],
    ids=["left", "close", "right", "fifth", "fifth at the right"],
)
def test_line_numbers_follow_the_text_of_their_page(
    numbers: Callable[[int], str], place: dict[str, float]
) -> None:
    parsed = read(numbered([PROSE[:FIRST], PROSE[FIRST:]], numbers, **place), "x.pdf")
    asides = [mark for mark in parsed.marks if mark.kind == "aside"]
    assert TEXT in parsed.text.replace("\n", " ")
    last = [number for row in range(1, len(PROSE) - FIRST + 1) if (number := numbers(row))]
    assert " ".join(last) == parsed.text[asides[-1].start : asides[-1].end]
    letters = enumerate(parsed.text)
    outside = (c for at, c in letters if not any(m.start <= at < m.end for m in asides))
    assert TEXT == " ".join("".join(outside).split())


def test_a_page_numbered_on_from_the_last_is_numbered_too() -> None:
    pages = iter(range(1, 100))
    data = numbered([PROSE[:9], PROSE[9:]], lambda row: str(next(pages)))
    assert "\t" not in read(data, "x.pdf").text


def test_numbers_between_two_columns_interrupt_neither() -> None:
    left, right = (
        pdfs.lines_in(pdfs.paragraph(text * 2), 200) for text in (pdfs.HARBOUR, pdfs.ORCHARD)
    )

    def draw(canvas: Canvas) -> None:
        for row, (one, other) in enumerate(zip(left, right, strict=False), 1):
            y = pdfs.TOP - row * pdfs.LEADING
            canvas.drawString(60, y, one)
            canvas.drawString(320, y, other)
            canvas.drawCentredString(293, y, every(5)(row) if row > 1 else "")

    text = read(pdfs.pages(draw), "x.pdf").text
    assert all(sentence in text for sentence in pdfs.HARBOUR + pdfs.ORCHARD[:4])


def test_blank_lines_are_counted_with_the_others() -> None:
    lines = [*PROSE[:5], "", "", PROSE[5]]
    assert "\n\n1 2 3 4 5 6 7 8" in read(numbered([lines], every(1)), "x.pdf").text


@pytest.mark.parametrize(
    "lines",
    [
        pdfs.HARBOUR,  # numbered sentences
        ["Northwick", "Easter Bay", "Saltmouth", "Orl", "Vik", "Odda"],
        [
            "salt and pepper",
            "two eggs",
            "a cup of flour",
            "some milk",
            "a spoon of oil",
            "an apple",
        ],
        ["", "", "", "", "", "", ""],  # rows to be filled in
    ],
    ids=["sentences", "ranking", "ingredients", "rows"],
)
def test_numbers_that_do_not_count_lines_of_prose_stay(lines: list[str]) -> None:
    parsed = read(numbered([lines, lines], every(1)), "x.pdf")
    assert not [mark for mark in parsed.marks if mark.kind == "aside"]


def test_numbered_rows_of_a_table_keep_their_numbers() -> None:
    def draw(canvas: Canvas) -> None:
        for row, line in enumerate(PROSE[:8], 1):
            words = line.split()
            for place, cell in enumerate((str(row), words[0], words[1], " ".join(words[2:]))):
                canvas.drawString(60 + 90 * place, pdfs.TOP - row * ROW, cell)

    assert "5\t" in read(pdfs.pages(draw), "x.pdf").text


def test_numbered_paragraphs_of_several_lines_keep_their_numbers() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1, 8):
            y = pdfs.TOP - number * 40
            canvas.drawString(60, y, str(number))
            pdfs.write(canvas, pdfs.lines_in(pdfs.HARBOUR[number - 1] * 2, 400), x=90, y=y)

    assert not [mark for mark in read(pdfs.pages(draw), "x.pdf").marks if mark.kind == "aside"]
