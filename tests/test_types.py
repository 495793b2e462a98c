"""The values that travel: quotes are slices, and JSON goes out and comes back the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import document_of
from scoqa.serial import answer_from_json, to_json
from scoqa.types import Answer, Citation, Mark, Span, content_id, with_also_in

TEXT = (
    "First line here.\r\nSecond line, with 41\u00a0metres 😀. Third.\r"
    "Fourth line.\nFifth e\u0301nd."
)


def cited(text: str, quote: str, path: str = "notes.txt") -> Citation:
    document = document_of(text, path)
    start = text.index(quote)
    return Citation.from_span(document, Span(document.id, start, start + len(quote), 0.5))


def an_answer() -> Answer:
    first, other = cited(TEXT, "41\u00a0metres"), cited(TEXT, "41\u00a0metres", "copy/notes.txt")
    deeper = with_also_in(other, [cited(TEXT, "41\u00a0metres", "third.txt")])
    return Answer(
        question="How tall?",
        asked="How tall?",
        citations=(with_also_in(first, [deeper]),),
        confidence=0.75,
        answered=True,
        reason=None,
        near_misses=(replace(cited(TEXT, "Fourth"), page="7", heading="One > Two"),),
        timings={"read": 0.25},
    )


# -- quotes ----------------------------------------------------------------------------------------


def test_a_citation_slices_its_quote_and_its_sentence() -> None:
    citation = cited(TEXT, "41\u00a0metres")
    assert "41\u00a0metres" == citation.quote
    assert "Second line, with 41\u00a0metres 😀." == citation.sentence
    assert TEXT[citation.start : citation.end] == citation.quote
    assert TEXT[citation.sentence_start : citation.sentence_end] == citation.sentence


@given(
    st.text(min_size=1, max_size=60),
    st.integers(min_value=0, max_value=59),
    st.integers(min_value=1, max_value=60),
)
def test_every_citation_is_a_slice_of_its_document(text: str, start: int, length: int) -> None:
    document = document_of(text)
    start = min(start, len(text) - 1)
    end = min(start + length, len(text))
    citation = Citation.from_span(document, Span(document.id, start, end, 0.0))
    assert text[start:end] == citation.quote
    assert text[citation.sentence_start : citation.sentence_end] == citation.sentence
    assert citation.sentence_start <= start < end <= citation.sentence_end


@pytest.mark.parametrize(
    ("quote", "line"), [("First", 1), ("Second", 2), ("Third", 2), ("Fourth", 3), ("Fifth", 4)]
)
def test_lines_are_counted_over_crlf_cr_and_lf(quote: str, line: int) -> None:
    assert line == cited(TEXT, quote).line


def test_a_line_separator_or_form_feed_begins_no_line() -> None:
    assert 1 == cited("one\u2028two\x0cthree\x85four", "four").line


def test_a_span_of_another_document_is_refused() -> None:
    document = document_of(TEXT)
    with pytest.raises(ValueError, match="cited from"):
        Citation.from_span(document, Span("0" * 32, 0, 5, 1.0))


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, len(TEXT) + 1), (len(TEXT), len(TEXT) + 1)]
)
def test_a_span_that_leaves_the_text_is_refused(start: int, end: int) -> None:
    document = document_of(TEXT)
    with pytest.raises(ValueError, match=r"leaves notes\.txt"):
        Citation.from_span(document, Span(document.id, start, end, 1.0))


def test_page_and_heading_are_those_of_the_last_mark_before_the_quote() -> None:
    marks = (
        Mark(0, 0, "page", "1"),
        Mark(0, 5, "heading", "First"),
        Mark(18, 18, "page", "2"),
        Mark(60, 60, "heading", "Too late"),
    )
    document = replace(document_of(TEXT), marks=marks)
    citation = Citation.from_span(document, Span(document.id, 18, 24, 1.0))
    assert ("2", "First") == (citation.page, citation.heading)
    before = Citation.from_span(document_of(TEXT), Span(document.id, 0, 5, 1.0))
    assert (None, None) == (before.page, before.heading)


def test_ids_are_128_bits_of_hex_and_tell_their_parts_apart() -> None:
    assert content_id("a", "bc") != content_id("ab", "c")
    assert content_id("a", 1) == content_id("a", 1)
    assert 32 == len(content_id("a")) == len(f"{int(content_id('a'), 16):032x}")
    assert 32 == len(content_id("\ud800"))  # a lone surrogate is no reason to fail


# -- JSON ------------------------------------------------------------------------------------------


def test_an_answer_comes_back_from_json_as_it_was() -> None:
    answer = an_answer()
    text = json.dumps(to_json(answer))
    back = answer_from_json(json.loads(text))
    assert answer == back
    assert dict(answer.timings) == dict(back.timings)
    assert answer.citations[0].also_in[0].also_in == back.citations[0].also_in[0].also_in


def test_scores_are_written_with_six_places() -> None:
    answer = replace(an_answer(), confidence=1 / 3)
    assert 0.333333 == to_json(answer)["confidence"]


def test_json_has_the_names_of_the_fields() -> None:
    record = to_json(an_answer())
    assert list(Answer.__dataclass_fields__) == list(record)
    assert list(Citation.__dataclass_fields__) == list(record["citations"][0])
    assert {"name": "plain", "version": "1"} == record["citations"][0]["parser"]


def changed(path: str, value: Any) -> Any:
    """Return the record of an answer with the field at `path` ("citations.0.start") set."""
    record = json.loads(json.dumps(to_json(an_answer())))
    *way, last = path.split(".")
    place = record
    for key in way:
        place = place[int(key) if isinstance(place, list) else key]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("question", None),
        ("question", KeyError),
        ("asked", 3),
        ("citations", {}),
        ("citations", KeyError),
        ("confidence", "high"),
        ("confidence", True),
        ("confidence", float("nan")),
        ("confidence", float("inf")),
        ("confidence", 10**400),
        ("answered", 1),
        ("reason", "because"),
        ("near_misses", None),
        ("timings", []),
        ("citations.0.start", "3"),
        ("citations.0.start", 3.0),
        ("citations.0.start", True),
        ("citations.0.end", KeyError),
        ("citations.0.quote", ["41"]),
        ("citations.0.path", None),
        ("citations.0.line", None),
        ("citations.0.page", 7),
        ("citations.0.heading", []),
        ("citations.0.score", float("-inf")),
        ("citations.0.parser", "plain"),
        ("citations.0.parser.version", 1),
        ("citations.0.also_in", KeyError),
        ("citations.0.also_in.0.also_in.0.sentence_end", None),
        ("near_misses.0.title", None),
    ],
)
def test_a_malformed_answer_is_refused_naming_the_field(path: str, value: Any) -> None:
    with pytest.raises(ValueError) as refused:
        answer_from_json(changed(path, value))
    assert str(refused.value).startswith(path.split(".")[-1])


@pytest.mark.parametrize("record", [None, [], "text", 3])
def test_what_is_no_object_is_no_answer(record: Any) -> None:
    with pytest.raises(ValueError, match="object"):
        answer_from_json(record)
    with pytest.raises(ValueError, match="object"):
        answer_from_json(changed("citations", [record]))


def test_nan_as_json_reads_it_is_refused() -> None:
    text = json.dumps(to_json(an_answer())).replace('"confidence": 0.75', '"confidence": NaN')
    with pytest.raises(ValueError, match="confidence should be a finite number"):
        answer_from_json(json.loads(text))


def test_a_whole_number_is_a_score_too() -> None:
    assert 1.0 == answer_from_json(changed("confidence", 1)).confidence
