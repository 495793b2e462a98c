"""Workbooks: what a sheet shows is the text, under the sheet's name and the row's number."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostile import LAUGHS
from officefiles import SHEET, relations, saved, workbook, zipped
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.number_format import format_general, format_text, format_value
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.office.xlsx import read
from scoqa.reading_view import Layout


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def read_rows(parsed: Parsed) -> list[tuple[str, str]]:
    """Return the number of every row, and its text as it is read, with the names of columns."""
    layout = Layout(parsed.marks)
    return [
        (mark.label, layout.build_view(parsed.text, mark.start, mark.end).text)
        for mark in parsed.marks
        if mark.kind == "row"
    ]


def lines(rows: str, **parts: str) -> list[str]:
    """Return the rows that a workbook shows which was made by hand."""
    return [text for _, text in marked(read(workbook(rows, **parts), "plan.xlsx"), "row")]


def refused(data: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        read(data, "plan.xlsx")
    return caught.value.reason


def harbours() -> Any:
    book = openpyxl.Workbook()
    book.properties.title = "Harbours of the north"
    sheet = book.active
    sheet.title = "Traffic"
    sheet.append(["Harbour", "Ships", "Share", "Turnover", "Opened"])
    sheet.append(["Varn", 1234, 0.125, 1234.5, dt.date(2024, 5, 3)])
    sheet.append(["上海", 7, 1, -5, dt.datetime(1887, 12, 1, 14, 30)])
    sheet.append(["ميناء فارن", None, None, None, None])
    for row in (2, 3):
        sheet.cell(row, 2).number_format = "#,##0"
        sheet.cell(row, 3).number_format = "0.0%"
        sheet.cell(row, 4).number_format = '#,##0.00 "€"'
        sheet.cell(row, 5).number_format = "d mmmm yyyy"
    return book


def test_a_sheet_shows_values_as_they_are_formatted() -> None:
    parsed = read(saved(harbours()), "plan.xlsx")
    assert (
        "Harbour\tShips\tShare\tTurnover\tOpened\n"
        "Varn\t1,234\t12.5%\t1,234.50 €\t3 May 2024\n"
        "上海\t7\t100.0%\t-5.00 €\t1 December 1887\n"
        "ميناء فارن"
    ) == parsed.text
    assert [("Traffic", parsed.text)] == marked(parsed, "sheet")
    assert ["1", "2", "3", "4"] == [label for label, _ in marked(parsed, "row")]
    assert ("Harbours of the north", ()) == (parsed.title, parsed.warnings)


def test_a_workbook_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.xlsx"
    file.write_bytes(saved(harbours()))
    document, warnings, _ = parse_file(file, "plan.xlsx")
    assert (read(file.read_bytes(), "plan.xlsx").text, ()) == (document.text, warnings)


def test_sheets_come_in_order_and_hidden_ones_do_not() -> None:
    book = openpyxl.Workbook()
    for name, state in (("B", "visible"), ("Secret", "hidden"), ("A", "visible")):
        sheet = book.create_sheet(name)
        sheet.append([f"Words of {name}"])
        sheet.sheet_state = state
    book.create_sheet("Deeper").sheet_state = "veryHidden"
    parsed = read(saved(book), "plan.xlsx")
    assert "Words of B\n\nWords of A" == parsed.text
    assert [("B", "Words of B"), ("A", "Words of A")] == marked(parsed, "sheet")
    assert ("has hidden sheets, which are not read: Secret, Deeper.",) == parsed.warnings


def test_hidden_rows_and_columns_are_not_read() -> None:
    book = openpyxl.Workbook()
    for row in (["Name", "Wage", "Town"], ["Ada", 900, "Varn"], ["Bob", 800, "Oslo"], ["Eve", 700]):
        book.active.append(row)
    book.active.column_dimensions["B"].hidden = True
    book.active.row_dimensions[3].hidden = True
    parsed = read(saved(book), "plan.xlsx")
    assert "Name\tTown\nAda\tVarn\nEve" == parsed.text
    assert ["1", "2", "4"] == [label for label, _ in marked(parsed, "row")]
    warning = "has hidden rows or columns, which are not read, in: Sheet."
    assert (warning,) == parsed.warnings


def test_what_is_merged_stands_beside_every_row_it_spans() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Harbours of the north", None, None],
        ["Region", "Harbour", "Depth"],
        ["North", "Varn", 12],
        [None, "Tarn", 9],
        ["South", "Oslo", 8],
    ):
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    book.active.merge_cells("A3:A4")
    assert [
        "Harbours of the north",
        "Region\tHarbour\tDepth",
        "Region: North\tHarbour: Varn\tDepth: 12",
        "Region: North\tHarbour: Tarn\tDepth: 9",
        "Region: South\tHarbour: Oslo\tDepth: 8",
    ] == [text for _, text in read_rows(read(saved(book), "plan.xlsx"))]


def test_several_tables_in_a_sheet_have_names_of_their_own() -> None:
    book = openpyxl.Workbook()
    harbours = ["Name", "Depth"], ["Varn", 12], ["Orl", 8], ["Elm", 9]
    ships = ["Ship", "Tons"], ["Erna", 41], ["Olga", 36], ["Ida", 77]
    for row in (*harbours, [], *ships, [], ["All figures are estimates."]):
        book.active.append(row)
    assert [
        ("1", "Name\tDepth"),
        ("2", "Name: Varn\tDepth: 12"),
        ("3", "Name: Orl\tDepth: 8"),
        ("4", "Name: Elm\tDepth: 9"),
        ("6", "Ship\tTons"),
        ("7", "Ship: Erna\tTons: 41"),
        ("8", "Ship: Olga\tTons: 36"),
        ("9", "Ship: Ida\tTons: 77"),
        ("11", "All figures are estimates."),
    ] == read_rows(read(saved(book), "plan.xlsx"))


def test_names_have_a_level_for_each_row_of_the_head() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Zone", "January–June", None, "Of which new"],
        [None, "2022", "2023", None],
        ["North", 12, 14, 3],
        ["South", 7, 9, 1],
    ):
        book.active.append(row)
    for area in ("A1:A2", "B1:C1", "D1:D2"):
        book.active.merge_cells(area)
    parsed = read(saved(book), "plan.xlsx")
    assert (
        "Zone: North\tJanuary–June / 2022: 12\tJanuary–June / 2023: 14\tOf which new: 3"
    ) == read_rows(parsed)[2][1]
    assert "North\t12\t14\t3" == dict(marked(parsed, "row"))["3"]


def test_a_period_above_a_block_belongs_to_the_names_of_its_columns() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Traffic"],
        [],
        ["In tonnes", "2022", None],
        [None, "Grain", "Timber"],
        ["Varn", 12, 14],
        ["Oslo", 3, 2],
        [],
        ["In tonnes", "2023", None],
        [None, "Grain", "Timber"],
        ["Varn", 8, 9],
        ["Oslo", 5, 1],
    ):
        book.active.append(row)
    rows = dict(read_rows(read(saved(book), "plan.xlsx")))
    assert "In tonnes: Varn\t2022 / Grain: 12\t2022 / Timber: 14" == rows["5"]
    assert "In tonnes: Oslo\t2023 / Grain: 5\t2023 / Timber: 1" == rows["11"]


def test_formulas_show_the_value_saved_with_them() -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><f>B1</f><v>Sum of _x0041_</v></c>'
        "<c><f>1+1</f><v>2</v></c></row>"
        '<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c><c t="b"><v>1</v></c></row>'
    )
    assert ["Sum of A\t2", "#DIV/0!\tTRUE"] == lines(rows)
    book = openpyxl.Workbook()
    book.active.append(["Sum", "=1+1"])
    parsed = read(saved(book), "plan.xlsx")
    assert "Sum" == parsed.text
    assert (
        "has 1 formula that was never computed, which is left out. Open it in a spreadsheet "
        "program and save it.",
    ) == parsed.warnings
    book.active.append(["=1+2"])
    told = read(saved(book), "plan.xlsx").warnings
    assert told[0].startswith("has 2 formulas that were never computed, which are left out.")


def test_a_number_that_is_none_is_shown_as_it_is() -> None:
    assert ["one\tnan\t-7"] == lines(
        "<row><c><v>one</v></c><c><v>nan</v></c><c><v>-7</v></c></row>"
    )


def test_texts_are_read_wherever_they_are_kept() -> None:
    texts = (
        "<si><t>Varn</t></si>"
        "<si><r><t>Har</t></r><r><rPr><b/></rPr><t>bour</t></r><rPh><t>ha</t></rPh></si>"
    )
    rows = (
        '<row><c t="s"><v>1</v></c><c t="inlineStr"><is><t>two\nlines</t></is></c>'
        '<c r="XFD1" t="s"><v>0</v></c></row>'
    )
    assert ["Harbour\ttwo lines\tVarn"] == lines(rows, texts=texts)


def test_a_raised_number_after_a_digit_stays_raised() -> None:
    def shifted(text: str, how: str) -> str:
        return f'<r><rPr><vertAlign val="{how}"/></rPr><t>{text}</t></r>'

    up, down, on = (shifted("6", each) for each in ("superscript", "subscript", "baseline"))
    rich = f"<r><t>10</t></r>{up}<r><t> m</t></r>{up}<r><t>, 1</t></r>{down}<r><t>, 7</t></r>{on}"
    rows = f'<row><c t="inlineStr"><is>{rich}</is></c></row>'
    assert ["10⁶ m6, 1₆, 76"] == lines(rows)


def drawn(anchors: str, **charts: str) -> dict[str, str]:
    """Return the parts of a workbook that draw on its sheet."""
    spaces = 'xmlns:d="drawing" xmlns:a="main" xmlns:c="chart" xmlns:mc="alternatives"'
    related = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    return {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("r1", "drawing", "../drawings/d.xml")),
        "xl/drawings/d.xml": f"<d:wsDr {spaces} {related}>{anchors}</d:wsDr>",
        "xl/drawings/_rels/d.xml.rels": relations(
            *((name, name.rstrip("123"), f"{name}.xml") for name in charts)
        ),
        **{
            f"xl/drawings/{name}.xml": f"<c:chartSpace {spaces}>{inside}</c:chartSpace>"
            for name, inside in charts.items()
        },
    }


def anchor(row: int, inside: str) -> str:
    return f"<d:oneCellAnchor><d:from><d:row>{row}</d:row></d:from>{inside}</d:oneCellAnchor>"


def shape(text: str, more: str = "") -> str:
    return (
        f'<d:sp><d:nvSpPr><d:cNvPr id="1" {more}/></d:nvSpPr><d:txBody><a:p><a:r><a:t>{text}</a:t>'
        "</a:r></a:p></d:txBody></d:sp>"
    )


def test_text_boxes_and_charts_stand_after_the_rows() -> None:
    hidden = shape("No", 'hidden="1"')
    newer = '<mc:AlternateContent><mc:Choice><c:chart r:id="chartEx2"/></mc:Choice>'
    newer += f"<mc:Fallback>{shape('Buy a newer program')}</mc:Fallback></mc:AlternateContent>"
    classic = (
        "<c:title><c:tx><c:rich><a:p><a:r><a:t>Boats</a:t></a:r></a:p></c:rich></c:tx></c:title>"
        "<c:ser><c:tx><c:v>Herring</c:v></c:tx><c:cat><c:pt><c:v>Spring</c:v></c:pt><c:pt>"
        "<c:v>Autumn</c:v></c:pt></c:cat><c:val><c:pt><c:v>1</c:v></c:pt></c:val></c:ser>"
    )
    ships = "<c:title><c:tx><c:txData><c:v>Ships</c:v></c:txData></c:tx></c:title>"
    parts = drawn(
        anchor(9, newer)
        + anchor(7, '<c:chart r:id="chart1"/><c:chart r:id="chart3"/>')
        + anchor(5, f"<d:grpSp>{shape('It freezes.')}{hidden}</d:grpSp>")
        + f"<d:absoluteAnchor>{shape('Above')}</d:absoluteAnchor>",
        chart1=f"<c:chart>{classic}</c:chart>",
        chartEx2=f"<c:strDim><c:pt>May</c:pt></c:strDim><c:chart>{ships}</c:chart>",
    )
    parsed = read(workbook("<row><c><v>7</v></c></row>", parts=parts), "plan.xlsx")
    assert (
        "7\n\nAbove\n\nIt freezes.\n\nBoats\n\nHerring\nSpring\tAutumn\n\nShips\n\nMay"
    ) == parsed.text
    assert [("One", parsed.text)] == marked(parsed, "sheet")
    assert [("1", "7")] == marked(parsed, "row")
    only = read(workbook("", parts=drawn(anchor(1, shape("Alone")))), "plan.xlsx")
    assert ("Alone", ()) == (only.text, only.warnings)
    assert [("One", "Alone")] == marked(only, "sheet")


def test_formats_of_the_file_and_the_1904_calendar() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="dd.mm.yyyy"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="10"/></cellXfs>'
    )
    rows = "<row>" + "".join(f'<c s="{n}"><v>45415</v></c>' for n in (0, 1, 2, 3, 9)) + "</row>"
    assert ["45415\t03.05.2024\t2024-05-03\t4541500.00%\t45415"] == lines(rows, styles=styles)
    assert "2028-05-04" == format_value(45415, "yyyy-mm-dd", from_1904=True)


def test_a_strict_workbook_is_read_too() -> None:
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    parts = {
        "_rels/.rels": _root("xl/workbook.xml"),
        "xl/workbook.xml": f'<x:workbook xmlns:x="{strict}" '
        'xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships"><x:sheets>'
        '<x:sheet name="One" r:id="r1"/></x:sheets></x:workbook>',
        "xl/_rels/workbook.xml.rels": _root("Sheet1.XML", "worksheet"),
        "XL/sheet1.xml": f'<x:worksheet xmlns:x="{strict}"><x:sheetData><x:row>'
        "<x:c><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>",
    }
    assert "7" == read(zipped(parts), "plan.xlsx").text


def _root(target: str, kind: str = "officeDocument") -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="http://purl.oclc.org/x/{kind}" Target="{target}"/>'
        "</Relationships>"
    )


# -- number formats --------------------------------------------------------------------------------

ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.125, "0.0%", "12.5%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (-1234.5, "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        (-0.001, "0.0", "0.0"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (7, "000", "007"),
        (0.5, "#.##", ".5"),
        (0, "#,###", ""),
        (1234567, '#,##0,"k"', "1,235k"),
        (1234567, "0.0,,", "1.2"),
        (5551234, "000-0000", "555-1234"),
        (12345678901, "(000) 000-0000", "(1234) 567-8901"),
        (0, ACCOUNTING, "-"),
        (1234.5, ACCOUNTING, "1,234.50"),
        (-1234.5, ACCOUNTING, "(1,234.50)"),
        (5, "#,##0.00\\ [$€-407]", "5.00 €"),
        (-1500, '"$"#,##0', "-$1,500"),
        (5, '"No. "0', "No. 5"),
        (12, 'General" pcs"', "12 pcs"),
        (-5, "General;[Red]-General", "-5"),
        (5, "@", "5"),
        (5, ";;;", ""),
        (12, '[>=10]"many";[<10]"few"', "many"),
        (3, '[>=10]"many";[<10]"few"', "few"),
        (0.5, "# ?/?", "1/2"),
        (2.75, "# ?/?", "2 3/4"),
        (2.999, "# ?/?", "3"),
        (0.3, "# ?/8", "2/8"),
        (12345, "0.00E+00", "1.23E+04"),
        (99999, "0.0E+0", "1.0E+5"),
        (1e300, "0.00", "1" + "0" * 300 + ".00"),
        (1, "0" * 300, "1"),
    ],
)
def test_numbers_are_shown_as_their_format_says(value: float, code: str, text: str) -> None:
    assert text == format_value(value, code)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (45415, "yyyy-mm-dd", "2024-05-03"),
        (45415, "d mmmm yyyy", "3 May 2024"),
        (45415, "[$-409]mmmm d, yyyy", "May 3, 2024"),
        (45415, "[$-407]d. mmmm yyyy", "2024-05-03"),
        (45415, 'yyyy"年"m"月"d"日"', "2024年5月3日"),
        (45415, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "Friday, May 03, 2024"),
        (45415, "ddd dd/mm/yy", "Fri 03/05/24"),
        (45415.604166667, "dd/mm/yyyy hh:mm", "03/05/2024 14:30"),
        (45415.604166667, "m/d/yy h:mm AM/PM", "5/3/24 2:30 PM"),
        (45415.999999999, "d mmm yyyy h:mm:ss", "4 May 2024 0:00:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (0.0000173611, "mm:ss.0", "00:01.5"),
        (1, "d mmm yyyy", "1 Jan 1900"),
        (61, "d mmm yyyy", "1 Mar 1900"),
        (-4412, "d mmm yyyy", "1 Dec 1887"),
        (-9e9, "d mmm yyyy", "-9000000000"),
        (9e9, "d mmm yyyy", "9000000000"),
    ],
)
def test_dates_are_shown_as_their_format_says(value: float, code: str, text: str) -> None:
    # Month names of other languages are not known here: the day is then a number, in no doubt.
    assert text == format_value(value, code)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.333333333"),
        (0.1 + 0.2, "0.3"),
        (1234567890123, "1234567890123"),
        (123456.789, "123456.789"),
        (0.00012345, "0.00012345"),
        (1e20, "1E+20"),
        (1.5e-7, "1.5E-07"),
        (-0.0, "0"),
    ],
)
def test_numbers_without_a_format_show_their_digits(value: float, text: str) -> None:
    assert text == format_general(value)


def test_a_text_may_have_words_around_it_or_be_hidden() -> None:
    assert ["No. 5a", "5a", "", "5a"] == [
        format_text("5a", code) for code in ('"No. "@', "0.00", ";;;", "0;0;0;@")
    ]


@example(1.0, ",.0")  # once failed: a comma, and no place for digits before the point
@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?.,%/E+-[]hmsydG@"\\;_* ()$'))
def test_every_number_is_shown_in_every_format(value: float, code: str) -> None:
    assert format_value(value, code) == format_value(value, code).strip()


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_keeps_all_its_digits(value: int) -> None:
    assert f"{value:,}" == format_value(value, "#,##0")
    assert str(value) == format_value(value, "General") == format_value(value, "0")


# -- what is made to do harm -----------------------------------------------------------------------


def test_a_text_that_is_not_there_is_told() -> None:
    assert (
        "is damaged: a cell refers to text 9, but the workbook has 1. Save it again, or exclude it."
    ) == refused(workbook('<row><c t="s"><v>9</v></c></row>', texts="<si><t>x</t></si>"))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('<row r="4x"><c><v>1</v></c></row>', "4x"),
        ('<row r="-4"><c><v>1</v></c></row>', "-4"),
        ('<row><c s="-1"><v>1</v></c></row>', "-1"),
        ('<row><c t="s"><v>none</v></c></row>', "none"),
        (f'<row r="{"9" * 5000}"><c><v>1</v></c></row>', "9" * 20 + "…"),
    ],
)
def test_a_row_or_a_cell_without_its_number_is_told(cell: str, said: str) -> None:
    assert (
        f'is damaged: expected a number, found "{said}". Save it again, or exclude it.'
        == refused(workbook(cell))
    )


def test_cells_that_are_declared_and_empty_take_no_time() -> None:
    empty = "".join(f'<c r="{column}9" s="1"/>' for column in ("A", "ZZ", "XFD")) * 5000
    started = time.thread_time()
    assert ["7"] == lines(
        f'<row r="1">{empty}</row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>',
        before='<dimension ref="A1:XFD1048576"/><cols><col min="1" max="999999999"/></cols>',
        extra='<mergeCells><mergeCell ref="A1:A1048576"/></mergeCells>',
    )
    assert time.thread_time() - started < 5


def test_many_columns_are_read() -> None:
    cells = "".join(f"<c><v>{n}</v></c>" for n in range(16_384))
    parsed = read(workbook(f"<row>{cells}</row>" * 20), "plan.xlsx")
    assert 20 * 16_384 == len(parsed.text.split())


@pytest.mark.parametrize("rows", ["<row>" * 5000, "</sheetData>", "<row><c>"])
def test_broken_sheets_are_told(rows: str) -> None:
    assert refused(workbook(rows)).startswith("contains malformed XML")


def test_entities_in_a_part_are_refused() -> None:
    data = zipped({"_rels/.rels": f"{LAUGHS}<a>&a9;</a>"})
    assert refused(data).startswith(("declares entities", "contains malformed XML"))
    sheet = f'<!DOCTYPE a [<!ENTITY e "word">]><worksheet xmlns="{SHEET}"><row/></worksheet>'
    parts = {
        "_rels/.rels": _root("book.xml"),
        "book.xml": f'<workbook xmlns="{SHEET}" xmlns:r="r"><sheets><sheet name="One" r:id="r1"/>'
        "</sheets></workbook>",
        "_rels/book.xml.rels": _root("sheet.xml", "worksheet"),
        "sheet.xml": sheet,
    }
    assert refused(zipped(parts)).startswith("declares entities")


def test_another_kind_of_file_is_told() -> None:
    parts = {"_rels/.rels": _root("word/document.xml"), "word/document.xml": "<document/>"}
    assert "contains no workbook; its extension may be wrong." == refused(zipped(parts))


def test_a_workbook_cut_off_anywhere_is_told() -> None:
    data = saved(harbours())
    for end in range(2, len(data) - 1, 97):
        assert "is truncated or damaged. Get a new copy, or save it again." == refused(data[:end])


def test_an_empty_workbook_says_so() -> None:
    parsed = read(saved(openpyxl.Workbook()), "plan.xlsx")
    assert ("", None, (NO_TEXT,)) == (parsed.text, parsed.title, parsed.warnings)
