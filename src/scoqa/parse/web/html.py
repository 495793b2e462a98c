"""Web pages: their visible text, with what only stands around it marked as an aside.

Receives a page's bytes; hands on its text, its title, and marks of its headings and its date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from scoqa.errors import ParseError
from scoqa.parse.common.blocks import Boilerplate, merge_marks, write_blocks
from scoqa.parse.common.charset import decode_declared, find_declared_encoding
from scoqa.parse.common.lines import HEAD_LINES, LONGEST_DATE_LINE, find_date_mark
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.text_decoding import BLANK, decode
from scoqa.parse.web.markup import HtmlPage, parse_page
from scoqa.types import Mark, Parser

PARSER = Parser("html", "1")

LINES_BEFORE = 3  # of the first heading: a date may stand there
# Of boxes in boxes. Browsers end at 512; what parses the page takes the square of it in time, which
# for ten thousand is under a second and for a hundred thousand half a minute.
MOST_DEPTH = 10_000
_BOX = re.compile(
    r"<(/?)(?:div|section|article|blockquote|center|ul|ol|dl|nav|aside|main|fieldset)\b", re.I
)
_DAY = re.compile(r"\s*((?:1\d|20)\d\d)-(\d\d)-(\d\d)")
_NUMBERS = re.compile(r"\d+")
_BETWEEN = re.compile(r"\s+[|·•:»›–—-]\s+|:\s+|\s*[|»›]\s*")


def read(data: bytes, path: str) -> Parsed:
    """Return what a page shows. Raises ParseError."""
    text, warnings = decode_markup(data, path)
    shown = parse_page(text, xml=path.lower().endswith((".xhtml", ".xht")))
    writer = Writer()
    lines = write_blocks(shown.blocks, writer, outline=Outline(), least=Boilerplate.NAMED)
    parsed = writer.to_parsed(None)
    if not parsed.text and not warnings:
        warnings = (BLANK,)
    headings = [mark for mark in parsed.marks if mark.kind == "heading"]
    head = select_date_lines(lines, headings)
    dated = find_declared_date(parsed.text, head, shown.dates) or find_date_mark(parsed.text, head)
    return replace(
        parsed,
        title=choose_title(shown, parsed.text, headings),
        marks=merge_marks(parsed.marks, dated),
        warnings=warnings,
    )


def decode_markup(
    data: bytes, path: str, *, declared: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return markup as text, and warnings.

    declared: the encoding that is named outside of it. Raises ParseError when it is not text, or
    would take too long to parse.
    """
    marked = data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    named = declared or find_declared_encoding(data)
    text = None if marked or not data else decode_declared(data, named)
    warnings: tuple[str, ...] = ()
    if text is None or "\0" in text:
        text, warnings = decode(data, path)
    steps = (-1 if box[1] else 1 for box in _BOX.finditer(text))
    if max(accumulate(steps), default=0) > MOST_DEPTH:
        raise ParseError(path, "is nested too deeply to be read. Save it again, or exclude it.")
    return text, warnings


def choose_title(shown: HtmlPage, text: str, headings: Sequence[Mark]) -> str | None:
    """Return the title of a page, without its site's name where it begins with the heading."""
    first = next((mark.label for mark in headings), None)
    if shown.title is None:
        return first
    if first and shown.title.startswith(first) and _BETWEEN.match(shown.title, len(first)):
        return first
    return shown.title


def select_date_lines(
    lines: Sequence[tuple[int, int]], headings: Sequence[Mark]
) -> list[tuple[int, int]]:
    """Return the lines around the first heading, without it, where a page says its date."""
    if not headings:
        return list(lines[:HEAD_LINES])
    start = headings[0].start
    place = next((n for n, line in enumerate(lines) if line[0] >= start), len(lines))
    return [*lines[max(0, place - LINES_BEFORE) : place], *lines[place + 1 : place + HEAD_LINES]]


def find_declared_date(
    text: str, lines: Sequence[tuple[int, int]], dates: Sequence[str]
) -> tuple[Mark, ...]:
    """Return a mark of the first short line that says one of `dates`, in whatever language.

    dates: ISO dates of the markup. The year and the day must be visible numbers of the line.
    """
    for found in filter(None, map(_DAY.match, dates)):
        year, _, day = (int(part) for part in found.groups())
        for start, end in lines:
            if end - start > LONGEST_DATE_LINE:
                continue
            numbers = [int(each) for each in _NUMBERS.findall(text, start, end) if len(each) < 5]
            if year in numbers and day in numbers:
                return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()
