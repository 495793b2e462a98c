"""Read the styles of a Word document: headings, lists, hidden and struck-out text.

Input: the XML elements of a .docx file. Output: the properties that a style gives to paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoqa.parse.common.xmltree import get_attribute, parse_int

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
LEVELS = 9  # the number of list levels and of heading levels
_OFF = ("0", "false", "off", "none")

# Elements that only group their children.
CONTAINERS = frozenset(
    "w:sdt w:sdtContent w:ins w:moveTo w:smartTag w:customXml w:hyperlink w:fldSimple w:dir w:bdo "
    "mc:AlternateContent".split()
)


def qualified_name(element: _Element) -> str:
    """Return the name of an element as "w:p"; without a prefix in unsupported namespaces."""
    space, _, name = str(element.tag)[1:].partition("}")
    prefix = _PREFIXES.get(space)
    return f"{prefix}:{name}" if prefix else name


def find_child(element: _Element | None, *names: str) -> _Element | None:
    """Return the first child with the name names[0], then its first child with names[1], etc.

    None if there is no such child.
    """
    for name in names:
        if element is None:
            return None
        element = next((part for part in element if qualified_name(part) == name), None)
    return element


def get_value(element: _Element | None, name: str = "val") -> str | None:
    """Return an attribute in any namespace, or None without the element or the attribute."""
    return None if element is None else get_attribute(element, name)


def is_on(element: _Element | None) -> bool:
    """Return whether a boolean property is present and on."""
    return element is not None and (get_value(element) or "1").lower() not in _OFF


@dataclass(slots=True)
class Style:
    """The properties of a style. level: the heading level from 1, or 0 for other styles."""

    name: str = ""
    level: int = 0
    numbered: tuple[str | None, int | None] = (None, None)  # list, level in it
    is_hidden: bool | None = None  # None: inherited from its context
    is_struck: bool | None = None  # the same

    @property
    def is_contents(self) -> bool:
        return _CONTENTS.match(self.name) is not None


def read_styles(root: _Element | None) -> tuple[dict[str, Style], Style]:
    """Return the styles by id, and the default style of paragraphs."""
    elements = {
        get_value(element, "styleId") or "": element
        for element in (() if root is None else root)
        if qualified_name(element) == "w:style"
    }
    styles = {key: _resolve_style(key, elements) for key in elements}
    for key, element in elements.items():
        if get_value(element, "type") == "paragraph" and get_value(element, "default") in (
            "1",
            "true",
        ):
            return styles, styles[key]
    return styles, Style()


def _resolve_style(key: str, elements: dict[str, _Element]) -> Style:
    """Return a style with the properties inherited from the styles it is based on."""
    style, seen, at = Style(get_value(find_child(elements[key], "w:name")) or ""), set[str](), key
    level: int | None = None
    while at in elements and at not in seen and len(seen) < 100:
        seen.add(at)
        element = elements[at]
        properties = find_child(element, "w:pPr")
        heading = _HEADING.match(get_value(find_child(element, "w:name")) or "")
        if level is None:
            level = int(heading[1]) - 1 if heading else read_outline_level(properties)
        numbered = read_list_reference(properties)
        style.numbered = (
            style.numbered[0] if style.numbered[0] is not None else numbered[0],
            style.numbered[1] if style.numbered[1] is not None else numbered[1],
        )
        hidden = find_child(element, "w:rPr", "w:vanish")
        if style.is_hidden is None and hidden is not None:
            style.is_hidden = is_on(hidden)
        if style.is_struck is None:
            style.is_struck = read_strike(find_child(element, "w:rPr"))
        at = get_value(find_child(element, "w:basedOn")) or ""
    style.level = level + 1 if level is not None and 0 <= level < LEVELS else 0
    return style


def read_strike(properties: _Element | None) -> bool | None:
    """Return whether the properties of a run or style strike it out; None if they do not say."""
    lines = [find_child(properties, name) for name in ("w:strike", "w:dstrike")]
    given = [is_on(line) for line in lines if line is not None]
    return any(given) if given else None


def read_run_style(
    properties: _Element | None, styles: Mapping[str, Style], paragraph: Style
) -> Style:
    """Return whether a run is hidden and struck out, by its properties, its style or `paragraph`.

    properties: of the run. paragraph: the style of its paragraph.
    """
    hidden = find_child(properties, "w:vanish")
    style = styles.get(get_value(find_child(properties, "w:rStyle")) or "", Style())
    own = Style(
        is_hidden=None if hidden is None else is_on(hidden), is_struck=read_strike(properties)
    )
    levels = (own, style, paragraph)
    return Style(
        is_hidden=next((s.is_hidden for s in levels if s.is_hidden is not None), False),
        is_struck=next((s.is_struck for s in levels if s.is_struck is not None), False),
    )


def read_outline_level(properties: _Element | None) -> int | None:
    """Return the outline level in the properties of a paragraph or style; 0 to 8, 9 is body text.

    None if it is not specified.
    """
    level = get_value(find_child(properties, "w:outlineLvl"))
    return None if level is None else parse_int(level, 9)


def read_list_reference(properties: _Element | None) -> tuple[str | None, int | None]:
    """Return the list id and list level in the properties of a paragraph or style."""
    numbering = find_child(properties, "w:numPr")
    level = get_value(find_child(numbering, "w:ilvl"))
    list_id = get_value(find_child(numbering, "w:numId"))
    return list_id, None if level is None else parse_int(level, 0)


def get_children(parent: _Element) -> list[_Element]:
    """Return the children of an element; of alternatives, those of the first."""
    if qualified_name(parent) != "mc:AlternateContent":
        return list(parent)
    choices = [child for child in parent if qualified_name(child) in ("mc:Choice", "mc:Fallback")]
    return list(choices[0]) if choices else []


def find_inside(parent: _Element, name: str | None) -> list[_Element]:
    """Return the children with `name` (None: all), also in content controls and insertions."""
    matches: list[_Element] = []
    for child in get_children(parent):
        if qualified_name(child) in CONTAINERS:
            matches.extend(find_inside(child, name))
        elif name is None or qualified_name(child) == name:
            matches.append(child)
    return matches
