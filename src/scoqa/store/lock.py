"""One writer at a time: an operating-system lock on a folder, freed by its holder's death.

Receives a folder; hands on the lock, and who holds it. The lock itself says nothing, so its
holder writes its name into a file beside it.
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
def locked(folder: Path) -> Iterator[None]:
    """Hold the writer's lock on `folder`, which is made if need be.

    Raises IndexLockedError while another process has it, WorkspaceError when nothing can be
    written there.
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
        raise IndexLockedError(held_by(folder)) from None
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


def held_by(folder: Path) -> str:
    """Return a sentence that says who is writing the index in `folder`, as far as is known."""
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        who = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError):
        who = "another process"
    return f"The index in {folder} is being written by {who}. Wait for it to end."


def is_writable(folder: Path) -> bool:
    """Return whether `folder` can be written, or be made where it does not exist yet."""
    place = folder
    while not os.path.exists(place) and place != place.parent:  # noqa: PTH110  # may be hidden
        place = place.parent
    effective = os.access in os.supports_effective_ids  # who acts, not who logged in
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK, effective_ids=effective)
