"""PDF files become text in reading order, and every character knows where it stands."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import pdfs
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.pdf.picture import render
from scoqa.parse.pdf.reader import read
from scoqa.parse.sandbox import pool
from scoqa.types import Mark


def text_of(data: bytes) -> str:
    return read(data, "x.pdf").text


def marks_of(parsed: Parsed, kind: str) -> list[Mark]:
    return [mark for mark in parsed.marks if mark.kind == kind]


def headings_of(data: bytes) -> list[tuple[str, str]]:
    parsed = read(data, "x.pdf")
    return [(m.label, parsed.text[m.start : m.end]) for m in marks_of(parsed, "heading")]


def reason(data: bytes) -> str:
    with pytest.raises(ParseError) as refused:
        read(data, "x.pdf")
    return refused.value.reason


HARBOUR, ORCHARD = pdfs.paragraph(), pdfs.paragraph(pdfs.ORCHARD)


# -- reading order ---------------------------------------------------------------------------------


def test_a_paragraph_is_one_line_and_the_next_stands_apart() -> None:
    assert f"{HARBOUR}\n\n{ORCHARD}" == text_of(pdfs.one_column())


def test_a_sentence_goes_on_behind_words_that_went_to_the_next_line_together() -> None:
    """As browsers print "in the year" where no line may end between the three."""
    lines = [
        "The harbour was made as wide by hand",
        "in the year of the great frost that closed all of the",
        "other harbours of the coast.",
    ]
    assert " ".join(lines) == text_of(pdfs.pages(lambda canvas: pdfs.write(canvas, lines)))


@pytest.mark.parametrize("labels", [("a)", "b)"), ("(a)", "(b)"), ("i.", "ii.")])
def test_items_with_small_letters_stay_lines(labels: tuple[str, str]) -> None:
    lines = [
        "The board may decide on all of these matters of the harbour",
        f"{labels[0]} the dues that all the ships pay in the harbour",
        f"{labels[1]} the hours at which the lamps are lit on the coast",
    ]
    one = text_of(pdfs.pages(lambda canvas: pdfs.write(canvas, lines)))
    assert one.endswith(f"{lines[1]}\n{lines[2]}")


def test_a_line_that_ends_with_a_semicolon_ends() -> None:
    lines = ["two lamps with glass from Northwick;", "oil for them and for the beacon at Orl; and"]
    assert "\n".join(lines) == text_of(pdfs.pages(lambda canvas: pdfs.write(canvas, lines)))


def test_short_lines_that_are_no_sentence_stay_lines() -> None:
    lines = [
        "three barrels of salted herring",
        "rope",
        "two lamps",
        "oil for them and for the beacon of Orl, and tallow",
    ]
    assert "\n".join(lines) == text_of(pdfs.pages(lambda canvas: pdfs.write(canvas, lines)))


@pytest.mark.parametrize("interleaved", [False, True])
def test_columns_are_read_one_after_the_other(interleaved: bool) -> None:
    title = "On harbours and orchards, with a title over both columns"
    wanted = f"{title}\n\n{HARBOUR} {HARBOUR}\n\n{ORCHARD} {ORCHARD}"
    assert wanted == text_of(pdfs.two_columns(interleaved=interleaved))


def test_a_large_heading_does_not_hide_that_two_short_columns_stand_under_it() -> None:
    left, right = (pdfs.lines_in(text, 210)[:3] for text in (HARBOUR, ORCHARD))
    left[2] += "."

    def draw(canvas: pdfs.Canvas) -> None:
        pdfs.write(canvas, ["The council"], size=24, y=750)
        pdfs.write(canvas, left, y=735)
        pdfs.write(canvas, right, x=pdfs.LEFT + 235, y=735)

    wanted = f"The council\n\n{' '.join(left)}\n\n{' '.join(right)}"
    assert wanted == text_of(pdfs.pages(draw))


def test_a_tables_rows_are_lines_with_tabs_between_the_cells() -> None:
    rows = (
        "Port\tShips\tTons\nNorthwick\t412\t18,250\nEaster Bay\t97\t4,033\nSaltmouth\t1,204\t61,900"
    )
    assert f"{pdfs.HARBOUR[0]}\n\n{rows}\n\n{pdfs.HARBOUR[1]}" == text_of(pdfs.table())


def test_footnotes_come_after_the_body() -> None:
    notes = "1 The ledger is kept in the town hall.\n2 Sold to a builder."
    wanted = f"{HARBOUR}\n\n{ORCHARD}\n\n{notes}\n\n{ORCHARD}"
    assert wanted == text_of(pdfs.footnotes())


def test_a_note_does_not_stand_in_a_sentence_that_runs_over_the_page() -> None:
    text = text_of(pdfs.footnote_in_a_sentence())
    assert f"{HARBOUR}\n\n1 The ledger is kept in the town hall.\n\n{ORCHARD}" == text


@pytest.mark.parametrize("quarter", [0, 90, 180, 270])
def test_a_turned_page_reads_as_it_is_shown(quarter: int) -> None:
    parsed = read(pdfs.turned(quarter), "x.pdf")
    assert f"{HARBOUR}\n\n{ORCHARD}" == parsed.text
    box = parsed.marks[0].box
    assert box is not None
    assert [0, 0, 595, 842] == [round(edge) for edge in box]


@pytest.mark.parametrize("angle", [90, 180, 270, 45, 30])
def test_turned_text_is_read_after_the_upright(angle: float) -> None:
    wanted = f"{HARBOUR}\n\nApproved by the board. Filed in the tower."
    assert wanted == text_of(pdfs.text_at(angle))


def test_what_the_crop_box_cuts_away_is_not_read() -> None:
    parsed = read(pdfs.cropped(), "x.pdf")
    assert HARBOUR == parsed.text
    assert (0, 0, 400, 500) == parsed.marks[0].box


HEBREW = ["הנמל נחפר בשנת 1884 בידי ארבעים איש,", "והמשרד שלו עמד על הרציף עד הסערה."]
ARABIC = ["تم حفر الميناء في عام 1884 على يد أربعين رجلا،", "وكان مكتبه على الرصيف حتى العاصفة."]


@pytest.mark.parametrize("lines", [HEBREW, ARABIC], ids=["Hebrew", "Arabic"])
def test_right_to_left_text_is_read_in_its_own_order(lines: list[str]) -> None:
    assert " ".join(lines) == text_of(pdfs.right_to_left(font(), lines))


@pytest.mark.parametrize("line", [HEBREW[0], ARABIC[0]], ids=["Hebrew", "Arabic"])
def test_words_whose_letters_are_drawn_from_the_left_are_read_from_the_right(line: str) -> None:
    parsed = read(pdfs.spelt_apart(line), "x.pdf")
    assert line == parsed.text
    first = boxes_of(parsed)[: len(line.split()[0])]
    assert np.all(np.diff(first[:, 0]) < 0)


def drawn_glyphs(words: list[list[str]]) -> bytes:
    """Return a page with a word per line, given as glyphs from the left, each with its letters."""
    glyphs = list(dict.fromkeys(glyph for word in words for glyph in word))
    codes = {glyph: 0x41 + place for place, glyph in enumerate(glyphs)}
    lines = b" ".join(
        b"BT /F1 24 Tf 300 %d Td (%s) Tj ET" % (700 - 50 * row, bytes(codes[g] for g in word))
        for row, word in enumerate(words)
    )
    names = "".join(f"<{codes[g]:02X}> <{g.encode('utf-16-be').hex()}>\n" for g in glyphs)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        "1 begincodespacerange <00> <FF> endcodespacerange "
        f"{len(glyphs)} beginbfchar\n{names}endbfchar endcmap end end"
    )
    return pdfs.raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            pdfs.content(lines),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            pdfs.content(cmap.encode()),
        ]
    )


LAM_ALEF = [
    (["م", "لا", "ك", "ل", "ا"], "الكلام"),
    (["م", "\ufefc", "ك", "ل", "ا"], "الكلام"),
    (["ن", "لآ", "ا"], "الآن"),
    (["ن", "\ufef6", "ا"], "الآن"),
    (["لا"], "لا"),
    (["\ufefb"], "لا"),
    (["د", "م", "مح", "أ"], "أمحمد"),
    (["ل", "ا", "ق"], "قال"),
]


@pytest.mark.parametrize(("glyphs", "word"), LAM_ALEF)
def test_letters_of_one_glyph_are_in_reading_order(glyphs: list[str], word: str) -> None:
    assert word == text_of(drawn_glyphs([glyphs]))
    assert f"{word} {word}" == " ".join(text_of(drawn_glyphs([glyphs, glyphs])).split())


def test_a_phrase_of_the_other_direction_keeps_its_order() -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        canvas.setFont(font(), 12)
        canvas.drawString(72, 700, "The words " + "שלום עולם"[::-1] + " greet the world.")

    assert "The words שלום עולם greet the world." == text_of(pdfs.pages(draw))


def test_chinese_lines_are_joined_without_a_space() -> None:
    lines = [
        "北港的港口于一八八四年由四十名工人疏浚，办公室就在码头",
        "上，直到一场风暴掀翻了屋顶。灯塔看守人把每艘船的名字写",
        "进一本绿布装订的账簿。",
    ]
    assert "".join(lines) == text_of(pdfs.chinese(lines))


def font() -> str:
    name = pdfs.wide_font()
    if name is None:
        pytest.skip(f"none of these fonts is here: {', '.join(map(str, pdfs.FONTS))}")
    return name


# -- words -----------------------------------------------------------------------------------------


def test_words_cut_at_a_lines_end_are_joined() -> None:
    wanted = (
        "It was a remarkable and well-known fact that a well-known harbour holds no "
        "state-of-the-art cranes; the state wants art, the pre- and postwar COVID-19 wards of "
        "Jean-Pierre stay."
    )
    assert wanted == text_of(pdfs.broken_words())


def test_the_box_of_a_dropped_hyphen_goes_to_the_letter_before_it() -> None:
    parsed = read(pdfs.broken_words(), "x.pdf")
    boxes = boxes_of(parsed)
    letter = boxes[parsed.text.index("remarkable") + 5]
    assert letter[2] - letter[0] > pdfs.stringWidth("k-", "Helvetica", 11) - 0.1


def test_a_ligature_is_its_letters_each_with_a_part_of_its_box() -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        canvas.setFont(font(), 12)
        canvas.drawString(72, 700, "The of\ufb01ce \ufb02oor was di\ufb03cult.")

    parsed = read(pdfs.pages(draw), "x.pdf")
    assert "The office floor was difficult." == parsed.text
    place = parsed.text.index("difficult") + 2
    boxes = boxes_of(parsed)[place : place + 3]
    assert all(boxes[:, 2] - boxes[:, 0] > 1)
    assert np.allclose(boxes[1:, 0], boxes[:-1, 2], atol=0.05)


RAISED, LOWERED = (7, 4), (7, -2)


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        (("The treaty of 2008", "+1", " covers 10", "+6", " guilders."), "2008¹ covers 10⁶ guil"),
        (("A length of 10", "+-6", " m, at 25 m", "+2", ", is short."), "10⁻⁶ m, at 25 m², is"),
        (("It ended in 1911.", "+12,3", " It froze."), "It ended in 1911.¹²,³ It froze."),
        (("Much H", "-2", "O flows, 10", "-2", " is binary."), "Much H2O flows, 10₂ is binary."),
        (("On the 4", "+th", " of May 2008", "+a", " all rose."), "On the 4th of May 2008a all"),
    ],
    ids=["a mark and a power", "signs", "after a stop", "lowered", "letters"],
)
@pytest.mark.parametrize("turn", [0, 90])
def test_raised_digits_are_no_part_of_a_number(
    pieces: tuple[str, ...], wanted: str, turn: int
) -> None:
    steps = {"+": RAISED, "-": LOWERED}
    line = [(each[1:], *steps[each[0]]) if each[0] in steps else (each, 11, 0) for each in pieces]

    def draw(canvas: pdfs.Canvas) -> None:
        if turn:
            canvas.rotate(-turn)
            canvas.translate(-850, -700)
        pdfs.stepped(line)(canvas)

    parsed = read(pdfs.pages(draw), "x.pdf")
    assert wanted in parsed.text
    covers_its_text(parsed)


def test_a_first_letter_over_several_lines_raises_nothing() -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        pdfs.write(canvas, ["A"], size=40, y=740)
        pdfs.write(canvas, ["1884 was the year", "when it was dredged."], x=100, y=756)

    assert "A1884 was the year when it was dredged." == text_of(pdfs.pages(draw)).replace("A ", "A")


def test_text_that_is_pressed_flat_costs_no_other() -> None:
    seen, flat = (b"BT /F1 11 Tf 72 %d Td (%s) Tj 0 -20 Td (Last.) Tj ET " for _ in range(2))
    data = pdfs.helvetica(
        seen % (700, b"Words that are seen.") + b"1 0 0 0 0 0 cm " + flat % (9, b"No")
    )
    assert text_of(data).startswith("Words that are seen.")


def test_a_sign_no_one_can_name_is_a_replacement_character() -> None:
    parsed = read(pdfs.without_names(), "x.pdf")
    assert {"\ufffd"} == set("".join(parsed.text.split()))
    assert [
        "has 12 characters without a Unicode value; they are shown as U+FFFD. "
        "Save it again, or run OCR on it."
    ] == list(parsed.warnings)


def test_a_bullet_that_only_its_font_can_name_is_a_bullet() -> None:
    assert "• One ship.\n• Two ships." == text_of(
        pdfs.bullets("\uf095", ["One ship.", "Two ships."])
    )


def test_invisible_text_of_a_scan_is_read() -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        canvas.rect(50, 600, 400, 200, fill=1)
        text = canvas.beginText(72, 700)
        text.setTextRenderMode(3)
        text.textLine(pdfs.HARBOUR[0])
        canvas.drawText(text)

    assert pdfs.HARBOUR[0] == text_of(pdfs.pages(draw))


def test_what_is_filled_into_a_form_is_read() -> None:
    assert "Name of the ship: Merry Widow" == " ".join(text_of(pdfs.form()).split())


# -- over the page's end ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_a_sentence_runs_over_the_pages_end(count: int) -> None:
    text = text_of(pdfs.report(count))
    for number in range(1, count):
        tail = pdfs.TAILS[number + 1]
        assert f"day {number} and from far, the quick brown {tail}" in text


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_running_heads_are_read_once_and_page_numbers_not_at_all(count: int) -> None:
    text = text_of(pdfs.report(count))
    head = "Annual report of the harbour board"
    assert text.startswith(f"{head}\n\n")
    assert (1, 0) == (text.count(head), text.count("Page"))
    assert all(f"So says note {number}." in text for number in range(1, count + 1))


def letter(foot: str, size: float, *, over: bool) -> bytes:
    """Two pages with a foot, and with a sentence over the end of the first if `over` says so."""
    lines = pdfs.lines_in(HARBOUR, 450)
    own = (lines[:3], lines[3:]) if over else (lines, pdfs.lines_in(ORCHARD, 450))

    def draw(canvas: pdfs.Canvas) -> None:
        pdfs.write(canvas, own[canvas.getPageNumber() - 1])
        pdfs.write(canvas, [foot], y=60, size=size)

    return pdfs.pages(draw, draw)


FOOT = "Brouwer Supplies, account NL91 0417 1643 00"


def test_a_foot_is_read_once_where_it_breaks_no_sentence() -> None:
    assert f"{HARBOUR}\n\n{FOOT}\n\n{ORCHARD}" == text_of(letter(FOOT, 9, over=False))
    parsed = read(letter(FOOT, 9, over=True), "x.pdf")
    assert f"{HARBOUR}\n\n{FOOT}" == parsed.text
    covers_its_text(parsed)


def test_a_note_under_two_pages_is_no_running_foot() -> None:
    note = "1 The ledger is kept in the town hall."
    assert 2 == text_of(letter(note, 8, over=False)).count(note)


def test_a_head_that_a_page_says_too_is_not_read_again() -> None:
    def page(number: int) -> object:
        def draw(canvas: pdfs.Canvas) -> None:
            pdfs.write(canvas, ["The harbour book"], y=810, size=9)
            title = ["The harbour book"] if number == 1 else []
            pdfs.write(canvas, [*title, pdfs.HARBOUR[number]], y=700)

        return draw

    data = pdfs.pages(*(page(number) for number in range(1, 5)))  # type: ignore[arg-type]
    assert 1 == text_of(data).count("The harbour book")


def test_the_first_row_of_a_table_that_goes_on_is_no_running_head() -> None:
    def page(number: int) -> object:
        def draw(canvas: pdfs.Canvas) -> None:
            for row in range(20):
                for column in range(3):
                    canvas.drawString(
                        72 + 90 * column, 800 - 18 * row, str((row + 1) * number**2 + column)
                    )

        return draw

    text = text_of(pdfs.pages(*(page(number) for number in range(1, 5))))  # type: ignore[arg-type]
    assert 80 == len(text.split("\n")) - text.count("\n\n")


def test_one_page_keeps_its_head() -> None:
    assert text_of(pdfs.report(1)).startswith("Annual report of the harbour board")


# -- marks -----------------------------------------------------------------------------------------


def test_every_page_has_a_mark_with_its_printed_label() -> None:
    parsed = read(pdfs.labelled(), "x.pdf")
    assert [("i", "Preface.\n\n"), ("ii", "More preface.\n\n"), ("1", ""), ("2", "The end.")] == [
        (mark.label, parsed.text[mark.start : mark.end]) for mark in parsed.marks
    ]


def numbered(numbers: list[str], *, place: Callable[[int], tuple[float, float]]) -> list[str]:
    """Return the labels of pages with these numbers printed on them, "" for none."""

    def page(index: int, number: str) -> Callable[[pdfs.Canvas], None]:
        def draw(canvas: pdfs.Canvas) -> None:
            pdfs.write(canvas, pdfs.lines_in(f"{pdfs.HARBOUR[index % 7]} {pdfs.ORCHARD[0]}", 300))
            pdfs.write(canvas, [number], x=place(index)[0], y=place(index)[1], size=9)

        return draw

    data = pdfs.pages(*(page(index, number) for index, number in enumerate(numbers)))
    return [mark.label for mark in read(data, "x.pdf").marks if mark.kind == "page"]


@pytest.mark.parametrize(
    ("printed", "labels"),
    [
        (["", "", "1", "2", "3", "4"], ["1", "2", "1", "2", "3", "4"]),
        (["", "i", "ii", "iii", "1", "2", "3"], ["1", "i", "ii", "iii", "1", "2", "3"]),
        (["", "", "", "2", "3", "", "5"], ["1", "2", "1", "2", "3", "4", "5"]),
        (["– 71 –", "– 72 –", "– 73 –"], ["71", "72", "73"]),
        (["Case 9, page 4", "Case 9, page 5", "Case 9, page 6"], ["4", "5", "6"]),
        (["0041", "0042", "0043"], ["1", "2", "3"]),  # stamped
        (["12", "47", "30", "8"], ["1", "2", "3", "4"]),  # not counting
        (["8", "9", "40", "41", "17", "18"], ["1", "2", "3", "4", "5", "6"]),
    ],
)
def test_a_printed_number_that_counts_with_the_pages_is_their_label(
    printed: list[str], labels: list[str]
) -> None:
    assert labels == numbered(printed, place=lambda index: (290, 30))
    left_and_right = numbered(printed, place=lambda index: (72 if index % 2 else 500, 30))
    assert labels == left_and_right


def test_headings_are_found_by_their_looks() -> None:
    top = "The board of Northwick"
    assert [
        (top, top),
        (f"{top} > First part", "First part"),
        (f"{top} > First part > A detail in bold", "A detail in bold"),
        (
            f"{top} > Second part, with a heading over two lines",
            "Second part, with a heading over two lines",
        ),
    ] == headings_of(pdfs.headings())
    assert top == read(pdfs.headings(), "x.pdf").title


def test_headings_are_found_by_the_bookmarks() -> None:
    assert [
        ("1 Beginnings", "1 Beginnings"),
        ("1 Beginnings > 1.1 The dredging", "1.1 The dredging"),
        ("2 Afterwards", "2 Afterwards"),
    ] == headings_of(pdfs.bookmarks())
    assert "The harbour book" == read(pdfs.bookmarks(), "x.pdf").title


def test_the_largest_line_is_the_title_where_only_others_are_bookmarks() -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        y = pdfs.write(canvas, ["The board of Northwick"], size=22) - 16
        canvas.bookmarkPage("one")
        canvas.addOutlineEntry("First part", "one", 0)
        y = pdfs.write(canvas, ["First part"], y=y, size=15) - 10
        pdfs.paragraphs(canvas, [HARBOUR], y=y)

    parsed = read(pdfs.pages(draw), "x.pdf")
    assert "The board of Northwick" == parsed.title
    assert ["First part"] == [mark.label for mark in marks_of(parsed, "heading")]


@pytest.mark.parametrize(
    "title",
    [
        "about:blank",
        "https://example.org/a b?c",
        "file:///C:/My Files/x y",
        "Microsoft Word - Minutes",
        "untitled",
        "a.docx",
        "--",
    ],
)
def test_a_title_that_a_program_made_up_is_none(title: str) -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        canvas.setTitle(title)
        y = pdfs.write(canvas, ["The board of Northwick"], size=22) - 16
        pdfs.paragraphs(canvas, [HARBOUR], y=y)

    assert "The board of Northwick" == read(pdfs.pages(draw), "x.pdf").title


@pytest.mark.parametrize("title", ["About: the dredging", "Data:2020", "Annual report 2.10"])
def test_a_title_that_looks_a_little_like_an_address_is_one(title: str) -> None:
    def draw(canvas: pdfs.Canvas) -> None:
        canvas.setTitle(title)
        pdfs.write(canvas, [HARBOUR])

    assert title == read(pdfs.pages(draw), "x.pdf").title


def covers_its_text(parsed: Parsed) -> None:
    """Assert what every reader of marks and boxes relies on."""
    pages = marks_of(parsed, "page")
    assert [0, *(mark.end for mark in pages)] == [*(m.start for m in pages), len(parsed.text)]
    assert [8 * (mark.end - mark.start) for mark in pages] == [len(each) for each in parsed.boxes]
    assert parsed.text == parsed.text.strip()
    assert sorted(mark.start for mark in parsed.marks) == [mark.start for mark in parsed.marks]


ALL = {
    "one column": pdfs.one_column,
    "two columns": lambda: pdfs.two_columns(interleaved=True),
    "table": pdfs.table,
    "ruled": pdfs.ruled,
    "report": pdfs.report,
    "broken words": pdfs.broken_words,
    "footnotes": pdfs.footnotes,
    "headings": pdfs.headings,
    "labelled": pdfs.labelled,
    "cropped": pdfs.cropped,
    "turned": lambda: pdfs.turned(90),
    "aslant": lambda: pdfs.text_at(45),
    "some scanned": lambda: pdfs.image_only(12, (1, 2, 3, 5, 6)),
}


@pytest.mark.parametrize("name", ALL)
def test_pages_cover_the_text_and_each_character_has_a_box(name: str) -> None:
    parsed = read(ALL[name](), "x.pdf")
    covers_its_text(parsed)
    boxes = np.concatenate([np.frombuffer(each, "<u2").reshape(-1, 4) for each in parsed.boxes])
    drawn = np.array([not character.isspace() for character in parsed.text])
    assert np.all((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]) | ~drawn)


words = st.text("abcdefgh -.,\u00e9\u0301ABC123\u00ad()", min_size=1, max_size=20)
placed = st.tuples(
    words,
    st.integers(-50, 650),
    st.integers(-50, 900),
    st.sampled_from([0, 0, 0, 90, 180, 33]),
    st.sampled_from([1, 8, 11, 11, 40]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(placed, max_size=12), min_size=1, max_size=4))
def test_wherever_words_stand_pages_cover_the_text(
    drawn: list[list[tuple[str, int, int, int, int]]],
) -> None:
    def page(items: list[tuple[str, int, int, int, int]]) -> object:
        def draw(canvas: pdfs.Canvas) -> None:
            for text, x, y, angle, size in items:
                canvas.saveState()
                canvas.translate(x, y)
                canvas.rotate(angle)
                canvas.setFont("Helvetica", size)
                canvas.drawString(0, 0, text)
                canvas.restoreState()

        return draw

    data = pdfs.pages(*(page(items) for items in drawn))  # type: ignore[arg-type]
    try:
        parsed = read(data, "x.pdf")
    except ParseError as error:
        assert "has no text layer" in error.reason
        return
    covers_its_text(parsed)


# -- boxes -----------------------------------------------------------------------------------------


def boxes_of(parsed: Parsed, page: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    """Return the boxes of one page's characters in points from its top left."""
    box = marks_of(parsed, "page")[page].box
    assert box is not None
    shares = np.frombuffer(parsed.boxes[page], "<u2").reshape(-1, 4)
    return shares * np.array([box[2], box[3]] * 2) / 65_535


