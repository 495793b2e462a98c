"""Open the SQLite catalog of an index, to read or to write.

Input: the file of a catalog. Output: a connection. Transactions are started explicitly.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from scoqa.store import schema

# Memory for catalog pages while writing. Its keys are hashes, so any page may be needed.
WRITER_PAGES_KB = 64 * 1024
LOG_PAGES = 8000  # of 4 KB per checkpoint; a page that changes again before it is written once
CHECKPOINT_MILLISECONDS = 500  # how long the end of a write waits for readers
BUSY_SECONDS = 30.0  # how long SQLite waits for another connection's short lock


def open_to_read(file: Path, *, writable: bool) -> sqlite3.Connection:
    """Return a read-only connection to the catalog `file`.

    writable: whether its folder can be written.
    """
    uri = file.absolute().as_uri() + "?mode=ro"
    connection = _connect(uri)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        log = file.with_name(f"{file.name}-wal")
        if writable or (log.is_file() and log.stat().st_size):
            raise  # the log is part of the index, so it must not be ignored
        # A reader of a WAL catalog creates a file next to it. If the folder is read-only and
        # there is no log, the catalog file alone is the complete index.
        return _connect(uri + "&immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_write(file: Path) -> sqlite3.Connection:
    """Return a connection that may write to the catalog `file`, creating it if necessary."""
    new = not file.is_file()
    connection = _connect(file.absolute().as_uri() + "?mode=rwc")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{WRITER_PAGES_KB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        if new or not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            schema.create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def close_after_writing(connection: sqlite3.Connection) -> None:
    """Close `connection`, leaving the catalog as a single file, readable in a read-only folder.

    A reader may delay this beyond the timeout; then the next writer does it.
    """
    connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _connect(uri: str) -> sqlite3.Connection:
    # isolation_level None: transactions are started explicitly. A view may move between threads,
    # but only one thread at a time uses it.
    return sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
