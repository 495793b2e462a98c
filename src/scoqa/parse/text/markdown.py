"""Parse Markdown: the source text is kept, and its headings and hidden parts are marked.

Input: the bytes of a file. Output: the unchanged text, its title (from its front matter, or a
heading in the first lines) and its marks. The label of a heading is its complete path ("Charter >
Article 4"). Headings and code are found with markdown-it-py, so that a `#` in a code block is not
mistaken for a heading, nor a comment in it for a comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

from markdown_it import MarkdownIt

from scoqa.parse.common.blocks import merge_marks
from scoqa.parse.common.lines import (
    DATE,
    HEAD_LINES,
    LONGEST_TITLE,
    find_date_mark,
    find_text_lines,
)
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import decode
from scoqa.parse.text.markdown_hidden import find_hidden_parts
from scoqa.parse.text.markdown_tables import mark_tables
from scoqa.types import Mark, Parser

PARSER = Parser("markdown", "2")

# Settings between two lines of dashes (YAML) or plus signs (TOML) at the start of a file, as site
# generators and notebooks use them.
_FRONT_MATTER = re.compile(
    r"(?P<line>---|\+\+\+)[ \t]*(?:\r\n|\r|\n)(?=\S).*?(?<=[\r\n])(?P=line)[ \t]*(?=[\r\n]|\Z)",
    re.DOTALL,
)
# The settings that a page shows, on one line; all others are hidden.
_SETTING = re.compile(
    r"(?<=[\r\n])(?P<name>title|subtitle|authors?|date)[ \t]*[:=][ \t]*(?P<value>[^\r\n]*[^\s])",
    re.IGNORECASE,
)
_COMMENT = "comment"  # the label of a hidden part that is a comment
_CODE = ("fence", "code_block")
_LINE_END = re.compile(r"\r\n|\r|\n")  # markdown-it turns all three into LF before it counts


def _find_line_starts(text: str) -> list[int]:
    """Return the start of each line, as markdown-it counts lines, and the end of the text."""
    return [0, *(end.end() for end in _LINE_END.finditer(text)), len(text)]


def _strip_markup(source: str) -> str:
    """Return the words of a heading without its inline markup and its struck-out words."""
    parser = MarkdownIt("commonmark").enable("strikethrough")
    parts: list[str] = []
    struck = 0
    for child in parser.parseInline(source)[0].children or ():
        struck += (child.type == "s_open") - (child.type == "s_close")
        if child.type in ("text", "code_inline") and not struck:
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return " ".join("".join(parts).split())


def find_title_and_marks(text: str) -> tuple[str | None, tuple[Mark, ...]]:
    """Return the title (None if neither front matter nor first lines have one) and the marks."""
    blocks = MarkdownIt("commonmark").enable("table")
    blocks.core.ruler.disable("inline")  # only headings need inline parsing; several times faster
    tokens = blocks.parse(text)
    starts = _find_line_starts(text)
    body = _FRONT_MATTER.match(text)
    body_start = body.end() if body else 0
    head = find_text_lines(text, HEAD_LINES)
    head_end = head[-1][1] if head else 0
    headings = Outline()
    title, front_marks = _read_front_matter(text, body_start)
    code = [
        (starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        for token in tokens
        if token.type in _CODE and token.map is not None
    ]
    marks = front_marks + [
        Mark(
            part.start,
            part.end,
            "aside" if part.is_block else "struck",
            _COMMENT if part.is_comment else "",
        )
        for part in find_hidden_parts(text, [(0, body_start), *code])
    ]
    concealed = [(mark.start, mark.end) for mark in marks if mark.kind != "date"]
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.map is None or token.level != 0:
            continue
        # Skip text that is too long for a heading; markup may double the length of its words.
        words = _strip_markup(inline.content) if len(inline.content) <= 2 * LONGEST_TITLE else ""
        if not 0 < len(words) <= LONGEST_TITLE:
            continue  # a paragraph above a line of dashes is a heading only by the grammar
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        # By the grammar, the last line of front matter is an underlined heading.
        if start < body_start or _is_within(start, concealed):
            continue
        marks.append(Mark(start, end, "heading", headings.open_heading(int(token.tag[1:]), words)))
        if title is None and start < head_end:
            title = words
    marks += mark_tables(text, tokens, starts)
    if not any(mark.kind == "date" for mark in front_marks):
        visible = [line for line in head if not _is_within(line[0], concealed)]
        marks += find_date_mark(text, visible)
    return title, merge_marks(marks, ())


def _read_front_matter(text: str, end: int) -> tuple[str | None, list[Mark]]:
    """Return the title in the front matter text[:end], and marks for its date and for asides.

    Asides are all settings that no page shows.
    """
    title: str | None = None
    marks: list[Mark] = []
    position = 0
    for setting in _SETTING.finditer(text, 0, end):
        marks.append(Mark(position, setting.start(), "aside", ""))
        position = setting.end()
        value = setting["value"].strip("\"' ")
        if setting["name"].lower() == "title" and 0 < len(value) <= LONGEST_TITLE:
            title = title or " ".join(value.split())
        if setting["name"].lower() == "date" and DATE.search(value):
            label = " ".join(setting[0].split())
            marks.append(Mark(setting.start(), setting.end(), "date", label))
    marks.append(Mark(position, end, "aside", ""))
    return title, [mark for mark in marks if text[mark.start : mark.end].strip()]


def _is_within(position: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Return whether `position` is in one of `ranges`, which are sorted and do not overlap."""
    number = bisect_right(ranges, position, key=itemgetter(0))
    return number > 0 and position < ranges[number - 1][1]


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text with its title and marks. Raises ParseError."""
    text, warnings = decode(data, path)
    title, marks = find_title_and_marks(text)
    if comments := sum(mark.label == _COMMENT for mark in marks if mark.kind != "heading"):
        some = "a comment, which is" if comments == 1 else f"{comments:,} comments, which are"
        warnings = (*warnings, f"has {some} not searched.")
    return Parsed(text, title, marks, warnings)
