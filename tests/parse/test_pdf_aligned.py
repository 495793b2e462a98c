"""Tables without lines, rows between two lines, and figures with captions below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

import pdfs
from pdfs import Canvas
from scoqa.parse.pdf.reader import read
from scoqa.reading_view import Layout

COLUMNS = (60.0, 150.0, 300.0, 370.0, 440.0)
ENTRIES = [
    ("NUMBER", "PAYEE", "START", "END", "AMOUNT"),
    ("QX1", "LUND, ADA", "03/04/19", "03/06/19", "1,250.96"),
    ("QX2", "BANK OF VARN", "03/10/19", "05/15/19", "920.68"),
    ("QX3", "HOLM, DORA", "03/01/19", "03/02/19", "446.87"),
    ("QX4", "ORL SUPPLY", "03/21/19", "03/24/19", "89.10"),
]


def text_of(draw: Callable[[Canvas], None]) -> str:
    return read(pdfs.pages(draw), "x.pdf").text


def by_columns(canvas: Canvas, rows: Sequence[Sequence[str]], *, y: float = 700) -> float:
    """Draw a table column by column, as some programs do, and return the next line's baseline."""
    for place, x in enumerate(COLUMNS):
        for number, row in enumerate(rows):
            if place < len(row) and row[place]:
                canvas.drawString(x, y - 14 * number, row[place])
    return y - 14 * len(rows)


def joined(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("\t".join(row).rstrip("\t") for row in rows)


def test_rows_without_lines_are_rows() -> None:
    assert joined(ENTRIES) == text_of(lambda canvas: by_columns(canvas, ENTRIES) and None)


def test_a_description_below_a_row_is_a_row_of_its_own() -> None:
    note = ("", "TRAIN FROM VARN TO ORL AND RETURN, WITH A CABIN")
    rows = [ENTRIES[0], ENTRIES[1], ENTRIES[2], note, ENTRIES[3], ENTRIES[4], note]
    assert joined(rows) == text_of(lambda canvas: by_columns(canvas, rows) and None)


def test_a_wrapped_name_is_one_cell() -> None:
    rows = [*ENTRIES[:3], ("", "and its daughters"), *ENTRIES[3:]]
    expected = joined(ENTRIES).replace("BANK OF VARN", "BANK OF VARN and its daughters")
    assert expected == text_of(lambda canvas: by_columns(canvas, rows) and None)


def test_a_name_of_rows_is_between_the_head_and_its_rows() -> None:
    rows = [ENTRIES[0], ("Travel",), *ENTRIES[1:], ("Office",), *ENTRIES[1:]]
    assert joined(rows) == text_of(lambda canvas: by_columns(canvas, rows) and None)


def test_a_table_is_between_the_paragraphs_around_it() -> None:
    def draw(canvas: Canvas) -> None:
        y = pdfs.paragraphs(canvas, [pdfs.paragraph()])
        canvas.setFont("Helvetica", 10)
        y = by_columns(canvas, ENTRIES, y=y - 20)
        pdfs.paragraphs(canvas, [pdfs.paragraph(pdfs.ORCHARD)], y=y - 20)

    parts = [pdfs.paragraph(), joined(ENTRIES), pdfs.paragraph(pdfs.ORCHARD)]
    assert "\n\n".join(parts) == text_of(draw)


def test_a_table_in_a_column_of_prose_does_not_join_the_columns() -> None:
    left = pdfs.lines_in(pdfs.paragraph(pdfs.HARBOUR * 2), 210)

    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, left)
        for number, row in enumerate(ENTRIES):
            for x, cell in zip((320, 380, 500), row[:2] + row[4:], strict=True):
                canvas.setFont("Helvetica", 9)
                canvas.drawString(x, pdfs.TOP - 14 * number, cell)
        pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(pdfs.ORCHARD * 2), 210), x=320, y=680)

    text = text_of(draw)
    assert pdfs.paragraph() in text
    assert all(sentence in text for sentence in pdfs.ORCHARD)


