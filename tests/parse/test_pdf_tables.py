"""Tables with lines around their cells: each cell is read as one, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pypdfium2.raw as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pdfs
from pdfs import Canvas
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.pdf.picture import open_pdf
from scoqa.parse.pdf.reader import read
from scoqa.parse.pdf.ruled import find_lines

STYLES = ["grid", "cells", "fillings", "open", "rows", "under", "colour", "form"]
TABLE = "\n".join("\t".join(row) for row in pdfs.ROWS)


def text_of(data: bytes) -> str:
    return read(data, "x.pdf").text


def boxes_of(parsed: Parsed, words: str) -> np.ndarray:  # type: ignore[type-arg]
    """Return the boxes of `words`, which stand once, as shares of the page."""
    start = parsed.text.index(words)
    assert parsed.text.find(words, start + 1) < 0
    boxes = np.frombuffer(parsed.boxes[0], "<u2").reshape(-1, 4) / 65_535
    return boxes[start : start + len(words)]


@pytest.mark.parametrize("style", STYLES)
def test_each_cell_is_read_whole_and_each_row_is_a_line(style: str) -> None:
    expected = f"{pdfs.HARBOUR[0]}\n\n{TABLE}\n\n{pdfs.HARBOUR[1]}"
    assert expected == text_of(pdfs.ruled(style))


def test_without_lines_it_cannot_be_known_what_belongs_together() -> None:
    assert TABLE not in text_of(pdfs.ruled("none"))  # or the test above would show nothing


@pytest.mark.parametrize("quarter", [90, 180, 270])
def test_a_table_on_a_turned_page_reads_as_it_is_shown(quarter: int) -> None:
    assert TABLE in text_of(pdfs.ruled(quarter=quarter))


def test_a_cells_words_stand_within_its_lines() -> None:
    parsed = read(pdfs.ruled(), "x.pdf")
    boxes = boxes_of(parsed, pdfs.ROWS[1][2])
    drawn = boxes[(boxes[:, 2] > boxes[:, 0])]
    left, right = pdfs.COLUMNS[2] / pdfs.WIDTH, pdfs.COLUMNS[3] / pdfs.WIDTH
    assert len(drawn) > 100
    assert left <= drawn[:, 0].min()
    assert drawn[:, 2].max() <= right


def table(rows: list[list[list[str]]], *, width: float = 120, size: float = pdfs.SIZE) -> bytes:
    """Return a table of cells, each a list of the lines in it."""

    def draw(canvas: Canvas) -> None:
        tops = [700.0]
        for row in rows:
            for place, lines in enumerate(row):
                pdfs.write(canvas, lines, x=74 + place * width, y=tops[-1] - size - 2, size=size)
            tops.append(tops[-1] - pdfs.LEADING * max(map(len, row)) - 6)
        canvas.grid([70 + place * width for place in range(len(rows[0]) + 1)], tops)

    return pdfs.pages(draw)


def test_a_word_cut_in_a_cell_is_whole() -> None:
    rows = [[["Port"], ["Said of it"]], [["Orl"], ["It has a light-", "house and a school."]]]
    assert "Port\tSaid of it\nOrl\tIt has a lighthouse and a school." == text_of(table(rows))


def test_words_close_to_a_line_stay_in_their_cells() -> None:
    # In one piece for anybody who looks at the gaps alone.
    rows = [[["Northwick"], ["in 1884"]], [["Saltmouth"], ["1902"]]]
    assert "Northwick\tin 1884\nSaltmouth\t1902" == text_of(table(rows, width=56))


def test_small_numbered_rows_are_no_footnotes() -> None:
    prose = pdfs.lines_in(pdfs.paragraph(), 420)

    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, prose)
        tops = [500.0, 485.0, 470.0]
        for top, row in zip(tops, (("1 Varn", "1884"), ("2 Orl", "1902")), strict=False):
            for x, text in zip((74, 154), row, strict=True):
                pdfs.write(canvas, [text], x=x, y=top - 11, size=7)
        canvas.grid([70, 150, 230], tops)
        pdfs.write(canvas, ["The table ends."], y=440)

    assert "1 Varn\t1884\n2 Orl\t1902\n\nThe table ends." in text_of(pdfs.pages(draw))


def test_items_in_a_cell_are_lines() -> None:
    rows = [[["Port"], ["What"]], [["Orl"], ["It has", "• boats", "• a school"]]]
    assert "Port\tWhat\nOrl\tIt has\n• boats\n• a school" == text_of(table(rows))


def test_cells_of_prose_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        for x, texts in ((74, pdfs.HARBOUR), (314, pdfs.ORCHARD)):
            pdfs.write(canvas, ["Part"], x=x, y=690)
            pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph([*texts] * 3), 220), x=x, y=660)
        canvas.grid([70, 310, 550], [705, 675, 60])

    text = text_of(pdfs.pages(draw))
    for sentences in (pdfs.HARBOUR, pdfs.ORCHARD):
        assert pdfs.paragraph([*sentences] * 3) in text
    assert "\t" not in text.removeprefix("Part\tPart")


@pytest.mark.parametrize("columns", [[40, 560], [40, 300, 560]], ids=["frame", "line between"])
def test_a_frame_is_no_table(columns: list[float]) -> None:
    def draw(canvas: Canvas) -> None:
        for x, texts in ((74, pdfs.HARBOUR), (314, pdfs.ORCHARD)):
            pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(texts), 200), x=x)
        canvas.grid(columns, [800, 40])

    text = f"{pdfs.paragraph()}\n\n{pdfs.paragraph(pdfs.ORCHARD)}"
    assert text == text_of(pdfs.pages(draw))


def test_a_heading_with_its_number_over_a_table_is_none_of_its_rows() -> None:
    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, ["3.1"], x=76, y=704, size=14)
        pdfs.write(canvas, ["Harbours"], x=176, y=704, size=14)
        simple(canvas, SMALL, 700)
        pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(), 440), y=620)

    parsed = read(pdfs.pages(draw), "x.pdf")
    assert ["3.1 Harbours"] == [mark.label for mark in parsed.marks if mark.kind == "heading"]


def test_what_stands_between_two_tables_is_in_neither() -> None:
    def draw(canvas: Canvas) -> None:
        y = 780.0
        for name in ("Harbours", "Orchards"):
            y = pdfs.write(canvas, [name], y=y, size=16) - 10
            for number, row in enumerate((("Name", "Since"), ("Varn", "1884"), ("Orl", "1902"))):
                for x, text in zip((76, 206), row, strict=True):
                    pdfs.write(canvas, [text], x=x, y=y - 12 - 16 * number)
            canvas.grid([72, 202, 332], [y - 16 * number for number in range(4)])
            y -= 80
        pdfs.write(canvas, ["The end of both."], y=y)

    rows = "Name\tSince\nVarn\t1884\nOrl\t1902"
    parsed = read(pdfs.pages(draw), "x.pdf")
    assert f"Harbours\n\n{rows}\n\nOrchards\n\n{rows}\n\nThe end of both." == parsed.text
    assert ["Harbours", "Orchards"] == [m.label for m in parsed.marks if m.kind == "heading"]


def test_paragraphs_with_lines_between_them_are_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        y = 780.0
        for number in range(5):
            canvas.line(72, y + 14, 520, y + 14)
            text = pdfs.paragraph(pdfs.HARBOUR[number : number + 2])
            y = pdfs.write(canvas, pdfs.lines_in(text, 440), y=y) - 14
        canvas.line(72, y + 14, 520, y + 14)

    wanted = [pdfs.paragraph(pdfs.HARBOUR[number : number + 2]) for number in range(5)]
    assert "\n\n".join(wanted) == text_of(pdfs.pages(draw))


def simple(canvas: Canvas, rows: Sequence[Sequence[str]], top: float, *, left: float = 72) -> None:
    """Draw a table of one line a cell, from `top` down, 16 points a row."""
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            pdfs.write(canvas, [text], x=left + 4 + 100 * place, y=top - 12 - 16 * number)
    columns = [left + 100 * place for place in range(len(rows[0]) + 1)]
    canvas.grid(columns, [top - 16 * number for number in range(len(rows) + 1)])


SMALL = [("Port", "Ships"), ("Varn", "412"), ("Orl", "97")]
SMALL_TEXT = "Port\tShips\nVarn\t412\nOrl\t97"


@pytest.mark.parametrize("filled", [False, True], ids=["line", "filling"])
def test_a_frame_around_a_table_and_more_is_as_if_it_were_not_there(filled: bool) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillGray(0.9)
        canvas.rect(40, 300, 520, 510, fill=filled)
        canvas.setFillGray(0)
        pdfs.write(canvas, ["Harbours"], y=780, size=18)
        pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(), 440), y=740)
        simple(canvas, SMALL, 600)
        pdfs.write(canvas, [pdfs.ORCHARD[0]], y=500)

    parsed = read(pdfs.pages(draw), "x.pdf")
    parts = ["Harbours", pdfs.paragraph(), SMALL_TEXT, pdfs.ORCHARD[0]]
    assert "\n\n".join(parts) == parsed.text
    assert ["Harbours"] == [mark.label for mark in parsed.marks if mark.kind == "heading"]


RULED = [("Port", "Ships", "Since"), ("Varn", "412", "1884"), ("Orl", "97", "1902"),
         ("Quay", "31", "1911"), ("All", "540", "1920")]  # fmt: skip


def lined(rows: Sequence[Sequence[str]], above: Sequence[int]) -> bytes:
    """Return rows with lines of one length above some, by number, and under the last."""

    def draw(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            y = 700 - 16 * number
            if number in above:
                canvas.line(70, y + 12, 400, y + 12)
            for x, text in zip((74, 204, 324), row, strict=False):
                canvas.drawString(x, y, text)
        canvas.line(70, y - 4, 400, y - 4)

    return pdfs.pages(draw)


def test_rows_without_lines_between_them_stay_rows() -> None:
    expected = "\n".join("\t".join(row) for row in RULED)
    assert expected == text_of(lined(RULED, [0, 1, 4]))  # over and under the head, over the sum


def test_what_stands_under_lines_of_one_length_is_no_table() -> None:
    rows = [("Work",), ("2019", "Engineer"), ("2015", "Clerk"), ("School",), ("2011", "Northwick"),
            ("2005", "Varn"), ("Play",), ("Sport", "Rowing"), ("Music", "Organ")]  # fmt: skip
    lines = text_of(lined(rows, [0, 1, 3, 4, 6, 7])).split("\n")
    assert {"Work", "School", "Play", "2019\tEngineer", "Music\tOrgan"} <= set(lines)


@pytest.mark.parametrize("size", [15, 11])
def test_boxes_of_one_width_under_each_other_are_no_table(size: float) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(4):
            top = 780 - 90 * number
            canvas.rect(70, top - 70, 300, 70)
            pdfs.write(canvas, [f"Box {'ABCD'[number]}."], x=76, y=top - 20, size=size)
            pdfs.write(canvas, ["Words of it."], x=76, y=top - 40)
            pdfs.write(canvas, ["Price"], x=76, y=top - 60)
            pdfs.write(canvas, [f"${number}"], x=200, y=top - 60)

    assert {"Box A.", "Box B.", "Box C.", "Box D."} <= set(text_of(pdfs.pages(draw)).split("\n"))


def test_rows_that_cannot_be_parted_are_read_as_without_lines() -> None:
    rows = [("Port", "Ships", "Since"), ("Varn in the north", "412", "1884"),
            ("Orl", "97 in all years", "1902"), ("Quay", "31", "1911")]  # fmt: skip

    def drawn(*, lined: bool) -> str:
        def draw(canvas: Canvas) -> None:
            for number, row in enumerate(rows):
                y = 700 - 16 * number
                for x, text in zip((74, 164, 245), row, strict=True):
                    canvas.drawString(x, y, text)
                if lined:
                    canvas.line(70, y - 4, 300, y - 4)
            if lined:
                canvas.grid([70, 160, 240, 300], [712, 696])

        return text_of(pdfs.pages(draw))

    assert drawn(lined=False) == drawn(lined=True)


@pytest.mark.parametrize(("grey", "parted"), [(1.0, False), (0.8, True)])
def test_what_nobody_sees_parts_nothing(grey: float, parted: bool) -> None:
    rows = [("It was dredged", "in 1884."), ("A storm took", "the roof."), ("The bay", "froze.")]

    def draw(canvas: Canvas) -> None:
        for number, (left, right) in enumerate(rows):
            y = 700 - 14 * number
            canvas.setFillGray(grey)
            canvas.rect(70, y - 4, 150, 14, stroke=0, fill=1)
            canvas.rect(220, y - 4, 180, 14, stroke=0, fill=1)
            canvas.setFillGray(0)
            canvas.drawRightString(218.5, y, left)
            canvas.drawString(221.5, y, right)

    assert parted == ("\t" in text_of(pdfs.pages(draw)))


def test_a_word_over_a_line_stays_whole() -> None:
    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(("Northwick", "Saltmouth", "Easterbay")):
            canvas.drawString(74, 700 - 20 * number, text)
            canvas.drawString(200, 700 - 20 * number, "has ships")
        canvas.grid([70, 95, 190, 300], [715 - 20 * number for number in range(4)])

    assert {"Northwick", "Saltmouth", "Easterbay"} <= set(text_of(pdfs.pages(draw)).split())


@pytest.mark.parametrize(("count", "looked_at"), [(3000, 3010), (6000, 0)])
def test_on_a_page_with_thousands_of_lines_none_is_looked_at(count: int, looked_at: int) -> None:
    def draw(canvas: Canvas) -> None:
        simple(canvas, SMALL, 600)
        for number in range(count):
            canvas.line(number % 100 * 5, 100, number % 100 * 5 + 3, 100)

    with open_pdf(pdfs.pages(draw), "x.pdf") as document:
        page = pdfium.FPDF_LoadPage(document, 0)
        assert abs(looked_at - len(find_lines(pdfium, page))) < 10
        pdfium.FPDF_ClosePage(page)


@pytest.mark.parametrize("coloured", [0, 1])
def test_a_last_row_without_colour_belongs_to_the_table(coloured: int) -> None:
    rows = [("Varn", "412"), ("Orl", "97"), ("Quay", "31"), ("Hull", "8")]

    def draw(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            y = 700 - 16 * number
            if number % 2 == coloured:
                canvas.setFillGray(0.85)
                canvas.rect(70, y - 4, 130, 16, stroke=0, fill=1)
                canvas.rect(200, y - 4, 130, 16, stroke=0, fill=1)
            canvas.setFillGray(0)
            for x, text in zip((74, 204), row, strict=True):
                canvas.drawString(x, y, text)

    assert "\n".join("\t".join(row) for row in rows) == text_of(pdfs.pages(draw))


def test_a_page_laid_out_with_lines_keeps_its_headings_paragraphs_and_columns() -> None:
    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, ["Name: Ada"], x=74, y=780)
        pdfs.write(canvas, ["Date: 3 May"], x=314, y=780)
        pdfs.write(canvas, ["Harbours"], x=74, y=740, size=16)
        pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(), 220), x=74, y=710)
        pdfs.write(canvas, ["Orchards"], x=314, y=740, size=16)
        y = pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(pdfs.ORCHARD), 220), x=314, y=710)
        pdfs.write(canvas, ["The last of them."], x=314, y=y - 14)
        canvas.grid([70, 310, 550], [795, 765, 300])

    parsed = read(pdfs.pages(draw), "x.pdf")
    orchards = [pdfs.paragraph(pdfs.ORCHARD), "The last of them."]
    parts = ["Name: Ada\tDate: 3 May", "Harbours", pdfs.paragraph(), "Orchards", *orchards]
    assert "\n\n".join(parts) == parsed.text
    assert ["Harbours", "Orchards"] == [m.label for m in parsed.marks if m.kind == "heading"]


def test_paragraphs_in_a_cell_stay_paragraphs() -> None:
    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, ["Port"], x=74, y=780)
        pdfs.write(canvas, ["Said of it"], x=204, y=780)
        pdfs.write(canvas, ["Varn"], x=74, y=750)
        y = 750.0
        for number in (0, 3):
            text = pdfs.paragraph(pdfs.HARBOUR[number : number + 3])
            y = pdfs.write(canvas, pdfs.lines_in(text, 300), x=204, y=y) - 10
        canvas.grid([70, 200, 520], [795, 765, y])

    parts = (pdfs.paragraph(pdfs.HARBOUR[number : number + 3]) for number in (0, 3))
    assert "\n\n".join(("Port\tSaid of it", "Varn", *parts)) == text_of(pdfs.pages(draw))


def test_short_panels_with_headings_are_no_row() -> None:
    def draw(canvas: Canvas) -> None:
        for number, (name, words) in enumerate((("Sea", "It froze."), ("Land", "It burnt."))):
            for place in range(2):
                x, y = 74 + 200 * place, 780 - 80 * number
                pdfs.write(canvas, [f"{name} {'AB'[place]}"], x=x, y=y, size=16)
                pdfs.write(canvas, [words], x=x, y=y - 20)
        canvas.grid([70, 270, 470], [800, 720, 640])

    parsed = read(pdfs.pages(draw), "x.pdf")
    labels = [mark.label for mark in parsed.marks if mark.kind == "heading"]
    assert ["Sea A", "Sea B", "Land A", "Land B"] == labels


def test_columns_within_a_frame_with_a_head_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        for y, row in ((805, ("Standard 17", "Page of one")), (785, ("On ports", "2024"))):
            for x, words in zip((64, 404), row, strict=True):
                pdfs.write(canvas, [words], x=x, y=y)
        for x, texts in ((64, pdfs.HARBOUR), (314, pdfs.ORCHARD)):
            pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph([*texts] * 2), 210), x=x, y=750)
        canvas.rect(60, 300, 480, 520)
        canvas.grid([60, 400, 540], [775, 798, 820])

    text = text_of(pdfs.pages(draw))
    for texts in (pdfs.HARBOUR, pdfs.ORCHARD):
        assert pdfs.paragraph([*texts] * 2) in text


def test_what_stands_beside_a_table_comes_before_it() -> None:
    def draw(canvas: Canvas) -> None:
        simple(canvas, SMALL, 740, left=200)
        pdfs.write(canvas, ["Beside it."], x=72, y=696)
        pdfs.write(canvas, ["Under it."], x=72, y=600)

    assert f"Beside it.\n\n{SMALL_TEXT}\n\nUnder it." == text_of(pdfs.pages(draw))


def test_a_box_beside_a_paragraph_does_not_cut_it() -> None:
    def draw(canvas: Canvas) -> None:
        prose = pdfs.lines_in(pdfs.paragraph([*pdfs.HARBOUR, *pdfs.ORCHARD]), 220)
        pdfs.write(canvas, prose)
        simple(canvas, SMALL, 740, left=330)

    text = text_of(pdfs.pages(draw))
    assert pdfs.paragraph([*pdfs.HARBOUR, *pdfs.ORCHARD]) in text
    assert SMALL_TEXT in text


def test_a_number_in_a_cell_is_no_page_number() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for y, first in ((800, number), (500, number + 5)):
                canvas.drawString(64, y, str(first))
                canvas.drawString(77, y, f"{pdfs.HARBOUR[first % 7].split()[3]} ships")
            canvas.grid([60, 74, 400], [815, 515, 215])

        return draw

    text = text_of(pdfs.pages(*map(page, range(1, 5))))
    assert {*"12346789"} <= set(text.split())


def test_a_table_in_a_column_stays_in_it() -> None:
    def draw(canvas: Canvas) -> None:
        left, right = (
            pdfs.lines_in(pdfs.paragraph([*texts] * 3), 210)
            for texts in (pdfs.HARBOUR, pdfs.ORCHARD)
        )
        pdfs.write(canvas, left)
        end = pdfs.write(canvas, right[:10], x=314)
        for number, row in enumerate((("Port", "Ships"), ("Varn", "412"), ("Orl", "97"))):
            for x, text in zip((318, 418), row, strict=True):
                pdfs.write(canvas, [text], x=x, y=end - 20 - 16 * number)
        canvas.grid([314, 414, 514], [end - 8 - 16 * number for number in range(4)])
        pdfs.write(canvas, right[10:], x=314, y=end - 90)

    text = text_of(pdfs.pages(draw))
    assert pdfs.paragraph([*pdfs.HARBOUR] * 3) in text
    assert "\n\nPort\tShips\nVarn\t412\nOrl\t97\n\n" in text
    assert text.index("Port") > text.index(pdfs.ORCHARD[0])


def test_a_table_read_from_the_right_begins_there() -> None:
    font = pdfs.wide_font()
    if font is None:
        pytest.skip("no font for this script is installed")
    rows = [("נמל", "אוניות"), ("ורן הגדול", "דגים"), ("אורל", "מלח")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, 12)
        for number, row in enumerate(rows):
            for x, text in zip((500, 350), row, strict=True):
                canvas.drawRightString(x, 688 - 20 * number, text[::-1])
        canvas.grid([210, 360, 510], [700 - 20 * number for number in range(4)])

    assert "\n".join("\t".join(row) for row in rows) == text_of(pdfs.pages(draw))


words = st.text("abcdefgh .,\u00e9ABC123()", min_size=1, max_size=20)
placed = st.tuples(words, st.integers(0, 550), st.integers(0, 800), st.sampled_from([0, 0, 0, 90]))
edges = st.lists(st.integers(-20, 850), max_size=6, unique=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(placed, max_size=15), edges, edges)
def test_lines_cost_and_add_no_letter(
    items: list[tuple[str, int, int, int]], across: list[int], down: list[int]
) -> None:
    def drawn(*, lined: bool) -> Counter[str]:
        def draw(canvas: Canvas) -> None:
            pdfs.write(canvas, ["Here the page begins."], y=820)
            for text, x, y, angle in items:
                canvas.saveState()
                canvas.translate(x, y)
                canvas.rotate(angle)
                canvas.drawString(0, 0, text)
                canvas.restoreState()
            if lined and len(across) > 1 and len(down) > 1:
                canvas.grid(sorted(down), sorted(across))

        return Counter(c for c in text_of(pdfs.pages(draw)) if not c.isspace())

    assert drawn(lined=False) == drawn(lined=True)
