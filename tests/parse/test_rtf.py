"""Rich Text becomes the text that a word processor displays."""

from __future__ import annotations

import pytest

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text import rtf

HEAD = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}"
    rb"{\f1\fcharset204{\*\falt Other}Arial Cyr;}}{\colortbl;\red0\green0\blue0;}"
)


def read(body: bytes) -> Parsed:
    return rtf.read(HEAD + body + b"}", "a.rtf")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (rb"\pard The fee \b is\b0  7.\par Next\par", "The fee is 7.\n\nNext"),
        (rb"one\line two\tab three\par", "one\ntwo\tthree"),
        (b"cut\r\n here", "cut here"),
        (rb"caf\'e9 \{x\} a\\b \'80", "café {x} a\\b €"),
        (rb"\u1055?\u1088\'f0\u-10179?\u-8704? \uc2\u233??e", "Пр😀 ée"),
        (rb"{\uc0\u233}x", "éx"),
        (rb"{\f1 \'cf\'f0\'e8} \'cf", "При Ï"),
        (rb"\lquote a\rquote  \ldblquote b\rdblquote  c\endash d", "‘a’ “b” c–d"),
        (rb"d\emdash e\~f\_g", "d—e\u00a0f\u2011g"),
        (rb"a{\v b}\v c\v0 d{\deleted e}f\plain g", "adfg"),
        (rb"a{\*\unknown b}{\pict\pngblip 89ab}{\*\bkmkstart c}{\object{\*\objdata 01}}d", "ad"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt here}}", "here"),
        (rb"a\bin3 }{}b", "ab"),
        (rb"{\listtext 1.\tab}First\par{\listtext 2.\tab}Second", "1.\tFirst\n\n2.\tSecond"),
        (
            rb"\trowd\intbl Pier\cell Price\cell\row\intbl North\par side\cell 7\cell\row\pard End",
            "Pier\tPrice\nNorth side\t7\nEnd",
        ),
        (rb"Fee.{\footnote\pard A week.}\par{\*\annotation Why?}", "Fee. A week."),
        (rb"{\header On top\par}Words", "On top\n\nWords"),
        (rb"a}}} b", "a b"),
    ],
)  # fmt: skip
def test_the_text_is_as_a_word_processor_displays_it(body: bytes, shown: str) -> None:
    parsed = read(body)
    assert (shown, ()) == (parsed.text, parsed.warnings)


def test_the_title_is_that_of_the_properties_and_a_date_line_is_marked() -> None:
    parsed = read(rb"{\info{\title The \'e9t\'e9}{\author Ada}}Minutes\par Vik, 3 May 2024\par")
    assert ("The été", "Minutes\n\nVik, 3 May 2024") == (parsed.title, parsed.text)
    assert ["Vik, 3 May 2024"] == [mark.label for mark in parsed.marks]


def test_other_code_pages_and_several_bytes_per_character() -> None:
    text = rb"{\rtf1\ansi\ansicpg932 \'93\'8c\'8b\'9e \ansicpg99999 x}"
    assert "東京 x" == rtf.read(text, "a.rtf").text
    assert "é" == rtf.read(rb"{\rtf1\mac \'8e}", "a.rtf").text


def test_what_is_no_rtf_is_refused_and_an_empty_file_says_so() -> None:
    with pytest.raises(ParseError, match="is not RTF"):
        rtf.read(b"Words.", "a.rtf")
    with pytest.raises(ParseError, match="nested too deeply"):
        rtf.read(HEAD + b"{" * 20_000, "a.rtf")
    assert (rtf.BLANK,) == read(b"").warnings
