"""What holds for the sentences of every text.

Receives texts that Hypothesis makes up, ugly ones by preference.
Hands on nothing.
"""

from __future__ import annotations

import time
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoqa.sentences import LONG, sentence_around, sentences

PIECES = st.sampled_from(
    [
        *(".", "!", "?", "…", "...", "。", "。」", ". ", ".\xa0", '." ', ".[1] ", "; ", ", ", ": "),
        *(
            " ",
            "  ",
            "\t",
            "\xa0",
            "\u200b",
            "\n",
            "\r\n",
            "\r",
            "\n\n",
            "\r\n\r\n",
            "\f",
            "\u2029",
        ),
        *(
            "U.S.",
            "Mr.",
            "No. 5",
            "Jan.",
            "e.g.",
            "J. K.",
            "Inc.",
            "3.5",
            "2001",
            "1. ",
            "- ",
            "| ",
        ),
        *("the", "The", "word ", "Name ", "Label: ", "x", "A", "(", ")", "“", "”", '"', "’", "—"),
        *(
            "e\u0301",
            "\U0001f600",
            "\U0001f468\u200d\U0001f469",
            "\x00",
            "\ufeff",
            "中文",
            "سلام",
            "यह।",
        ),
        *("w" * 300, " " * 300, "word " * 900, "x" * 5_000, "\n" * 300, ". " * 900),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@st.composite
def text_and_part(draw: st.DrawFn) -> tuple[str, int, int]:
    text = draw(TEXTS)
    start = draw(st.integers(0, len(text)))
    return text, start, draw(st.integers(start, len(text)))


@given(text_and_part())
def test_the_spans_partition_any_part_of_any_text(case: tuple[str, int, int]) -> None:
    text, start, end = case
    spans = sentences(text, start, end)
    assert "".join(text[left:right] for left, right in spans) == text[start:end]
    edges = [start, *(right for _, right in spans)]
    assert [left for left, _ in spans] == edges[:-1]
    assert edges[-1] == end
    assert all(left < right for left, right in spans)


@given(TEXTS)
def test_no_sentence_but_the_first_begins_with_white_space(text: str) -> None:
    assert not [start for start, _ in sentences(text)[1:] if text[start].isspace()]


@given(text_and_part())
def test_a_part_is_cut_where_the_whole_is_cut(case: tuple[str, int, int]) -> None:
    text, start, end = case
    whole = [cut for cut, _ in sentences(text) if start < cut < end]
    if whole and text[start : whole[0]].isspace():
        del whole[0]
    assert [cut for cut, _ in sentences(text, start, end)[1:]] == whole


@given(text_and_part())
def test_the_sentence_around_agrees_with_the_sentences_of_the_whole_text(
    case: tuple[str, int, int],
) -> None:
    text, start, end = case
    spans = sentences(text)
    if start == len(text):
        assert sentence_around(text, start, end)[1] == end
        return
    first = bisect_right(spans, (start, len(text))) - 1
    last = bisect_right(spans, (max(start, end - 1), len(text))) - 1
    left, right = spans[first][0], spans[last][1]
    run = text[left:right]
    left += len(run) - len(run.lstrip())
    right -= len(run) - len(run.rstrip())
    assert sentence_around(text, start, end) == (min(left, start), max(right, end))


@given(TEXTS, TEXTS)
def test_a_blank_line_ends_a_sentence_and_hides_nothing_but_itself(one: str, two: str) -> None:
    text = f"{one}x\n\ny{two}"
    assert len(one) + 3 in {start for start, _ in sentences(text)}


@pytest.mark.parametrize(
    "piece",
    ["word ", "a", ".", "\n", "\r\n", " ", ". ", '"', '." ', "U.S. ", "A\n", "。", "[1", "It is. "],
)
def test_twice_the_text_takes_about_twice_the_time(piece: str) -> None:
    # Linear is 8 here and quadratic 64; the bound leaves room for a busy machine. Never an endless
    # sentence either, white space apart.
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = float("inf")
        for _ in range(3):
            begun = time.thread_time()
            spans = sentences(text)
            best = min(best, time.thread_time() - begun)
        if not text.isspace():
            assert max(end - start for start, end in spans) <= 4 * LONG
        return best

    assert seconds(160_000) < 24 * max(seconds(20_000), 0.0002)
