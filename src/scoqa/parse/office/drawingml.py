"""Read the text of shapes, charts and diagrams in Office files.

Input: shapes as XML elements, from a slide, a sheet or a text, and the parts that they refer to.
Output: their lines of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING

from scoqa.errors import ParseError
from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number
from scoqa.parse.common.table import clean_cell
from scoqa.parse.common.xmltree import get_attribute, local_name
from scoqa.parse.office.opc import Package, Relation

if TYPE_CHECKING:
    from lxml import etree

LINKED = ("{*}chart", "{*}relIds")  # elements for `read_linked`
_CHARTS = frozenset({"chart", "chartEx"})  # kinds of relations


def read_paragraphs(shape: etree._Element) -> Iterator[str]:
    """Yield the paragraphs of a shape that contain text."""
    for body in shape.iterfind("{*}txBody"):
        yield from read_text_body(body)


def read_text_body(body: etree._Element) -> Iterator[str]:
    """Yield the paragraphs of a text body that contain text, with their line breaks."""
    for paragraph in body.iterfind("{*}p"):
        parts: list[str] = []
        for part in paragraph:
            match local_name(part):
                case "r" | "fld" if part.get("type") != "slidenum":
                    words = "".join(text.text or "" for text in part.iterfind("{*}t"))
                    words = words.replace("\n", " ")
                    if shift := _get_shift(part):
                        before = "".join(parts[-CONTEXT_CHARACTERS:])[-CONTEXT_CHARACTERS:]
                        words = separate_from_number(words, before, lowered=shift < 0)
                    parts.append(words)
                case "br":
                    parts.append("\n")
        stripped = (line.strip() for line in "".join(parts).split("\n"))
        text = "\n".join(line for line in stripped if line)
        if text:
            yield text


def _get_shift(run: etree._Element) -> int:
    """Return 1 for a superscript run, -1 for a subscript, 0 for a run on the line."""
    properties = next(run.iterfind("{*}rPr"), None)
    baseline = "" if properties is None else properties.get("baseline", "").rstrip("%")
    return 0 if not baseline.strip("+-0.") else -1 if baseline.startswith("-") else 1


def read_linked(
    package: Package, relations: Mapping[str, Relation], element: etree._Element
) -> Iterator[list[str]]:
    """Yield the words of the chart, or the paragraphs of the diagram, that `element` refers to.

    relations: those of the part that contains `element`. A broken drawing yields nothing.
    """
    is_diagram = local_name(element) == "relIds"
    relation = relations.get(
        get_attribute(element, "dm") or "" if is_diagram else get_relation_id(element)
    )
    if relation is None:
        return
    try:
        root = package.tree(relation.part)
    except ParseError:  # a broken drawing does not affect the rest of the file
        return
    if relation.kind in _CHARTS:
        yield list(_read_chart(root))
    elif relation.kind == "diagramData":
        for point in root.iter("{*}pt"):
            for body in point.iterfind("{*}t"):
                yield from ([line] for line in read_text_body(body))


def _read_chart(root: etree._Element) -> Iterator[str]:
    """Yield the title of a chart, the names of its series and the categories of its axis."""
    title = [" ".join(_read_words(root.iterfind("{*}chart/{*}title/{*}tx")))]
    # The second path of each pair is for the chart types introduced in 2016.
    series = _read_words(root.iterfind(".//{*}ser/{*}tx")) + _read_words(
        root.iterfind(".//{*}series/{*}tx")
    )
    axes = chain(root.iterfind(".//{*}ser/{*}cat"), root.iterfind(".//{*}strDim"))
    categories = _read_words(islice(axes, 1))  # all series share one axis
    for texts in (title, series, categories):
        if line := "\t".join(map(clean_cell, texts)).strip():
            yield line


def _read_words(parents: Iterable[etree._Element]) -> list[str]:
    elements = (part for parent in parents for part in parent.iter("{*}t", "{*}v", "{*}pt"))
    return [element.text for element in elements if element.text and not len(element)]


def get_relation_id(element: etree._Element) -> str:
    """Return the id of the relation that `element` names (r:id), or ""."""
    for key, value in element.attrib.items():
        if key.endswith("/relationships}id"):
            return str(value)
    return ""
