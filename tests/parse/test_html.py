"""Web pages become the text a browser shows, with what stands around it set aside, never lost."""

from __future__ import annotations

import codecs
import random
import re
import time
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.blocks import LEAST_CHARACTERS
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import html
from scoqa.parse.web.html import BLANK

PROSE = "The harbour opens at nine, and boats pay on the quay before they leave. " * 5


def read(markup: str | bytes, path: str = "a.html") -> Parsed:
    return html.read(markup.encode("utf-8") if isinstance(markup, str) else markup, path)


def text(markup: str | bytes, path: str = "a.html") -> str:
    return read(markup, path).text


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def asides(markup: str) -> list[str]:
    return [words for _, words in marked(read(markup), "aside")]


# -- what is seen ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>one  two\n three<p>four", "one two three\n\nfour"),
        ("a<b>b</b><i> c</i>d", "ab cd"),
        ("<p>a <span> b</span> </p>", "a b"),
        ("one<br>two <br> three<br><br>four", "one\ntwo\nthree\n\nfour"),
        ("x<br><br><br><br>y<br>", "x\n\ny"),
        ("a&nbsp;b&amp;lt;c &eacute;&#x4e0a;&#0;", "a\u00a0b&lt;c é上\ufffd"),
        ("41\u00a0m\u00ad\u200bx\u202fy e\u0301", "41\u00a0m\u00ad\u200bx\u202fy e\u0301"),
        ("<pre>\n a\tb\n\n  c \n</pre>d", " a\tb\n\n  c\n\nd"),
        ('<p style="white-space: pre-wrap">a\n  b</p>', "a\n  b"),
        ("<textarea>\n one\n two</textarea>", "one\n two"),
        ("<p>H<sub>2</sub>O, m<sup>2</sup>, 1<sup>st</sup>", "H2O, m2, 1st"),
        ("<p>10<sup>6</sup> or 10<sup>-3</sup>", "10⁶ or 10⁻³"),
        ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>", "東京"),
        ("<p>يفتح الميناء</p><p dir=rtl>في التاسعة", "يفتح الميناء\n\nفي التاسعة"),
        ("<p>港口于九点开放。", "港口于九点开放。"),
        ("x<wbr>y<img alt=picture src=p>z", "xyz"),
        ("<p>&nbsp;</p><p>a</p><p>\u200b</p>", "a"),
        ("<dl><dt>Fee<dd>Twenty</dl>Words", "Fee\nTwenty\n\nWords"),
        ("<details><summary>More</summary>Closed", "More\n\nClosed"),
        ("one\r\ntwo\rthree", "one two three"),
        ("<p>unclosed <b>bold <p>next", "unclosed bold\n\nnext"),
    ],
)
def test_text_is_laid_out_as_a_browser_does(markup: str, shown: str) -> None:
    expected = shown.lstrip() if markup.startswith("<pre>") else shown
    assert expected == text(markup)


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>bad()</script>",
        "<style>p {}</style>",
        "<template><p>bad</p></template>",
        "<noscript>bad</noscript>",
        "<!-- bad -->",
        "<p hidden>bad</p>",
        '<p style="color:red; display : none">bad</p>',
        '<span style="visibility:hidden">bad</span>',
        '<i aria-hidden="true">bad</i>',
        '<span class="sr-only">bad</span>',
        "<dialog>bad</dialog>",
        "<select><option>bad</select>",
        "<svg><title>bad</title></svg>",
        "<iframe>bad</iframe>",
        "<math><annotation>bad</annotation></math>",
    ],
)
def test_what_is_not_seen_is_no_text(hidden: str) -> None:
    assert "One two" == " ".join(text(f"<p>One</p>{hidden}<p>two</p>").split())


@pytest.mark.parametrize(
    "rules",
    [
        ".x{display:none}",
        "p.b,\n P.x , .c { color: red; Display : NONE }",
        "#i { visibility: hidden !important } .x { visibility: visible }",
        ".x { display: block } .x { display: none }",
        ".x { display: none !important } #i { display: block }",
        "#i { display: none } .x { display: block }",
        '@import "a.css"; /* } */ .y::before { content: "}" } .x { display: none }',
        "@media screen { .y { color: red } .x { display: none } }",
        "@media print, all { .x { display: none } }",
        "@font-face { src: url(a) } .x { display: none",
    ],
)
def test_what_a_rule_hides_is_no_text(rules: str) -> None:
    closed = rules if rules.endswith("}") else rules + "}"
    page = f"<style>{closed}</style><p>One</p><p class='y x' id=i>bad</p><p>two</p>"
    assert "One\n\ntwo" == text(page)
    assert "One\n\ntwo" == text(page, "a.xhtml")


