"""Presentations: each slide's words in reading order, under its title and its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from officefiles import OFFICE, relations, saved, zipped
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.office.pptx import read

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
SPACES = f'xmlns:a="{A}" xmlns:p="{P}" xmlns:r="{OFFICE}"'


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def box(slide: Any, text: str, left: float, top: float) -> Any:
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))
    shape.text_frame.text = text
    return shape


def harbours() -> Any:
    deck = Presentation()
    deck.core_properties.title = "Harbours of the north"
    first = deck.slides.add_slide(deck.slide_layouts[1])
    box(first, "Right", 6, 6)
    box(first, "Left", 1, 6.1)
    box(first, "Above", 1, 1.2)
    first.shapes.title.text = "The harbour of Varn"
    first.placeholders[1].text = "It freezes in January.\nherring boats leave at dawn"
    first.notes_slide.notes_text_frame.text = "Say that the keeper is Ada Lund."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    box(second, "上海港口很大。", 1, 1)
    box(second, "ميناء فارن صغير.", 1, 3)
    return deck


def slide(shapes: str, **parts: str) -> bytes:
    """Return a presentation made by hand with one slide that holds `shapes`."""
    return zipped(
        {
            "_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f"<p:presentation {SPACES}><p:sldIdLst>"
            '<p:sldId id="256" r:id="r1"/><p:sldId id="257" r:id="r2"/>'
            '<p:sldId id="258" r:id="r3"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": relations(
                ("r1", "slide", "slides/slide1.xml"),
                ("r2", "slide", parts.pop("second", "file:///etc/passwd")),
                ("r3", "slide", "http://localhost/slide.xml"),
            ),
            "ppt/slides/slide1.xml": f"<p:sld {SPACES}><p:cSld><p:spTree>{shapes}</p:spTree>"
            "</p:cSld></p:sld>",
            **parts,
        }
    )


def words(text: str, *, before: str = "", place: str = "") -> str:
    """Return a shape made by hand; before: what stands before its text."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr>{before}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{place}</p:spPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"
        "</p:sp>"
    )


def test_a_slide_is_read_from_its_title_down() -> None:
    parsed = read(saved(harbours()), "talk.pptx")
    assert (
        "The harbour of Varn\n\n"
        "Above\n\n"
        "It freezes in January.\n\n"
        "herring boats leave at dawn\n\n"
        "Left\n\n"
        "Right\n\n"
        "Notes:\n\n"
        "Say that the keeper is Ada Lund.\n\n"
        "上海港口很大。\n\n"
        "ميناء فارن صغير."
    ) == parsed.text
    first, second = marked(parsed, "slide")
    assert ("1", "2") == (first[0], second[0])
    assert first[1].endswith("Ada Lund.")
    assert "上海港口很大。\n\nميناء فارن صغير." == second[1]
    assert [
        ("The harbour of Varn", "The harbour of Varn"),
        ("上海港口很大。", "上海港口很大。"),
    ] == marked(parsed, "heading")
    assert ("Harbours of the north", ()) == (parsed.title, parsed.warnings)


def test_a_presentation_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "talk.pptx"
    file.write_bytes(saved(harbours()))
    document, warnings, _ = parse_file(file, "talk.pptx")
    assert (read(file.read_bytes(), "talk.pptx").text, ()) == (document.text, warnings)


def test_hidden_slides_are_not_read_and_keep_their_numbers() -> None:
    deck = harbours()
    deck.slides[0]._element.set("show", "0")
    parsed = read(saved(deck), "talk.pptx")
    assert ["2"] == [label for label, _ in marked(parsed, "slide")]
    assert ("has hidden slides, which are not read: 1.",) == parsed.warnings


def test_slides_come_in_the_order_they_are_shown() -> None:
    deck = harbours()
    listed = deck.slides._sldIdLst
    listed.append(listed[0])
    parsed = read(saved(deck), "talk.pptx")
    assert ["上海港口很大。", "The harbour of Varn"] == [
        each[0] for each in marked(parsed, "heading")
    ]


def test_tables_and_charts_are_read() -> None:
    deck = Presentation()
    only = deck.slides.add_slide(deck.slide_layouts[5])
    only.shapes.title.text = "Traffic"
    shape = only.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(4), Inches(2))
    for row, cells in enumerate([["Harbour", "Ships"], ["Varn", "1,234"], ["Both", ""]]):
        for column, text in enumerate(cells):
            shape.table.cell(row, column).text = text
    shape.table.cell(2, 0).merge(shape.table.cell(2, 1))
    data = CategoryChartData()
    data.categories = ["Spring", "Autumn"]
    data.add_series("Boats", (1, 2))
    data.add_series("Ferries", (3, 4))
    frame = only.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(5), Inches(4), Inches(2), data
    )
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Boats by season"
    assert (
        "Traffic\n\nHarbour\tShips\nVarn\t1,234\nBoth\n\n"
        "Boats by season\nBoats\tFerries\nSpring\tAutumn"
    ) == read(saved(deck), "talk.pptx").text


