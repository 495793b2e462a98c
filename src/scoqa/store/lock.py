"""Lock a folder for one writer at a time.

Input: a folder. Output: an operating-system lock, which is released if its process dies. A file
next to the lock names its holder, because the lock itself cannot.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from scoqa.errors import IndexLockedError, WorkspaceError

LOCK = "writer.lock"
HOLDER = "writer.json"


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Hold the writer lock on `folder`, creating the folder if it does not exist.

    Raises IndexLockedError if another process holds it, WorkspaceError if the folder is not
    writable.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        (folder / HOLDER).write_text(json.dumps(holder), encoding="utf-8")
    except Timeout:
        raise IndexLockedError(describe_holder(folder)) from None
    except OSError as error:
        lock.release()
        raise WorkspaceError(
            f"{folder} cannot be written: {error.strerror or error}. Choose another "
            "place with --index DIR."
        ) from error
    try:
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def describe_holder(folder: Path) -> str:
    """Return a sentence that names the process writing the index in `folder`, if known."""
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        holder_name = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError):
        holder_name = "another process"
    return f"The index in {folder} is being written by {holder_name}. Wait for it to end."


def is_writable(folder: Path) -> bool:
    """Return whether `folder` is writable, or can be created if it does not exist."""
    place = folder
    while not os.path.exists(place) and place != place.parent:  # noqa: PTH110  # may be inaccessible
        place = place.parent
    effective = os.access in os.supports_effective_ids  # the effective user, not the real one
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK, effective_ids=effective)
