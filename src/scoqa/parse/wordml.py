"""What a Word document says apart from its text: its styles, and how its lists are numbered.

Receives the parts of a .docx file as XML elements; hands on what a style makes of a paragraph,
and what Word writes before each paragraph of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scoqa.parse import numerals
from scoqa.parse.xmltree import attribute, whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
_HEADING = re.compile(r"heading (\d)$", re.I)
_CONTENTS = re.compile(r"toc \d$", re.I)
LEVELS = 9  # of lists and of headings
_OFF = ("0", "false", "off", "none")
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


def name_of(element: _Element) -> str:
    """Return an element's name as "w:p"; without a prefix where it is of neither kind we read."""
    space, _, name = str(element.tag)[1:].partition("}")
    prefix = _PREFIXES.get(space)
    return f"{prefix}:{name}" if prefix else name


def child(element: _Element | None, *names: str) -> _Element | None:
    """Return the first child called names[0], its first child called names[1], and so on."""
    for name in names:
        if element is None:
            return None
        element = next((each for each in element if name_of(each) == name), None)
    return element


def value(element: _Element | None, name: str = "val") -> str | None:
    """Return an attribute, whatever its namespace; None without the element or the attribute."""
    return None if element is None else attribute(element, name)


def is_on(element: _Element | None) -> bool:
    """Say whether a property that is on or off is there, and on."""
    return element is not None and (value(element) or "1").lower() not in _OFF


@dataclass(slots=True)
class Style:
    """What a paragraph or a run of a style is. level: of a heading from 1, 0 for any other."""

    name: str = ""
    level: int = 0
    numbered: tuple[str | None, int | None] = (None, None)  # list, level in it
    is_hidden: bool | None = None  # None: as what it stands in

    @property
    def is_contents(self) -> bool:
        return _CONTENTS.match(self.name) is not None


def styles_of(root: _Element | None) -> tuple[dict[str, Style], Style]:
    """Return the styles by id, and the one of paragraphs that name none."""
    elements = {
        value(each, "styleId") or "": each
        for each in (() if root is None else root)
        if name_of(each) == "w:style"
    }
    styles = {key: _style(key, elements) for key in elements}
    for key, element in elements.items():
        if value(element, "type") == "paragraph" and value(element, "default") in ("1", "true"):
            return styles, styles[key]
    return styles, Style()


def _style(key: str, elements: dict[str, _Element]) -> Style:
    """Return a style with what it takes from those it is based on."""
    style, seen, at = Style(value(child(elements[key], "w:name")) or ""), set[str](), key
    level: int | None = None
    while at in elements and at not in seen and len(seen) < 100:
        seen.add(at)
        element = elements[at]
        properties = child(element, "w:pPr")
        named = _HEADING.match(value(child(element, "w:name")) or "")
        if level is None:
            level = int(named[1]) - 1 if named else outline_level(properties)
        numbered = numbering_of(properties)
        style.numbered = (
            style.numbered[0] if style.numbered[0] is not None else numbered[0],
            style.numbered[1] if style.numbered[1] is not None else numbered[1],
        )
        hidden = child(element, "w:rPr", "w:vanish")
        if style.is_hidden is None and hidden is not None:
            style.is_hidden = is_on(hidden)
        at = value(child(element, "w:basedOn")) or ""
    style.level = level + 1 if level is not None and 0 <= level < LEVELS else 0
    return style


def outline_level(properties: _Element | None) -> int | None:
    """Return the outline level of a paragraph's or style's properties, from 0; 9 is body text."""
    found = value(child(properties, "w:outlineLvl"))
    return None if found is None else whole(found, 9)


def numbering_of(properties: _Element | None) -> tuple[str | None, int | None]:
    """Return the list that a paragraph's or style's properties name, and the level in it."""
    listed = child(properties, "w:numPr")
    level = value(child(listed, "w:ilvl"))
    return value(child(listed, "w:numId")), None if level is None else whole(level, 0)


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
            if name_of(each) == "w:abstractNum":
                key = value(each, "abstractNumId") or ""
                abstract[key] = _List(dict(_levels(each)))
                links[key] = value(child(each, "w:numStyleLink")) or ""
        named: dict[str, str] = {}
        for each in () if root is None else root:
            if name_of(each) == "w:num":
                key = value(each, "numId") or ""
                named[key] = value(child(each, "w:abstractNumId")) or ""
                own = [over for over in each if name_of(over) == "w:lvlOverride"]
                self._starts[key] = {
                    whole(value(over, "ilvl"), 0): whole(value(start), 1)
                    for over in own
                    if (start := child(over, "w:startOverride")) is not None
                }
                levels = {at: level for over in own for at, level in _levels(over)}
                found = abstract.get(named[key])
                if found is not None:
                    self._lists[key] = _List(found.levels | levels) if levels else found
        for key, of in named.items():
            style = styles.get(links.get(of, ""))
            if style is not None and style.numbered[0] in self._lists:
                self._lists[key] = self._lists[style.numbered[0]]

    def marker(self, key: str | None, level: int) -> str | None:
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
            return numeral(found.counts.get(at, of.start), kind)

        text = re.sub(r"%([1-9])", counted, here.text).strip()
        return f"{text} " if text else ""


def _levels(element: _Element) -> Iterator[tuple[int, _Level]]:
    for each in element:
        if name_of(each) == "w:lvl":
            restart = value(child(each, "w:lvlRestart"))
            yield (
                whole(value(each, "ilvl"), 0),
                _Level(
                    value(child(each, "w:numFmt")) or "decimal",
                    value(child(each, "w:lvlText")) or "",
                    whole(value(child(each, "w:start")), 0),
                    None if restart is None else whole(restart, 0),
                    is_on(child(each, "w:isLgl")),
                ),
            )


def numeral(count: int, kind: str) -> str:
    """Return a number as Word writes it; "" in ways of counting not known here: none is wrong."""
    if kind in _KINDS:
        return numerals.numeral(count, _KINDS[kind])
    if kind == "decimalZero":
        return f"{count:02}"
    if kind in _CHINESE and 0 < count < 100:
        tens, ones = divmod(count, 10)
        ten = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
        return ten + (_DIGITS[ones] if ones else "")
    return ""