@pytest.mark.parametrize(
    "sheet",
    [
        "<style>.x { display: none } .x { display: block }</style>",
        "<style>.x { display: none } #i { display: block }</style>",
        "<style>.x { display: none } p.x { display: block }</style>",
        "<style>@media print { .x { display: none } }</style>",
        "<style>@media screen and (max-width: 600px) { .x { display: none } }</style>",
        "<style>@media screen { @supports (a: b) { .x { display: none } } }</style>",
        "<style media=print>.x { display: none }</style>",
        "<noscript><style>.x { display: none }</style></noscript>",
        "<style>.shut .x, .x > b, .x:hover, .X, x { display: none }</style>",
        "<style>/* .x { display: none } */ .x::after { content: '.x{display:none}' }</style>",
        "<style>body { display: none } html.x { display: none } .x { top: none }</style>",
    ],
)
def test_what_no_rule_surely_hides_is_text(sheet: str) -> None:
    assert "Words." == text(f"<html class=x>{sheet}<p class=x id=i>Words.")


def test_an_element_s_own_style_is_over_all_rules_but_those_that_insist() -> None:
    page = '<style>.x{{display:none{}}}</style><p class=x style="display:block">Words.'
    assert "Words." == text(page.format(""))
    assert "" == text(page.format(" !important"))


def test_what_a_rule_raises_is_raised() -> None:
    for style in ("vertical-align: super", "position: relative; top: -.4em"):
        assert "10⁶" == text(f"<style>.up {{ {style} }}</style>10<span class=up>6</span>")
        assert "10⁶" == text(f"10<span style='{style}'>6</span>")
    assert "106" == text("10<span style='position: relative; top: -1px'>6</span>")


def test_a_box_behind_a_dialog_is_seen() -> None:
    # Pages that are saved while a cookie dialog is open hide all else from screen readers.
    assert "Words." == text('<div aria-hidden="true"><p>Words.</p></div>')


def test_a_note_is_never_taken_for_a_part_of_a_number() -> None:
    for note in (
        '<sup><a href="#fn1">1</a></sup>',
        '<a href="p.html#fn1"><sup>1</sup></a>',
        '<a role="doc-noteref" href="#fn1">1</a>',
        '<sup><a href="#cite">[1]</a></sup>',
    ):
        assert "in 2008[1] it rose" == text(f"<p>in 2008{note} it rose")
    assert "in 2008 3 it rose" == text('<p>in 2008 <a href="#three">3</a> it rose')


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("2008<sup>1,2</sup> it", "2008[1,2] it"),
        ("2008<sup>1–3</sup>", "2008[1–3]"),
        ("2008<sup>1-3</sup>", "2008¹⁻³"),
        ("2008<sup>1</sup>,<sup>2</sup>", "2008¹,²"),
        ("2008<sup><a href='#f'>1</a>,<a href='#g'>2</a></sup>", "2008[1],[2]"),
        ("2008<sup>(1)</sup>", "2008(1)"),
        ("it rose in 2008.<sup>1</sup> Then", "it rose in 2008.¹ Then"),
        ("in 2008 <sup>100</sup> rose", "in 2008 ¹⁰⁰ rose"),
        ("10<sup>6.5</sup>", "10^(6.5)"),
        ("10<sup>6,5</sup>3", "10^(6,5)3"),
        ("2<sup>10k</sup>", "2^(10k)"),
        ("10<sup><b>6</b> </sup>boats", "10⁶ boats"),
        ("3<sub>10</sub>", "3₁₀"),
        ("3<sub>1,2</sub>", "3_(1,2)"),
        ("log<sub>10</sub>5", "log₁₀5"),
        ("log<sub>10</sub> <b>500</b>", "log₁₀ 500"),
        ("<sup>1</sup>2008 figures", "¹2008 figures"),
        ("25 m<sup>2</sup>5", "25 m²5"),
        ("<sup>1</sup>/<sub>2</sub>", "1/2"),
        ("3<sup>1</sup>/<sub>2</sub>", "3¹/₂"),
        ("<math><msup> <mn>10</mn> <mn>6</mn> </msup></math>", "10⁶"),
        ("<math><msubsup><mn>3</mn><mn>1</mn><mn>2</mn></msubsup></math>", "3₁²"),
        ("3 <math><mfrac>\n<mn>1</mn>\n<mn>2</mn>\n</mfrac></math>5", "3 (1/2)5"),
        ("<math><mfrac><mrow>a+1</mrow><mi>b</mi></mfrac></math>", "((a+1)/b)"),
        ("H<sub>2</sub>O 5<sup>th</sup> 2008<sup>a</sup>", "H2O 5th 2008a"),
        (
            "<table><tr><td>5<sup>2</sup><td>6</tr><tr><td>m<sup>2</sup><td>6</table>",
            "5²\t6\nm2\t6",
        ),
    ],
)
def test_what_is_raised_or_lowered_never_makes_a_number(markup: str, shown: str) -> None:
    assert shown == text(f"<div>{markup}</div>")


