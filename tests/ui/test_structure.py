"""What the source viewer is told of a text's structure: counted in UTF-16 units, few bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conftest import document_of
from scoqa.types import Document, Mark, MarkKind
from scoqa.ui.source.structure import Utf16Counter, pack_structure
from scoqa.ui.source.viewer import utf16_offset


def marked(text: str, *marks: tuple[MarkKind, str, str]) -> Document:
    """Return a document in which each words of `marks` (kind, label, words) are marked, in turn."""
    found, position = [], 0
    for kind, label, words in marks:
        position = text.index(words, position)
        found.append(Mark(position, position + len(words), kind, label))
    return replace(document_of(text), marks=tuple(found))


def places(packed: Sequence[Any], size: int) -> list[tuple[Any, ...]]:
    """Return what `structure` packed, each with its place instead of the gap before it."""
    found, at = [], 0
    for index in range(0, len(packed), size):
        at += packed[index]
        found.append((at, *packed[index + 1 : index + size]))
    return found


def test_what_begins_somewhere_is_said_in_words() -> None:
    text = "🧱 one\n\ntwo\n\nthree\n\nfour"
    document = marked(
        text,
        ("slide", "1", "🧱 one"),
        ("sheet", "Budget", "two"),
        ("page", "iv", "three"),
        ("message", "from Anna Li, 3 May 2024", "four"),
    )
    assert places(pack_structure(document)["starts"], 2) == [
        (0, "Slide 1"),
        (8, "Sheet Budget"),  # the first character takes two units
        (13, "Page iv"),
        (20, "Message from Anna Li, 3 May 2024"),
    ]


def test_of_a_row_only_a_number_that_does_not_follow_is_said() -> None:
    document = marked(
        "a\nb\nc\nd",
        ("row", "7", "a"), ("row", "8", "b"), ("row", "11", "c"), ("row", "12", "d"),
    )  # fmt: skip
    assert places(pack_structure(document)["starts"], 2) == [(0, 7), (2, None), (4, 11), (6, None)]


def test_a_row_that_has_no_number_is_none() -> None:
    document = marked("a\nb", ("row", "<b>", "a"), ("row", "-1", "b"))
    assert pack_structure(document)["starts"] == []


def test_a_blank_page_is_said_too() -> None:
    marks = (Mark(0, 3, "page", "1"), Mark(3, 3, "page", "2"), Mark(3, 6, "page", "3"))
    document = replace(document_of("onetwo"), marks=marks)
    assert places(pack_structure(document)["starts"], 2) == [
        (0, "Page 1"), (3, "Page 2"), (3, "Page 3"),
    ]  # fmt: skip


def test_a_heading_is_as_deep_as_its_path_and_skips_no_level() -> None:
    document = marked(
        "A\nB\nC\nD",
        ("heading", "A", "A"),
        ("heading", "A > x > y > B", "B"),  # " > " may stand in a heading's own words
        ("heading", "A > x > y > C", "C"),
        ("heading", "D", "D"),
    )
    assert places(pack_structure(document)["headings"], 3) == [
        (0, 1, 1), (2, 1, 2), (4, 1, 3), (6, 1, 1),
    ]  # fmt: skip


def test_asides_between_which_nothing_stands_are_one() -> None:
    document = marked(
        "Home\n\nCookies\n\nThe text.\n\nImprint",
        ("aside", "", "Home"), ("aside", "", "Cookies"), ("aside", "", "Imprint"),
    )  # fmt: skip
    assert places(pack_structure(document)["asides"], 2) == [(0, 13), (26, 7)]


def test_what_lies_in_another_of_its_kind_is_shown_once() -> None:
    marks = (Mark(0, 5, "aside", ""), Mark(1, 3, "aside", ""), Mark(2, 2, "heading", "x"))
    packed = pack_structure(replace(document_of("abcdefg"), marks=marks))
    assert (packed["asides"], packed["headings"]) == ([0, 5], [])


def test_a_table_is_complete_lines_with_its_head_and_names() -> None:
    document = marked(
        "🧱 one\n\n\tTown\tLength\nNorth\tOrl\t412\n\nend",
        ("table", "\tTown\tLength", "Town\tLength\nNorth\tOrl\t412"),
    )
    head = Mark(8, 19, "head", "")
    document = replace(document, marks=(*document.marks, head))
    assert places(pack_structure(document)["tables"], 4) == [
        (8, 27, 13, "\tTown\tLength"),  # from the tab before the first name
    ]


def test_a_group_and_the_rows_below_a_gap_continue_their_table() -> None:
    text = "A\tB\n1\t2\n\n3\t4\n\nSouth\n5\t6\n\nA\tB\n7\t8"
    marks = (
        Mark(0, 7, "table", "A\tB"), Mark(0, 3, "head", ""),
        Mark(9, 12, "table", "A\tB"),
        Mark(14, 23, "table", "A\tB\n\nSouth"), Mark(14, 19, "head", ""),
        Mark(25, 32, "table", "A\tB"), Mark(25, 28, "head", ""),  # another table with these names
    )  # fmt: skip
    packed = pack_structure(replace(document_of(text), marks=marks))["tables"]
    assert places(packed, 4) == [
        (0, 8, 4, "A\tB"), (9, 4, 0, None), (14, 10, 6, None), (25, 7, 4, "A\tB"),
    ]  # fmt: skip


def test_a_table_with_pipes_is_shown_as_it_is_written() -> None:
    document = marked("A | B\n--|--\n1 | 2", ("table", "A\tB\n\n\n|", "A | B\n--|--\n1 | 2"))
    assert pack_structure(document)["tables"] == []


@given(st.text(alphabet=st.sampled_from("aé\u05d0🧱\n"), max_size=40), st.data())
def test_every_place_is_counted_as_javascript_counts(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert Utf16Counter.from_text(text).count_before(offset) == utf16_offset(text, offset)


def test_the_marks_of_a_large_table_take_a_fraction_of_its_text() -> None:
    line = "Stone 🧱\tlaid on a Monday\t1,370\n"
    count = 100_000
    marks = tuple(
        Mark(row * len(line), (row + 1) * len(line) - 1, "row", str(row + 1))
        for row in range(count)
    )
    document = replace(document_of(line * count), marks=marks)
    packed = pack_structure(document)
    assert len(packed["starts"]) == 2 * count
    assert len(json.dumps(packed, separators=(",", ":"))) < len(document.text) / 3
