"""Word documents become text as Word shows it, with what belongs together side by side."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from docxfiles import docx, item, level, paragraph, run, style, table, zipped
from hostile import LAUGHS, names
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.office import docx as room
from scoqa.parse.office.docx import BLANK, TRACKED_CHANGES
from scoqa.parse.office.word_numbering import format_number


def read(body: str, **more: object) -> Parsed:
    return room.read(docx(body, **more), "a.docx")  # type: ignore[arg-type]


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def reason(data: bytes) -> str:
    with pytest.raises(ParseError) as raised:
        room.read(data, "a.docx")
    return raised.value.reason


# -- paragraphs ------------------------------------------------------------------------------------


def test_paragraphs_stand_apart_and_keep_their_characters() -> None:
    parsed = read(
        paragraph("The fee is 20\u00a0euros.")
        + paragraph("")
        + paragraph("港口于九点开放。")
        + paragraph("يفتح الميناء في التاسعة.")
    )
    expected = "The fee is 20\u00a0euros.\n\n港口于九点开放。\n\nيفتح الميناء في التاسعة."
    assert expected == parsed.text
    assert (None, ()) == (parsed.title, parsed.warnings)


def test_words_split_over_runs_are_whole() -> None:
    inside = run("Har") + '<w:proofErr w:type="spellStart"/>' + run("bour") + run(" opens")
    assert "Harbour opens" == read(paragraph(inside)).text


def test_breaks_tabs_and_hyphens_are_as_word_shows_them() -> None:
    inside = (
        "<w:r><w:t>one</w:t><w:br/><w:t>two</w:t><w:tab/><w:t>three</w:t><w:noBreakHyphen/>"
        "<w:t>four</w:t><w:softHyphen/><w:t>five</w:t></w:r>"
    )
    assert "one\ntwo\tthree\u2011four\u00adfive" == read(paragraph(inside)).text


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Symbol", "F0B3", "≥"),
        ("Symbol", "F06D", "μ"),
        ("Wingdings", "F0FE", "☑"),
        ("Arial", "20AC", "€"),
        ("Webdings", "F061", "\ufffd"),
        ("Symbol", "nonsense", "\ufffd"),
    ],
)
def test_a_symbol_is_the_character_a_reader_sees(font: str, code: str, shown: str) -> None:
    inside = f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'
    assert f"x {shown} 5" == read(paragraph(run("x ") + inside + run(" 5"))).text


def test_an_emoji_with_a_fallback_stands_there_once() -> None:
    inside = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16se"><w16se:symEx w16se:font="Segoe UI '
        'Emoji" w16se:char="1F60A"/></mc:Choice><mc:Fallback><w:t>😊</w:t></mc:Fallback>'
        "</mc:AlternateContent></w:r>"
    )
    assert "Thanks 😊" == read(paragraph(run("Thanks ") + inside)).text


def test_hidden_words_are_not_read() -> None:
    styles = (
        '<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/>'
        "<w:rPr><w:vanish/></w:rPr></w:style>"
    )
    inside = (
        run("Seen")
        + run(" hidden", "<w:vanish/>")
        + run(" by style", '<w:rStyle w:val="Secret"/>')
        + run(" shown", '<w:rStyle w:val="Secret"/><w:vanish w:val="0"/>')
    )
    assert "Seen shown" == read(paragraph(inside), styles=styles).text


def test_paragraphs_of_a_hidden_style_are_not_read_nor_counted() -> None:
    hidden = "<w:rPr><w:vanish/></w:rPr>"
    styles = (
        style("Hidden", "Hidden", hidden)
        + style("Based", "Based", based_on="Hidden")
        + style("Shown", "Shown", hidden.replace("/>", ' w:val="0"/>', 1), based_on="Hidden")
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="7">{level(0, "decimal", "%1.")}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
    )
    shown = run("Seen", '<w:vanish w:val="0"/>')
    body = item("Secret", style="Hidden") + item("Secret", style="Based") + item("One")
    body += paragraph(run("secret ") + shown, style="Based") + paragraph("Shown", style="Shown")
    assert "1. One\n\nSeen\n\nShown" == read(body, styles=styles, numbering=numbering).text


def test_a_raised_number_after_a_digit_stays_raised() -> None:
    raised = '<w:vertAlign w:val="superscript"/>'
    inside = (
        run("10") + run("6", raised) + run(" m") + run("2", raised) + run(", 1") + run("st", raised)
    )
    assert "10⁶ m2, 1st" == read(paragraph(inside)).text
    lowered = '<w:vertAlign w:val="subscript"/>'
    inside = run("H") + run("2", lowered) + run("O, 1101") + run("2 ", lowered) + run("is 13.")
    assert "H2O, 1101₂ is 13." == read(paragraph(inside)).text
    inside = run("10") + run("6.5", raised) + run(", 2008") + run("1,2", raised)
    assert "10^(6.5), 2008[1,2]" == read(paragraph(inside)).text


def test_a_fraction_reads_as_one() -> None:
    one, two = (f"<m:r><m:t>{n}</m:t></m:r>" for n in (1, 2))
    half = f"<m:oMath><m:f><m:num>{one}</m:num><m:den>{two}</m:den></m:f></m:oMath>"
    assert "x = 1/2" == read(paragraph(run("x = ") + half)).text


# -- changes, fields, links, boxes -----------------------------------------------------------------


def test_what_was_inserted_is_read_and_what_was_deleted_is_not() -> None:
    inside = (
        run("The fee is ")
        + "<w:del><w:r><w:delText>20</w:delText></w:r></w:del>"
        + f"<w:ins>{run('30')}</w:ins>"
        + f"<w:moveFrom>{run(' gone')}</w:moveFrom><w:moveTo>{run(' euros')}</w:moveTo>"
    )
    parsed = read(paragraph(inside) + f"<w:ins>{paragraph('Added.')}</w:ins>")
    assert "The fee is 30 euros\n\nAdded." == parsed.text
    assert (TRACKED_CHANGES,) == parsed.warnings


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    joined = paragraph("One ", properties="<w:rPr><w:del/></w:rPr>")
    assert "One two." == read(joined + paragraph("two.")).text
    assert "One" == read(joined).text


def test_a_field_shows_its_result_and_never_its_code() -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = "<w:r><w:instrText>IF </w:instrText></w:r>"
    inner = mark("begin") + code + mark("separate") + run("nested") + mark("end")
    outer = mark("begin") + code + inner + mark("separate") + run("shown") + mark("end")
    link = f'<w:hyperlink r:id="r9">{run(" link")}</w:hyperlink>'
    simple = f'<w:fldSimple w:instr="DATE">{run(" today")}</w:fldSimple>'
    assert "shown link today." == read(paragraph(outer + link + simple + run("."))).text


def test_a_field_that_does_not_end_is_forgotten_and_a_hidden_end_is_one() -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:rPr><w:vanish/></w:rPr><w:fldChar w:fldCharType="{kind}"/></w:r>'

    index = mark("begin") + "<w:r><w:instrText>XE port</w:instrText></w:r>"
    body = paragraph(run("One") + index + mark("end") + run(" two."))
    body += paragraph(index + run("code")) + paragraph("Three.")
    assert "One two.\n\nThree." == read(body).text


def test_content_controls_and_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('In the box.')}</w:txbxContent>"
    drawing = (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx>"
        f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    control = f"<w:sdt><w:sdtContent>{paragraph('Filled in.')}</w:sdtContent></w:sdt>"
    parsed = read(paragraph(run("Before ") + drawing + run("after.")) + control)
    assert "Before after.\n\nIn the box.\n\nFilled in." == parsed.text


def drawing(inside: str, properties: str = "") -> str:
    return f"<w:r><w:drawing><inline><docPr {properties}/>{inside}</inline></w:drawing></w:r>"


def test_the_words_of_charts_and_diagrams_stand_after_their_paragraph() -> None:
    spaces = 'xmlns:c="chart" xmlns:a="main" xmlns:d="diagram"'
    chart = (
        f"<c:chartSpace {spaces}><c:chart><c:title><c:tx><a:t>Herring landed</a:t></c:tx></c:title>"
        "<c:ser><c:tx><c:v>Varn</c:v></c:tx><c:cat><c:pt><c:v>Spring</c:v></c:pt><c:pt><c:v>Autumn"
        "</c:v></c:pt></c:cat><c:val><c:v>41</c:v></c:val></c:ser></c:chart></c:chartSpace>"
    )
    point = "<d:pt><d:t><a:p><a:r><a:t>{}</a:t></a:r></a:p></d:t></d:pt>"
    diagram = f"<d:data {spaces}>{point.format('Catch')}{point.format('Sell')}</d:data>"
    body = paragraph(run("Before ") + drawing('<chart r:id="chart1"/>') + run("after."))
    body += paragraph(drawing('<relIds r:dm="diagramData1"/>') + drawing('<chart r:id="lost"/>'))
    body += paragraph(drawing('<chart r:id="chart1"/>', 'hidden="1"') + run("Last."))
    parsed = read(body, drawn={"chart1": chart, "diagramData1": diagram})
    broken = read(body, drawn={"chart1": "<c:chart", "diagramData1": diagram})
    assert "Before after.\n\nCatch\n\nSell\n\nLast." == broken.text
    wanted = ["Before after.", "Herring landed\nVarn\nSpring\tAutumn", "Catch", "Sell", "Last."]
    assert "\n\n".join(wanted) == parsed.text


def test_notes_are_numbered_and_footnotes_stand_after_their_paragraph() -> None:
    def note(kind: str, number: int) -> str:
        return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'

    parsed = read(
        paragraph(run("In 2008") + note("footnote", 2) + run(" it rose") + note("endnote", 1))
        + paragraph(run("Then") + note("footnote", 1) + run(" it fell.")),
        notes={"footnotes": ["Second note.", "First note."], "endnotes": ["At the end."]},
    )
    expected = (
        "In 2008[1] it rose[i]\n\n[1] First note.\n\nThen[2] it fell.\n\n[2] Second note.\n\n"
        "[i] At the end."
    )
    assert expected == parsed.text


def test_headers_and_comments_are_no_text() -> None:
    inside = '<w:commentRangeStart w:id="1"/>' + run("Words.") + '<w:commentRangeEnd w:id="1"/>'
    assert "Words." == read(paragraph(inside)).text


# -- headings, lists, tables -----------------------------------------------------------------------


def test_headings_are_known_by_style_in_any_language() -> None:
    parsed = read(
        paragraph("Hafenordnung", style="Titel")
        + paragraph("Gebühren", style="berschrift1")
        + paragraph("Boote", style="Eigene")
        + paragraph("Schiffe", style="Gliederung")
        + paragraph("Wörter.", style="Gliederung", properties='<w:outlineLvl w:val="9"/>')
        + paragraph("Strafen", properties='<w:outlineLvl w:val="0"/>'),
        title="Old name",
    )
    assert "Hafenordnung" == parsed.title
    expected = [
        ("Hafenordnung", "Hafenordnung"),
        ("Hafenordnung > Gebühren", "Gebühren"),
        ("Hafenordnung > Gebühren > Boote", "Boote"),
        ("Hafenordnung > Gebühren > Schiffe", "Schiffe"),
        ("Hafenordnung > Strafen", "Strafen"),
    ]
    assert expected == marked(parsed, "heading")


def test_the_title_is_that_of_the_properties_where_the_text_has_none() -> None:
    assert "Harbour rules" == read(paragraph("Words."), title=" Harbour  rules ").title
    assert "First" == read(paragraph("First", style="berschrift1")).title


def test_properties_that_are_broken_cost_the_title_alone() -> None:
    with zipfile.ZipFile(io.BytesIO(docx(paragraph("Words."), title="Rules"))) as file:
        members: dict[str, str | bytes] = {name: file.read(name) for name in file.namelist()}
    members["docProps/core.xml"] = b"<cp:coreProperties>"
    parsed = room.read(zipped(members), "a.docx")
    assert ("Words.", None) == (parsed.text, parsed.title)


def test_a_style_based_on_itself_is_no_endless_loop() -> None:
    styles = style("A", "a", based_on="B") + style("B", "b", based_on="A")
    assert "Words." == read(paragraph("Words.", style="A"), styles=styles).text


def test_a_table_of_contents_is_an_aside() -> None:
    parsed = read(
        paragraph("<w:r><w:t>Fees</w:t><w:tab/><w:t>2</w:t></w:r>", style="Verzeichnis1")
        + paragraph("<w:r><w:t>Fines</w:t><w:tab/><w:t>3</w:t></w:r>", style="Verzeichnis1")
        + paragraph("Fees", style="berschrift1")
        + paragraph("The fee is 20 euros. " * 5)
    )
    assert [("", "Fees\t2\nFines\t3")] == marked(parsed, "aside")
    assert [("Fees", "Fees")] == marked(parsed, "heading")


LISTS = (
    '<w:abstractNum w:abstractNumId="7">'
    + level(0, "decimal", "%1.")
    + level(1, "lowerLetter", "(%2)")
    + level(2, "upperRoman", "%1.%3", "<w:isLgl/>")
    + "</w:abstractNum>"
    + '<w:abstractNum w:abstractNumId="8">'
    + level(0, "bullet", "\uf0b7")
    + level(1, "none", "")
    + level(2, "hebrew1", "%3")
    + "</w:abstractNum>"
    + '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
    + '<w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>'
    + '<w:num w:numId="3"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0">'
    + '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
)


def test_lists_are_numbered_as_word_numbers_them() -> None:
    parsed = read(
        item("one")
        + item("sub", level=1)
        + item("sub", level=1)
        + item("two")
        + item("sub", level=1)
        + item("legal", level=2)
        + paragraph("Between.")
        + item("three")
        + item("anew", 3)
        + item("on", 3)
        + item("point", 2)
        + item("bare", 2, 1)
        + item("unknown", 2, 2)
        + item("no list", 99),
        numbering=LISTS,
    )
    expected = (
        "1. one\n(a) sub\n(b) sub\n2. two\n(a) sub\n2.1 legal\n\nBetween.\n\n3. three\n5. anew\n"
        "6. on\n• point\nbare\nunknown\n\nno list"
    )
    assert expected == parsed.text


def test_a_numbered_heading_has_its_number() -> None:
    listed = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    parsed = read(
        paragraph("Scope", style="H") + paragraph("Fees", style="H"),
        styles=style("H", "heading 1", listed),
        numbering=LISTS,
    )
    assert [("1. Scope", "1. Scope"), ("2. Fees", "2. Fees")] == marked(parsed, "heading")


@pytest.mark.parametrize(
    ("count", "kind", "written"),
    [
        (28, "lowerLetter", "bb"),
        (14, "lowerRoman", "xiv"),
        (7, "decimalZero", "07"),
        (21, "chineseCounting", "二十一"),
        (10, "japaneseCounting", "十"),
        (3, "hebrew1", ""),
    ],
)
def test_numbers_are_written_as_word_writes_them(count: int, kind: str, written: str) -> None:
    assert written == format_number(count, kind)


def test_a_table_has_a_line_a_row_and_a_tab_between_cells() -> None:
    parsed = read(
        paragraph("Fees")
        + table(
            ["Boat", "2023", "2024"],
            ["Small", paragraph("10") + paragraph("EUR"), ""],
            ["", "", "40"],
        )
        + paragraph("Words.")
    )
    assert "Fees\n\nBoat\t2023\t2024\nSmall\t10 EUR\n\t\t40\n\nWords." == parsed.text


def test_a_cell_that_reaches_down_stands_in_each_of_its_rows() -> None:
    down = "<w:tcPr><w:vMerge/></w:tcPr>" + paragraph("never shown")
    top = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>' + paragraph("Fee")
    assert "Fee\t1\nFee\t2" == read(table([top, "1"], [down, "2"])).text


def test_tables_that_lay_out_a_page_are_paragraphs() -> None:
    nested = table(["a", "b"]) + paragraph("After.")
    assert "Left.\n\na\tb\n\nAfter." == read(table(["Left.", nested])).text
    heads = paragraph("Fees", style="berschrift1") + paragraph("Twenty.")
    parsed = read(table([heads, "Right."]))
    assert "Fees\n\nTwenty.\n\nRight." == parsed.text
    assert [("Fees", "Fees")] == marked(parsed, "heading")


def test_a_date_line_in_the_head_is_marked() -> None:
    parsed = read(paragraph("Minutes", style="Titel") + paragraph("Held on 3 May 2024"))
    assert [("Held on 3 May 2024", "Held on 3 May 2024")] == marked(parsed, "date")


# -- what is no Word document, or made to do harm --------------------------------------------------


def test_a_document_without_words_says_so() -> None:
    parsed = read(paragraph(" "))
    assert ("", (BLANK,)) == (parsed.text, parsed.warnings)


def test_what_is_no_word_document_is_named_so(tmp_path: Path) -> None:
    wrong = "contains no document; its extension may be wrong."
    assert wrong == reason(zipped({"xl/workbook.xml": "<workbook/>"}))
    assert wrong == reason(zipped({"word/document.xml": "<html/>"}))
    assert reason(b"{\\rtf1 Words}").startswith("is not a .docx file")
    assert reason(b"").startswith("is not a .docx file")
    assert "encrypted" in reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "damaged" in reason(docx(paragraph("Words."))[:-60])


def test_entities_are_never_expanded_and_files_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", encoding="utf-8")
    for before, name in ((names(secret), "x"), (LAUGHS, "a9")):
        body = paragraph(f"<w:r><w:t>&{name};</w:t></w:r>")
        said = reason(docx(body, before=before))
        assert "declares entities" in said or "malformed XML" in said


def test_deep_nesting_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    deep = "<w:sdt><w:sdtContent>" * 5000 + "</w:sdtContent></w:sdt>" * 5000
    assert "malformed XML" in reason(docx(deep))
    boxes = "<w:tbl><w:tr><w:tc>" * 80 + paragraph("Deep.") + "</w:tc></w:tr></w:tbl>" * 80
    assert "Deep." == read(boxes).text


def test_names_that_lead_out_of_the_archive_lead_nowhere(tmp_path: Path) -> None:
    escaped = tmp_path / "escaped.txt"
    file = io.BytesIO(docx(paragraph("Words.")))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../" * 20 + str(escaped).lstrip("/"), "x")
        archive.writestr(str(escaped), "x")
    assert "Words." == room.read(file.getvalue(), "a.docx").text
    assert not escaped.exists()


def test_a_word_document_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "rules.docx"
    file.write_bytes(docx(paragraph("Rules", style="Titel") + paragraph("The fee is 20 euros.")))
    document = parse_file(file, "rules.docx").document
    assert ("Rules", "Rules\n\nThe fee is 20 euros.") == (document.title, document.text)