@given(st.lists(st.tuples(st.sampled_from(["b", "sup", "sub"]), st.integers(0, 99)), max_size=8))
def test_no_raised_or_lowered_number_runs_into_another(runs: list[tuple[str, int]]) -> None:
    # Each run that stands on the line is two digits; so is none that runs into another.
    markup = "".join(f"<{tag}>{number:02}</{tag}>" for tag, number in runs)
    plain = [len(list(run)) for tag, run in groupby(tag for tag, _ in runs) if tag == "b"]
    assert max([1, *plain]) * 2 >= max(map(len, re.findall("[0-9]+", text(markup))), default=0)


# -- lists and tables ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("a<ul><li>one<li>two</ul>b", "a\n\n• one\n• two\n\nb"),
        ("<ol start=3><li>c<li value=9>i<li>j</ol>", "3. c\n9. i\n10. j"),
        ("<ol type=a><li>x<li>y</ol><ol type=I><li>z</ol>", "a. x\nb. y\n\nI. z"),
        ("<ul><li>one<ul><li>in</ul><li>two</ul>", "• one\n• in\n• two"),
        ("<ul><li><p>one</p><p>more</p><li><div>two</div></ul>", "• one\nmore\n• two"),
        ('<ul style="list-style: none"><li>one</ul>', "one"),
        ("<ul><li></li><li>- dashed</ul>", "- dashed"),
        ("<ol><li><h3>Head</h3>text</ol>", "Head\n\ntext"),
    ],
)
def test_lists_are_lines_with_what_stands_before_them(markup: str, shown: str) -> None:
    assert shown == text(markup)


def test_a_table_has_a_line_a_row_and_a_tab_between_cells() -> None:
    markup = (
        "<p>Before<table><caption>Fees in euros</caption><thead><tr><th></th><th>2023<th>2024"
        "<tbody><tr><td>Small<br>boats<td><p>10</p><p>or 12</p><td></td>"
        "<tr><td>Ships<td><td> 40\n </table>After"
    )
    expected = (
        "Before\n\nFees in euros\n\n\t2023\t2024\nSmall boats\t10 or 12\nShips\t\t40\n\nAfter"
    )
    assert expected == text(markup)


def test_tables_that_lay_out_a_page_are_paragraphs() -> None:
    inner = "<table><tr><td>a<td>b</table>"
    assert "Left\n\nRight" == text("<table role=presentation><tr><td>Left<td>Right</table>")
    assert "Left\n\na\tb" == text(f"<table><tr><td>Left<td>{inner}</table>")
    assert "Menu\n\nFees" == text("<table><tr><td>Menu<td><h1>Fees</h1></table>")
    long = "words " * 300
    assert f"Left\n\n{long.strip()}" == text(f"<table><tr><td>Left<td>{long}</table>")


# -- headings, title, date -------------------------------------------------------------------------


def test_headings_have_their_whole_path() -> None:
    parsed = read("<h1>Port</h1>a<h2>Fees<br>today</h2>b<h3>Boats</h3>c<h2>Fines</h2>d<h2></h2>")
    expected = [
        ("Port", "Port"),
        ("Port > Fees today", "Fees today"),
        ("Port > Fees today > Boats", "Boats"),
        ("Port > Fines", "Fines"),
    ]
    assert expected == marked(parsed, "heading")


