"""Read and write the SQLite tables of an index: documents, passages, vectors and words.

Input: a connection. Output: rows. The catalog is the authoritative copy of all data. Its small
sequential keys are internal to the store. Contents and documents are separate tables, so several
paths can share one text.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scoqa.normalization import PhraseTerms, fold, phrase_pattern, phrase_terms
from scoqa.reading_view import LAYOUT_KINDS
from scoqa.store import Counts, Entry, Where
from scoqa.types import Document, Mark, Parser, Passage

Vectors = NDArray[np.float32]

# Weight of a word in the heading (title, date line, headings) relative to a word in the text; see
# docs/guide/decisions/0004-fusion.md.
HEADING_WEIGHT = 2.0

# Characters of texts that are cached while a view is open, beyond which the oldest are dropped: a
# search may return passages of hundreds of books. Loading a text is faster than having SQLite cut
# passages out of it, which reads it again for each; see docs/guide/log.md.
MOST_CACHED = 64_000_000


# Terms on each side of a border by which passages are proposed for a phrase that crosses it.
MOST_BORDER_TERMS = 8
MOST_PHRASES = 10  # whose rows are cached while a view is open

MOST_ROW = 2**63 - 1  # the largest row number of SQLite


def quote_term(word: str) -> str:
    """Quote `word` for FTS5, so that text of the user is never parsed as query syntax."""
    return '"' + word.replace('"', '""') + '"'


class Catalog:
    """The tables of one index through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._texts: dict[int, str] = {}  # text by content id, cached while the view is open
        self._cached = 0  # characters in _texts
        self._phrase_rows: dict[tuple[str, str], set[int]] = {}  # by phrase and generation

    # -- reading ---------------------------------------------------------------------------

    def meta(self, key: str, default: str = "") -> str:
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    def find_damage(self) -> str:
        """Return what is wrong with the file of the catalog, "" if it is intact."""
        result = str(self.connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if result == "ok" else result

    def settings(self) -> dict[str, str]:
        rows = self.connection.execute("SELECT key, value FROM meta WHERE key LIKE 'settings.%'")
        return {key.removeprefix("settings."): value for key, value in rows}

    def counts(self) -> Counts:
        count = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), " \
            "(SELECT count(*) FROM vectors)"  # fmt: skip
        documents, passages, vectors = self.connection.execute(count).fetchone()
        return Counts(documents, passages, vectors, int(self.meta("embedded", "0")))

    def is_empty(self) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM passages)"
        return not self.connection.execute(query).fetchone()[0]

    def digests(self) -> dict[str, Entry]:
        rows = self.connection.execute(
            "SELECT path, public_id, digest, parser_name, parser_version, splitter "
            "FROM documents JOIN contents ON contents.id = content"
        )
        return {row[0]: Entry(row[1], row[2], Parser(row[3], row[4]), row[5]) for row in rows}

    def stamps(self) -> dict[str, str]:
        rows = self.connection.execute(
            "SELECT path, stamp FROM stamps JOIN documents ON documents.id = document"
        )
        return dict(rows.fetchall())

    def collections(self) -> tuple[str, ...]:
        rows = self.connection.execute("SELECT DISTINCT collection FROM documents")
        return tuple(sorted(row[0] for row in rows))

    def document(self, document_id: str) -> Document:
        return self._document("public_id = ?", document_id)

    def text(self, document_id: str) -> str:
        query = "SELECT content FROM documents WHERE public_id = ?"
        return self._text(self._fetch_row(query, document_id)[0])

    def layout(self, document_id: str) -> tuple[Mark, ...]:
        """Return the marks of LAYOUT_KINDS of a document, sorted by start."""
        query = "SELECT content FROM documents WHERE public_id = ?"
        (content,) = self._fetch_row(query, document_id)
        try:
            row = self.connection.execute(
                "SELECT marks FROM layouts WHERE content = ?", (content,)
            ).fetchone()
        except sqlite3.OperationalError:  # an older index, which has no such table
            row = None
        if row is None:
            query = "SELECT marks FROM contents WHERE id = ?"
            row = self.connection.execute(query, (content,)).fetchone()
        marks = (_mark_from_json(record) for record in json.loads(row[0]))
        return tuple(mark for mark in marks if mark.kind in LAYOUT_KINDS)

    def document_of(self, text_digest: str) -> Document:
        return self._document("text_digest = ? ORDER BY path LIMIT 1", text_digest)

    def _document(self, condition: str, value: str) -> Document:
        query = (
            "SELECT public_id, path, collection, digest, contents.id, text_digest, parser_name, "
            "parser_version, title, marks, media_type, modified "
            f"FROM documents JOIN contents ON contents.id = content WHERE {condition}"
        )
        row = self._fetch_row(query, value)
        return Document(
            id=row[0], path=row[1], collection=row[2], digest=row[3],
            text=self._text(row[4]), text_digest=row[5], parser=Parser(row[6], row[7]),
            title=row[8], marks=tuple(_mark_from_json(record) for record in json.loads(row[9])),
            media_type=row[10], modified=datetime.fromisoformat(row[11]) if row[11] else None,
        )  # fmt: skip

    def _fetch_row(self, query: str, value: str) -> tuple[Any, ...]:
        """Return the first row of `query` for `value`, any string; raises KeyError without one."""
        try:
            row: tuple[Any, ...] | None = self.connection.execute(query, (value,)).fetchone()
        except UnicodeEncodeError:  # SQLite cannot store lone surrogates, so no row matches
            row = None
        if row is None:
            raise KeyError(value)
        return row

    def boxes(self, document_id: str, page: int) -> bytes:
        """Return the boxes of a page; empty if the page has none."""
        query = (
            "SELECT boxes FROM boxes JOIN documents ON documents.content = boxes.content "
            "WHERE public_id = ? AND page = ?"
        )
        row = self.connection.execute(query, (document_id, page)).fetchone()
        return b"" if row is None else zlib.decompress(row[0])

    def passages(self, rows: Sequence[int]) -> dict[int, tuple[str, Passage]]:
        """Return (path, passage) by row number."""
        passages: dict[int, tuple[str, Passage]] = {}
        for chunk in _chunks(rows):
            query = f"{_PASSAGE} WHERE passages.id IN {_placeholders(chunk)}"
            for row in self.connection.execute(query, chunk):
                passages[row[0]] = (row[1], self._passage(row))
        return passages

    def find_rows(self, public_ids: Sequence[str]) -> dict[str, int]:
        """Return the row number of each passage id; unknown ids are left out."""
        rows: dict[str, int] = {}
        for chunk in _chunks(public_ids):
            query = f"SELECT public_id, id FROM passages WHERE public_id IN {_placeholders(chunk)}"
            rows.update(self.connection.execute(query, chunk).fetchall())
        return rows

    def passages_of(self, document_id: str) -> list[Passage]:
        query = f'{_PASSAGE} WHERE documents.public_id = ? ORDER BY passages."start"'
        return [self._passage(row) for row in self.connection.execute(query, (document_id,))]

    def _passage(self, row: tuple[int, str, str, str, int, int, str, int]) -> Passage:
        _, _, public_id, document_id, start, end, heading, content = row
        text = self._text(content)[start:end]
        return Passage(public_id, document_id, start, end, text, heading)

    def _text(self, content: int) -> str:
        if content in self._texts:
            return self._texts[content]
        query = "SELECT text FROM contents WHERE id = ?"
        text = str(self.connection.execute(query, (content,)).fetchone()[0])
        self._cached += len(text)
        while self._texts and self._cached > MOST_CACHED:
            self._forget_text(next(iter(self._texts)))
        self._texts[content] = text
        return text

    def _forget_text(self, content: int) -> None:
        self._cached -= len(self._texts.pop(content, ""))

    def passage_rows(self, first: int = 0, last: int = MOST_ROW) -> list[int]:
        """Return the rows of passages from `first` to `last`, ascending."""
        query = "SELECT id FROM passages WHERE id BETWEEN ? AND ? ORDER BY id"
        return [row[0] for row in self.connection.execute(query, (first, last))]

    def count_passage_rows(self, first: int = 0, last: int = MOST_ROW) -> int:
        """Return how many rows `passage_rows` would return; SQLite only counts them."""
        query = "SELECT count(*) FROM passages WHERE id BETWEEN ? AND ?"
        return int(self.connection.execute(query, (first, last)).fetchone()[0])

    def allowed_rows(self, where: Where) -> list[int] | None:
        """Return the passage rows that match `where`, sorted; None if it has no condition."""
        if where == Where():
            return None
        condition, values = _where_clause(where)
        select = "SELECT passages.id FROM passages JOIN documents ON documents.id = document"
        rows = {row[0] for row in self.connection.execute(f"{select} {condition}", values)}
        for phrase in where.phrases:
            rows &= self._rows_with_phrase(phrase)
        return sorted(rows)

    def _rows_with_phrase(self, phrase: str) -> set[int]:
        """Return the rows of passages that contain `phrase`, or a part of it across a border.

        Only passages that the word index proposes are folded and searched. Cached, because both
        searches of an ask filter by the same phrases.
        """
        key = (phrase, self.meta("generation"))
        if key not in self._phrase_rows:
            if len(self._phrase_rows) == MOST_PHRASES:
                self._phrase_rows.clear()
            self._phrase_rows[key] = self._find_phrase(phrase)
        return self._phrase_rows[key]

    def _find_phrase(self, phrase: str) -> set[int]:
        pattern, length = phrase_pattern(phrase), len(fold(phrase))
        words = phrase_terms(phrase)
        if not words.terms:
            return set()
        inside = {
            row for row in self._rows_with_terms(words.terms) if pattern.search(self._folded(row))
        }
        matching = set(inside)
        for previous, row in self._border_rows(words):
            end = self._folded(previous)[-length:]
            border = f"{end} {self._folded(row)[:length]}"
            # The first place from which an occurrence reaches over the space into `row`.
            match = pattern.search(border, max(0, len(end) - length + 2))
            if match and match.start() < len(end):
                matching |= {previous, row}
        return matching

    def _rows_with_terms(
        self, words: Sequence[str], *, start: bool = False, prefix: str = ""
    ) -> set[int]:
        """Return the rows of passages that may contain `words`, one after the other.

        start: only those that may begin with them. prefix: what a term after them begins with.
        """
        sequence = quote_term(" ".join(words)) if words else f"{quote_term(prefix)} *"
        query = "SELECT rowid FROM words WHERE words MATCH ?"
        expression = f"text : {'^ ' if start else ''}{sequence}"
        rows = {row[0] for row in self.connection.execute(query, (expression,))}
        # What scoqa.reading_view inserts, such as the names of columns, may stand between them.
        every = " AND ".join(map(quote_term, dict.fromkeys(words))) or sequence
        query = (
            "SELECT words.rowid, passages.document FROM words JOIN passages "
            "ON passages.id = words.rowid WHERE words MATCH ?"
        )
        documents: dict[int, list[int]] = {}
        for row, document in self.connection.execute(query, (f"text : ({every})",)):
            documents.setdefault(document, []).append(row)
        for document in self._with_layout(documents):
            rows.update(documents[document])
        return rows

    def _with_layout(self, documents: Iterable[int]) -> list[int]:
        """Return those of the row numbers of documents whose reading view is not their text."""
        query = (
            "SELECT documents.id FROM json_each(?) JOIN documents ON documents.id = value "
            "JOIN layouts ON layouts.content = documents.content WHERE layouts.marks <> '[]'"
        )
        try:
            rows = self.connection.execute(query, (json.dumps(list(documents)),))
        except sqlite3.OperationalError:  # an older index, which has no such table
            return []
        return [row[0] for row in rows]

    def _border_rows(self, words: PhraseTerms) -> set[tuple[int, int]]:
        """Return the neighbouring rows that may contain a phrase across their border.

        The second row begins with the last terms of the phrase, the first has those before.
        """
        borders: set[tuple[int, int]] = set()
        for cut in range(len(words.terms) + len(words.last)):
            before = words.terms[max(0, cut - MOST_BORDER_TERMS) : cut]
            after = words.terms[cut : cut + MOST_BORDER_TERMS]
            rows = self._rows_with_terms(after, start=True, prefix=words.last)
            if not rows:
                continue
            # The index "passages_by_document" finds the passage before.
            pairs = self.connection.execute(
                "SELECT (SELECT earlier.id FROM passages AS earlier WHERE earlier.document = "
                'later.document AND earlier."start" < later."start" '
                'ORDER BY earlier."start" DESC LIMIT 1), later.id '
                "FROM json_each(?) JOIN passages AS later ON later.id = value",
                (json.dumps(sorted(rows)),),
            ).fetchall()
            if before:
                ending = self._rows_with_terms(before)
                pairs = [pair for pair in pairs if pair[0] in ending]
            borders.update(pair for pair in pairs if pair[0] is not None)
        return borders

    def _folded(self, row: int) -> str:
        (_, passage), *_ = self.passages([row]).values()
        return fold(passage.text)

    def search_words(
        self, words: Sequence[str], limit: int, where: Where
    ) -> list[tuple[int, float]]:
        """Return up to `limit` pairs (row, BM25), best first.

        FTS5 returns negative scores; here they are negated, so that higher is better.
        """
        if not words:
            return []
        # Each word is quoted on its own, so it matches as a separate phrase.
        match = " OR ".join(quote_term(word) for word in words)
        condition, values = "", []
        if (rows := self.allowed_rows(where)) is not None:
            # The plus keeps SQLite from querying FTS5 once per row (6 ms instead of 800 ms).
            condition = "AND +words.rowid IN (SELECT value FROM json_each(?))"
            values = [json.dumps(rows)]
        results = self.connection.execute(
            f"SELECT words.rowid, -bm25(words, 1.0, {HEADING_WEIGHT}) AS score FROM words "
            f"WHERE words MATCH ? {condition} ORDER BY score DESC, words.rowid LIMIT ?",
            (match, *values, limit),
        )
        return [(int(row), float(score)) for row, score in results]

    def vectors(self, keys: Sequence[str]) -> dict[str, Vectors]:
        vectors: dict[str, Vectors] = {}
        for chunk in _chunks(keys):
            query = f"SELECT key, vector FROM vectors WHERE key IN {_placeholders(chunk)}"
            for key, blob in self.connection.execute(query, chunk):
                vectors[key] = np.frombuffer(blob, dtype="<f4")
        return vectors

    def vectors_of_rows(self, rows: Sequence[int]) -> Iterator[tuple[int, Vectors]]:
        for chunk in _chunks(rows):
            query = (
                "SELECT passages.id, vectors.vector FROM passages JOIN vectors "
                f"ON vectors.id = passages.vector WHERE passages.id IN {_placeholders(chunk)}"
            )
            for row, blob in self.connection.execute(query, chunk):
                yield row, np.frombuffer(blob, dtype="<f4")

    def dimension(self) -> int:
        row = self.connection.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone()
        return 1 if row is None else int(row[0]) // 4


_T = TypeVar("_T")

_PASSAGE = (
    'SELECT passages.id, path, passages.public_id, documents.public_id, passages."start", '
    'passages."end", heading, content FROM passages JOIN documents ON documents.id = document'
)


def _mark_from_json(record: Mapping[str, object]) -> Mark:
    box = record.pop("box", None) if isinstance(record, dict) else None
    return Mark(**record, box=tuple(box) if box else None)  # type: ignore[arg-type]


def _where_clause(where: Where) -> tuple[str, list[str | int]]:
    conditions: list[str] = []
    values: list[str | int] = []
    if where.collection is not None:
        conditions.append("collection = ?")
        values.append(where.collection)
    if where.path is not None:
        folder = where.path.rstrip("/") + "/"
        conditions.append("(path = ? OR substr(path, 1, ?) = ?)")
        values += [where.path, len(folder), folder]
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def _chunks(items: Iterable[_T], size: int = 500) -> Iterator[list[_T]]:
    # Older builds of SQLite allow at most 999 values per statement.
    every = list(items)
    return (every[i : i + size] for i in range(0, len(every), size))


def _placeholders(chunk: Sequence[object]) -> str:
    """Return an SQL list with one question mark per value."""
    return f"({','.join('?' * len(chunk))})"
