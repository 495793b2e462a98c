"""Captions become the spoken words, each with the time at which it is shown."""

from __future__ import annotations

import pytest

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text import captions
from scoqa.places import Marks


def read(text: str) -> Parsed:
    return captions.read(text.encode(), "talk.srt")


def times(parsed: Parsed) -> list[tuple[str, str]]:
    return [(mark.label, parsed.text[mark.start : mark.end]) for mark in parsed.marks]


def test_a_sentence_over_several_captions_is_one_and_a_pause_ends_a_paragraph() -> None:
    parsed = read(
        "1\r\n00:00:01,000 --> 00:00:03,000\r\nThe ferry to Vik\r\n\r\n"
        "2\r\n00:00:03,200 --> 00:00:05,000\r\nleaves at nine,\r\nevery day.\r\n\r\n"
        "3\r\n01:02:03,000 --> 01:02:05,000\r\nAny questions?\r\n"
    )
    assert "The ferry to Vik\nleaves at nine,\nevery day.\n\nAny questions?" == parsed.text
    assert ["00:00:01", "00:00:03", "01:02:03"] == [label for label, _ in times(parsed)]
    start = parsed.text.index("leaves")
    assert "00:00:03" == Marks(parsed.marks).place(start, start + 5)
    assert "01:02:03" == Marks(parsed.marks).place(len(parsed.text) - 3, len(parsed.text))


def test_web_captions_have_speakers_and_no_markup_notes_or_styles() -> None:
    parsed = read(
        "\ufeffWEBVTT - Ferry talk\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot shown\n\n"
        "intro\n00:01.500 --> 00:03.000 align:start position:0%\n"
        "<v.loud Ada Lund>The <i>ferry</i> <c.yellow>costs</c> 7 &amp; a <00:02.000>half.</v>\n\n"
        "00:03.100 --> 00:04.000\n<v Ada Lund>A week.\n\n"
        "00:04.100 --> 00:05.000\n<v Bo Berg>x < y > z\n"
    )
    expected = "Ada Lund\nThe ferry costs 7 & a half.\nA week.\n\nBo Berg\nx < y > z"
    assert (expected, ()) == (parsed.text, parsed.warnings)


def test_lines_that_scroll_up_are_read_once() -> None:
    # As a well-known platform for videos writes them: each caption repeats the line above.
    parsed = read(
        "WEBVTT\n\n00:01.000 --> 00:03.000\nthe ferry leaves\n\n"
        "00:03.000 --> 00:03.010\nthe ferry leaves\n\n"
        "00:03.010 --> 00:05.000\nthe ferry leaves\nat nine\n\n"
        "00:05.500 --> 00:06.000\nat nine\n"
    )
    assert "the ferry leaves\nat nine\nat nine" == parsed.text  # the last is said again
    assert ["00:00:01", "00:00:03", "00:00:05"] == [label for label, _ in times(parsed)]


def test_a_blank_line_inside_a_caption_loses_no_words() -> None:
    parsed = read(
        "1\n00:00:01,000 --> 00:00:02,000\none\n\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\n3\n"
    )
    assert "one\ntwo\n3" == parsed.text


@pytest.mark.parametrize("text", ["Words.\n", "WEBVTT\n\nWords.\n", "1\n00:01 --> 00:02\nWords."])
def test_a_file_without_times_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="no captions with times"):
        read(text)


def test_captions_without_words_say_so() -> None:
    parsed = read("1\n00:00:01,000 --> 00:00:02,000\n<i></i>\n")
    assert ("", (captions.NO_TEXT,)) == (parsed.text, parsed.warnings)
