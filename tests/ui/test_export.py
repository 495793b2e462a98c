"""Conversations and citations as text: exact to the character, and nothing in them acts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_answer_markup import answer, cite

from conftest import document_of
from scoqa import silence_wording
from scoqa.types import Reason, Turn, with_also_in
from scoqa.ui.chat import answer_markup
from scoqa.ui.words import export, wording
from scoqa.ui.words.export import citation_markdown, citation_text, conversation_markdown
from scoqa.ui.words.markdown_escaping import blockquote, to_single_line

LINK = "http://127.0.0.1:7860/?document=ab&start=1&end=2&copy;=#a"
HOSTILE = [
    "[x](javascript:alert(1))", "<script>alert(1)</script>", "<b>", "<!--", "<https://a.b>",
    "&lt;b&gt;", "&#60;", "&amp", "![", "]", "](", "[1]: x", "`", "```", "~~~", "~~", "*", "**",
    "***", "_", "__", "a_b", "\\", "\\\\", "|", "---", "===", "|-|", ":-", "#", "# ", "##", " #",
    ">", "> ", "1.", "1. ", "1) ", "-", "- ", "+ ", "    ", "\t", "  ", "$", "$$", "{#id}", ":::",
    "a\n===", "a\n---", "a | b\n--- | ---", "a](javascript:alert(1))",
    "https://example.org", "www.example.org", "\u00a0", "\u2003", "\n", "\r\n", "\r", "\n\n",
    "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e", "\x1f", "\u202e", "\u2067", "\u200f",
    "שלום", "é", "e\u0301", "上海", "👩\u200d🚀", "\ufeff", '"', "'", "word", "two words", "5", ".",
]  # fmt: skip
# Lone surrogates never get into a Document, NUL neither; both are tried below.
hostile = st.lists(
    st.sampled_from(HOSTILE) | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=12,
).map("".join)
quotes = hostile.filter(lambda text: bool(text))

READERS = [
    MarkdownIt("commonmark", {"html": True}),
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]),
]


class Seen(HTMLParser):
    """What a browser would show of rendered Markdown: text by block, tags, what is bold."""

    def __init__(self, markdown: str, reader: MarkdownIt = READERS[0]) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str | None] = []
        self.text = self.bold = ""
        self.quoted: list[str] = []  # one text for each blockquote
        self.blocks: list[str] = []  # one for each p, h1, h2, li outside of blockquotes
        self.feed(reader.render(markdown))
        self.close()
        self.blocks = [block.strip() for block in self.blocks]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in ("br", "hr"):
            self.open.append(tag)
        if tag == "blockquote":
            self.quoted.append("")
        elif tag in ("p", "h1", "h2", "li"):
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag
        if tag == "p" and "blockquote" in self.open:
            self.quoted[-1] += "\n\n"

    def handle_data(self, data: str) -> None:
        self.text += data
        if "strong" in self.open:
            self.bold += data
        if "p" in self.open and "blockquote" in self.open:
            self.quoted[-1] += data
        elif self.blocks:
            self.blocks[-1] += data


def shown(text: str) -> str:
    """Return `text` as its lines are shown: cut at every line end, freed of spaces at their ends,
    several empty ones as one. All other characters as they are.
    """
    lines = re.split("\r\n|[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]", text)
    kept = "\n".join(line.strip(" \t") for line in lines)
    return re.sub("\n\n+", "\n\n", kept).strip("\n")


def told(*turns: Turn, title: str = "handbook") -> str:
    return conversation_markdown(turns, title=title)


TOWER = document_of("Of old. The tower is 41 metres tall, they say. Of late.", "varn/tower.txt")
METRES = cite(TOWER, "41 metres")


# -- laws ---------------------------------------------------------------------------------------


@settings(deadline=None)  # other work on the machine
@given(quotes, st.sampled_from(READERS))
@example("a\n===\nb\n---\n| a |\n|---|", READERS[1])
@example("\u00a0a  b\u00a0c\td\u00a0\r\n\r\n\r\n  - e\\\r1. f", READERS[0])
@example("C:\\ \u00a0", READERS[0])  # the space became a reference, and the backslash disarmed it
@example("C:\\\u00a0\nC:\\ \u00a0 \u00a0\n \u00a0\\ \\", READERS[0])
def test_a_rendered_quote_is_the_quote_to_the_character(quote: str, reader: MarkdownIt) -> None:
    document = document_of(f"Before. {quote} After.")
    seen = Seen(citation_markdown(cite(document, quote)), reader)
    assert [shown(quote)] == [each.removesuffix("\n\n") for each in seen.quoted]
    assert set(seen.tags) <= {"blockquote", "p", "br"}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("part", HOSTILE)
def test_nothing_acts_wherever_it_stands_in_a_line(part: str, reader: MarkdownIt) -> None:
    quote = f"{part}\n\n{part} a\n{part}b{part}c {part}\n\n{part} {part}d\n{part}."
    document = document_of(f"Before. {quote} After.")
    seen = Seen(citation_markdown(cite(document, quote)), reader)
    assert [shown(quote)] == [each.removesuffix("\n\n") for each in seen.quoted]
    assert set(seen.tags) <= {"blockquote", "p", "br"}
    citation = replace(METRES, title=f"{part} a {part}", path=f"{part} a {part}")
    seen = Seen(told(Turn(f"{part} a {part}", answer(citation)), title=f"a {part}"), reader)
    tags = Counter(seen.tags)
    assert seen.blocks[1:2] == [to_single_line(f"{part} a {part}")]
    assert tags == Counter("h1 h2 blockquote p p strong p p ol li br hr p".split())


@settings(deadline=None)  # other work on the machine
@given(hostile, hostile, hostile, st.sampled_from(READERS))
def test_no_title_path_or_date_acts(title: str, path: str, date: str, reader: MarkdownIt) -> None:
    citation = replace(METRES, title=title, path=path, heading=title, digest=path)
    seen = Seen(citation_markdown(citation, LINK, date=date), reader)
    assert Counter(seen.tags) == Counter(["blockquote", "p", "p", "a"])
    assert seen.links == [LINK]
    turn = Turn(title, answer(citation))
    tags = Counter(Seen(told(turn, title=path), reader).tags)
    assert tags == Counter("h1 h2 blockquote p p strong p p ol li br hr p".split())


@settings(deadline=None)  # other work on the machine
@given(
    st.lists(hostile, min_size=3, max_size=5).filter(lambda parts: any(map(str.strip, parts[1::2])))
)
@example(["a", '"b"', "c"])
@example(["a_b c", "_d e_", "f"])
@example(["a", "b", "", "c", "d"])
@example(["(", "'a'", ") ", "- b", "\u00a0"])
def test_bold_is_what_the_answer_says_and_nothing_else(parts: list[str]) -> None:
    # Every second part is a quote; together they are one sentence.
    text = "".join(parts)
    lit, position = [], 0
    for number, part in enumerate(parts):
        if number % 2 and part:
            place = {"start": position, "end": position + len(part), "quote": part}
            whole = {"sentence_start": 0, "sentence_end": len(text), "sentence": text}
            lit.append(replace(METRES, **place, **whole))  # type: ignore[arg-type]
        position += len(part)
    seen = Seen(told(Turn("q", answer(*lit))))
    expected = "".join(each.quote for each in lit)
    assert "".join(expected.split()) == "".join(seen.bold.replace("\n", " ").split())
    assert shown(text) == "\n\n".join(seen.quoted[0].split("\n\n")[:-2])


@settings(deadline=None)  # other work on the machine
@given(st.text(), st.text(), st.text())
@example("\ud800", "\udfff", "\0")
@example("\0", "\0", "\ud83d")
def test_an_export_can_be_written_as_utf_8_whatever_it_holds(
    quote: str, title: str, asked: str
) -> None:
    # A saved answer or a broken terminal may hold what no document does.
    citation = replace(METRES, quote=quote, sentence=quote, title=title, path=title)
    texts = [citation_text(citation, title), citation_markdown(citation, title)]
    for text in [*texts, told(Turn(asked, answer(citation)), title=title)]:
        assert "\0" not in text
        assert text.encode("utf-8").decode("utf-8") == text


# -- one citation -------------------------------------------------------------------------------


def test_a_citation_as_text_says_all_there_is_to_say() -> None:
    citation = replace(METRES, title="The tower", place="p. iv", heading="Varn > Towers")
    assert citation_text(citation, LINK, date="Varn, 2 May 1911") == (
        "“41 metres”\n\n"
        "The tower\n"
        "Varn, 2 May 1911\n"
        "varn/tower.txt\n"
        "p. iv · under “Varn > Towers” · characters 21–30\n"
        f"sha256 {TOWER.digest}\n"
        f"{LINK}\n"
    )


def test_a_citation_as_text_holds_the_quote_exactly_as_it_stands() -> None:
    quote = "  *41*\u00a0metres\r\n\r\n\u2028\u202e<b>&amp;"
    document = document_of(f"x {quote} y")
    assert citation_text(cite(document, quote)).startswith(f"“{quote}”\n\nnotes.txt\n")


def test_a_citation_as_markdown_says_the_same() -> None:
    assert citation_markdown(METRES, "http://x/?a=1&b=2", date="2 May 1911") == (
        "> 41 metres\n\n"
        "— [varn/tower.txt](<http://x/?a=1&b=2>) · 2 May 1911 · varn/tower.txt"
        f" · line 1 · characters 21–30 · sha256 {TOWER.digest}\n"
    )


def test_ordinary_prose_stays_as_it_was_written() -> None:
    prose = (
        "On 12 December 2017, at 9:30 a.m., he said: “It isn't over!” – and (see p. 3; §4) left"
        ' for O\'Neill & Sons, "AT&T", C:\\Users\\ann/my_file-2.txt? 50% + 5 = 55 @ home #1'
    )
    assert citation_markdown(cite(document_of(prose), prose)).startswith(f"> {prose}\n\n")


def test_what_acts_only_beyond_commonmark_is_disarmed_too() -> None:
    quote = "$5 and $6 {: onclick=x} https://a.org WWW.b.org"
    assert citation_markdown(cite(document_of(quote), quote)).startswith(
        "> \\$5 and \\$6 \\{: onclick=x} https\\://a.org WWW\\.b.org\n"
    )


def test_bold_is_written_with_asterisks_wherever_they_are_read_as_bold() -> None:
    for sentence, lit, markdown in [
        ("- Ann (or Bob) was", "Ann", r"\- **Ann** (or Bob) was"),
        ('a "b" c', '"b"', 'a **"b"** c'),
        ('"b"', '"b"', '**"b"**'),
        ("a(b)c", "(b)", "a<strong>(b)</strong>c"),
        ("abc", "b", "a**b**c"),
        ("a b\u00a0\n c d", "b\u00a0\n c", "a **b**&#160;\\\n> **c** d"),
    ]:
        start = sentence.index(lit)
        assert f"> {markdown}" == blockquote(sentence, [(start, start + len(lit))])


def test_spans_that_touch_or_hold_one_another_are_bold_once() -> None:
    assert blockquote("abcdef", [(1, 2), (0, 3), (3, 4)]) == "> **abcd**ef"


def test_a_source_without_a_title_is_called_by_its_path() -> None:
    assert citation_text(replace(METRES, title="\n")).startswith("“41 metres”\n\nvarn/tower.txt\nl")
    untitled = told(Turn("q", answer(replace(METRES, title=" "))))
    assert "\n1. varn/tower.txt\\\n   varn/tower.txt · line 1" in untitled


def test_lines_of_a_quote_stay_lines_whatever_ends_them() -> None:
    quote = "a\r\nb\rc\nd\u2028e\x85f\n\n\n  g"
    markdown = citation_markdown(cite(document_of(quote), quote))
    assert markdown.startswith("> a\\\n> b\\\n> c\\\n> d\\\n> e\\\n> f\n>\n> g\n\n— ")


def test_spaces_inside_a_line_stay_and_those_at_its_ends_do_not() -> None:
    quote = "  a   b\u00a0\u00a0c\td  \n\u00a0e"
    seen = Seen(citation_markdown(cite(document_of(f".{quote}."), quote)))
    assert seen.quoted == ["a   b\u00a0\u00a0c\td\n\u00a0e\n\n"]


def test_a_title_cannot_turn_the_words_beside_it_around() -> None:
    citation = replace(METRES, title="\u202eso\tevil\u2069", path="שלום.txt")
    for text in (citation_text(citation), citation_markdown(citation)):
        assert "\ufffdso evil\ufffd" in text
        assert "\u2068שלום.txt\u2069" in text


def test_a_link_cannot_leave_its_brackets() -> None:
    link = "http://x/> <script>alert(1)</script>\n[y](z)\\"
    seen = Seen(citation_markdown(METRES, link))
    assert Counter(seen.tags) == Counter(["blockquote", "p", "p", "a"])
    assert seen.links == ["http://x/%3E%20%3Cscript%3Ealert(1)%3C/script%3E%0A%5By%5D(z)%5C"]


# -- a conversation -----------------------------------------------------------------------------


def test_a_conversation_reads_as_this_one() -> None:
    again = cite(document_of("It is 41 metres.", "keeper.txt"), "41 metres")
    markdown = conversation_markdown(
        [
            Turn("How tall is\nthe tower?", answer(with_also_in(METRES, [again]))),
            Turn("Who built it?", answer(answered=False, reason="no_evidence",
                                         near_misses=(METRES,))),
        ],
        title="varn",
        when=datetime(2024, 5, 3, 14, 5, 59),
        link=lambda citation: f"http://x/?{citation.start}",
    )  # fmt: skip
    assert markdown == (
        "# varn\n\n"
        "2024-05-03 14:05\n\n"
        "## How tall is the tower?\n\n"
        "> The tower is **41 metres** tall, they say.\n>\n> — [1] [2]\n\n"
        "Probably the answer.\n\n"
        "Sources:\n\n"
        "1. [varn/tower.txt](<http://x/?21>)\\\n"
        f"   varn/tower.txt · line 1 · characters 21–30 · sha256 {TOWER.digest}\n"
        "2. [keeper.txt](<http://x/?6>)\\\n"
        f"   keeper.txt · line 1 · characters 6–15 · sha256 {again.digest}\n\n"
        "## Who built it?\n\n"
        "**Your documents do not answer this.** "
        "No passage mentions what the question asks about.\n\n"
        "Nearest passages, which do not answer it:\n\n"
        "> The tower is 41 metres tall, they say.\n>\n> — [1], not an answer\n\n"
        "Source:\n\n"
        "1. [varn/tower.txt](<http://x/?21>)\\\n"
        f"   varn/tower.txt · line 1 · characters 21–30 · sha256 {TOWER.digest}\n\n"
        "---\n\n"
        f"{export.FOOT}\n"
    )


def test_numbers_and_sources_are_those_of_the_chat() -> None:
    one, two = document_of("A is 1. B is 2.", "one.txt"), document_of("A is 1!", "two.txt")
    value = answer(
        with_also_in(cite(one, "A is 1"), [cite(two, "A is 1")]),
        cite(one, "B is 2"),
        cite(one, "A is 1"),  # a place shown twice keeps its number
    )
    in_chat = re.findall(r"scoqa-number[^>]*>(\d)</a>", answer_markup.render_answer(value))
    seen = Seen(told(Turn("q", value)))
    in_text = re.findall(r"\[(\d)\]", "".join(seen.quoted))
    in_list = [str(number) for number in range(1, 1 + seen.tags.count("li"))]
    assert in_chat == in_text + in_list
    places = [block for block in seen.blocks if "sha256" in block and "–" in block][:3]
    assert [re.findall(r"(\w+\.txt) · line 1 · characters (\d+)", each)[0] for each in places] == [
        ("one.txt", "0"), ("two.txt", "0"), ("one.txt", "8"),
    ]  # fmt: skip


def test_ten_sources_are_one_list() -> None:
    document = document_of("".join(f"It is {number}. " for number in range(12)))
    value = answer(*(cite(document, f"is {number}.") for number in range(12)))
    markdown = told(Turn("q", value))
    seen = Seen(markdown)
    assert (seen.tags.count("ol"), seen.tags.count("li"), seen.tags.count("br")) == (1, 12, 12)
    assert "\n9. notes.txt\\\n   notes.txt · " in markdown
    assert "\n10. notes.txt\\\n    notes.txt · " in markdown


def test_two_quotes_from_one_sentence_are_bold_in_one_snippet() -> None:
    document = document_of("Ann and Bob were there.")
    markdown = told(Turn("q", answer(cite(document, "Ann"), cite(document, "Bob"))))
    assert "> **Ann** and **Bob** were there.\n>\n> — [1] [2]\n" in markdown


@pytest.mark.parametrize("reason", get_args(Reason))
def test_a_silence_says_why_and_calls_no_near_miss_an_answer(reason: Reason) -> None:
    value = answer(answered=False, reason=reason, near_misses=(METRES, cite(TOWER, "Of late")))
    seen = Seen(told(Turn("q", value)))
    assert f"{silence_wording.SILENCE}. {silence_wording.REASONS[reason]}" in seen.blocks
    assert f"{silence_wording.NEAR_MISSES}:" in seen.blocks
    assert [each.endswith(", not an answer\n\n") for each in seen.quoted] == [True, True]
    assert seen.bold == f"{silence_wording.SILENCE}."  # no word of a document


@pytest.mark.parametrize(("probability", "number"), [(0.95, 0), (0.75, 1), (0.5, 2), (0.0, 3)])
def test_confidence_is_said_in_the_words_of_the_chat(probability: float, number: int) -> None:
    seen = Seen(told(Turn("q", answer(METRES, confidence=probability))))
    said = [words for _, words in wording.CONFIDENCE if words in seen.blocks]
    assert said == [wording.CONFIDENCE[number][1]]


def test_a_conversation_not_begun_says_so() -> None:
    assert told() == f"# handbook\n\n{export.NOTHING_ASKED}\n"


def test_what_was_asked_in_one_collection_says_so() -> None:
    value = answer(METRES)
    for collection, words in (("<b>*x*", "<b>*x*"), ("", wording.ROOT)):
        seen = Seen(told(Turn("q", value, collection)))
        assert f"Asked in {words}" in seen.blocks
    assert "Asked in" not in Seen(told(Turn("q", value))).blocks
