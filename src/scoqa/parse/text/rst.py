"""Parse reStructuredText: the source text is kept, and its headings are marked.

Input: the bytes of a file. Output: the unchanged text, its title (a heading in the first lines) and
its marks. The label of a heading is its complete path. Headings are found with docutils, so that a
line above dashes in a literal block or a table is not mistaken for a heading. No other file is
read and no code is run.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import accumulate

from scoqa.parse.common.lines import HEAD_LINES, LONGEST_TITLE, find_date_mark, find_text_lines
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Mark, Parser

PARSER = Parser("rst", "2")

# docutils takes about 10 seconds per million characters; hand-written pages are far shorter.
MOST_CHARACTERS = 2_000_000

_ROLE = re.compile(r":[\w:.+-]+:`([^`<]*?)(?:\s*<[^`>]*>)?`")  # docutils lacks the Sphinx roles
_UNDERLINE = re.compile(r"([!-/:-@[-`{-~])\1*\s*")
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "syntax_highlight": "none",
    "report_level": 5,  # report nothing
    "halt_level": 6,  # never stop on errors
}


def read(data: bytes, path: str) -> Parsed:
    """Return the decoded text with its title and marks. Raises ParseError."""
    text, warnings = decode(data, path)
    head = find_text_lines(text, HEAD_LINES)
    headings: list[Mark] = []
    if len(text) > MOST_CHARACTERS:
        warnings += (f"has over {MOST_CHARACTERS:,} characters; its headings are not marked.",)
    else:
        try:
            headings = list(_find_headings(text))
        except RecursionError:
            warnings += ("is nested too deeply; its headings are not marked.",)
    is_titled = bool(headings and head) and headings[0].start < head[-1][1]
    marks = sorted((*headings, *find_date_mark(text, head)), key=lambda mark: mark.start)
    return Parsed(text, headings[0].label if is_titled else None, tuple(marks), warnings)


def _find_headings(text: str) -> Iterator[Mark]:
    """Yield a mark for each heading of `text`, over its title and the lines around it."""
    # Count lines as docutils does, which treats these two characters as spaces.
    lines = re.sub("[\v\f]", " ", text).splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    headings = Outline()
    last = 0  # the line below the previous title
    for level, line, title in _parse_sections(text):
        words = " ".join(_ROLE.sub(r"\1", title).split())
        # docutils reports the line below the title, counted from 1.
        if not 1 < line <= len(lines) or not _UNDERLINE.fullmatch(lines[line - 1]):
            continue
        if not 0 < len(words) <= LONGEST_TITLE:
            continue
        over, under = lines[line - 3 : line : 2] if line > 2 else ("", lines[line - 1])
        has_overline = over.rstrip() == under.rstrip() and last < line - 2
        last = line
        start = starts[line - 3] if has_overline else starts[line - 2]
        yield Mark(start, starts[line], "heading", headings.open_heading(level, words))


def _parse_sections(text: str) -> list[tuple[int, int, str]]:
    """Return (level, line, title) of every section, in order."""
    from docutils import nodes
    from docutils.frontend import get_default_settings
    from docutils.parsers.rst import Parser as RstParser
    from docutils.parsers.rst import roles
    from docutils.utils import new_document

    settings = get_default_settings(RstParser)
    for name, value in {**_SETTINGS, "warning_stream": io.StringIO()}.items():
        setattr(settings, name, value)
    document = new_document("", settings)
    original_roles = dict(roles._roles)  # a role defined in a file must not affect the next file
    try:
        RstParser().parse(text, document)
    finally:
        roles._roles.clear()
        roles._roles.update(original_roles)
    sections: list[tuple[int, int, str]] = []

    def visit(parent: nodes.Element, level: int) -> None:
        for child in parent.children:
            if isinstance(child, nodes.section):
                title = child.next_node(nodes.title)
                if title is not None and child.line is not None:
                    sections.append((level, child.line, title.astext()))
                visit(child, level + 1)

    visit(document, 1)
    return sections
