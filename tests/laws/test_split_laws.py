"""What holds of passages for every text."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import document_of
from scoqa.embed import SPECIAL_TOKENS, SentenceTransformerEmbedder
from scoqa.models import find_embedder
from scoqa.split import MOST_CHARACTERS_PER_TOKEN, find_name_words, split
from scoqa.types import Document, Mark, Passage

PASSAGE_TOKENS = 180

# Pieces of the texts people have: combining marks, emoji, right-to-left, CR LF, non-breaking and
# zero-width spaces, abbreviations, long words, headings, nothing but white space.
PIECES = [
    "The summit was held in Astana. ",
    "Mr. Alimov met Maj. Gen. Xu Hui. ",
    "U.S.\u00a0officials ",
    "e\u0301te\u0301 ",
    "👩\u200d👩\u200d👧 family 👍🏽 ",
    "مرحبا بالعالم. ",
    "שלום עולם. ",
    "上海合作组织成立。",
    "a" * 300,
    "# Heading\n",
    "- item one\n",
    "« quote »! ",
    "100,000.50 ",
    "ﬁ ligature ",
    "İstanbul ",
    *["\r\n", "\n\n", "\n", "\u00a0", "\u200b", "\t", " ", ".", "\ufeff", "\u2028", "...", "\x85"],
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.text(max_size=400).map(lambda text: text.replace("\x00", "")),
)


@cache
def embedder() -> SentenceTransformerEmbedder:
    model = find_embedder("all-MiniLM-L6-v2")
    return SentenceTransformerEmbedder(model.folder, model.fingerprint)


def passages_of(document: Document) -> list[Passage]:
    return split(document, passage_tokens=PASSAGE_TOKENS, count_tokens=embedder().count_tokens)


def assert_laws(document: Document) -> None:
    text = document.text
    passages = passages_of(document)
    at = 0
    for passage in passages:
        assert passage.text == text[passage.start : passage.end], "every passage slices back"
        assert passage.start >= at, "passages stand in order and never overlap"
        assert not text[at : passage.start].strip(), "passages cover all visible text"
        at = passage.end
    assert not text[at:].strip(), "passages cover all visible text"
    longest = MOST_CHARACTERS_PER_TOKEN * (PASSAGE_TOKENS + 1)
    assert all(len(each.text) <= longest for each in passages), "one word is no free pass"
    inputs = embedder().passage_inputs(passages)
    counts = embedder().count_tokens(inputs)
    assert all(count + SPECIAL_TOKENS <= 256 for count in counts), "title and passage fit the model"
    for model_input, passage in zip(inputs, passages, strict=True):
        assert model_input.endswith(passage.text), "the heading is shortened, never the passage"


@settings(max_examples=150)
@given(text=texts)
@example(text="word " * 3000)  # one endless line
@example(text="上海合作组织" * 700)  # no spaces
@example(text="a" * 9000)  # no spaces, one word
@example(text="The same line.\r\n" * 800)  # repeated lines
@example(text=" \n\n " * 50)
@example(text="")
@example(text="👩\u200d👩\u200d👧" * 900)
def test_passages_slice_back_cover_stand_in_order_and_fit(text: str) -> None:
    assert_laws(document_of(text))


@settings(max_examples=50)
@given(text=texts, title=st.text(max_size=2000), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_the_laws_hold_under_any_title_and_headings(text: str, title: str, cuts: list[int]) -> None:
    marks = tuple(Mark(cut, cut, "heading", title) for cut in sorted(cuts) if cut <= len(text))
    assert_laws(replace(document_of(text), title=title, marks=marks))


def test_a_passage_never_runs_on_under_the_next_heading() -> None:
    text = "# One\n\nShort.\n\n# Two\n\nAlso short.\n"
    marks = (Mark(0, 6, "heading", "One"), Mark(text.index("# Two"), 22, "heading", "Two"))
    passages = passages_of(replace(document_of(text), marks=marks))
    assert [passage.text for passage in passages] == ["# One\n\nShort.", "# Two\n\nAlso short."]
    assert [passage.heading for passage in passages] == ["notes.txt > One", "notes.txt > Two"]


@pytest.mark.parametrize(
    ("path", "title", "date", "words"),
    [
        ("stock_2025-02.csv", "stock 2025 02", "", "February 2025"),
        ("lists/Inventory March.txt", "INVENTORY", "", "March"),
        ("2024-05-14_4157.txt", "Talks", "14 May 2024", "4157"),
        ("2024-05-14.txt", "Talks", "2024-05-14, Varn", ""),
        ("20240514 minutes.pdf", "Minutes", "", "14 May 2024"),
        ("report_2024_12_31_final-v2.docx", "Report", "", "31 December 2024 final v2"),
        ("05-2024.txt", "05 2024", "", "May 2024"),
        ("StockList.txt", "Goods", "", "Stock List"),
        ("2024-13-40.txt", "2024 13 40", "", ""),
        ("202402.txt", "202402", "", ""),
        ("the notes.txt", "The Notes", "", ""),
    ],
)  # fmt: skip
def test_the_heading_ends_with_the_words_of_the_file_name_that_it_lacks(
    path: str, title: str, date: str, words: str
) -> None:
    marks = (Mark(0, 4, "date", date),) if date else ()
    document = replace(document_of("Some words."), path=path, title=title, marks=marks)
    assert words == find_name_words(document)
    (passage,) = passages_of(document)
    assert passage.heading.endswith(f" > {words}" if words else (date[-4:] or title))


@pytest.mark.parametrize("unit", ["word ", "a", "\n\n", "One. "])
def test_a_text_ten_times_as_long_takes_not_much_more_than_ten_times_as_long(unit: str) -> None:
    import time

    def seconds(length: int) -> float:
        document = document_of(unit * (length // len(unit)))
        start = time.thread_time()
        passages_of(document)
        return time.thread_time() - start

    seconds(10_000)  # warm
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.01)
