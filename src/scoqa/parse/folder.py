"""A folder -> the files in it that are documents.

Receives a folder and what to leave out; hands on sources by path, a count of the files of other
kinds, and what could not be read. It looks at names and links only, never inside a file.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from scoqa.errors import WorkspaceError
from scoqa.parse import format_of
from scoqa.types import Notice

# Files that speak about a folder rather than belong to it.
NEVER_DOCUMENTS = ("README*", "LICENSE*", "NOTICE*", "scoqa.toml")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that should be in the index."""

    path: str
    file: Path
    size: int


def scan(
    documents: Path, *, exclude: Sequence[str] = (), index: Path | None = None
) -> tuple[list[Source], dict[str, int], list[Notice]]:
    """Return the files to index by path, how many of each other kind, and what failed.

    Hidden files, NEVER_DOCUMENTS, the folder `index` and whatever `exclude` matches (glob
    patterns on the path below `documents`) are left out. Links that lead out of the folder are
    reported, not followed. Raises WorkspaceError when the folder itself cannot be read.
    """
    if not documents.is_dir():
        raise WorkspaceError(f"{documents} is not a folder. Name the folder with your documents.")
    root = documents.resolve()
    sources: list[Source] = []
    ignored: Counter[str] = Counter()
    failed: list[Notice] = []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == documents:
            raise WorkspaceError(f"{documents} cannot be read: {error.strerror}.") from error
        where = Path(error.filename).relative_to(documents).as_posix()
        failed.append(Notice(where, f"cannot be read: {error.strerror}."))

    for folder, names, files in os.walk(documents, onerror=unreadable):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and (index is None or (here / name).resolve() != index)
        )
        for name in sorted(files):
            file = here / name
            path = unicodedata.normalize("NFC", file.relative_to(documents).as_posix())
            if name.startswith(".") or any(fnmatch(name, each) for each in NEVER_DOCUMENTS):
                continue
            if any(fnmatch(path, each) for each in exclude):
                continue
            if format_of(path) is None:
                ignored[Path(path).suffix.lower() or "(none)"] += 1
            elif file.is_symlink() and not file.resolve().is_relative_to(root):
                failed.append(Notice(path, "is a link that leads out of the folder."))
            else:
                try:
                    sources.append(Source(path, file, file.stat().st_size))
                except OSError as error:
                    failed.append(Notice(path, f"cannot be read: {error.strerror}."))
    return sorted(sources, key=lambda each: each.path), dict(sorted(ignored.items())), failed