def test_groups_are_read_as_one_and_hidden_shapes_not_at_all() -> None:
    deck = Presentation()
    only = deck.slides.add_slide(deck.slide_layouts[6])
    box(only, "Below", 1, 5)
    group = only.shapes.add_group_shape([box(only, "Low in it", 1, 2), box(only, "High", 1, 1)])
    group.shapes.add_group_shape([box(group, "Deep", 1, 3)])
    box(only, "Secret", 1, 0)._element.nvSpPr.cNvPr.set("hidden", "1")
    assert "High\n\nLow in it\n\nDeep\n\nBelow" == read(saved(deck), "talk.pptx").text


def test_what_stands_on_every_slide_is_left_out() -> None:
    shapes = "".join(
        words(text, before=f'<p:ph type="{kind}"/>')
        for kind, text in (("ftr", "Footer"), ("sldNum", "7"), ("dt", "Today"), ("body", "Words"))
    )
    number = (
        '<p:sp><p:txBody><a:p><a:r><a:t>Page </a:t></a:r><a:fld type="slidenum"><a:t>7</a:t>'
        "</a:fld></a:p></p:txBody></p:sp>"
    )
    assert "Words\n\nPage" == read(slide(shapes + number), "talk.pptx").text


def test_a_line_break_stays_in_a_paragraph_and_not_in_a_title() -> None:
    broken = words("One</a:t></a:r><a:br/><a:r><a:t>two")
    title = broken.replace("<p:nvPr>", '<p:nvPr><p:ph type="ctrTitle"/>')
    parsed = read(slide(broken + title), "talk.pptx")
    assert "One two\n\nOne\ntwo" == parsed.text
    assert [("One two", "One two")] == marked(parsed, "heading")


@pytest.mark.parametrize(
    ("baseline", "text"),
    [("30000", "10⁶ J"), ("30%", "10⁶ J"), ("-25000", "10₆ J"), ("0", "106 J")],
)
def test_a_raised_number_after_a_digit_stays_raised(baseline: str, text: str) -> None:
    raised = f'10</a:t></a:r><a:r><a:rPr baseline="{baseline}"/><a:t>6</a:t></a:r>'
    assert text == read(slide(words(f"{raised}<a:r><a:t> J")), "talk.pptx").text


def test_diagrams_are_read_from_their_data() -> None:
    dgm = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    frame = (
        f'<p:graphicFrame><a:graphic><a:graphicData><d:relIds xmlns:d="{dgm}" r:dm="r1"/>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )
    points = "".join(
        f"<d:pt><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>"
        for text in ("Catch", "Salt", "Sell")
    )
    data = slide(
        frame,
        **{
            "ppt/slides/_rels/slide1.xml.rels": relations(
                ("r1", "diagramData", "../diagrams/data1.xml")
            ),
            "ppt/diagrams/data1.xml": f'<d:dataModel xmlns:d="{dgm}" xmlns:a="{A}"><d:ptLst>'
            f"{points}<d:pt/></d:ptLst></d:dataModel>",
        },
    )
    assert "Catch\n\nSalt\n\nSell" == read(data, "talk.pptx").text


# -- what is made to do harm -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://localhost/x", "../../../etc/x"])
def test_slides_that_stand_elsewhere_are_not_fetched(place: str) -> None:
    assert "Words" == read(slide(words("Words"), second=place), "talk.pptx").text


def test_a_place_that_is_no_number_is_the_edge() -> None:
    """Found by changing files at random: it was an error of Python's own."""
    off = '<a:xfrm><a:off x="182(800" y="9000000000"/></a:xfrm>'
    parsed = read(slide(words("Below", place=off) + words("Above")), "a.pptx")
    assert "Above\n\nBelow" == parsed.text


def test_a_slide_that_holds_itself_is_read_once() -> None:
    data = slide(
        words("Words"),
        **{"ppt/slides/_rels/slide1.xml.rels": relations(("r1", "notesSlide", "slide1.xml"))},
    )
    assert "Words" == read(data, "talk.pptx").text


@pytest.mark.parametrize("depth", [60, 5000])
def test_groups_may_be_deep_and_not_without_end(depth: int) -> None:
    data = slide("<p:grpSp>" * depth + words("Deep") + "</p:grpSp>" * depth)
    if depth < 100:
        assert "Deep" == read(data, "talk.pptx").text
        return
    with pytest.raises(ParseError, match="malformed XML"):
        read(data, "talk.pptx")


def test_a_presentation_cut_off_anywhere_is_told() -> None:
    data = saved(harbours())
    for end in range(2, len(data) - 1, 997):
        with pytest.raises(ParseError, match="is truncated or damaged"):
            read(data[:end], "talk.pptx")


def test_a_workbook_under_the_name_is_told() -> None:
    parts = {
        "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": "<workbook/>",
    }
    with pytest.raises(ParseError, match="contains no presentation"):
        read(zipped(parts), "talk.pptx")


def test_an_empty_presentation_says_so() -> None:
    parsed = read(saved(Presentation()), "talk.pptx")
    assert ("", (NO_TEXT,)) == (parsed.text, parsed.warnings)
