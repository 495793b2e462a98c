"""The chat without a browser: what is shown, what is refused, what the API returns."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs

import pytest

from conftest import document_of
from scoqa import silence_wording
from scoqa.config import Settings
from scoqa.errors import QuestionError
from scoqa.types import (
    Answer,
    Citation,
    Document,
    Freshness,
    IndexVersion,
    Mark,
    Reason,
    Span,
    Stage,
    with_also_in,
)
from scoqa.ui.chat import answer_markup
from scoqa.ui.source import viewer
from scoqa.ui.words import wording

MIXED = (
    "😀 e\u0301 \u05e9\u05dc\u05d5\u05dd\u00a0\r\n👩\u200d🚀 The tower is 41\u00a0metres tall.\r\n"
)
HOSTILE = (
    "*stars* `code` $x$ $$y$$ [l](javascript:alert(1)) <script>alert(1)</script>"
    " <img src=x onerror=alert(1)> &amp; &lt;b&gt; | # > - _ ~ \\ ``` \n\n    indented\t\"'"
)
MARKUP = "<script>alert(1)</script>"


def cite(document: Document, quote: str, start: int = 0) -> Citation:
    start = document.text.index(quote, start)
    return Citation.from_span(document, Span(document.id, start, start + len(quote), 1.0))


def answer(*citations: Citation, **changed: Any) -> Answer:
    values = {"confidence": 0.8, "answered": True, "reason": None, "near_misses": (), **changed}
    return Answer("q", "q", citations, **values)


class FakeWorkspace:
    """One document, one answer; what serve() and build() need of a Workspace."""

    def __init__(self, root: Path, *, allowed_hosts: tuple[str, ...] = ()) -> None:
        self.root = root
        self.documents = root
        self.settings = Settings(allowed_hosts=allowed_hosts)
        self.loaded = False
        self.text = document_of(MIXED)

    def load(self) -> None:
        self.loaded = True

    def summary(self) -> tuple[int, int]:
        return 1, 2

    version = IndexVersion("index", 1)

    def collections(self) -> tuple[str, ...]:
        return ("",)

    def suggestions(self) -> tuple[str, ...]:
        return ("How tall is it?",)

    def find(self, document_id: str, text_digest: str) -> Document | None:
        return self.text if document_id == self.text.id else None

    def freshness(self, document: Document) -> Freshness:
        return "unchanged"

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Answer:
        if not question.strip():
            raise QuestionError("The question is empty.")
        for stage in get_args(Stage) if progress is not None else ():
            progress(stage)  # type: ignore[misc]
        return answer(cite(self.text, "41\u00a0metres"), confidence=1 / 3)


@pytest.fixture
def workspace(tmp_path: Path) -> FakeWorkspace:
    return FakeWorkspace(tmp_path)


class Shown(HTMLParser):
    """What a browser would show of markup: its text, its tags, the numbers in it."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.numbers = "", [], []  # type: ignore[var-annotated]
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if ("class", "scoqa-number") in attrs:
            self.numbers.append(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        self.text += data


# -- offsets ------------------------------------------------------------------------------------


def test_an_offset_in_code_points_becomes_one_in_utf16_units() -> None:
    text = "a😀e\u0301\u05e9👩\u200d🚀b"
    assert [viewer.utf16_offset(text, at) for at in range(len(text) + 1)] == [
        0, 1, 3, 4, 5, 6, 8, 9, 11, 12,
    ]  # fmt: skip


def test_a_quote_is_the_slice_between_its_utf16_offsets() -> None:
    quote = "41\u00a0metres"
    start = MIXED.index(quote)
    units = MIXED.encode("utf-16-le")
    low = viewer.utf16_offset(MIXED, start)
    high = viewer.utf16_offset(MIXED, start + len(quote))
    assert units[2 * low : 2 * high].decode("utf-16-le") == quote


def test_an_offset_outside_the_text_is_refused() -> None:
    for offset in (-1, 4):
        with pytest.raises(ValueError, match="outside"):
            viewer.utf16_offset("abc", offset)


# -- the source viewer --------------------------------------------------------------------------


def request_for(workspace: FakeWorkspace, **changed: object) -> dict[str, object]:
    citation = cite(workspace.text, "41\u00a0metres")
    return {
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "digest": citation.text_digest,
        **changed,
    }


def test_a_source_comes_with_its_place_in_utf16_units(workspace: FakeWorkspace) -> None:
    shown = viewer.load_source(workspace, request_for(workspace))  # type: ignore[arg-type]
    before = MIXED[: MIXED.index("41\u00a0")]
    assert shown["text"] == MIXED
    assert shown["start"] == len(before) + 3  # three emoji stand before it
    assert shown["end"] - shown["start"] == len("41\u00a0metres")
    assert (shown["place"], shown["problem"]) == ("line 2", None)


@pytest.mark.parametrize(
    "changed",
    [
        {"start": -1},
        {"end": len(MIXED) + 1},
        {"start": 20, "end": 20},
        {"start": 21, "end": 20},
        {"start": True},
        {"start": 1.5},
        {"start": "1"},
        {"end": None},
        {"digest": "0" * 64},
    ],
)
def test_a_place_that_cannot_be_marked_is_not_marked_and_says_so(
    workspace: FakeWorkspace, changed: dict[str, object]
) -> None:
    shown = viewer.load_source(workspace, request_for(workspace, **changed))  # type: ignore[arg-type]
    assert (shown["start"], shown["end"]) == (None, None)
    assert shown["problem"].endswith("nothing is marked in it.")


@pytest.mark.parametrize(
    "request_",
    [
        None,
        "x",
        [],
        {},
        {"document": 7, "digest": "x"},
        {"document": "../../etc/passwd", "start": 0, "end": 1, "digest": "x"},
        {"document": "x", "digest": None},
    ],
)
def test_an_unknown_document_shows_nothing_and_says_so(
    workspace: FakeWorkspace, request_: object
) -> None:
    shown = viewer.load_source(workspace, request_)  # type: ignore[arg-type]
    assert (shown["text"], shown["start"]) == ("", None)
    assert shown["problem"].startswith("This source is not in the index")


def test_a_source_says_what_it_is_and_how_to_cite_it(workspace: FakeWorkspace) -> None:
    request = request_for(workspace, origin="http://127.0.0.1:7860")
    shown = viewer.load_source(workspace, request)  # type: ignore[arg-type]
    assert shown["digest"] == workspace.text.digest
    assert (shown["fresh"], shown["freshness"]) == (True, viewer.FRESHNESS["unchanged"])
    assert parse_qs(shown["link"][1:]) == {
        name: [str(request[name])] for name in ("document", "start", "end", "digest")
    }
    for words in (
        "41\u00a0metres",
        workspace.text.digest,
        f"http://127.0.0.1:7860/{shown['link']}",
    ):
        assert words in shown["plain"]
        assert words in shown["markdown"]


@pytest.mark.parametrize(
    "page", [None, 7, "javascript:alert(1)", "http://a b", "http://x/><script>", "x" * 10_000]
)
def test_an_origin_that_is_none_is_not_written_into_a_citation(
    workspace: FakeWorkspace, page: object
) -> None:
    shown = viewer.load_source(workspace, request_for(workspace, origin=page))  # type: ignore[arg-type]
    assert "document=" not in shown["plain"] + shown["markdown"]


# -- markup -------------------------------------------------------------------------------------


def test_hostile_text_comes_out_as_it_is_and_nothing_in_it_acts() -> None:
    markup = answer_markup.escape(HOSTILE)
    assert html.unescape(markup) == HOSTILE
    # What is left cannot be Markdown, HTML or LaTeX: letters, digits, spaces, references.
    assert re.fullmatch(r"(?:[0-9A-Za-z ]|&#\d+;)*", markup)


def test_every_ascii_character_comes_out_as_it_is() -> None:
    # NUL never gets into a document, and HTML cannot carry it.
    text = "".join(map(chr, range(1, 128))) + "\x80\x9f\u0085\u2028é😀"
    shown = Shown(f"<p>{answer_markup.escape(text)}</p>").text
    assert [each for each in shown if each > " "] == [each for each in text if each > " "]


def test_an_answer_made_of_hostile_parts_has_no_tag_but_ours() -> None:
    document = document_of(f"Before. {HOSTILE} Then. After.", path=f"{MARKUP}.txt")
    markup = answer_markup.render_answer(answer(cite(document, HOSTILE)))
    shown = Shown(markup)
    assert set(shown.tags) <= {"div", "blockquote", "mark", "a", "span", "p", "ul", "li", "bdi"}
    assert HOSTILE in shown.text
    assert f"{MARKUP}.txt" in shown.text
    assert "\n" not in markup  # one line is one block to Markdown


def test_the_words_found_are_lit_in_their_sentence() -> None:
    document = document_of("First. The tower is 41 metres tall. Last.")
    markup = answer_markup.render_answer(answer(cite(document, "41 metres")))
    assert "The tower is <mark>41 metres</mark> tall&#46;" in markup
    assert "First" not in markup


def test_the_cells_of_a_row_stand_apart_in_an_answer() -> None:
    document = document_of("State: Iran\tJoined: 2023\n")
    markup = answer_markup.render_answer(answer(cite(document, "2023")))
    assert 'Iran<span class="scoqa-tab">&#9;</span>Joined' in markup
    assert "State: Iran\tJoined: 2023" in Shown(markup).text


def test_numbers_in_the_text_equal_those_in_the_list() -> None:
    one, two = document_of("A is 1. B is 2.", "one.txt"), document_of("A is 1!", "two.txt")
    first = with_also_in(cite(one, "A is 1"), [cite(two, "A is 1")])
    markup = answer_markup.render_answer(answer(first, cite(one, "B is 2")))
    shown = Shown(markup)
    in_text, in_list = shown.numbers[:3], shown.numbers[3:]
    assert in_text == in_list
    assert len(set(in_list)) == 3
    assert re.findall(r'scoqa-number" href="[^"]*">(\d)</a>', markup) == list("123123")


def test_two_quotes_from_one_sentence_are_lit_in_one_snippet() -> None:
    document = document_of("Ann and Bob were there.")
    shown = Shown(answer_markup.render_answer(answer(cite(document, "Ann"), cite(document, "Bob"))))
    assert shown.tags.count("blockquote") == 1
    assert shown.tags.count("mark") == 2
    assert len(shown.numbers) == 4


def test_quotes_that_overlap_are_lit_apart() -> None:
    document = document_of("Ann Lee was there.")
    shown = Shown(
        answer_markup.render_answer(answer(cite(document, "Ann Lee"), cite(document, "Lee was")))
    )
    assert shown.tags.count("blockquote") == 2


@pytest.mark.parametrize("reason", get_args(Reason))
def test_a_silence_says_why_and_shows_what_is_near_as_no_answer(reason: Reason) -> None:
    near = cite(document_of("The tower is old."), "old")
    shown = Shown(
        answer_markup.render_answer(
            answer(answered=False, reason=reason, confidence=0.1, near_misses=(near,))
        )
    )
    assert shown.text.startswith(silence_wording.SILENCE)
    assert silence_wording.REASONS[reason] in shown.text
    assert silence_wording.NEAR_MISSES in shown.text
    assert "mark" not in shown.tags  # nothing is lit: it is no answer
    assert shown.numbers == [viewer.citation_link(near)] * 2


def test_confidence_is_said_in_words() -> None:
    citation = cite(document_of("The tower is old."), "old")
    said = [
        next(
            words
            for _, words in wording.CONFIDENCE
            if words in Shown(answer_markup.render_answer(each)).text
        )
        for each in (answer(citation, confidence=p) for p in (0.95, 0.75, 0.5, 0.0))
    ]
    assert said == [words for _, words in wording.CONFIDENCE]


def test_a_quoted_row_is_a_table_under_the_names_of_its_columns() -> None:
    text = "State\tJoined\tSeat\nIran\t2023\t<b>\n"
    names = "State\tJoined\tSeat"
    marks = (Mark(0, len(text) - 1, "table", names), Mark(0, text.index("\n"), "head", ""))
    document = replace(document_of(text), marks=marks)
    markup = answer_markup.render_answer(answer(cite(document, "2023")))
    assert (
        "<thead><tr><th>State</th><th>Joined</th><th>Seat</th></tr></thead>"
        '<tbody><tr><td><span class="scoqa-words">Iran</span></td>'
        '<td><span class="scoqa-words"><mark>2023</mark></span></td>'
        '<td><span class="scoqa-words">&#60;b&#62;</span></td></tr></tbody>'
    ) in markup