SENTENCES = range(len(pdfs.HARBOUR))


def strokes(parsed: Parsed, number: int) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Return the boxes of a sentence's characters, those that are drawn."""
    start = parsed.text.index(pdfs.HARBOUR[number])
    found = boxes_of(parsed)[start : start + len(pdfs.HARBOUR[number])]
    return [box for box in found if box.any()]


@pytest.mark.parametrize("number", SENTENCES)
def test_the_text_within_a_sentences_boxes_is_the_sentence(number: int) -> None:
    import pypdfium2 as pdfium

    data = pdfs.sentences()
    boxes = strokes(read(data, "x.pdf"), number)
    page = pdfium.PdfDocument(data)[0].get_textpage()
    lines: dict[float, list[float]] = {}
    for left, top, right, bottom in boxes:
        line = lines.setdefault(round(bottom), [left, top, right, bottom])
        line[::2] = [min(line[0], left), max(line[2], right)]
    height = pdfs.HEIGHT
    said = [  # what pdfium's own letters touch, the strokes made a little thinner
        page.get_text_bounded(left + 0.3, height - bottom + 2, right - 0.3, height - top - 2)
        for left, top, right, bottom in lines.values()
    ]
    assert pdfs.HARBOUR[number] == " ".join(each.strip() for each in said)