def test_the_head_of_a_table_over_several_pages_is_a_row_on_the_first() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        rows = [(f"QX{number}{row[0][-1]}", *row[1:4], f"{number}{row[4]}") for row in ENTRIES[1:]]
        return lambda canvas: by_columns(canvas, [ENTRIES[0], *rows], y=800) and None

    text = read(pdfs.pages(*map(page, range(1, 5))), "x.pdf").text
    assert text.startswith("NUMBER\tPAYEE\tSTART\tEND\tAMOUNT\nQX11\tLUND, ADA\t")
    assert 1 == text.count("PAYEE")
    assert text.endswith("QX44\tORL SUPPLY\t03/21/19\t03/24/19\t489.10")


def three_columns(canvas: Canvas) -> None:
    for x, texts in ((50, pdfs.HARBOUR), (225, pdfs.ORCHARD), (400, pdfs.HARBOUR[::-1])):
        pdfs.write(canvas, pdfs.lines_in(pdfs.paragraph(texts), 150), x=x)


def addresses(canvas: Canvas) -> None:
    for x, name in ((60, "Ada Lund"), (240, "Carl Berg"), (420, "Dora Holm")):
        pdfs.write(canvas, [name, "12 Quay Road", "4800 Varn", "Tel. 555 0100"], x=x)


def code(canvas: Canvas) -> None:
    lines = ["def total(rows):", "    count = 0      # of rows", "    for row in rows:",
             "        count += 1    # one more", "    return count    # 3 at most"]  # fmt: skip
    pdfs.write(canvas, lines, font="Courier")


def contents(canvas: Canvas) -> None:
    for number, title in enumerate(("The harbour", "The quay", "The school", "The ledger"), 1):
        canvas.drawString(60, 700 - 14 * number, f"{number}.1")
        canvas.drawString(100, 700 - 14 * number, f"{title} {'.' * (60 - len(title))}")
        canvas.drawString(400, 700 - 14 * number, str(7 * number))


@pytest.mark.parametrize(
    "draw", [three_columns, addresses, code, contents], ids=lambda draw: draw.__name__
)
def test_what_is_aligned_without_being_a_table_has_no_cells(draw: Callable[[Canvas], None]) -> None:
    assert "\t" not in text_of(draw)


# -- rows between two lines ------------------------------------------------------------------------

RESULTS = [
    [("Setting", "Model", "Varn", "Orl")],
    [("None", "Base", "59.1", "66.9")],
    [
        ("", "Alpha", "78.4", "79.4"),
        ("Single", "Beta", "76.6", "79.8"),
        ("", "Gamma", "70.1", "69.0"),
    ],
    [("", "Alpha", "79.5", "78.8"), ("Both", "Beta", "78.0", "79.9")],
]


def draw_between_lines(canvas: Canvas, groups: Sequence[Sequence[Sequence[str]]]) -> None:
    """Draw groups of rows with a line above and below each."""
    y = 700.0
    for group in groups:
        canvas.line(55, y + 12, 420, y + 12)
        for row in group:
            for x, cell in zip((60, 140, 240, 320), row, strict=True):
                canvas.drawString(x, y, cell)
            y -= 14
        y -= 6
    canvas.line(55, y + 12, 420, y + 12)


def between_lines(groups: Sequence[Sequence[Sequence[str]]]) -> str:
    """Return the text of groups of rows with a line above and below each."""
    return text_of(lambda canvas: draw_between_lines(canvas, groups))


def test_several_rows_between_two_lines_are_rows() -> None:
    expected = [
        ("Setting", "Model", "Varn", "Orl"),
        ("None", "Base", "59.1", "66.9"),
        ("Single", "Alpha", "78.4", "79.4"),  # the name of three rows
        ("", "Beta", "76.6", "79.8"),
        ("", "Gamma", "70.1", "69.0"),
        ("Both", "Alpha", "79.5", "78.8"),
        ("", "Beta", "78.0", "79.9"),
    ]
    assert joined(expected) == between_lines(RESULTS)


