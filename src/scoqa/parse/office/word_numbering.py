"""The numbers and bullets that Word shows before the paragraphs of its lists.

Input: the XML element of a .docx file's numbering part. Output: the marker of each paragraph.
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
    """Counts the paragraphs of lists as Word does."""

    def __init__(self, root: _Element | None, styles: dict[str, Style]) -> None:
        abstract: dict[str, _List] = {}
        links: dict[str, str] = {}  # abstract list -> the style that has its levels
        self._lists: dict[str, _List] = {}
        self._starts: dict[str, dict[int, int]] = {}  # list -> level -> where it begins anew
        for each in () if root is None else root:
            if qualified_name(each) == "w:abstractNum":
                key = get_value(each, "abstractNumId") or ""
                abstract[key] = _List(dict(_read_levels(each)))
                links[key] = get_value(find_child(each, "w:numStyleLink")) or ""
        named: dict[str, str] = {}
        for each in () if root is None else root:
            if qualified_name(each) == "w:num":
                key = get_value(each, "numId") or ""
                named[key] = get_value(find_child(each, "w:abstractNumId")) or ""
                own = [over for over in each if qualified_name(over) == "w:lvlOverride"]
                self._starts[key] = {
                    parse_int(get_value(over, "ilvl"), 0): parse_int(get_value(start), 1)
                    for over in own
                    if (start := find_child(over, "w:startOverride")) is not None
                }
                levels = {at: level for over in own for at, level in _read_levels(over)}
                found = abstract.get(named[key])
                if found is not None:
                    self._lists[key] = _List(found.levels | levels) if levels else found
        for key, of in named.items():
            style = styles.get(links.get(of, ""))
            if style is not None and style.numbered[0] in self._lists:
                self._lists[key] = self._lists[style.numbered[0]]

    def next_marker(self, key: str | None, level: int) -> str | None:
        """Return what Word writes before the next paragraph of a list; None where it is in none."""
        found = self._lists.get(key or "")
        if key is None or found is None or not 0 <= level < LEVELS:
            return None
        here = found.levels.get(level, _Level())
        starts = self._starts.get(key, {})
        if level in starts:  # only the first time
            found.counts[level] = starts.pop(level) - 1
        elif level not in found.counts:
            found.counts[level] = here.start - 1
        found.counts[level] += 1
        for lower in range(level + 1, LEVELS):
            restart = found.levels.get(lower, _Level()).restart
            if restart is None or (restart and level < restart):
                found.counts.pop(lower, None)
        if here.kind == "none":
            return ""
        if here.kind == "bullet":
            plain = here.text.isprintable() and here.text not in ("", "o", "§")
            private = any(0xE000 <= ord(each) <= 0xF8FF for each in here.text)
            return f"{here.text if plain and not private else '•'} "

        def counted(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = found.levels.get(at, _Level())
            kind = "decimal" if here.is_legal else of.kind
            return format_number(found.counts.get(at, of.start), kind)

        text = re.sub(r"%([1-9])", counted, here.text).strip()
        return f"{text} " if text else ""


def _read_levels(element: _Element) -> Iterator[tuple[int, _Level]]:
    for each in element:
        if qualified_name(each) == "w:lvl":
            restart = get_value(find_child(each, "w:lvlRestart"))
            yield (
                parse_int(get_value(each, "ilvl"), 0),
                _Level(
                    get_value(find_child(each, "w:numFmt")) or "decimal",
                    get_value(find_child(each, "w:lvlText")) or "",
                    parse_int(get_value(find_child(each, "w:start")), 0),
                    None if restart is None else parse_int(restart, 0),
                    is_on(find_child(each, "w:isLgl")),
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