@pytest.mark.parametrize(
    ("quarter", "cropped"), [(0, False), (0, True), (90, False), (180, False), (270, False)]
)
@pytest.mark.parametrize("number", [0, 2, 4])
def test_a_sentences_boxes_hold_its_ink_and_no_other(
    number: int, cropped: bool, quarter: int
) -> None:
    data = pdfs.sentences(quarter=quarter, cropped=cropped)
    parsed = read(data, "x.pdf")
    full = ink(data)
    others = ink(pdfs.sentences(quarter=quarter, cropped=cropped, omitted=number))
    covered, inner = np.zeros_like(full), np.zeros_like(full)
    box = parsed.marks[0].box
    assert box is not None
    scale = full.shape[1] / box[2]
    for left, top, right, bottom in (each * scale for each in strokes(parsed, number)):
        covered[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = True
        inner[int(top) + 2 : int(bottom) - 1, int(left) + 2 : int(right) - 1] = True
    own = full & ~others
    assert own.sum() > 1000
    assert 0 == (own & ~covered).sum()
    assert 0 == (others & inner).sum()


def ink(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    """Return where the first page is dark, drawn 1200 pixels wide."""
    picture = Image.open(io.BytesIO(render(data, "x.pdf", 1, 1200))).convert("L")
    return np.asarray(picture) < 128


def test_strokes_over_the_words_of_a_line_have_no_gaps() -> None:
    parsed = read(pdfs.one_column(), "x.pdf")
    boxes = boxes_of(parsed)[: len("The harbour of Northwick was dredged")]
    assert np.allclose(boxes[1:, 0], boxes[:-1, 2], atol=0.3)


def test_a_stroke_is_as_high_as_the_line_in_a_font_that_does_not_say_how_high_it_is() -> None:
    boxes = boxes_of(read(pdfs.without_heights(font()), "x.pdf"))
    heights = boxes[:, 3] - boxes[:, 1]
    assert heights.min() > pdfs.SIZE
    assert heights.max() < 1.3 * pdfs.SIZE


# -- files that cannot be read ---------------------------------------------------------------------


def test_scans_without_text_say_so() -> None:
    wanted = "has no text layer (12 pages). Run OCR on it, or exclude it."
    assert wanted == reason(pdfs.image_only(12))
    assert "has no text layer (1 page). Run OCR on it, or exclude it." == reason(pdfs.image_only())


def test_pages_without_text_among_others_are_named() -> None:
    parsed = read(pdfs.image_only(12, (1, 2, 3, 5, 6, 8, 10, 11, 12)), "x.pdf")
    warning = "has no text layer on 3 of 12 pages (4, 7, 9). Run OCR on it to include these pages."
    assert (warning,) == parsed.warnings


def test_a_blank_page_is_no_scan() -> None:
    assert () == read(pdfs.labelled(), "x.pdf").warnings


def test_an_encrypted_file_needs_its_password(tmp_path: Path) -> None:
    wanted = "is encrypted; save a copy without a password, or exclude it."
    assert wanted == reason(pdfs.encrypted("secret"))
    (tmp_path / "x.pdf").write_bytes(pdfs.encrypted("secret"))
    with pytest.raises(ParseError, match="is encrypted"):
        parse_file(tmp_path / "x.pdf", "x.pdf")


def test_a_file_that_opens_without_a_password_is_read() -> None:
    assert pdfs.HARBOUR[0] in text_of(pdfs.encrypted(""))


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"no such thing", b"%PDF-1.4\n" + bytes(1000)],
    ids=["empty", "nothing but a name", "text", "zeros"],
)
def test_what_is_no_pdf_file_is_refused_in_one_line(data: bytes) -> None:
    wanted = "is damaged or not a PDF file. Save it again, or exclude it."
    assert wanted == reason(data)