def test_an_endless_heading_is_a_paragraph() -> None:
    assert [] == marked(read(f"<h1>{PROSE * 3}</h1>"), "heading")


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title>Fees – Port of Zürich</title><h1>Fees</h1>", "Fees"),
        ("<title>Feeseverywhere</title><h1>Fees</h1>", "Feeseverywhere"),
        ("<title>  Port\n of Z&uuml;rich </title><h1>Fees</h1>", "Port of Zürich"),
        ("<title></title><h1>Fees</h1>", "Fees"),
        ("<svg><title>icon</title></svg><p>Words", None),
        ("<p>Words", None),
    ],
)
def test_the_title_is_the_window_s_without_the_site(markup: str, title: str | None) -> None:
    assert title == read(markup).title


@pytest.mark.parametrize(
    ("head", "body", "date"),
    [
        ("", "<h1>Fees</h1><p>3 May 2024</p>", "3 May 2024"),
        ("", "<h1>Fees</h1><p>Am <time datetime='2024-05-03'>3. Mai 2024</time>", "Am 3. Mai 2024"),
        ("<meta property='article:published_time' content='2024-05-03T10:00Z'>",
         "<p>2024年5月3日</p><h1>港口</h1>", "2024年5月3日"),
        ("<meta name=date content='2024-05-03'>", "<h1>Fees</h1><p>No date.", None),
        ("", "<h1>Fees</h1><time datetime='2024-05-03'>two days ago</time>", None),
        ("", "<h1>Minutes of 3 May 2024</h1>" + "<p>Words.</p>" * 20 + "<p>4 May 2024", None),
    ],
)  # fmt: skip
def test_a_date_is_marked_only_where_it_is_seen(head: str, body: str, date: str | None) -> None:
    assert ([] if date is None else [(date, date)]) == marked(read(head + body), "date")


# -- what stands around the text -------------------------------------------------------------------

LINKS = "<ul><li><a href=a>Home</a><li><a href=b>News</a><li><a href=c>Contact</a></ul>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"<nav>{LINKS}</nav>", "Home\nNews\nContact"),
        (f"<header><a href=/>Port</a>{LINKS}</header>", "Port\n\n• Home\n• News\n• Contact"),
        ("<footer>© 2024 Port</footer>", "© 2024 Port"),
        ("<div role=contentinfo>© 2024 Port</div>", "© 2024 Port"),
        ("<aside><h2>Also</h2><p>Fine food at the quay.</aside>", "Also\n\nFine food at the quay."),
        ("<div id=cookieBanner>We use cookies. <button>OK</button></div>", "We use cookies. OK"),
        ("<p class=breadcrumb><a href=/>Home</a> > Fees</p>", "Home > Fees"),
        ("<div class='share-bar'><a href=x>Share</a> <a href=y>Send</a></div>", "Share Send"),
        ("<div class=main-menu><a href=x>Fees</a> <a href=y>Fines</a></div>", "Fees Fines"),
        (LINKS, "• Home\n• News\n• Contact"),
        ("<a class=skip-link href=#main>Skip to content</a>", "Skip to content"),
    ],
)  # fmt: skip
def test_what_stands_around_the_text_is_an_aside(before: str, after: str) -> None:
    body = f"<main><h1>Fees</h1><p>{PROSE}</main>"
    assert [after] == asides(before + body)
    assert [after] == asides(body + before)
    assert after in text(before + body)


@pytest.mark.parametrize(
    "kept",
    [
        "<article><header><h2>Fees</h2><p>By Anna Li</header><p>Words.</article>",
        "<header><h1>Fees</h1><p>By Anna Li</p></header>",
        "<div class=header><h1><a href=/>Fees of the harbour</a></h1></div>",
        "<div class=sidebar><article><a href=a>Fees of the harbour</a></article></div>",
        "<blockquote>Words.<footer>Anna Li</footer></blockquote>",
        "<article><p>Words.<aside>A note: boats pay twice.</aside></article>",
        "<div class=menu><p>Soup, 4 euros</p><p>Fish, 9 euros</p></div>",
        "<div class='has-sidebar nav-open'><p>Words.</div>",
        "<section class=related><h2>Related work</h2><p>Words about it.</section>",
        "<ul><li><a href=a>Rules of the harbour for the boats of visitors</a>"
        "<li><a href=b>Fees of the harbour for the boats of visitors</a>"
        "<li><a href=c>Fines of the harbour for the boats of visitors</a></ul>",
        "<main><ul><li><a href=a>Rules</a><li><a href=b>Fees</a><li><a href=c>Fines</a></main>",
        "<nav><p>" + "Words that nobody can click on. " * 20 + "</nav>",
        "<div class=cookies><p>" + "How we bake our cookies, step by step. " * 60 + "</div>",
    ],
)
def test_what_may_be_the_text_is_no_aside(kept: str) -> None:
    assert [] == asides(f"{kept}<p>{PROSE}")


