"""The text that is read maps to the document and back, whatever the tables and hidden ranges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import Row, TextTable, write_rows, write_table
from scoqa.reading_view import Layout, ReadingView, join_views, plain_view

WORDS = st.sampled_from(
    ["", "Varn", "of the", "12", "$", "3 May 2024", "x: y", "(312)", "سلام", "a"]
)
ROWS = st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=6)


@st.composite
def parsed_texts(draw: st.DrawFn) -> Parsed:
    """Return a text of paragraphs, tables, asides and struck-out words."""
    writer = Writer()
    for kind in draw(st.lists(st.sampled_from("ptsha"), min_size=1, max_size=6)):
        if kind in "pha":
            writer.ensure_gap()
            writer.add("Some words of a ")
            with writer.mark("struck" if kind == "h" else "aside", ""):
                writer.add("wrong " if kind != "p" else "")
            writer.add("paragraph.")
            continue
        rows = [
            Row(number, {column: text for column, text in enumerate(cells) if text})
            for number, cells in enumerate(draw(ROWS), start=1)
        ]
        if kind == "s":
            write_rows(writer, rows)
        elif filled := tuple(row for row in rows if row.cells):
            write_table(writer, TextTable(filled, draw(st.sampled_from([None, 0, 1]))))
    return writer.to_parsed(None)


def copied_characters(view: ReadingView) -> list[tuple[int, int]]:
    return [
        (start + more, source + more)
        for start, source, length in view.runs
        for more in range(length)
    ]


@given(parsed_texts(), st.data())
def test_every_character_read_is_inserted_or_that_of_the_document(
    parsed: Parsed, data: st.DataObject
) -> None:
    text = parsed.text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    view = Layout(parsed.marks).build_view(text, start, end)
    copied = copied_characters(view)
    assert copied == sorted(set(copied))
    for position, source in copied:
        assert start <= source < end
        assert view.text[position] == text[source]
    inserted = {place for low, high in view.inserted for place in range(low, high)}
    assert inserted == set(range(len(view.text))) - {position for position, _ in copied}
    hidden = {
        place
        for mark in parsed.marks
        if mark.kind in ("aside", "struck")
        for place in range(mark.start, mark.end)
    }
    assert not hidden & {source for _, source in copied}


@given(parsed_texts(), st.data())
def test_places_map_to_the_document_and_back(parsed: Parsed, data: st.DataObject) -> None:
    text = parsed.text
    view = Layout(parsed.marks).build_view(text, 0, len(text))
    for start, _, length in view.runs:
        low = data.draw(st.integers(start, start + length - 1))
        high = data.draw(st.integers(low + 1, start + length))
        place = view.to_source(low, high)
        assert text[place[0] : place[1]] == view.text[low:high]
        assert (low, high) == view.to_reading(*place)
    for low, high in view.inserted:
        start, end = view.to_source(low, high)
        assert start == end


@given(st.text(max_size=50))
def test_a_text_without_tables_is_read_as_it_is(text: str) -> None:
    view = Layout(()).build_view(f"before{text}after", 6, 6 + len(text))
    assert view == plain_view(text, 6)
    assert view.is_slice


@given(parsed_texts(), st.data())
def test_two_views_that_touch_join_to_the_view_of_both(parsed: Parsed, data: st.DataObject) -> None:
    text = parsed.text
    layout = Layout(parsed.marks)
    lines = [0, *(i + 1 for i, character in enumerate(text) if character == "\n"), len(text)]
    a, b, c, d = sorted(data.draw(st.sampled_from(lines)) for _ in range(4))
    joined = join_views(layout.build_view(text, a, c), layout.build_view(text, b, d))
    assert joined == layout.build_view(text, a, d)
