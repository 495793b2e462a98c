"""Tables as text files: each row is a line and a sentence, read with names, its number kept."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text.delimited import detect_delimiter, read
from scoqa.reading_view import Layout
from scoqa.sentences import LONG, sentences


def rows_of(parsed: Parsed) -> list[tuple[str, str]]:
    """Return the number of every row, and its text as it is read, with the names of columns."""
    layout = Layout(parsed.marks)
    return [
        (mark.label, layout.build_view(parsed.text, mark.start, mark.end).text)
        for mark in parsed.marks
        if mark.kind == "row"
    ]


def table(text: str, name: str = "harbours.csv") -> list[tuple[str, str]]:
    return rows_of(read(text.encode("utf-8"), name))


HARBOURS = "Harbour,Depth,Built\nVarn,12.50,1887\nOslo,,1624\n"


def test_the_text_is_the_cells_and_what_is_read_names_them() -> None:
    parsed = read(HARBOURS.encode(), "harbours.csv")
    assert "Harbour\tDepth\tBuilt\nVarn\t12.50\t1887\nOslo\t\t1624" == parsed.text
    assert [
        ("1", "Harbour\tDepth\tBuilt"),
        ("2", "Harbour: Varn\tDepth: 12.50\tBuilt: 1887"),
        ("3", "Harbour: Oslo\tBuilt: 1624"),
    ] == rows_of(parsed)
    assert (None, ()) == (parsed.title, parsed.warnings)


def test_a_table_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "harbours.csv"
    file.write_text(HARBOURS, encoding="utf-8")
    document, warnings, _ = parse_file(file, "harbours.csv")
    assert read(HARBOURS.encode(), "harbours.csv").text == document.text
    assert ("text/csv", "harbours", ()) == (document.media_type, document.title, warnings)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_rows_of_several_lines_count_once(ending: str) -> None:
    text = 'Name,Note\nVarn,"Ice in January.\nNone in June."\nOslo,"a ""quoted"" word"\n'
    assert [
        ("1", "Name\tNote"),
        ("2", "Name: Varn\tNote: Ice in January. None in June."),
        ("3", 'Name: Oslo\tNote: a "quoted" word'),
    ] == table(text.replace("\n", ending))


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("Ort;Preis\nVarn;1,5\nOslo;2,75\n", ";"),
        ("1,5;2,5\n3,5;4,5\n", ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("a|b|c\nx, y|2|3\n", "|"),
        ('name,"a;b"\nx,"c;d"\n', ","),
        ("Name,Note\nAda,Hello; she said\nBob,No\n", ","),
        ("Name\nAda, born in Oslo\nBob\nEve\nMia\n", ","),
        ("a,b,c,d\n1,2\n1,2,3,4\n1,2,3,4\n", ","),
        ("", ","),
        ("one\n", ","),
        ("a;b\n" + "1;2\n" * 60_000, ";"),
    ],
)
def test_what_separates_cells_is_found(text: str, delimiter: str) -> None:
    assert delimiter == detect_delimiter(text, ",")


def test_a_line_for_excel_names_the_separator_and_is_not_shown() -> None:
    assert [("1", "A\tB"), ("2", "A: x|y\tB: 2")] == table("sep=;\r\nA;B\r\nx|y;2\r\n")


def test_tab_separated_values_may_hold_commas() -> None:
    assert [("1", "A\tB"), ("2", "A: 1,5\tB: x")] == table("A\tB\n1,5\tx\n", "a.tsv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_are_read_in_the_encodings_that_programs_write(encoding: str) -> None:
    text = "Gemüse;Größe\nMöhre;groß\nKürbis;größer\nRübe;mäßig\n"
    parsed = read(text.encode(encoding), "a.csv")
    assert ("2", "Gemüse: Möhre\tGröße: groß") == rows_of(parsed)[1]


def test_ragged_rows_keep_every_cell() -> None:
    assert [
        ("1", "A\tB"),
        ("2", "A: x\tB: 2\tbeyond"),
        ("3", "A: y"),
        ("5", "A: z\tB: 4"),
    ] == table("A,B\nx,2,beyond\ny\n\nz,4\n")


@pytest.mark.parametrize(
    "text",
    [
        "Varn,12.5\nOslo,8\n",
        "2024-05-03,calm\n2024-05-04,storm\n",
        "x@varn.example,ok\ny@varn.example,ok\n",
        "Oslo,Oslo\nVarn,Oslo\n",
        "Ada,yes\nBob,no\nEve,yes\n",
        "Ada,1815\nBob,1822\n",
    ],
)
def test_a_first_row_that_names_nothing_is_a_row_like_others(text: str) -> None:
    assert text.replace(",", "\t").splitlines() == [line for _, line in table(text)]


def test_years_may_name_columns() -> None:
    assert ("2", "Region: North\t2022: 1,234\t2023: 99") == table(
        'Region,2022,2023\nNorth,"1,234",99\nSouth,5,6\n'
    )[1]


def test_what_stands_above_a_table_is_no_name() -> None:
    assert [
        ("1", "Harbours of the north"),
        ("3", "Name\tDepth"),
        ("4", "Name: Varn\tDepth: 12"),
    ] == table("Harbours of the north,\n,\nName,Depth\nVarn,12\n")


def test_names_stay_in_force_over_a_blank_row_and_not_over_another_table() -> None:
    text = "Name,Depth\nVarn,12\n,\nOslo,8\n,\nShip,Owner,Tons\nErna,Lund,41\n,,\nSource: us,,\n"
    assert [
        ("1", "Name\tDepth"),
        ("2", "Name: Varn\tDepth: 12"),
        ("4", "Name: Oslo\tDepth: 8"),
        ("6", "Ship\tOwner\tTons"),
        ("7", "Ship: Erna\tOwner: Lund\tTons: 41"),
        ("9", "Source: us"),
    ] == table(text)


def test_cells_keep_their_characters() -> None:
    text = "Name,Note\n上海,۱۲۳ מזל טוב\nA\u00a0B,  e\u0301 ﬁ \n"
    assert [
        ("2", "Name: 上海\tNote: ۱۲۳ מזל טוב"),
        ("3", "Name: A\u00a0B\tNote: e\u0301 ﬁ"),
    ] == table(text)[1:]


def test_a_quotation_mark_that_is_never_closed_swallows_nothing() -> None:
    parsed = read(b'Name,Width\n"Varn,12\nOslo,8\n', "a.csv")
    assert [("2", 'Name: "Varn\tWidth: 12'), ("3", "Name: Oslo\tWidth: 8")] == rows_of(parsed)[1:]
    warning = "has a quotation mark that is never closed; all of them were read as text."
    assert (warning,) == parsed.warnings


def test_a_mark_for_inches_is_no_quotation() -> None:
    assert ("2", 'Name: pipe 5" wide\tCount: 2') == table('Name,Count\npipe 5" wide,2\n')[1]


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"," * 1_000_000, (b"," * 1000 + b"\n") * 300, codecs.BOM_UTF8],
    ids=["empty", "blank", "commas", "rows of commas", "mark"],
)
def test_a_table_without_a_word_has_no_text(data: bytes) -> None:
    parsed = read(data, "a.csv")
    assert ("", ()) == (parsed.text, parsed.marks)


def test_a_cell_may_be_huge() -> None:
    # The csv module takes cells of 131,072 characters only, unless told otherwise.
    long = "word " * 100_000
    assert ("2", f"A: x\tB: {long.strip()}") == table(f'A,B\nx,"{long}"\n')[1]


# -- laws ------------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        [
            *("", "of the", "harbour", "Mr. Smith said so. Then he left.", "1,234.50", "12.5%"),
            *("a,", "- x", "the", "Name", "中文。", "سلام", "x " * 150, "w" * 300, "line\nbreak"),
            *("\t", "a\u2028b", "a\x85b", "\x1f", "a\x0bb", "e.g.", '"', "J. K.", "(", "2001"),
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)


@given(st.lists(st.lists(CELLS, max_size=4), max_size=8))
def test_two_rows_are_never_one_sentence(cells: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(cells)
    try:
        parsed = read(codecs.BOM_UTF8 + out.getvalue().encode("utf-8"), "a.csv")
    except ParseError:
        reject()  # control characters alone are no text
    edges = {0, *(start for start, _ in sentences(parsed.text))}
    for mark in (mark for mark in parsed.marks if mark.kind == "row"):
        assert mark.start in edges or not parsed.text[: mark.start].strip()
        line = parsed.text[mark.start : mark.end]
        assert line == line.strip()
        assert line.splitlines() == [line]
    assert parsed.text.strip("\t") == parsed.text.strip()


WORDS = st.text("abcdefgh ", min_size=1, max_size=30).filter(str.strip)


@given(st.lists(st.lists(WORDS, min_size=2, max_size=5), min_size=1, max_size=9))
def test_a_row_without_stops_is_one_sentence(cells: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(cells)
    parsed = read(out.getvalue().encode("utf-8"), "a.csv")
    rows = [mark for mark in parsed.marks if mark.kind == "row"]
    assert all(mark.end - mark.start < LONG for mark in rows)
    assert [mark.start for mark in rows] == [start for start, _ in sentences(parsed.text)]