def test_a_page_is_never_all_aside() -> None:
    for name in ("footer", "aside", "div class=cookie-notice"):
        assert [] == asides(f"<{name}><p>{PROSE}</{name.split()[0]}><p>Short.")
    assert [] == asides("<footer>Only this.</footer>")
    assert [] == asides(f"<nav>{LINKS}</nav>")  # a page that is nothing but a list of pages
    # The footer goes too far; the navigation is still known.
    page = f"<nav>{LINKS}</nav><footer><p>{PROSE}</footer><p>Short."
    assert ["Home\nNews\nContact"] == asides(page)
    assert len(PROSE) > LEAST_CHARACTERS


def test_headings_of_asides_are_no_headings_of_the_text() -> None:
    page = f"<h1>Fees</h1><p>{PROSE}</p><aside><h2>Also</h2>Food.</aside><p>{PROSE}"
    assert [("Fees", "Fees")] == marked(read(page), "heading")


# -- encodings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "encoding", "words"),
    [
        ('<meta charset="gbk">', "gbk", "港口于九点开放"),
        ("<meta http-equiv=Content-Type content='a; charset=Shift_JIS'>", "cp932", "①港が開く"),
        ('<meta charset="iso-8859-1">', "cp1252", "Élèves – “café”"),
        ('<meta charset="windows-1251">', "cp1251", "Порт открыт"),
        ('<?xml version="1.0" encoding="koi8-r"?>', "koi8-r", "Порт открыт"),
        ('<meta charset="iso-2022-jp">', "iso2022_jp", "港が開く"),
        ('<meta charset="iso-8859-1">', "utf-8", "saved anew: café"),
        ('<!-- <meta charset="koi8-r"> --><meta charset="cp1251">', "cp1251", "Порт открыт"),
        ('<meta charset="utf-16">', "utf-8", "café"),
        ('<meta charset="rot13">', "utf-8", "café"),
    ],
)  # fmt: skip
def test_the_declared_encoding_is_believed(head: str, encoding: str, words: str) -> None:
    parsed = read(f"{head}<p>{words}</p>".encode(encoding))
    assert (words, ()) == (parsed.text, parsed.warnings)


def test_a_byte_order_mark_wins() -> None:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        page = '<meta charset="koi8-r"><p>café 上海'
        assert "café 上海" == text(mark + page.encode(encoding))


def test_a_wrong_declaration_is_not_believed() -> None:
    page = '<meta charset="utf-8"><p>Le café de la gare était fermé, les élèves ont préféré lire.'
    parsed = read(page.encode("cp1252"))
    assert "Le café de la gare était fermé, les élèves ont préféré lire." == parsed.text
    assert parsed.warnings[0].startswith("is not UTF-8; it was read as cp1252.")


# -- XHTML -----------------------------------------------------------------------------------------


def test_xhtml_elements_may_end_where_they_begin() -> None:
    page = (
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY lol "lol">]><html><head><title/>'
        '<script src="a.js"/></head><body><p>One <a id="x"/><b>two</b><br/>three</p><p/>'
        "<p><![CDATA[a < b & c]]></p><td/></body></html>"
    )
    assert "One two\nthree\n\na < b & c" == text(page, "a.xhtml")


# -- laws ------------------------------------------------------------------------------------------

tags = st.sampled_from(
    "p div b i span h1 h2 ul ol li table tr td th pre nav footer article aside sup a br "
    "section header textarea caption dl dd select svg".split()
)
pieces = st.one_of(
    st.builds("<{}>".format, tags),
    st.builds("</{}>".format, tags),
    st.text(max_size=12),
    st.sampled_from(
        [" ", "\n", "&nbsp;", "&amp;", "<!--", "-->", "<p", "<a href='#x'>", "1", "\0"]
    ),
)


