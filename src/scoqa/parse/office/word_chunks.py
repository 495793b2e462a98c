"""Read the documents of other formats that a Word document contains and Word displays.

Input: the relations of such documents (altChunk). Output: their paragraphs and headings.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import basename

from scoqa.errors import ParseError
from scoqa.parse.common.blocks import Block, split_into_blocks
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.office.opc import Package, Relation

# Reads a document from its bytes; its name is for messages. Raises ParseError.
ChunkReader = Callable[[bytes, str], Parsed]
MOST_NAMED = 5  # documents in a warning


class EmbeddedDocuments:
    """The documents inside one Word document. Each is read once, even if it is displayed twice."""

    def __init__(self, package: Package, read_chunk: ChunkReader | None) -> None:
        """read_chunk: None to read none of them, as inside a document that is itself embedded."""
        self._package = package
        self._read_chunk = read_chunk
        self._seen: set[str] = set()
        self._unread: list[str] = []

    def read(self, relation: Relation | None) -> list[Block]:
        """Return the blocks of a document; none if it cannot be read, which is recorded."""
        if relation is None or relation.part in self._seen:
            return []
        self._seen.add(relation.part)
        name = basename(relation.part)
        if self._read_chunk is not None:
            try:
                return split_into_blocks(self._read_chunk(self._package.read(relation.part), name))
            except ParseError:  # the warning names it
                pass
        self._unread.append(name)
        return []

    def describe(self) -> list[str]:
        """Return a warning that names the documents that are not read, if there are any."""
        if not self._unread:
            return []
        more = len(self._unread) - MOST_NAMED
        names = ", ".join(self._unread[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return [f"contains documents that are not read: {names}."]
