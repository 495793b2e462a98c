"""Every cell of a table has the names of its row and its column, in every format with tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

import docxfiles
from conftest import quick_workspace
from foundcells import FoundCell, count_right, expect, find_all
from madetables import SHAPES, MadeCell, MadeTable, make_table
from officefiles import saved
from scoqa.cells import find_column_names
from scoqa.parse import PARSERS
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import Row, write_rows
from scoqa.parse.common.table_heads import SAMPLE_ROWS
from tablefiles import MAKERS, as_docx, as_html, as_ods, as_odt, as_pptx, as_xlsx

# PDF files are measured in tests/benchmarks/table_cells.py.
ENDINGS = [ending for ending in MAKERS if not ending.endswith(".pdf")]
MORE = (11, 12, 20, 32, 44)  # heads of words alone, of three levels, of two columns, of dates


def read(data: bytes, path: str) -> Parsed:
    return PARSERS[Path(path).suffix].read(data, path)


def names(parsed: Parsed) -> dict[str, str]:
    """Return the name of the column of each cell, by its text."""
    return {cell.text: cell.name for cell in find_all(parsed)}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("number", [*range(len(SHAPES)), *MORE])
def test_every_cell_has_the_names_of_its_row_and_its_column(number: int, ending: str) -> None:
    table = make_table(number)
    data = MAKERS[ending](table)
    assert data is not None
    expected = expect(table, ending)
    found = find_all(read(data, f"a{ending}"))
    unnamed = [cell for cell in expected if count_right(found, [cell]) != (1, 1)]
    assert [] == unnamed


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".docx", ".html"])
def test_a_search_for_row_and_column_finds_the_cell(ending: str, tmp_path: Path) -> None:
    tables = [make_table(number) for number in (0, 1, 3, 5)]
    (tmp_path / "docs").mkdir()
    for table in tables:
        data = MAKERS[ending](table)
        assert data is not None
        (tmp_path / "docs" / f"{table.name}{ending}").write_bytes(data)
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    for table in tables:
        for cell in expect(table, ending)[::7]:
            hits = workspace.search(f"{cell.row[-1]} {' '.join(cell.levels)}", k=2)
            lines = [line.split("\t") for hit in hits for line in hit.passage.text.split("\n")]
            assert any(cell.row[-1] in line and cell.value in line for line in lines), cell


def rows_of(*texts: tuple[str, ...]) -> tuple[tuple[MadeCell, ...], ...]:
    return tuple(tuple(map(MadeCell, row)) for row in texts)


LISTS = {
    "short": (("Applicant", "Nora Feld"), ("Stalls", "3")),
    "mixed": (("Applicant", "Nora Feld"), ("Stalls", "3"), ("Fee", "40"), ("Town", "Varn")),
    "colons": (("Applicant:", "Nora Feld"), ("Stalls:", "3"), ("Fee:", "40"), ("Rows:", "12")),
}


@pytest.mark.parametrize("make", [as_docx, as_odt, as_xlsx, as_ods, as_html])
@pytest.mark.parametrize("kind", LISTS)
def test_labels_with_their_values_are_no_table_with_a_head(kind: str, make: object) -> None:
    # "23": neither bold nor a head of its own in any format.
    table = MadeTable("23 list", "", (), rows_of(*LISTS[kind]))
    ending = {as_docx: ".docx", as_odt: ".odt", as_xlsx: ".xlsx", as_ods: ".ods"}.get(
        make,  # type: ignore[call-overload]
        ".html",
    )
    parsed = read(make(table), f"a{ending}")  # type: ignore[operator]
    assert {"Nora Feld": "", "3": ""}.items() <= names(parsed).items()
    assert [] == [mark for mark in parsed.marks if mark.kind == "head"]


def test_mixed_values_in_a_csv_file_have_labels_and_no_head() -> None:
    parsed = read(b"Applicant,Nora Feld\nStalls,3\nTown,Varn\n", "a.csv")
    assert {""} == set(names(parsed).values())


def test_a_bold_first_row_of_a_sheet_names_two_columns_of_words() -> None:
    book = openpyxl.Workbook()
    for row in (("Term", "Meaning"), ("Quay", "a landing place"), ("Spar", "a pole")):
        book.active.append(row)
    assert "" == names(read(saved(book), "a.xlsx"))["a pole"]
    for cell in book.active[1]:
        cell.font = Font(bold=True)
    assert "Meaning" == names(read(saved(book), "a.xlsx"))["a pole"]


def test_a_bold_first_row_of_an_open_sheet_names_two_columns_of_words() -> None:
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"),
            ("fo", "xsl-fo-compatible"),
        )
    )  # fmt: skip
    rows = "".join(
        f"<table:table-row>{''.join(cells)}</table:table-row>"
        for cells in [
            [
                f'<table:table-cell table:style-name="{style}"><text:p>{text}</text:p>'
                "</table:table-cell>"
                for text in row
            ]
            for style, row in (
                ("Child", ("Term", "Meaning")),
                ("Light", ("Quay", "a landing place")),
                ("Light", ("Spar", "a pole")),
            )
        ]
    )
    data = (
        f"<office:document {spaces}><office:automatic-styles>"
        '<style:style style:name="Heavy" style:family="table-cell">'
        '<style:text-properties fo:font-weight="bold"/></style:style>'
        '<style:style style:name="Child" style:parent-style-name="Heavy"/>'
        '<style:style style:name="Light"><style:text-properties fo:font-weight="normal"/>'
        "</style:style></office:automatic-styles><office:body><office:spreadsheet>"
        f"<table:table>{rows}</table:table></office:spreadsheet></office:body></office:document>"
    )
    assert "Meaning" == names(read(data.encode(), "a.fods"))["a pole"]
    light = data.replace('"Child"', '"Light"')
    assert "" == names(read(light.encode(), "a.fods"))["a pole"]


def test_one_row_is_no_head_and_an_empty_table_is_no_text() -> None:
    row = MadeTable("00 row", "", (), rows_of(("Varn", "12", "13")))
    for make, path in ((as_docx, "a.docx"), (as_pptx, "a.pptx"), (as_html, "a.html")):
        assert "" == names(read(make(row), path))["12"]
    empty = MadeTable("00 empty", "", (), rows_of(("", ""), ("", "")))
    for make, path in ((as_docx, "a.docx"), (as_pptx, "a.pptx"), (as_html, "a.html")):
        assert [] == [mark for mark in read(make(empty), path).marks if mark.kind == "table"]


def test_a_head_without_rows_stays_text() -> None:
    head = MadeTable("00 head", "", rows_of(("Name", "Depth", "Built")), ())
    for make, path in ((as_docx, "a.docx"), (as_xlsx, "a.xlsx"), (as_html, "a.html")):
        assert "Name\tDepth\tBuilt" in read(make(head), path).text


def sheet(*rows: tuple[object, ...]) -> Parsed:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return read(saved(book), "a.xlsx")


def test_a_row_of_units_below_the_names_may_have_a_label() -> None:
    units = b"Works,Output,Way\nUnit,t,km\nVarn,12,13\nOrl,14,15\nElm,3,4\n"
    assert "Output / t" == names(read(units, "a.csv"))["14"]
    missing = b"Works,Output,Way\nOak,n/a,n/a\nVarn,12,13\nOrl,14,15\nElm,3,4\n"
    assert "Output" == names(read(missing, "a.csv"))["14"]


def test_a_head_may_be_repeated_and_a_label_with_its_date_is_none() -> None:
    repeated = b"Port,Keeper\nVarn,Ada\nPort,Keeper\nElm,Bea\nOak,Carl\n"
    assert "Keeper" == names(read(repeated, "a.csv"))["Bea"]
    repeated = b"Port,Ships\nVarn,12\nPort,Ships\nElm,7\nOak,9\n"
    assert "Ships" == names(read(repeated, "a.csv"))["7"]
    dated = b"Invoice date,2024-05-03,Nora\nDue,2024-06-03,Ada\nTotal,12,Bea\n"
    assert {""} == set(names(read(dated, "a.csv")).values())


@pytest.mark.parametrize("missing", ["–", "n/a"])
def test_a_row_of_missing_values_below_years_names_nothing(missing: str) -> None:
    text = f",2012,2013\nVarn,{missing},{missing}\nOrl,12,13\nElm,14,15\n"
    assert "2013" == names(read(text.encode(), "a.csv"))["15"]


def test_a_note_beside_a_table_names_nothing() -> None:
    parsed = sheet(
        ("Port", "Ships", "Tons", None, "Figures are estimates by the clerk."),
        ("Varn", 12, 100, None, None),
        ("Elm", 7, 200, None, "Ask Dora."),
    )
    assert {"100": "Tons", "Ask Dora.": ""}.items() <= names(parsed).items()


def test_two_tables_side_by_side_are_rows_of_both_with_names_of_their_own() -> None:
    parsed = sheet(
        ("Port", "Ships", None, "Town", "People"),
        ("Varn", 12, None, "Orl", 4100),
        ("Elm", 7, None, "Tarn", 900),
    )
    assert FoundCell(("Elm", "7", "Tarn", "900"), "People", "900") in [
        FoundCell(cell.row, cell.name, cell.text) for cell in find_all(parsed)
    ]


def test_a_table_in_a_cell_is_a_table_and_the_outer_one_is_layout() -> None:
    inner = docxfiles.table(["Port", "Ships", "Tons"], ["Varn", "12", "100"], ["Elm", "7", "200"])
    body = docxfiles.table([inner, "Beside"], ["Below", "it"])
    parsed = read(docxfiles.docx(body), "a.docx")
    assert {"12": "Ships", "200": "Tons"}.items() <= names(parsed).items()
    assert 1 == len([mark for mark in parsed.marks if mark.kind == "table"])
    markup = (
        b"<table><tr><td>Outer<table><tr><th>Port<th>Ships<tr><td>Varn<td>12</table><td>Beside"
        b"<tr><td>Below<td>it</table>"
    )
    parsed = read(markup, "a.html")
    assert "Ships" == names(parsed)["12"]
    assert 1 == len([mark for mark in parsed.marks if mark.kind == "table"])


def test_the_time_for_a_row_grows_with_its_cells_and_not_with_their_square() -> None:
    # 16,000 columns once took minutes: each cell was looked up in a list of all columns.
    width = 16_000
    rows = [["Place", *(f"C{column}" for column in range(1, width))]]
    rows += [[f"P{row}", *(f"{row}{column}" for column in range(1, width))] for row in range(1, 5)]
    data = "\n".join(map(",".join, rows)).encode()
    began = time.thread_time()
    parsed = read(data, "a.csv")
    assert time.thread_time() - began < 5
    start = parsed.text.index("415999")
    assert ("C15999",) == find_column_names(parsed.text, parsed.marks, start)


def test_a_hundred_thousand_rows_are_written_as_they_are_read() -> None:
    writer = Writer()
    written: list[int] = []  # characters, before each row is read

    def rows() -> Iterator[Row]:
        yield Row(1, {0: "Place", 1: "Count"})
        for number in range(100_000):
            written.append(writer.length)
            yield Row(number + 2, {0: f"P{number:06}", 1: f"{number:06}"})

    write_rows(writer, rows())
    a_row = len("P000000\t000000\n")
    behind = max(number * a_row - length for number, length in enumerate(written))
    assert behind <= (SAMPLE_ROWS + 1) * a_row
    parsed = writer.to_parsed(None)
    start = parsed.text.rindex("099999")
    assert ("Count",) == find_column_names(parsed.text, parsed.marks, start)
