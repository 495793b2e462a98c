"""OpenDocument: texts, spreadsheets and presentations as they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hostile import LAUGHS
from officefiles import zipped
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.numerals import format_numeral
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.opendocument import odp, ods, odt
from scoqa.sentences import sentences

NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "chart": "urn:oasis:names:tc:opendocument:xmlns:chart:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}
SPACES = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMES.items())
STYLES = (
    '<style:style style:name="Hid" style:family="text"><style:text-properties '
    'text:display="none"/></style:style>'
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    '<text:list-style style:name="Dots"><text:list-level-style-bullet text:level="1" '
    'text:bullet-char="&#xf0b7;"/><text:list-level-style-bullet text:level="2" '
    'text:bullet-char="–"/></text:list-style>'
    '<text:list-style style:name="Numbers"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" '
    'style:num-format="a" style:num-suffix=")" text:display-levels="2"/></text:list-style>'
)


def flat(body: str, kind: str = "text", *, styles: str = STYLES, title: str = "") -> bytes:
    """Return a document of `kind` as one XML file."""
    meta = f"<office:meta><dc:title>{title}</dc:title></office:meta>" if title else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {SPACES}>{meta}'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document>"
    ).encode()


def packed(body: str, kind: str = "text", *, manifest: str = "", **parts: bytes) -> bytes:
    """Return a document of `kind` as programs save it; parts: documents that lie in it."""
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": flat(body, kind),
            "styles.xml": f"<office:document-styles {SPACES}/>",
            "meta.xml": f"<office:document-meta {SPACES}><office:meta><dc:title> Harbours\n"
            "of the north </dc:title></office:meta></office:document-meta>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
            **{f"{name}/content.xml": part for name, part in parts.items()},
        }
    )


def text_of(body: str, *, styles: str = STYLES) -> str:
    return odt.read(flat(body, styles=styles), "plan.fodt").text


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def refused(data: bytes, path: str = "plan.odt", read: Any = odt.read) -> str:
    with pytest.raises(ParseError) as caught:
        read(data, path)
    return caught.value.reason


# -- texts -----------------------------------------------------------------------------------------

BODY = (
    '<text:h text:outline-level="1">The harbour</text:h>'
    "<text:p>It freezes\n   in <text:span>January</text:span>.</text:p>"
    '<text:h text:outline-level="2">Depth</text:h><text:p>上海港口很大。</text:p>'
    '<text:h text:outline-level="1">Fees</text:h><text:p>ميناء فارن صغير.</text:p>'
)


def test_paragraphs_and_headings_are_read_in_order() -> None:
    parsed = odt.read(packed(BODY), "plan.odt")
    assert (
        "The harbour\n\nIt freezes in January.\n\nDepth\n\n上海港口很大。\n\n"
        "Fees\n\nميناء فارن صغير."
    ) == parsed.text
    assert [
        ("The harbour", "The harbour"),
        ("The harbour > Depth", "Depth"),
        ("Fees", "Fees"),
    ] == marked(parsed, "heading")
    assert ("Harbours of the north", ()) == (parsed.title, parsed.warnings)


@pytest.mark.parametrize("name", ["plan.odt", "plan.fodt"])
def test_a_text_is_read_in_a_process_of_its_own(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(packed(BODY) if name == "plan.odt" else flat(BODY))
    document, warnings, _ = parse_file(file, name)
    assert (odt.read(packed(BODY), "plan.odt").text, ()) == (document.text, warnings)


def test_a_title_stands_above_all_headings() -> None:
    body = '<text:p text:style-name="P1">Charter</text:p>' + BODY
    parsed = odt.read(flat(body), "plan.fodt")
    assert "Charter" == parsed.title
    assert ["Charter", "Charter > The harbour"] == [each[0] for each in marked(parsed, "heading")][
        :2
    ]
    assert "The harbour" == odt.read(flat(BODY), "plan.fodt").title


def test_spaces_tabs_and_line_breaks_are_kept_as_shown() -> None:
    body = (
        '<text:p>  one<text:s text:c="3"/>two <text:span> three</text:span><text:tab/>four'
        "<text:line-break/>\n  five\u00a0six </text:p>"
    )
    assert "one   two three\tfour\nfive\u00a0six" == text_of(body)


def test_notes_stand_behind_their_marks() -> None:
    def note(mark: str, kind: str, text: str) -> str:
        return (
            f'<text:note text:note-class="{kind}"><text:note-citation>{mark}</text:note-citation>'
            f"<text:note-body><text:p>{text}</text:p></text:note-body></text:note>"
        )

    body = (
        f"<text:p>It freezes{note('1', 'footnote', 'In most years.')} early"
        f"{note('i', 'endnote', 'See the almanac.')}.</text:p><text:p>Boats leave.</text:p>"
    )
    assert (
        "It freezes[1] early[i].\n\n[1] In most years.\n\nBoats leave.\n\n[i] See the almanac."
    ) == text_of(body)


@pytest.mark.parametrize(
    ("position", "text"),
    [
        ("super 58%", "10⁶ m2, 2008¹"),
        ("33% 58%", "10⁶ m2, 2008¹"),
        ("-33% 58%", "10₆ m2, 2008₁"),
        ("sub 58%", "10₆ m2, 2008₁"),
        ("0% 100%", "106 m2, 20081"),
    ],
)
def test_a_raised_number_after_a_digit_stays_raised(position: str, text: str) -> None:
    styles = (
        f'<style:style style:name="Up" style:family="text"><style:text-properties '
        f'style:text-position="{position}"/></style:style><style:style style:name="T1" '
        'style:family="text" style:parent-style-name="Up"/>'
    )
    up = '<text:span text:style-name="{}">{}</text:span>'
    link = up.format("Up", "<text:a><text:span>1</text:span></text:a>")
    body = f"<text:p>10{up.format('T1', '6')} m{up.format('Up', '2')}, 2008{link}</text:p>"
    assert text == text_of(body, styles=styles)


def test_what_is_deleted_hidden_or_a_comment_is_not_read() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>deleted</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:p>It<office:annotation><text:p>comment</text:p></office:annotation> is"
        '<text:span text:style-name="Hid"> secretly</text:span> deep'
        '<text:hidden-text text:string-value="no">no</text:hidden-text>.</text:p>'
        '<text:section text:display="none"><text:p>hidden</text:p></text:section>'
        "<text:section><text:p><text:ruby><text:ruby-base>港</text:ruby-base>"
        "<text:ruby-text>gang</text:ruby-text></text:ruby></text:p></text:section>"
    )
    assert "It is deep.\n\n港" == text_of(body)


def test_items_of_lists_are_lines_behind_their_marks() -> None:
    def items(*each: str) -> str:
        return "".join(f"<text:list-item>{item}</text:list-item>" for item in each)

    inner = f"<text:list>{items('<text:p>ropes</text:p>', '<text:p>salt</text:p>')}</text:list>"
    boats = items("<text:p>boats</text:p>" + inner)
    body = (
        f'<text:p>Bring:</text:p><text:list text:style-name="Numbers">{boats}</text:list>'
        "<text:p>Also:</text:p>"
        '<text:list text:style-name="Numbers" text:continue-numbering="true">'
        f"{items('<text:p>of</text:p>', '<text:p>the</text:p>')}</text:list>"
        f'<text:list text:style-name="Dots">{items("<text:p>tea</text:p>" + inner)}</text:list>'
    )
    text = text_of(body)
    assert (
        "Bring:\n\n1. boats\n1.a) ropes\n1.b) salt\n\n"
        "Also:\n\n2. of\n3. the\n• tea\n– ropes\n– salt"
    ) == text
    assert {"2. of", "3. the", "• tea"} <= {text[a:b].strip() for a, b in sentences(text)}


def test_headings_are_numbered_as_the_outline_says() -> None:
    styles = (
        '<text:outline-style style:name="Outline"><text:outline-level-style text:level="1" '
        'style:num-format="I" style:num-suffix="."/><text:outline-level-style text:level="2" '
        'style:num-format="1" text:display-levels="2"/></text:outline-style>'
    )
    parsed = odt.read(flat(BODY, styles=styles), "plan.fodt")
    assert ["I. The harbour", "I. The harbour > I.1 Depth", "II. Fees"] == [
        label for label, _ in marked(parsed, "heading")
    ]


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [(4, "1", "4"), (28, "a", "bb"), (3, "A", "C"), (1994, "I", "MCMXCIV"), (9, "i", "ix")],
)
def test_numbers_are_written_in_every_form(number: int, form: str, text: str) -> None:
    assert text == format_numeral(number, form)
    assert ("0", "999999999") == (format_numeral(0, form), format_numeral(999_999_999, form))
    assert ("ab", "AB") == tuple(format_numeral(28, each, doubles=False) for each in "aA")


def cell(text: str, more: str = "") -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def test_rows_of_a_table_are_lines() -> None:
    body = (
        "<text:p>Before</text:p><table:table><table:table-header-rows>"
        f"{row(cell('Harbour'), cell('Depth'))}</table:table-header-rows>"
        f"{row(cell('Varn'), cell('12</text:p><text:p>fathoms'))}"
        + row(cell("Both", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>")
        + "</table:table><text:p>After</text:p>"
    )
    assert "Before\n\nHarbour\tDepth\nVarn\t12 fathoms\nBoth\n\nAfter" == text_of(body)


def test_a_table_that_lays_out_prose_is_read_as_prose() -> None:
    prose = "The harbour freezes in January. " * 50
    inside = f"<table:table>{row(cell('a'), cell('b'))}</table:table>"
    body = f"<table:table>{row(cell(prose), cell('x'))}</table:table>"
    assert f"{prose.strip()}\n\nx" == text_of(body)
    outer = row(cell(f"y</text:p>{inside}<text:p>z"))
    assert "y\n\na\tb\n\nz" == text_of(f"<table:table>{outer}</table:table>")


def test_a_table_of_contents_is_shown_and_never_answers() -> None:
    body = (
        "<text:table-of-content><text:index-body><text:index-title><text:p>Contents</text:p>"
        "</text:index-title><text:p>The harbour<text:tab/>1</text:p></text:index-body>"
        f"</text:table-of-content>{BODY}"
    )
    parsed = odt.read(flat(body), "plan.fodt")
    assert [("", "Contents\n\nThe harbour\t1")] == marked(parsed, "aside")


def test_text_boxes_stand_after_their_paragraph() -> None:
    box = (
        "<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box>"
        "<svg:title>no</svg:title></draw:frame>"
    )
    assert "One two\n\nIn a box\n\nThree" == text_of(
        f"<text:p>One {box}two</text:p><text:p>Three</text:p>"
    )


# -- spreadsheets and presentations ----------------------------------------------------------------


def test_a_spreadsheet_is_read_as_shown() -> None:
    styles = (
        '<style:style style:name="no"><style:table-properties table:display="false"/></style:style>'
    )
    body = (
        '<table:table table:name="Traffic"><table:table-column/><table:table-column '
        'table:visibility="collapse"/><table:table-column table:number-columns-repeated="9"/>'
        + row(cell("Harbour"), cell("Secret"), cell("Share"), cell("Opened"))
        + row(
            cell("Varn", 'table:number-rows-spanned="2"'),
            cell("x"),
            cell("12.5%", 'office:value="0.125"'),
            cell("3 May 2024"),
        )
        + row("<table:covered-table-cell/>", cell("x"), cell("7.0%"))
        + row(cell("Oslo"), more='table:visibility="filter"')
        + row(more='table:number-rows-repeated="1048000"')
        + '</table:table><table:table table:name="Old" table:style-name="no">'
        + row(cell("secret"))
        + "</table:table>"
    )
    parsed = ods.read(flat(body, "spreadsheet", styles=styles), "plan.ods")
    assert ("Harbour\tShare\tOpened\nVarn\t12.5%\t3 May 2024\nVarn\t7.0%") == parsed.text
    assert [("Traffic", parsed.text)] == marked(parsed, "sheet")
    assert (
        "has hidden sheets, which are not read: Old.",
        "has hidden rows or columns, which are not read, in: Traffic.",
    ) == parsed.warnings


def test_cells_that_are_repeated_without_end_end() -> None:
    many = cell("x", 'table:number-columns-repeated="2000000000"')
    rows = row(many, more='table:number-rows-repeated="9"')
    parsed = ods.read(flat(f"<table:table>{rows}</table:table>", "spreadsheet"), "a.ods")
    assert 9 * ods._MOST_REPEATED == parsed.text.count("x")


def test_a_presentation_is_read_as_shown() -> None:
    def frame(text: str, top: float, kind: str = "") -> str:
        return (
            f'<draw:frame presentation:class="{kind}" svg:y="{top}cm" svg:x="1cm"><draw:text-box>'
            f"<text:p>{text}</text:p></draw:text-box></draw:frame>"
        )

    styles = (
        '<style:style style:name="no"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )
    table = f"<table:table>{row(cell('a'), cell('b'))}</table:table>"
    body = (
        f"<draw:page>{frame('Low', 5)}{frame('High', 2)}{frame('Varn', 8, 'title')}"
        f'<draw:frame svg:y="9cm">{table}</draw:frame>'
        f"{frame('7', 1, 'page-number')}"
        f"<presentation:notes>{frame('Say this.', 1, 'notes')}</presentation:notes></draw:page>"
        f'<draw:page draw:style-name="no">{frame("Secret", 1)}</draw:page>'
        f"<draw:page><draw:g>{frame('In', 3)}{frame('a group', 4)}</draw:g></draw:page>"
    )
    parsed = odp.read(flat(body, "presentation", styles=styles), "talk.odp")
    assert ("Varn\n\nHigh\n\nLow\n\na\tb\n\nNotes:\n\nSay this.\n\nIn\n\na group") == parsed.text
    assert ["1", "3"] == [label for label, _ in marked(parsed, "slide")]
    assert [("Varn", "Varn"), ("In", "In")] == marked(parsed, "heading")
    assert ("has hidden slides, which are not read: 2.",) == parsed.warnings


CHART = flat(
    "<chart:chart><chart:title><text:p>Boats</text:p></chart:title><table:table><table:table-row>"
    f"{cell('')}{cell('Herring')}</table:table-row>{row(cell('Spring'), cell('1'))}"
    f"{row(cell('Autumn'), cell('2'))}</table:table></chart:chart>",
    "chart",
)
FRAME = '<draw:frame><draw:object xlink:href="./{}"/></draw:frame>'


def test_charts_and_text_boxes_are_read_on_slides_and_sheets() -> None:
    box = "<draw:custom-shape><text:p>It freezes.</text:p></draw:custom-shape>"
    body = f"<draw:page>{FRAME.format('Other')}{box}{FRAME.format('Object')}</draw:page>"
    parsed = odp.read(packed(body, "presentation", Object=CHART), "talk.odp")
    assert "It freezes.\n\nBoats\n\nHerring\nSpring\tAutumn" == parsed.text
    remark = "<office:annotation><text:p>Remark</text:p></office:annotation>"
    rows = row(cell("Varn"), f"<table:table-cell>{remark}{box}</table:table-cell>") + row(
        f"<table:table-cell>{box}</table:table-cell>", more='table:visibility="collapse"'
    )
    shapes = f"<table:shapes>{FRAME.format('Object')}</table:shapes>"
    body = f'<table:table table:name="One">{shapes}{rows}</table:table>'
    parsed = ods.read(packed(body, "spreadsheet", Object=CHART), "plan.ods")
    assert "Varn\n\nBoats\n\nHerring\nSpring\tAutumn\n\nIt freezes." == parsed.text
    assert [("One", parsed.text)] == marked(parsed, "sheet")


def test_the_words_of_a_chart_stand_after_its_paragraph() -> None:
    body = f"<text:p>As{FRAME.format('Object')} drawn.</text:p><text:p>Last.</text:p>"
    parsed = odt.read(packed(body, Object=CHART), "plan.odt")
    assert "As drawn.\n\nBoats\nHerring\nSpring\tAutumn\n\nLast." == parsed.text


# -- what is made to do harm -----------------------------------------------------------------------


def test_an_encrypted_file_is_told() -> None:
    data = packed(BODY, manifest="<file-entry><encryption-data/></file-entry>")
    assert "is encrypted. Save a copy without a password." == refused(data)


def test_the_list_of_parts_may_leave_its_namespace_to_a_dtd() -> None:
    # As OpenOffice.org wrote it.
    parts = '<manifest:manifest><manifest:file-entry manifest:full-path="/"/>'
    members = {
        "content.xml": flat(BODY),
        "META-INF/manifest.xml": f"<!DOCTYPE manifest:manifest PUBLIC '-' 'Manifest.dtd'>{parts}"
        "</manifest:manifest>",
    }
    assert odt.read(flat(BODY), "plan.fodt").text == odt.read(zipped(members), "plan.odt").text
    members["META-INF/manifest.xml"] = f"{parts}<manifest:encryption-data/></manifest:manifest>"
    assert "is encrypted. Save a copy without a password." == refused(zipped(members))


def test_properties_that_are_broken_cost_the_title_alone() -> None:
    members = {"content.xml": flat(BODY), "meta.xml": "<office:document-meta>"}
    parsed = odt.read(zipped(members), "plan.odt")
    assert odt.read(flat(BODY), "plan.fodt").text == parsed.text
    assert parsed.title == odt.read(flat(BODY), "plan.fodt").title


def test_another_kind_of_document_is_told() -> None:
    assert "contains no text document; its extension may be wrong." == refused(
        packed("", "spreadsheet")
    )


@pytest.mark.parametrize(
    "data",
    [
        f"{LAUGHS}<a>&a9;</a>".encode(),
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        flat("<text:section>" * 5000 + "</text:section>" * 5000),
        flat("<text:p>"),
        packed("<text:p>"),
    ],
    ids=["laughs", "file", "deep", "flat broken", "broken"],
)
def test_xml_that_does_harm_or_is_broken_is_told(data: bytes) -> None:
    assert refused(data).startswith(("declares entities", "contains malformed XML"))


def test_a_number_of_looks_that_is_none_costs_nothing_and_one_of_a_row_the_file() -> None:
    body = '<text:h text:outline-level="1e2">Tides<text:s text:c="many"/>here</text:h>'
    assert "Tides here" == text_of(body)
    for attribute in ("rows", "columns"):
        repeated = f'table:number-{attribute}-repeated="-7"'
        inside = {"rows": row(cell("x"), more=repeated), "columns": row(cell("x", repeated))}
        assert (
            'is damaged: expected a number, found "-7". Save it again, or exclude it.'
            == refused(
                flat(
                    f'<table:table table:name="a">{inside[attribute]}</table:table>', "spreadsheet"
                ),
                read=ods.read,
            )
        )


def test_a_text_cut_off_anywhere_is_told() -> None:
    data = packed(BODY)
    for end in range(2, len(data) - 1, 31):
        assert "is truncated or damaged. Get a new copy, or save it again." == refused(data[:end])


def test_an_empty_text_says_so() -> None:
    parsed = odt.read(flat("<text:p/>"), "plan.fodt")
    assert ("", None, (NO_TEXT,)) == (parsed.text, parsed.title, parsed.warnings)
