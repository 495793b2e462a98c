"""Compute the numbers and bullets that Word displays before the paragraphs of lists.

Input: the XML of the numbering part of a .docx file. Output: the marker of each paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scoqa.parse.common import numerals
from scoqa.parse.common.xmltree import parse_int
from scoqa.parse.office.word_styles import (
    LEVELS,
    Style,
    find_child,
    get_value,
    is_on,
    qualified_name,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_KINDS = {
    "decimal": "1",
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
}
_CHINESE = frozenset(
    "chineseCounting chineseCountingThousand japaneseCounting taiwaneseCounting "
    "taiwaneseCountingThousand".split()
)
_DIGITS = "〇一二三四五六七八九"


@dataclass(slots=True)
class _Level:
    kind: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    is_legal: bool = False


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)  # the last number, by level


class Numbering:
    """Counts the paragraphs of lists as Word does, in document order."""

    def __init__(self, root: _Element | None, styles: dict[str, Style]) -> None:
        abstract: dict[str, _List] = {}
        links: dict[str, str] = {}  # abstract list -> the style that defines its levels
        self._lists: dict[str, _List] = {}
        self._starts: dict[str, dict[int, int]] = {}  # list -> level -> number to restart at
        for element in () if root is None else root:
            if qualified_name(element) == "w:abstractNum":
                key = get_value(element, "abstractNumId") or ""
                abstract[key] = _List(dict(_read_levels(element)))
                links[key] = get_value(find_child(element, "w:numStyleLink")) or ""
        abstract_ids: dict[str, str] = {}
        for element in () if root is None else root:
            if qualified_name(element) == "w:num":
                key = get_value(element, "numId") or ""
                abstract_ids[key] = get_value(find_child(element, "w:abstractNumId")) or ""
                own = [
                    override for override in element if qualified_name(override) == "w:lvlOverride"
                ]
                self._starts[key] = {
                    parse_int(get_value(override, "ilvl"), 0): parse_int(get_value(start), 1)
                    for override in own
                    if (start := find_child(override, "w:startOverride")) is not None
                }
                levels = {at: level for override in own for at, level in _read_levels(override)}
                base = abstract.get(abstract_ids[key])
                if base is not None:
                    self._lists[key] = _List(base.levels | levels) if levels else base
        for key, abstract_id in abstract_ids.items():
            style = styles.get(links.get(abstract_id, ""))
            if style is not None and style.numbered[0] in self._lists:
                self._lists[key] = self._lists[style.numbered[0]]

    def next_marker(self, key: str | None, level: int) -> str | None:
        """Return the marker of the next paragraph of a list, or None if it is in no list."""
        current = self._lists.get(key or "")
        if key is None or current is None or not 0 <= level < LEVELS:
            return None
        style = current.levels.get(level, _Level())
        starts = self._starts.get(key, {})
        if level in starts:  # only the first time
            current.counts[level] = starts.pop(level) - 1
        elif level not in current.counts:
            current.counts[level] = style.start - 1
        current.counts[level] += 1
        for lower in range(level + 1, LEVELS):
            restart = current.levels.get(lower, _Level()).restart
            if restart is None or (restart and level < restart):
                current.counts.pop(lower, None)
        if style.kind == "none":
            return ""
        if style.kind == "bullet":
            is_plain = style.text.isprintable() and style.text not in ("", "o", "§")
            is_private = any(0xE000 <= ord(character) <= 0xF8FF for character in style.text)
            return f"{style.text if is_plain and not is_private else '•'} "

        def format_count(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            counted = current.levels.get(index, _Level())
            kind = "decimal" if style.is_legal else counted.kind
            return format_number(current.counts.get(index, counted.start), kind)

        text = re.sub(r"%([1-9])", format_count, style.text).strip()
        return f"{text} " if text else ""


def _read_levels(element: _Element) -> Iterator[tuple[int, _Level]]:
    for level in element:
        if qualified_name(level) == "w:lvl":
            restart = get_value(find_child(level, "w:lvlRestart"))
            yield (
                parse_int(get_value(level, "ilvl"), 0),
                _Level(
                    get_value(find_child(level, "w:numFmt")) or "decimal",
                    get_value(find_child(level, "w:lvlText")) or "",
                    parse_int(get_value(find_child(level, "w:start")), 0),
                    None if restart is None else parse_int(restart, 0),
                    is_on(find_child(level, "w:isLgl")),
                ),
            )


def format_number(count: int, kind: str) -> str:
    """Format `count` as Word would.

    Returns "" for unsupported number formats: no number is better than a wrong one.
    """
    if kind in _KINDS:
        return numerals.format_numeral(count, _KINDS[kind])
    if kind == "decimalZero":
        return f"{count:02}"
    if kind in _CHINESE and 0 < count < 100:
        tens, ones = divmod(count, 10)
        ten = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
        return ten + (_DIGITS[ones] if ones else "")
    return ""
