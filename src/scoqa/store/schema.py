"""The tables of an index in SQLite: how they are made, and which version of them this is.

Receives a connection; hands on nothing. What is in the tables: scoqa.store.catalog.
"""

from __future__ import annotations

import sqlite3
import uuid

SCHEMA_VERSION = "1"  # raise it whenever the tables below change

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE contents (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, parser_name TEXT NOT NULL,
    parser_version TEXT NOT NULL, text TEXT NOT NULL, text_digest TEXT NOT NULL,
    marks TEXT NOT NULL, media_type TEXT NOT NULL, UNIQUE (digest, parser_name, parser_version));
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, public_id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE, collection TEXT NOT NULL, title TEXT NOT NULL, modified TEXT,
    splitter TEXT NOT NULL, content INTEGER NOT NULL REFERENCES contents (id),
    generation INTEGER NOT NULL);
CREATE INDEX documents_by_content ON documents (content);
CREATE TABLE vectors (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, public_id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (id), "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, heading TEXT NOT NULL,
    vector INTEGER NOT NULL REFERENCES vectors (id), generation INTEGER NOT NULL);
CREATE INDEX passages_by_document ON passages (document, "start");
CREATE INDEX passages_by_vector ON passages (vector);
-- Terms are made by scoqa.normalization and joined by spaces; "ascii" only takes them apart again.
CREATE VIRTUAL TABLE words USING fts5 (text, heading, tokenize = 'ascii');
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of a new index, whole or not at all."""
    identity = uuid.uuid4().hex  # keeps the caches of two catalogs apart
    meta = f"INSERT INTO meta VALUES ('schema', '{SCHEMA_VERSION}'), ('identity', '{identity}');"
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {meta} COMMIT;")


def complete(connection: sqlite3.Connection) -> None:
    """Add to an index what it can do without: one of an earlier version is read as it is."""
    connection.execute("CREATE INDEX IF NOT EXISTS contents_by_text ON contents (text_digest)")
    # Each page's boxes as scoqa.parse gives them, compressed.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS boxes (content INTEGER NOT NULL REFERENCES contents (id) "
        "ON DELETE CASCADE, page INTEGER NOT NULL, boxes BLOB NOT NULL, "
        "PRIMARY KEY (content, page)) WITHOUT ROWID"
    )
