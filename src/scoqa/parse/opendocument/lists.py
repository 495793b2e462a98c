"""Compute the bullets and numbers of list items and headings in OpenDocument texts.

Input: lists, their items and headings in document order. Output: the marker of each: "• ", "2. ",
"1.3 ".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoqa.parse.common.numerals import format_numeral
from scoqa.parse.common.xmltree import get_attribute, local_name, parse_int
from scoqa.parse.opendocument.odf import OpenDocument

if TYPE_CHECKING:
    from lxml import etree

_MOST_LEVELS = 10  # heading levels


@dataclass(frozen=True, slots=True)
class _Level:
    """The markers of one level of a list style."""

    bullet: str  # "" if items are numbered
    form: str  # "1", "a", "A", "i", "I", or "" for no number
    prefix: str
    suffix: str
    start: int
    shown: int  # how many levels a number includes


class Lists:
    """The open lists, and the last number of each list style."""

    def __init__(self, document: OpenDocument) -> None:
        self._styles: dict[str, dict[int, _Level]] = {}
        for style in document.iterate_styles("list-style"):
            levels = {
                parse_int(get_attribute(level, "level"), 1): _read_level(level) for level in style
            }
            self._styles[get_attribute(style, "name") or ""] = levels
        self._outline = {
            parse_int(get_attribute(level, "level"), 1): _read_level(level)
            for style in document.iterate_styles("outline-style")
            for level in style
        }
        self._headings = [0] * (_MOST_LEVELS + 1)  # the number of the last heading per level
        self._parents: list[str] = []  # the style of each open list
        self._counts: list[int] = []  # the number of the last item of each open list
        self._ended: dict[tuple[str, int], int] = {}  # (style, depth) -> number of the last item

    @contextmanager
    def open_list(self, element: etree._Element) -> Iterator[None]:
        """Treat items inside the `with` block as items of the list `element`."""
        style = get_attribute(element, "style-name") or (self._parents[-1] if self._parents else "")
        key = (style, len(self._parents))
        level = self._level(style, len(self._parents))
        continues = get_attribute(element, "continue-numbering") == "true" or get_attribute(
            element, "continue-list"
        )
        self._parents.append(style)
        self._counts.append(self._ended.get(key, level.start - 1) if continues else level.start - 1)
        yield
        self._ended[key] = self._counts.pop()
        self._parents.pop()

    def next_marker(self, item: etree._Element) -> str:
        """Return the marker of the next item with a space after it, or ""."""
        start = get_attribute(item, "start-value")
        self._counts[-1] = parse_int(start, self._counts[-1] + 1)
        depth = len(self._parents) - 1
        level = self._level(self._parents[-1], depth)
        if level.bullet:
            return f"{level.bullet} "
        if not level.form:
            return ""
        numbers = [
            format_numeral(self._counts[n], self._level(self._parents[n], n).form or "1")
            for n in range(max(0, depth + 1 - level.shown), depth + 1)
        ]
        return f"{level.prefix}{'.'.join(numbers)}{level.suffix} "

    def next_heading_marker(self, depth: int) -> str:
        """Return the number of the next heading of level `depth` (from 1) and a space, or ""."""
        level = self._outline.get(depth)
        if level is None or not 0 < depth <= _MOST_LEVELS:
            return ""
        self._headings[depth] = max(level.start, self._headings[depth] + 1)
        self._headings[depth + 1 :] = [0] * (_MOST_LEVELS - depth)
        if not level.form:
            return ""
        numbers = [
            format_numeral(self._headings[n], self._outline[n].form)
            for n in range(max(1, depth + 1 - level.shown), depth + 1)
            if n in self._outline and self._outline[n].form
        ]
        return f"{level.prefix}{'.'.join(numbers)}{level.suffix} "

    def _level(self, style: str, depth: int) -> _Level:
        # A list without a style has bullets in every program.
        usual = _Level("•", "", "", "", 1, 1)
        return self._styles.get(style, {}).get(depth + 1, usual)


def _read_level(element: etree._Element) -> _Level:
    bullet = ""
    if local_name(element) == "list-level-style-bullet":
        bullet = get_attribute(element, "bullet-char") or "•"
        if unicodedata.category(bullet[0]) == "Co":  # private use, known only to a symbol font
            bullet = "•"
    form = get_attribute(element, "num-format") or ""
    return _Level(
        bullet,
        form,
        get_attribute(element, "num-prefix") or "",
        get_attribute(element, "num-suffix") or "",
        parse_int(get_attribute(element, "start-value"), 1),
        parse_int(get_attribute(element, "display-levels"), 1),
    )
