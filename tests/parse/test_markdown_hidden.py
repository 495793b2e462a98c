"""Comments and struck-out words of Markdown are displayed, never searched and never answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import quick_workspace
from scoqa.normalization import terms
from scoqa.parse.text import markdown
from scoqa.parse.text.markdown_hidden import find_hidden_parts
from scoqa.reading_view import Layout
from scoqa.retrieve import retrieve, windows
from scoqa.types import Mark


def hidden(text: str, kind: str) -> list[str]:
    marks = markdown.read(text.encode("utf-8"), "a.md").marks
    return [text[mark.start : mark.end] for mark in marks if mark.kind == kind]


def warnings(text: str) -> tuple[str, ...]:
    return markdown.read(text.encode("utf-8"), "a.md").warnings


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- The limit is 70,000 euros. -->",
        "<!--\nThe limit is `70,000 euros.\n\n# Not a heading\n-->",
        "<!-- never closed\n\nThe limit is 70,000 euros.\n",
        "%% The limit is 70,000 euros. %%",
        "%%\nThe limit is 70,000 euros.\n\n# Not a heading\n%%",
        "[//]: # (The limit (now) is 70,000 euros.)",
        "[comment]: <> (The limit is 70,000 euros.)",
        '[hidden]: # "The limit is 70,000 euros."',
        "[//]: # 'The limit is 70,000 euros.'",
        "[//]: # (The limit is\n70,000 euros.)",
    ],
)
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
def test_a_comment_on_lines_of_its_own_is_an_aside(comment: str, end_of_line: str) -> None:
    text = f"# Plan\n\nThe gate is blue.\n\n{comment}".replace("\n", end_of_line)
    parsed = markdown.read(text.encode("utf-8"), "a.md")
    assert [comment.replace("\n", end_of_line)] == hidden(text, "aside")
    assert (text, ("has a comment, which is not searched.",)) == (parsed.text, parsed.warnings)
    assert ["Plan"] == [mark.label for mark in parsed.marks if mark.kind == "heading"]


def test_comments_in_a_line_and_struck_out_words_do_not_interrupt_it() -> None:
    text = (
        "# Plan for ~~1999~~ 2024\n\nThe wall <!-- old --> is ~~brick~~ stone. %% Ask Mona. %%\n"
        "It is <del>low</del> <S>dark</S> high, ~~all of\nit~~ and costs ~5 or ~~ 6.\n"
    )
    assert [
        "~~1999~~", "<!-- old -->", "~~brick~~", "%% Ask Mona. %%", "<del>low</del>",
        "<S>dark</S>", "~~all of\nit~~",
    ] == hidden(text, "struck")  # fmt: skip
    assert [] == hidden(text, "aside")
    assert ("has 2 comments, which are not searched.",) == warnings(text)
    assert "Plan for 2024" == markdown.read(text.encode(), "a.md").title


@pytest.mark.parametrize(
    "text",
    [
        "Write `<!-- x -->` or ``~~a~~ ` %% b %%``.",
        "```html\n<!-- x -->\n~~a~~\n```\n",
        "Code:\n\n    <!-- x -->\n    ~~a~~\n",
        "100%% of it and 50%% of that: 5%%.",
        "%% Section one\n\nwords\n\n%% Section two\n",
        "[1]: https://example.org (a title)\n\n[2]: # \n",
        "a ~~ b ~~ c, ~~~~, \\~~d~~, ~~e\n\nf~~",
        "An arrow --> and a <!- -->",
        "an open <!-- in a line",
    ],
)
def test_code_and_signs_of_other_meanings_are_visible(text: str) -> None:
    assert ([], [], ()) == (hidden(text, "aside"), hidden(text, "struck"), warnings(text))


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
@pytest.mark.parametrize("line", ["---", "+++"])
def test_front_matter_is_an_aside_but_for_what_a_page_shows(line: str, end_of_line: str) -> None:
    sign = ":" if line == "---" else " ="
    lines = [line, f"layout{sign} page", f'title{sign} "The pond"', f"date{sign} 2024-05-14",
             f"draft{sign} true", line, "", "## Depth", "", "It is deep."]  # fmt: skip
    text = end_of_line.join(lines)
    parsed = markdown.read(text.encode("utf-8"), "a.md")
    visible = Layout(parsed.marks).build_view(text, 0, len(text)).text
    assert "The pond" == parsed.title
    assert [] == [word for word in ("layout", "draft") if word in visible]
    assert all(word in visible for word in ("The pond", "2024-05-14", "Depth", "deep"))
    assert () == parsed.warnings
    assert [lines[3]] == [text[m.start : m.end] for m in parsed.marks if m.kind == "date"]


def test_a_long_file_of_open_signs_takes_linear_time() -> None:
    for sign in ("<!-- ", "~~a ", "` `` ", "[a]: # (", "<del>"):
        assert find_hidden_parts(f"a {sign * 20_000}", []) == []


@given(st.text("ab ~`%<!->[]:#()\n", max_size=80))
def test_hidden_parts_are_in_order_and_do_not_overlap(text: str) -> None:
    position = 0
    for part in find_hidden_parts(text, []):
        assert position <= part.start < part.end <= len(text)
        position = part.end


def test_a_window_shows_the_reader_no_hidden_words(tmp_path: Path) -> None:
    text = (
        "# Plan\n\nThe wall is built of ~~brick~~ sandstone. <!-- Brick was cheap. -->\n\n"
        "<!--\nThe limit is 70,000 euros.\n-->\n\nThe pond is dug in April.\n"
    )
    (tmp_path / "plan.md").write_text(text, encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    report = workspace.sync()
    assert ["has 2 comments, which are not searched."] == [each.reason for each in report.warned]
    with workspace.store.view() as view:
        assert [] == view.search_words(["brick"], 5) == view.search_words(["limit"], 5)
        hits = retrieve(view, "What is the wall built of?", None, k=5)
        assert "~~brick~~" in hits[0].passage.text, "a passage is a slice of its document"
        (window,) = windows(view, hits[:1])
    reading = window.reading
    assert terms(reading.text) == terms(
        "Plan. The wall is built of sandstone. The pond is dug in April."
    )
    start, end = reading.text.index("built of"), reading.text.index("stone.") + 5
    assert not reading.is_copied(start, end), "words on both sides of a hidden one are no quote"
    assert reading.is_copied(reading.text.index("sandstone"), end)


def test_a_mark_of_a_hidden_part_says_whether_it_is_a_comment() -> None:
    marks = markdown.read(b"a ~~b~~ <!-- c -->\n", "a.md").marks
    assert (Mark(2, 7, "struck", ""), Mark(8, 18, "struck", "comment")) == marks
