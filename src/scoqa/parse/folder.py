"""Find the documents in a folder.

Input: a folder and exclusion patterns. Output: the files to index sorted by path, the files of
unsupported formats, and the files that could not be read. Only names and links are examined, never
the content of a file.
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
from typing import NamedTuple

from scoqa.errors import WorkspaceError
from scoqa.parse import format_of
from scoqa.parse.formats import describe_unsupported
from scoqa.types import Notice

# Files that programs leave in a folder: settings, lock files of Office, caches of file managers.
NEVER_DOCUMENTS = ("scoqa.toml", "~$*", "Thumbs.db", "desktop.ini")
MOST_UNREAD = 1_000  # unread files named in a report; a folder of photos may have any number


@dataclass(frozen=True, slots=True)
class Source:
    """A file that should be in the index. state: its status when the folder was scanned."""

    path: str
    file: Path
    state: os.stat_result

    @property
    def size(self) -> int:
        return self.state.st_size


class Scan(NamedTuple):
    """The files in a folder.

    Attributes
    ----------
    sources
        The files to index, sorted by path.
    ignored
        The number of files of unsupported formats, by extension.
    unread
        The names of these files, at most MOST_UNREAD: first those for which something can be done.
    failed
        The files that cannot be indexed for another reason.
    """

    sources: list[Source]
    ignored: dict[str, int]
    failed: list[Notice]
    unread: tuple[Notice, ...]


def scan(
    documents: Path,
    *,
    exclude: Sequence[str] = (),
    index: Path | None = None,
    skip: Path | None = None,
) -> Scan:
    """Return the files to index, and those that are not read.

    Parameters
    ----------
    exclude
        Glob patterns on the path relative to `documents`.
    index
        The index folder, which is skipped. Hidden files and NEVER_DOCUMENTS are skipped too.
    skip
        Another folder to skip.

    Returns
    -------
    Links out of the folder and anything else that is not a regular file are reported as failures
    and not followed. Links to folders inside `documents` are skipped, because their files are found
    at their real place.

    Raises
    ------
    WorkspaceError
        If the folder itself cannot be read.
    """
    if not documents.is_dir():
        raise WorkspaceError(f"{documents} is not a folder. Name the folder with your documents.")
    root = documents.resolve()
    sources: dict[str, Source] = {}
    ignored: Counter[str] = Counter()
    unread: list[tuple[bool, str, str]] = []  # whether nothing can be done, path, reason
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
            if not name.startswith(".")
            and here / name != skip
            and (index is None or _resolve(here / name) != index)
        )
        links = [name for name in names if (here / name).is_symlink()]  # os.walk skips them
        for name in [*links, *sorted(files)]:
            file = here / name
            path = unicodedata.normalize("NFC", file.relative_to(documents).as_posix())
            if not is_document_path(path, exclude):
                continue
            if name not in links and format_of(path) is None:
                printable = _make_printable(path)
                ignored[Path(printable).suffix.lower() or "(none)"] += 1
                reason, is_known = describe_unsupported(printable)
                unread.append((not is_known, printable, reason))
                continue
            source = _check_source(file, path, root)
            if isinstance(source, str):
                failed.append(Notice(_make_printable(path), source))
            elif path in sources:
                failed.append(Notice(path, "has the same name as another file there."))
            elif name not in links:
                sources[path] = source
    return Scan(
        [sources[path] for path in sorted(sources)],
        dict(sorted(ignored.items())),
        failed,
        tuple(Notice(path, reason) for _, path, reason in sorted(unread)[:MOST_UNREAD]),
    )


def is_document_path(path: str, exclude: Sequence[str] = ()) -> bool:
    """Return whether a file at `path` may be a document, judged by its path alone.

    Paths that match `exclude`, hidden files and folders, NEVER_DOCUMENTS, and paths that `scan`
    never returns, such as "../a.txt" and "/a.txt", are not documents.
    """
    *_, name = parts = path.split("/")
    return (
        not any(part == "" or part.startswith(".") for part in parts)
        and not any(fnmatch(name, pattern) for pattern in NEVER_DOCUMENTS)
        and not any(fnmatch(path, pattern) for pattern in exclude)
    )


def _resolve(file: Path) -> Path | None:
    """Return the real path of `file`, or None for a link that leads back to itself."""
    try:
        return file.resolve()
    except (OSError, RuntimeError):  # RuntimeError: Python 3.11 and 3.12, on a loop of links
        return None


def _make_printable(path: str) -> str:
    """Return `path` with escapes in place of bytes that cannot be stored or printed."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _check_source(file: Path, path: str, root: Path) -> Source | str:
    """Return `file` as a source, or the reason why it cannot be indexed."""
    if _make_printable(path) != path:
        return "has a name that is not UTF-8. Rename it."
    if file.is_symlink():
        target = _resolve(file)
        if target is None:
            return "is a link that leads back to itself."
        if not target.is_relative_to(root):
            return "is a link to a place outside the folder."
    try:
        state = file.stat()
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):
        return "is not a regular file."  # reading a pipe would wait forever
    return Source(path, file, state)
