"""Struck-out words of web pages, mails and Word files are displayed, and never answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docxfiles import docx, paragraph, run, style, table
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.struck import remove_signs, strike, take_struck
from scoqa.parse.office import docx as word
from scoqa.parse.web import eml, html


def struck(parsed: Parsed) -> list[str]:
    return [parsed.text[m.start : m.end] for m in parsed.marks if m.kind == "struck"]


def page(body: str) -> Parsed:
    return html.read(f"<title>Wall</title><body>{body}</body>".encode(), "a.html")


@pytest.mark.parametrize(
    ("body", "text", "words"),
    [
        ("<p>Of <s>brick</s> sandstone.", "Of brick sandstone.", ["brick"]),
        ("<p>Of<del> red <b>brick</b></del> stone.", "Of red brick stone.", ["red brick"]),
        ("<p><strike>€20</strike>€15", "€20€15", ["€20"]),
        ('<p>a <span style="text-decoration: line-through">b</span> c', "a b c", ["b"]),
        ("<style>.old{text-decoration-line:line-through}</style><p>a <i class=old>b</i> c",
         "a b c", ["b"]),
        ('<p>a <s style="text-decoration:none">b</s> c', "a b c", []),
        ("<ul><li>one<li><s>two</s></ul>", "• one\n• two", ["two"]),
        ("<table><tr><th>x<th>y<tr><td><s>1</s><td>2</table>", "x\ty\n1\t2", ["1"]),
        ("<p><s>one</s></p><p><s> </s>two</p>", "one\n\ntwo", ["one"]),
        ("<s><p>one</p><p>two</p></s>", "one\n\ntwo", ["one", "two"]),
        ("<h2>The <s>old</s> wall</h2>", "The old wall", ["old"]),
        ("<p><s>10</s><sup>2</sup>", "10²", ["10"]),
        ("<p>a <ins>b</ins> <u>c</u>", "a b c", []),
    ],
)  # fmt: skip
def test_struck_out_words_of_a_page_are_marked(body: str, text: str, words: list[str]) -> None:
    parsed = page(body)
    assert (text, words) == (parsed.text, struck(parsed))
    assert list(parsed.marks) == sorted(parsed.marks, key=lambda mark: (mark.start, -mark.end))


def test_struck_out_words_of_a_mail_are_marked() -> None:
    data = b"From: Nora <n@quist.example>\nContent-Type: text/html\n\n<p>Of <s>brick</s> stone.\n"
    assert ["brick"] == struck(eml.read(data, "a.eml"))


def test_struck_out_runs_of_a_word_file_are_marked() -> None:
    off = '<w:strike w:val="0"/>'
    body = (
        paragraph(run("Of ") + run("red ", "<w:strike/>") + run("brick", "<w:dstrike/>")
                  + run(" stone", off))
        + paragraph(run("gone ") + run("kept", off), style="Old")
        + table([paragraph(run("1", "<w:strike/>")), "2"], ["3", "4"])
    )  # fmt: skip
    styles = style("Old", "Old", "<w:rPr><w:strike/></w:rPr>")
    parsed = word.read(docx(body, styles=styles), "a.docx")
    assert "Of red brick stone\n\ngone kept\n\n1\t2\n3\t4" == parsed.text
    assert ["red brick", "gone", "1"] == struck(parsed)


def test_a_struck_out_title_has_no_signs_of_ours() -> None:
    body = paragraph(run("The ") + run("old", "<w:strike/>") + run(" wall"), style="Title")
    parsed = word.read(docx(body, styles=style("Title", "Title")), "a.docx")
    assert "The old wall" == parsed.title == parsed.text
    assert ["The old wall"] == [mark.label for mark in parsed.marks if mark.kind == "heading"]


@given(st.lists(st.tuples(st.booleans(), st.text("ab \n\t", max_size=4)), max_size=8))
def test_the_text_is_the_same_with_and_without_struck_out_words(
    pieces: list[tuple[bool, str]],
) -> None:
    plain = "".join(text for _, text in pieces)
    marked = "".join(strike(text) if is_struck else text for is_struck, text in pieces)
    text, ranges = take_struck(marked)
    assert plain == text == remove_signs(marked)
    covered = "".join(text[start:end] for start, end in ranges)
    expected = "".join(text for is_struck, text in pieces if is_struck)
    assert "".join(covered.split()) == "".join(expected.split())
    assert ranges == sorted(ranges)
    assert all(start < end for start, end in ranges)
