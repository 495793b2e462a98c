"""Walk the elements of a Word document as Word displays them.

Input: XML elements of a .docx file. Output: the elements inside them, of alternatives the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoqa.parse.common.xmltree import local_name
from scoqa.parse.office.word_styles import qualified_name

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTAINERS = frozenset(
    "w:sdt w:sdtContent w:ins w:moveTo w:smartTag w:customXml w:hyperlink w:fldSimple w:dir w:bdo "
    "mc:AlternateContent".split()
)


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


def find_drawings(drawing: _Element) -> list[_Element]:
    """Return the text boxes, charts and diagrams in a drawing; of alternatives, the first."""
    if any(
        local_name(child) == "docPr" and child.get("hidden") in ("1", "true") for child in drawing
    ):
        return []
    drawings: list[_Element] = []
    for child in get_children(drawing):
        if qualified_name(child) == "w:txbxContent" or local_name(child) in ("chart", "relIds"):
            drawings.append(child)
        else:
            drawings.extend(find_drawings(child))
    return drawings
