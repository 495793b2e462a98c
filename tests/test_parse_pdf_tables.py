"""Tables with lines around their cells: each cell is read as one, row by row."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pdfs
from pdfs import Canvas
from scoqa.parse.parsed import Parsed
from scoqa.parse.pdf import read

STYLES = ["grid", "cells", "fillings", "open", "rows", "under", "colour", "form"]
TABLE = "\n".join("\t".join(cell for cell in row if cell) for row in pdfs.ROWS)


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


def test_cells_of_prose_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        for x, texts in ((74, pdfs.HARBOUR), (314, pdfs.ORCHARD)):
            pdfs.write(canvas, ["Part"], x=x, y=690)
            pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph([*texts] * 3), 220), x=x, y=660)
        canvas.grid([70, 310, 550], [705, 675, 60])

    text = text_of(pdfs.pages(draw))
    for sentences in (pdfs.HARBOUR, pdfs.ORCHARD):
        assert pdfs.paragraph([*sentences] * 3) in text
    assert "\t" not in text


@pytest.mark.parametrize("columns", [[40, 560], [40, 300, 560]], ids=["frame", "line between"])
def test_a_frame_is_no_table(columns: list[float]) -> None:
    def draw(canvas: Canvas) -> None:
        for x, texts in ((74, pdfs.HARBOUR), (314, pdfs.ORCHARD)):
            pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(texts), 200), x=x)
        canvas.grid(columns, [800, 40])

    text = f"{pdfs.paragraph()}\n\n{pdfs.paragraph(pdfs.ORCHARD)}"
    assert text == text_of(pdfs.pages(draw))


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