@given(st.lists(pieces, max_size=40).map("".join))
@example("<table><tr><td>a<table><caption>b")
@example("<h1><table><tr><td>x<li>y")
@example("<td>x</td><sup><p>1</sup><tr>")
@example("<pre>\t</pre><ul><li>\n<td>a</ul></td>b")
def test_whatever_a_page_holds_its_marks_slice_and_its_edges_are_words(markup: str) -> None:
    data = ("<p>Words." + markup).encode("utf-8", "surrogatepass")
    try:
        parsed = read(data)
    except ParseError:
        return  # too many control characters: no text
    assert parsed == read(data)
    assert parsed.text.strip() == parsed.text
    assert "\0" not in parsed.text
    starts = [mark.start for mark in parsed.marks]
    assert sorted(starts) == starts
    for mark in parsed.marks:
        assert 0 <= mark.start < mark.end <= len(parsed.text)
        assert mark.kind != "heading" or mark.label.endswith(
            " ".join(parsed.text[mark.start : mark.end].split())
        )


@given(st.lists(st.text("abc äé上א0 ", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_every_word_of_every_paragraph_is_kept_in_order(paragraphs: list[str]) -> None:
    markup = "".join(f"<div><p>{words}</p></div>" for words in paragraphs)
    assert "\n\n".join(" ".join(words.split()) for words in paragraphs) == text(markup)


# -- broken, empty and hostile pages ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "warnings"),
    [
        (b"", ("is empty; there is nothing to index in it.",)),
        (b" \n", (BLANK,)),
        (b"<html><body><script>render()</script></body>", (BLANK,)),
        (codecs.BOM_UTF8, (BLANK,)),
    ],
)
def test_a_page_without_words_says_so(data: bytes, warnings: tuple[str, ...]) -> None:
    parsed = read(data)
    assert ("", warnings) == (parsed.text, parsed.warnings)


def test_binary_data_is_no_page() -> None:
    with pytest.raises(ParseError, match="is not text but binary data"):
        read(random.Random(7).randbytes(5000))


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 10_000 + "deep",
        "<table><tr><td>" * 10_000 + "deep",
        "<ul><li>" * 10_000 + "deep",
        "<b><p>" * 10_000 + "deep",
        "<sup><a href='#1'>" * 10_000 + "deep",
        "<nav><footer>" * 10_000 + "deep",
        "<![CDATA[" * 100_000 + "<p>deep",
        "<p x='" + "x" * 20_000_000 + "'>deep",
        "<" * 100_000 + "p>deep",
        "<!--" * 100_000 + "-->deep",
        "<style>" + "{" * 1_000_000 + "</style>deep",
        "<style>" + "@media all{" * 90_000 + "}" * 90_000 + "</style>deep",
        "<style>" + "'\\\"\\" * 250_000 + "</style>deep",
        "<style>" + "/*" * 500_000 + "</style>deep",
        "<style>" + "x" * 1_000_000 + "</style>deep",
        "<style>" + ".x{display:none}" * 60_000 + "</style>" + "<p class=y>" * 9_000 + "deep",
        "<style>.x{" + "top " * 250_000 + "}</style>deep",
        "<style>" + ".x," * 300_000 + ".y{display:none}</style>deep",
    ],
)
def test_hostile_pages_cost_little_time(markup: str) -> None:
    began = time.thread_time()
    for path in ("a.html", "a.xhtml"):
        assert text(markup, path).endswith("deep")
    assert time.thread_time() - began < 20


def test_boxes_in_boxes_without_end_are_refused_at_once() -> None:
    # A hundred thousand took the parser 35 seconds.
    for page in ("<div>" * 100_000 + "deep", "<div>" * 100_000 + "deep" + "</div>" * 100_000):
        with pytest.raises(ParseError, match="is nested too deeply to be read"):
            read(page)
    assert "deep" == text("<div></div>" * 100_000 + "deep")


def test_a_page_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "fees.htm"
    file.write_text("<title>Fees</title><p>A boat pays 20&nbsp;euros.", encoding="utf-8")
    document = parse_file(file, "fees.htm").document
    assert ("Fees", "A boat pays 20\u00a0euros.") == (document.title, document.text)
    assert "text/html" == document.media_type
