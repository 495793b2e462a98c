"""A folder -> the files in it that are documents.

Receives a folder and what to leave out; hands on sources by path, a count of the files of other
kinds, and what could not be read. It looks at names and links only, never inside a file.
"""

from __future__ import annotations

import os
import stat
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
    patterns on the path below `documents`) are left out. Links that lead out of the folder, and
    whatever else is no plain file, are reported, not followed; links to folders within it are
    passed over, since their files are found where they are.
    Raises WorkspaceError when the folder itself cannot be read.
    """
    if not documents.is_dir():
        raise WorkspaceError(f"{documents} is not a folder. Name the folder with your documents.")
    root = documents.resolve()
    sources: dict[str, Source] = {}
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
            if not name.startswith(".") and (index is None or _target(here / name) != index)
        )
        links = [name for name in names if (here / name).is_symlink()]  # os.walk passes them over
        for name in [*links, *sorted(files)]:
            file = here / name
            path = unicodedata.normalize("NFC", file.relative_to(documents).as_posix())
            if name.startswith(".") or any(fnmatch(name, each) for each in NEVER_DOCUMENTS):
                continue
            if any(fnmatch(path, each) for each in exclude):
                continue
            if name not in links and format_of(path) is None:
                ignored[Path(_shown(path)).suffix.lower() or "(none)"] += 1
                continue
            source = _source(file, path, root)
            if isinstance(source, str):
                failed.append(Notice(_shown(path), source))
            elif path in sources:
                failed.append(Notice(path, "has the same name as another file there."))
            elif name not in links:
                sources[path] = source
    return [sources[path] for path in sorted(sources)], dict(sorted(ignored.items())), failed


def _target(file: Path) -> Path | None:
    """Return where `file` really is; None for a link that leads back to itself."""
    try:
        return file.resolve()
    except (OSError, RuntimeError):  # RuntimeError: Python 3.11 and 3.12, on a loop of links
        return None


def _shown(path: str) -> str:
    """Return `path` in characters that can be stored and printed, whatever its bytes."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _source(file: Path, path: str, root: Path) -> Source | str:
    """Return `file` as a source, or why it cannot be one."""
    if _shown(path) != path:
        return "has a name that is not UTF-8. Rename it."
    if file.is_symlink():
        target = _target(file)
        if target is None:
            return "is a link that leads nowhere."
        if not target.is_relative_to(root):
            return "is a link that leads out of the folder."
    try:
        state = file.stat()
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):
        return "is not a plain file."  # reading a pipe would wait for ever
    return Source(path, file, state.st_size)
