"""Parse web pages to their visible text, with boilerplate marked as asides.

Input: the bytes of a page. Output: its text, its title, and marks for its headings and its date.
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

PARSER = Parser("html", "3")

NEEDS_SCRIPTS = (
    "has almost no text without its scripts, which scoqa does not run. Open it in a browser and "
    "save it as PDF."
)
# A page with less text than a short paragraph, and with more script than a counter of visits needs.
LEAST_TEXT_CHARACTERS = 200
LEAST_SCRIPT_CHARACTERS = 2_000
LINES_BEFORE = 3  # the lines before the first heading that may contain a date
# The depth of nested blocks. Browsers stop at 512. The time of the HTML parser grows with the
# square of the depth: under a second for ten thousand, half a minute for a hundred thousand.
MOST_DEPTH = 10_000
_BOX = re.compile(
    r"<(/?)(?:div|section|article|blockquote|center|ul|ol|dl|nav|aside|main|fieldset)\b", re.I
)
_DAY = re.compile(r"\s*((?:1\d|20)\d\d)-(\d\d)-(\d\d)")
_NUMBERS = re.compile(r"\d+")
_BETWEEN = re.compile(r"\s+[|·•:»›–—-]\s+|:\s+|\s*[|»›]\s*")


def read(data: bytes, path: str) -> Parsed:
    """Return the visible text of a page with its title and marks. Raises ParseError."""
    text, warnings = decode_markup(data, path)
    page = parse_page(text, xml=path.lower().endswith((".xhtml", ".xht")))
    writer = Writer()
    lines = write_blocks(page.blocks, writer, outline=Outline(), least=Boilerplate.NAMED)
    parsed = writer.to_parsed(None)
    if is_built_by_scripts(page, parsed.text):
        warnings += (NEEDS_SCRIPTS,)
    elif not parsed.text and not warnings:
        warnings = (BLANK,)
    headings = [mark for mark in parsed.marks if mark.kind == "heading"]
    head = select_date_lines(lines, headings)
    dated = find_declared_date(parsed.text, head, page.dates) or find_date_mark(parsed.text, head)
    return replace(
        parsed,
        title=choose_title(page, parsed.text, headings),
        marks=merge_marks(parsed.marks, dated),
        warnings=warnings,
    )


def is_built_by_scripts(page: HtmlPage, text: str) -> bool:
    """Return whether the scripts of a page, which scoqa does not run, probably write its text."""
    if not text:
        return page.script_characters > 0
    least = LEAST_SCRIPT_CHARACTERS
    return len(text) < LEAST_TEXT_CHARACTERS and page.script_characters >= least


def decode_markup(
    data: bytes, path: str, *, declared: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return markup as text, and warnings.

    declared: an encoding declared outside of the markup. Raises ParseError if the bytes are not
    text, or the elements are nested so deeply that parsing would take too long.
    """
    has_mark = data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    encoding = declared or find_declared_encoding(data)
    text = None if has_mark or not data else decode_declared(data, encoding)
    warnings: tuple[str, ...] = ()
    if text is None or "\0" in text:
        text, warnings = decode(data, path)
    steps = (-1 if box[1] else 1 for box in _BOX.finditer(text))
    if max(accumulate(steps), default=0) > MOST_DEPTH:
        raise ParseError(path, "is nested too deeply to be read. Save it again, or exclude it.")
    return text, warnings


def choose_title(page: HtmlPage, text: str, headings: Sequence[Mark]) -> str | None:
    """Return the title of a page; if it starts with the heading, without the name of the site."""
    first = next((mark.label for mark in headings), None)
    if page.title is None:
        return first
    if first and page.title.startswith(first) and _BETWEEN.match(page.title, len(first)):
        return first
    return page.title


def select_date_lines(
    lines: Sequence[tuple[int, int]], headings: Sequence[Mark]
) -> list[tuple[int, int]]:
    """Return the lines around the first heading, without it, which may contain the date."""
    if not headings:
        return list(lines[:HEAD_LINES])
    start = headings[0].start
    index = next((n for n, line in enumerate(lines) if line[0] >= start), len(lines))
    return [*lines[max(0, index - LINES_BEFORE) : index], *lines[index + 1 : index + HEAD_LINES]]


def find_declared_date(
    text: str, lines: Sequence[tuple[int, int]], dates: Sequence[str]
) -> tuple[Mark, ...]:
    """Return a mark for the first short line that contains one of `dates`, in any language, or ().

    dates: ISO dates in the markup. The year and the day must occur as numbers in the line.
    """
    for match in filter(None, map(_DAY.match, dates)):
        year, _, day = (int(part) for part in match.groups())
        for start, end in lines:
            if end - start > LONGEST_DATE_LINE:
                continue
            digits = _NUMBERS.findall(text, start, end)
            numbers = [int(number) for number in digits if len(number) < 5]
            if year in numbers and day in numbers:
                return (Mark(start, end, "date", " ".join(text[start:end].split())),)
    return ()
