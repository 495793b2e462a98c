"""Parse PowerPoint presentations (.pptx, .pptm, .ppsx): the text of each slide in reading order.

Input: the bytes of a file. Output: the visible slides, marked with their numbers. Each slide has
its title first, then its shapes from top to bottom and, at the same height, from left to right,
including tables, diagrams and the words of charts; then the speaker notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.slides import NOTES, Shape, describe_hidden_slides, sort_shapes, write_slide
from scoqa.parse.common.table import NO_TEXT, TextTable, build_rows, clean_cell
from scoqa.parse.common.xmltree import local_name, parse_int
from scoqa.parse.office.drawingml import LINKED, get_relation_id, read_linked, read_paragraphs
from scoqa.parse.office.opc import Package
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml import etree

PARSER = Parser("pptx", "3")

_UNITS_PER_INCH = 914_400
_REPEATED_KINDS = frozenset({"sldNum", "ftr", "dt", "hdr", "sldImg"})  # placeholders on every slide
_TITLES = frozenset({"title", "ctrTitle"})
# Positions of placeholders: (kind, "") on a master or ("", index) on a layout -> top, left (inches)
_Positions: TypeAlias = dict[tuple[str, str], tuple[float, float]]


def read(data: bytes, path: str) -> Parsed:
    """Return the slides of a presentation. Raises ParseError."""
    package = Package(data, path)
    main = package.find_main_part("presentation")
    relations = package.relations(main)
    writer = Writer()
    hidden: list[int] = []
    for number, reference in enumerate(
        package.tree(main).iterfind("{*}sldIdLst/{*}sldId"), start=1
    ):
        relation = relations.get(get_relation_id(reference))
        if relation is None or relation.kind != "slide":
            continue
        slide = package.tree(relation.part)
        if slide.get("show") in ("0", "false"):
            hidden.append(number)
            continue
        title, blocks = _Slide(package, relation.part).read(slide)
        write_slide(writer, number, title, blocks)
    warnings = describe_hidden_slides(hidden)
    if not writer.length:
        warnings += (NO_TEXT,)
    return writer.to_parsed(package.title(), warnings=warnings)


class _Slide:
    """Reads the shapes of one slide."""

    def __init__(self, package: Package, part: str) -> None:
        self.package = package
        self.relations = package.relations(part)
        self.title = ""
        self.blocks: list[list[str] | TextTable] = []

    def read(self, slide: etree._Element) -> tuple[str, list[list[str] | TextTable]]:
        """Return the title (or "") and the other blocks of lines."""
        self.read_shapes(slide, self.find_positions())
        notes = self.find_related("notesSlide")
        if notes is not None:
            lines = [line for shape in _find_shapes(notes, {}) for line in _read_notes(shape)]
            if lines:
                self.blocks += [[NOTES], *([line] for line in lines)]
        return self.title, self.blocks

    def find_positions(self) -> _Positions:
        """Return the positions of placeholders in the layout of the slide and in its master."""
        positions: _Positions = {}
        for relation in self.relations.values():
            if relation.kind == "slideLayout":
                for below in self.package.relations(relation.part).values():
                    if below.kind == "slideMaster":
                        for shape in _find_shapes(self.package.tree(below.part), {}):
                            positions[shape.kind, ""] = (shape.top, shape.left)
                for shape in _find_shapes(self.package.tree(relation.part), positions):
                    if shape.index:
                        positions["", shape.index] = (shape.top, shape.left)
        return positions

    def find_related(self, kind: str) -> etree._Element | None:
        """Return the XML of the part of `kind` that the slide refers to, or None."""
        for relation in self.relations.values():
            if relation.kind == kind:
                return self.package.tree(relation.part)
        return None

    def read_shapes(self, parent: etree._Element, places: _Positions) -> None:
        for shape in sort_shapes(_find_shapes(parent, places)):
            match local_name(shape.element):
                case "grpSp":
                    self.read_shapes(shape.element, {})
                case "graphicFrame":
                    self.read_frame(shape.element)
                case _ if shape.is_title and not self.title:
                    title = (" ".join(line.split()) for line in read_paragraphs(shape.element))
                    self.title = " ".join(title)
                case _ if shape.kind not in _REPEATED_KINDS:
                    self.blocks.extend([line] for line in read_paragraphs(shape.element))

    def read_frame(self, frame: etree._Element) -> None:
        """Read a table, or the part with a chart or a diagram."""
        for element in frame.iter("{*}tbl", *LINKED):
            if local_name(element) == "tbl":
                self.blocks.extend(_read_table(element))
            else:
                self.blocks.extend(read_linked(self.package, self.relations, element))
        self.blocks = [block for block in self.blocks if block]


def _find_shapes(parent: etree._Element, places: _Positions) -> Iterator[Shape]:
    """Yield the visible shapes of a slide or a group, in file order.

    places: the positions of placeholders in the layout, for shapes without a position.
    """
    trees = parent.iterfind("{*}cSld/{*}spTree") if local_name(parent) != "grpSp" else [parent]
    for element in (child for tree in trees for child in tree):
        if local_name(element) == "AlternateContent":
            element = next(element.iterfind("{*}Choice/*"), element)
        # The properties of the shape itself, not of shapes inside it.
        properties = next(element.iterfind("./*/{*}cNvPr"), None)
        if local_name(element) not in ("sp", "grpSp", "graphicFrame") or (
            properties is not None and properties.get("hidden") in ("1", "true")
        ):
            continue
        holder = next(element.iterfind("./*/{*}nvPr/{*}ph"), None)
        kind = "" if holder is None else holder.get("type", "obj")
        index = "" if holder is None else holder.get("idx", "")
        offset = next(element.iterfind("{*}xfrm/{*}off"), None)
        if offset is None:
            offset = next(element.iterfind("./*/{*}xfrm/{*}off"), None)
        if offset is not None:
            top = parse_int(offset.get("y"), 0) / _UNITS_PER_INCH
            left = parse_int(offset.get("x"), 0) / _UNITS_PER_INCH
        else:
            usual = places.get((kind, ""), places.get(("body", ""), (0.0, 0.0)))
            top, left = places.get(("", index), usual) if holder is not None else (0.0, 0.0)
        yield Shape(element, kind, kind in _TITLES, top, left, index)


def _read_notes(shape: Shape) -> list[str]:
    return list(read_paragraphs(shape.element)) if shape.kind == "body" else []


def _read_table(table: etree._Element) -> Iterator[TextTable]:
    """Yield the table, if it contains text. A merged cell has placeholders after it."""
    cells: list[list[tuple[str, int, int]]] = []
    for row in table.iterfind("{*}tr"):
        cells.append([])
        for cell in row.iterfind("{*}tc"):
            if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
                continue
            text = clean_cell(" ".join(read_paragraphs(cell)))
            columns, height = (parse_int(cell.get(name), 1) for name in ("gridSpan", "rowSpan"))
            cells[-1].append((text, columns, height))
    properties = next(table.iterfind("{*}tblPr"), None)
    has_head = properties is not None and properties.get("firstRow") in ("1", "true")
    if rows := build_rows(cells):
        yield TextTable(rows, has_styled_head=has_head)
