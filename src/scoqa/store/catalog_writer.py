"""Write the SQLite catalog of an index.

Input: documents with their passages and vectors. Every method runs inside a transaction of the
caller.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from scoqa.normalization import terms
from scoqa.reading_view import LAYOUT_KINDS, Layout
from scoqa.serial import to_json
from scoqa.store.catalog import Catalog, Vectors
from scoqa.types import Document, Mark, Passage


def _marks_to_json(marks: Iterable[Mark]) -> str:
    return json.dumps(to_json(tuple(marks)), ensure_ascii=False)


class CatalogWriter(Catalog):
    """A catalog that can be changed, inside a transaction of the caller."""

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def keep_vectors(self, keys: Sequence[str], vectors: Vectors) -> None:
        self.connection.executemany(
            "INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)",
            (
                (key, np.ascontiguousarray(vector, dtype="<f4").tobytes())
                for key, vector in zip(keys, vectors, strict=True)
            ),
        )

    def count_embedded(self, count: int) -> None:
        """Add `count` to the number of vectors ever computed for this index."""
        self.set_meta("embedded", str(int(self.meta("embedded", "0")) + count))

    def put(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[str],
        splitter: str, generation: int,
    ) -> None:  # fmt: skip
        parser = document.parser
        self.connection.execute(
            "INSERT OR IGNORE INTO contents (digest, parser_name, parser_version, text, "
            "text_digest, marks, media_type) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (document.digest, parser.name, parser.version, document.text, document.text_digest,
             _marks_to_json(document.marks), document.media_type),
        )  # fmt: skip
        content = self.connection.execute(
            "SELECT id FROM contents WHERE digest = ? AND parser_name = ? AND parser_version = ?",
            (document.digest, parser.name, parser.version),
        ).fetchone()[0]
        self.connection.execute(
            "INSERT OR IGNORE INTO layouts VALUES (?, ?)",
            (content, _marks_to_json(mark for mark in document.marks if mark.kind in LAYOUT_KINDS)),
        )
        modified = document.modified.isoformat() if document.modified else None
        row = self.connection.execute(
            "INSERT INTO documents (public_id, path, collection, title, modified, splitter, "
            "content, generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (document.id, document.path, document.collection, document.title, modified,
             splitter, content, generation),
        ).lastrowid  # fmt: skip
        layout = Layout(document.marks)
        for passage, key in zip(passages, keys, strict=True):
            words = layout.build_view(document.text, passage.start, passage.end).text
            vector = self.connection.execute("SELECT id FROM vectors WHERE key = ?", (key,))
            vector_row = vector.fetchone()
            if vector_row is None:
                raise KeyError(key)
            number = self.connection.execute(
                'INSERT INTO passages (public_id, document, "start", "end", heading, vector, '
                "generation) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    passage.id,
                    row,
                    passage.start,
                    passage.end,
                    passage.heading,
                    vector_row[0],
                    generation,
                ),
            ).lastrowid
            self.connection.execute(
                "INSERT INTO words (rowid, text, heading) VALUES (?, ?, ?)",
                (number, " ".join(terms(words)), " ".join(terms(passage.heading))),
            )

    def put_boxes(self, document: Document, boxes: Sequence[bytes]) -> None:
        """Store the boxes of a stored document; existing boxes of its content stay."""
        parser = document.parser
        self.connection.executemany(
            "INSERT OR IGNORE INTO boxes (content, page, boxes) SELECT id, ?, ? FROM contents "
            "WHERE digest = ? AND parser_name = ? AND parser_version = ?",
            (
                (page, zlib.compress(page_boxes), document.digest, parser.name, parser.version)
                for page, page_boxes in enumerate(boxes, start=1)
            ),
        )

    def set_stamps(self, stamps: Mapping[str, str]) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO stamps SELECT id, ? FROM documents WHERE path = ?",
            ((stamp, path) for path, stamp in stamps.items()),
        )

    def remove(self, document_id: str) -> tuple[list[int], list[int]]:
        """Remove a document; return the rows of its content and of its vectors.

        They stay, for a document that shares them: see `drop_content_if_unused` and
        `drop_vectors_if_unused`.
        """
        run = self.connection.execute
        row = run(
            "SELECT id, content FROM documents WHERE public_id = ?", (document_id,)
        ).fetchone()
        if row is None:
            return [], []
        vectors = run("SELECT DISTINCT vector FROM passages WHERE document = ?", row[:1]).fetchall()
        run(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", row[:1]
        )
        run("DELETE FROM passages WHERE document = ?", row[:1])
        run("DELETE FROM documents WHERE id = ?", row[:1])
        return [row[1]], [vector[0] for vector in vectors]

    def drop_content_if_unused(self, contents: Sequence[int]) -> None:
        """Delete the texts and boxes among `contents` that no document has."""
        for content in contents:
            self.connection.execute(
                "DELETE FROM contents WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM documents WHERE content = contents.id)",
                (content,),
            )
            self._forget_text(content)

    def drop_vectors_if_unused(self, vectors: Sequence[int]) -> None:
        """Delete the vector rows among `vectors` that no passage refers to."""
        self.connection.executemany(
            "DELETE FROM vectors WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM passages WHERE passages.vector = vectors.id)",
            [(row,) for row in vectors],
        )

    def drop_unused_vectors(self, after: int) -> None:
        """Delete the vector rows greater than `after` that no passage refers to."""
        self.connection.execute(
            "DELETE FROM vectors WHERE id > ? AND NOT EXISTS "
            "(SELECT 1 FROM passages WHERE passages.vector = vectors.id)",
            (after,),
        )

    def last_vector(self) -> int:
        """Return the greatest vector row; 0 without vectors."""
        query = "SELECT coalesce(max(id), 0) FROM vectors"
        return int(self.connection.execute(query).fetchone()[0])