def test_a_number_of_several_rows_is_in_the_first_of_them() -> None:
    def draw(canvas: Canvas) -> None:
        columns, y = (60, 120, 200, 280, 360), 700
        canvas.grid([55, 115, 195, 275, 355, 420], [y + 12 - 34 * row for row in range(4)])
        for row, (layers, heads) in enumerate((("6", "4"), ("4", "2"), ("2", "2"))):
            for x, text in zip(columns, (layers, heads), strict=False):
                canvas.drawString(x, y - 7 - 34 * row, text)  # in the middle of two lines
            for line, name in enumerate(("Alpha", "Beta")):
                for x, text in zip(columns[2:], (name, f"0.9{row}", f"0.8{line}"), strict=True):
                    canvas.drawString(x, y - 14 * line - 34 * row, text)

    assert text_of(draw).startswith("6\t4\tAlpha\t0.90\t0.80\n\t\tBeta\t0.90\t0.81\n4\t2\tAlpha")


def test_a_wrapped_name_beside_one_value_is_no_second_row() -> None:
    wrapped = [("Single", "Alpha with", "78.4", "79.4"), ("", "a teacher", "", "")]
    groups = [RESULTS[0], RESULTS[1], wrapped, RESULTS[3]]
    assert "Single\tAlpha with a teacher\t78.4\t79.4\n" in between_lines(groups)


# -- figures ---------------------------------------------------------------------------------------

FIGURES = [
    ("2.5", ["kilograms of coal", "for each ton of fish", "landed at Varn"]),
    ("1st", ["woman pilot in the bay", "was hired in 1911"]),
    ("~70%", ["of the herring", "comes from two", "small harbours"]),
]


def figures(count: int) -> str:
    def draw(canvas: Canvas) -> None:
        pdfs.write(canvas, [pdfs.HARBOUR[0]])
        for place, (figure, _) in enumerate(FIGURES[:count]):
            pdfs.write(canvas, [figure], x=60 + 170 * place, y=700, size=26, font="Helvetica-Bold")
        for place, (_, caption) in enumerate(FIGURES[:count]):
            pdfs.write(canvas, caption, x=60 + 170 * place, y=680, size=10, leading=13)
        pdfs.write(canvas, [pdfs.HARBOUR[1]], y=600)

    return text_of(draw)


@pytest.mark.parametrize("count", [2, 3])
def test_a_figure_is_read_with_its_own_caption(count: int) -> None:
    captions = "\n".join(f"{figure} {' '.join(lines)}" for figure, lines in FIGURES[:count])
    assert f"{pdfs.HARBOUR[0]}\n\n{captions}\n\n{pdfs.HARBOUR[1]}" == figures(count)


def test_years_above_columns_of_prose_are_no_figures() -> None:
    left, right = pdfs.paragraph(), pdfs.paragraph(pdfs.ORCHARD)

    def draw(canvas: Canvas) -> None:
        for x, year, text in ((60, "1911", left), (320, "1912", right)):
            pdfs.write(canvas, [year], x=x, y=700, size=26)
            pdfs.write(canvas, pdfs.lines_in(text, 220), x=x, y=680)

    text = text_of(draw)
    assert f"\n{left}\n" in text
    assert text.endswith(f"\n{right}")


def test_the_names_of_columns_and_groups_are_read_with_the_cells() -> None:
    data = pdfs.pages(lambda canvas: draw_between_lines(canvas, RESULTS))
    parsed = read(data, "x.pdf")
    view = Layout(parsed.marks).build_view(parsed.text, 0, len(parsed.text))
    assert "Setting: Single\tModel: Beta\tVarn: 76.6\tOrl: 79.8\n" in view.text
    assert "Setting: Both\tModel: Beta\tVarn: 78.0\tOrl: 79.9" in view.text