def test_a_file_cut_anywhere_is_read_or_refused() -> None:
    data = pdfs.report(3)
    for end in range(0, len(data), 97):
        try:
            covers_its_text(read(data[:end], "x.pdf"))
        except ParseError as error:
            assert "\n" not in error.reason


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_file_with_broken_bytes_is_read_or_refused(draw: st.DataObject) -> None:
    data = bytearray(BROKEN)
    for _ in range(draw.draw(st.integers(1, 8))):
        place = draw.draw(st.integers(0, len(data) - 1))
        data[place] = draw.draw(st.integers(0, 255))
    try:
        covers_its_text(read(bytes(data), "x.pdf"))
    except ParseError as error:
        assert "\n" not in error.reason


BROKEN = pdfs.bookmarks()


def test_a_wrong_table_of_places_is_made_up_for() -> None:
    data = pdfs.one_column()
    start = data.rindex(b"xref\n", 0, data.rindex(b"startxref"))
    broken = data[:start] + data[start:].replace(b"0000000", b"0000999")
    assert broken != data
    assert f"{HARBOUR}\n\n{ORCHARD}" == text_of(broken)


def test_a_loop_in_the_tree_of_pages_ends() -> None:
    assert "has no text layer" in reason(pdfs.page_tree_loop())


# -- through the worker ----------------------------------------------------------------------------


