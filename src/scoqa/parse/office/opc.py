"""The parts of an Office file (.docx, .xlsx, .pptx) and what each says of the others.

Receives an archive's bytes; hands on parts by name, their XML, and where their relations lead:
to other parts of the same file, never out of it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from scoqa.errors import ParseError
from scoqa.parse.common.archive import open_archive
from scoqa.parse.common.xmltree import local_name, parse_xml

if TYPE_CHECKING:
    from lxml import etree


class Relation(NamedTuple):
    """Another part of the file: what it is to this one ("slide", "notesSlide") and its name."""

    kind: str
    part: str


class Package:
    """The parts of one Office file."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        self._archive = open_archive(data, path)
        # Names of parts are the same whatever their case, and some programs count on it.
        self._names = {name.casefold(): name for name in self._archive.names()}

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self._names

    def read(self, part: str) -> bytes:
        """Return the bytes of `part`. Raises ParseError where there is none."""
        return self._archive.read(self._names.get(part.casefold(), part))

    def tree(self, part: str) -> etree._Element:
        """Return the root of the XML of `part`. Raises ParseError."""
        return parse_xml(self.read(part), self.path)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what `part` ("" for the file as a whole) leads to, by id.

        Links that lead out of the file, or to a part that is not there, are left out.
        """
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, Relation] = {}
        if listed not in self:
            return found
        for each in self.tree(listed):
            if local_name(each) != "Relationship":
                continue
            target = unquote(each.get("Target", ""))
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if target in self:
                kind = each.get("Type", "").rpartition("/")[2]
                found[each.get("Id", "")] = Relation(kind, target)
        return found

    def find_main_part(self, root: str) -> str:
        """Return the name of the part that holds the document, with `root` as its XML's root.

        Raises ParseError where the file holds another kind of document.
        """
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and local_name(self.tree(relation.part)) == root:
                return relation.part
        raise ParseError(self.path, f"contains no {root}; its extension may be wrong.")

    def title(self) -> str | None:
        """Return the title that its author gave the document, or None."""
        for relation in self.relations("").values():
            if relation.kind == "core-properties":
                try:
                    properties = self.tree(relation.part)
                except ParseError:  # they say nothing but the title
                    return None
                for each in properties:
                    if local_name(each) == "title":
                        return " ".join("".join(each.itertext()).split()) or None
        return None
