"""Parse Markdown: the source text is kept, and its headings are marked.

Input: the bytes of a file. Output: the unchanged text, its title (a heading in the first lines) and
its marks. The label of a heading is its complete path ("Charter > Article 4"). Headings are found
with markdown-it-py, so that a `#` in a code block is not mistaken for a heading.
"""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt

from scoqa.parse.common.lines import HEAD_LINES, LONGEST_TITLE, find_date_mark, find_text_lines
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Mark, Parser

PARSER = Parser("markdown", "2")

# Settings between two lines of dashes at the start of a file, as used by site generators.
_FRONT_MATTER = re.compile(
    r"---[ \t]*(?:\r\n|\r|\n)(?=\S).*?(?<=[\r\n])---[ \t]*(?=[\r\n]|\Z)", re.DOTALL
)
_LINE_END = re.compile(r"\r\n|\r|\n")  # markdown-it turns all three into LF before it counts


def _find_line_starts(text: str) -> list[int]:
    """Return the start of each line, as markdown-it counts lines, and the end of the text."""
    return [0, *(end.end() for end in _LINE_END.finditer(text)), len(text)]


def _strip_markup(source: str) -> str:
    """Return the words of a heading without its inline markup."""
    children = MarkdownIt("commonmark").parseInline(source)[0].children or ()
    parts = (
        child.content if child.type in ("text", "code_inline") else " "
        for child in children
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    )
    return " ".join("".join(parts).split())


def find_title_and_marks(text: str) -> tuple[str | None, tuple[Mark, ...]]:
    """Return the title (None if the first lines have no heading) and the marks, sorted by start."""
    blocks = MarkdownIt("commonmark")
    blocks.core.ruler.disable("inline")  # only headings need inline parsing; several times faster
    tokens = blocks.parse(text)
    starts = _find_line_starts(text)
    body = _FRONT_MATTER.match(text)
    body_start = body.end() if body else 0
    head = find_text_lines(text, HEAD_LINES)
    head_end = head[-1][1] if head else 0
    headings = Outline()
    marks: list[Mark] = []
    title: str | None = None
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.map is None or token.level != 0:
            continue
        # Skip text that is too long for a heading; markup may double the length of its words.
        words = _strip_markup(inline.content) if len(inline.content) <= 2 * LONGEST_TITLE else ""
        if not 0 < len(words) <= LONGEST_TITLE:
            continue  # a paragraph above a line of dashes is a heading only by the grammar
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        if start < body_start:
            continue  # by the grammar, the last line of front matter is an underlined heading
        marks.append(Mark(start, end, "heading", headings.open_heading(int(token.tag[1:]), words)))
        if title is None and start < head_end:
            title = words
    dated = find_date_mark(text, head)
    return title, tuple(sorted((*marks, *dated), key=lambda mark: mark.start))


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text with its title and marks. Raises ParseError."""
    text, warnings = decode(data, path)
    title, marks = find_title_and_marks(text)
    return Parsed(text, title, marks, warnings)