def test_a_file_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(pdfs.headings())
    document, warnings, boxes = parse_file(tmp_path / "x.pdf", "x.pdf")
    here = read(pdfs.headings(), "x.pdf")
    assert (here.text, here.marks, here.boxes) == (document.text, document.marks, boxes)
    assert ("application/pdf", "The board of Northwick", ()) == (
        document.media_type,
        document.title,
        warnings,
    )


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_same_bytes_give_the_same_text_in_any_process(tmp_path: Path, seed: str) -> None:
    (tmp_path / "x.pdf").write_bytes(pdfs.two_columns(interleaved=True))
    program = (
        "import sys, hashlib; from pathlib import Path; from scoqa.parse.pdf.reader import read\n"
        "parsed = read(Path(sys.argv[1]).read_bytes(), 'x.pdf')\n"
        "said = repr((parsed.text, parsed.marks, parsed.boxes)).encode()\n"
        "print(hashlib.sha256(said).hexdigest())"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x.pdf")],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    here = read(pdfs.two_columns(interleaved=True), "x.pdf")
    wanted = repr((here.text, here.marks, here.boxes)).encode()
    assert hashlib.sha256(wanted).hexdigest() == said


def drawn(at: Path, **changes: object) -> bytes:
    request: dict[str, object] = {
        "task": "page",
        "file": str(at),
        "path": at.name,
        "number": 1,
        "width": 500,
        "digest": hashlib.sha256(at.read_bytes()).hexdigest(),
    }
    return base64.b64decode(pool.run(request | changes, path=at.name)["png"])


def test_a_page_is_drawn_as_wide_as_asked(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(pdfs.turned(90))
    picture = Image.open(io.BytesIO(drawn(tmp_path / "x.pdf")))
    assert ("PNG", (500, 707)) == (picture.format, picture.size)
    assert list(tmp_path.iterdir()) == [tmp_path / "x.pdf"]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"digest": "0"}, "x.pdf has changed since it was indexed."),
        ({"number": 2}, "x.pdf has no page 2; it has 1."),
        ({"number": 0}, "x.pdf has no page 0; it has 1."),
        ({"width": 99}, "x.pdf can be drawn 100 to 3000 pixels wide."),
        ({"width": 3001}, "x.pdf can be drawn 100 to 3000 pixels wide."),
        ({"file": "/nowhere/x.pdf"}, "x.pdf cannot be read: No such file or directory."),
    ],
)
def test_a_page_that_cannot_be_drawn_says_why(
    tmp_path: Path, changes: dict[str, object], wanted: str
) -> None:
    (tmp_path / "x.pdf").write_bytes(pdfs.one_column())
    with pytest.raises(ParseError) as refused:
        drawn(tmp_path / "x.pdf", **changes)
    assert wanted == str(refused.value)


def test_a_page_without_end_is_drawn_small() -> None:
    endless = pdfs.raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 14400] >>",
        ]
    )
    picture = Image.open(io.BytesIO(render(endless, "x.pdf", 1, 3000)))
    assert picture.width * picture.height <= 20_000_000
