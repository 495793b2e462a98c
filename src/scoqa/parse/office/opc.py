"""Read the parts of an Office file (.docx, .xlsx, .pptx) and the relations between them.

Input: the bytes of a file. Output: parts by name, their XML, and their relations to other parts of
the same file. Relations out of the file are dropped.
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
    """A relation to another part: its kind ("slide", "notesSlide") and the name of the part."""

    kind: str
    part: str


class Package:
    """The parts of one Office file."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        self._archive = open_archive(data, path)
        # Part names are case-insensitive, and some programs rely on this.
        self._names = {name.casefold(): name for name in self._archive.names()}

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self._names

    def read(self, part: str) -> bytes:
        """Return the bytes of `part`. Raises ParseError if it is missing."""
        return self._archive.read(self._names.get(part.casefold(), part))

    def tree(self, part: str) -> etree._Element:
        """Return the root of the XML of `part`. Raises ParseError."""
        return parse_xml(self.read(part), self.path)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return the relations of `part` ("" for the file as a whole) by id.

        Relations out of the file, or to a missing part, are omitted.
        """
        folder, name = posixpath.split(part)
        relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
        relations: dict[str, Relation] = {}
        if relations_part not in self:
            return relations
        for element in self.tree(relations_part):
            if local_name(element) != "Relationship":
                continue
            target = unquote(element.get("Target", ""))
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if target in self:
                kind = element.get("Type", "").rpartition("/")[2]
                relations[element.get("Id", "")] = Relation(kind, target)
        return relations

    def find_main_part(self, root: str) -> str:
        """Return the name of the main part, whose XML root is `root`.

        Raises ParseError if the file contains another kind of document.
        """
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and local_name(self.tree(relation.part)) == root:
                return relation.part
        raise ParseError(self.path, f"contains no {root}; its extension may be wrong.")

    def title(self) -> str | None:
        """Return the title in the document properties, or None."""
        for relation in self.relations("").values():
            if relation.kind == "core-properties":
                try:
                    properties = self.tree(relation.part)
                except ParseError:  # only the title is lost
                    return None
                for element in properties:
                    if local_name(element) == "title":
                        return " ".join("".join(element.itertext()).split()) or None
        return None
