"""Create the SQLite tables of an index; their version is SCHEMA_VERSION.

Input: a connection. scoqa.store.catalog reads and writes the tables.
"""

from __future__ import annotations

import sqlite3
import uuid

SCHEMA_VERSION = "1"  # increase it whenever the tables below change

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
-- Terms come from scoqa.normalization, joined by spaces; "ascii" only splits them again.
CREATE VIRTUAL TABLE words USING fts5 (text, heading, tokenize = 'ascii');
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of a new index in one transaction."""
    identity = uuid.uuid4().hex  # distinguishes the vector caches of two catalogs
    meta = f"INSERT INTO meta VALUES ('schema', '{SCHEMA_VERSION}'), ('identity', '{identity}');"
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {meta} COMMIT;")


def add_optional_tables(connection: sqlite3.Connection) -> None:
    """Add the tables and indexes introduced since schema version 1.

    They are optional: an older index without them can still be read.
    """
    connection.execute("CREATE INDEX IF NOT EXISTS contents_by_text ON contents (text_digest)")
    # The character boxes of each page, in the form of scoqa.parse, compressed.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS boxes (content INTEGER NOT NULL REFERENCES contents (id) "
        "ON DELETE CASCADE, page INTEGER NOT NULL, boxes BLOB NOT NULL, "
        "PRIMARY KEY (content, page)) WITHOUT ROWID"
    )
    # The marks of a content that its reading view depends on, so that an ask need not load all.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS layouts (content INTEGER PRIMARY KEY REFERENCES contents (id) "
        "ON DELETE CASCADE, marks TEXT NOT NULL)"
    )
    # The stamp of a document's file when its bytes were last hashed; see scoqa.stamps.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS stamps (document INTEGER PRIMARY KEY REFERENCES documents (id) "
        "ON DELETE CASCADE, stamp TEXT NOT NULL)"
    )
