"""Where spans may begin and end: whole words, whole cells and lines, whole bounds and brackets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoqa.read.borders import complete_span, find_breaks, find_word_edges, find_words


def words_of(text: str) -> list[str]:
    return [text[start:end] for start, end in find_words(text)]


@pytest.mark.parametrize(
    "word",
    [
        "ida.krogh@sail.example",
        "https://sail.example/courses?lang=en",
        "www.sail.example",
        "+00 5550 1299",
        "+00-5550-1299",
        "0171 555 0199",
        "555-0123",
        "978-9-99-111222-3",
        "XK11 0099 0123 4567 89",
        "2020-06-02",
        "KV-300-17/A",
        "E-1402",
        "F07",
        "12:30",
        "1,200.50",
        "-15",
        "1st-class",
    ],
)
def test_what_is_useless_in_part_is_one_word(word: str) -> None:
    assert word in words_of(f"It is {word}, they say.")
    starts, ends = find_word_edges(f"It is {word}, they say.")
    assert 6 in starts
    assert 6 + len(word) in ends
    assert not {each for each in starts if 6 < each < 6 + len(word)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 2010-2014 on", ["from", "2010", "2014", "on"]),
        ("rows 12 34 56", ["rows", "12", "34", "56"]),
        ("0.5 to 3", ["0.5", "to", "3"]),
        ("Dr. A. Lund and/or", ["Dr", "A", "Lund", "and", "or"]),
        ("a photo-\n> graph, pre\u00ad\r\nwar", ["a", "photo-\n> graph", "pre\u00ad\r\nwar"]),
        ("last -\nmile, Anti-\nTerror, 12-\n13", ["last", "mile", "Anti", "Terror", "12", "13"]),
    ],
)
def test_numbers_and_words_side_by_side_stay_apart(text: str, expected: list[str]) -> None:
    assert expected == [each.strip("-") for each in words_of(text)]


def broken(text: str) -> list[str]:
    """Return the stretches of `text` that a span stays in."""
    edges = [0, *find_breaks(text), len(text)]
    return [text[a:b].strip() for a, b in pairwise(edges) if text[a:b].strip()]


def test_items_rows_and_complete_lines_are_borders() -> None:
    assert ["1. Mona, chair", "2. Per, treasurer"] == broken("1. Mona, chair\n2. Per, treasurer\n")
    assert ["Paid: no", "Qty: 32", "Paid: yes"] == broken("Paid: no\tQty: 32\nPaid: yes")
    assert ["The lamp burns.", "The keeper sleeps."] == broken(
        "The lamp burns.\nThe keeper sleeps."
    )
    wrapped = "The keeper of the lighthouse, who came in the spring of\nthat year, lit the lamp."
    assert [wrapped] == broken(wrapped), "a wrapped line is no border"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("Not more than 300 guests.", "300 guests", "Not more than 300 guests"),
        ("Fewer than ten complaints.", "ten", "Fewer than ten"),
        ("It must not exceed 65 decibels.", "65 decibels", "not exceed 65 decibels"),
        ("A fine of up to 5,000 euros.", "5,000 euros", "up to 5,000 euros"),
        ("Children of 6 or older.", "6", "6 or older"),
        ("More than a promise.", "a promise", "a promise"),
        ("It rose to 300.", "300", "300"),
        ("It closed at (312,400) euros.", "312,400) euros", "(312,400) euros"),
        ("It closed at (312,400).", "312,400", "(312,400)"),
        ("Until 23:00 (midnight on Fridays).", "23:00 (midnight", "23:00 (midnight on Fridays)"),
        ("In box [C-17].", "C-17]", "[C-17]"),
        ("Ada Lund (born 1887) came.", "1887", "1887"),
        ("One) two.", "One)", "One"),
        ("(see f(3)", "3", "3"),
    ],
)
def test_a_quote_takes_along_what_its_meaning_hangs_on(
    text: str, quote: str, expected: str
) -> None:
    start = text.index(quote)
    found = complete_span(text, start, start + len(quote))
    assert expected == text[slice(*found)]


pieces = st.one_of(
    st.text(max_size=12), st.sampled_from(["(", ")", "[1] ", "up to ", "5 or more "])
)


@given(st.lists(pieces, max_size=8).map("".join), st.data())
def test_completing_is_inside_the_text_and_done_at_once(text: str, data: st.DataObject) -> None:
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = complete_span(text, start, end)
    assert 0 <= found[0] < found[1] <= len(text)
