"""The question sets that can be picked on the page: files beside the documents, and uploads.

Receives a Workspace, names and bytes from the browser, which may be forged; hands on the files
that are really there. A name is only ever looked up among them, never made into a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scoqa.errors import QuestionSetError, WorkspaceError
from scoqa.evaluation.sets import read_set

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

FOLDER = "questions"  # in the workspace, and for uploads in the index
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".json")
KINDS = tuple(f"{suffix}{packed}" for suffix in SUFFIXES for packed in ("", ".gz"))
MOST_SETS = 200  # of each folder
# Looked into as soon as it is listed; a larger one only when it is asked or sent.
_AT_ONCE_BYTES = 2 * 2**20
_MOST_NAME_CHARACTERS = 100
_NO_NAME = re.compile(r"[^\w. ()+-]+")


@dataclass(frozen=True, slots=True)
class SetFile:
    """A file that can be picked. What was not looked into is None.

    key: what the page calls it. brings: whether it brings its own documents.
    """

    key: str
    name: str
    file: Path
    uploaded: bool
    digest: str | None
    questions: int | None
    brings: bool | None
    problem: str | None  # one sentence; it cannot be asked


class QuestionSets:
    """The sets of one workspace. Cheap to list often: a file is read again when it has changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[tuple[str, int, int], SetFile] = {}
        self._lock = threading.Lock()  # one set is read at a time: as objects a set is large

    @property
    def folder(self) -> Path:
        """Where people put their sets."""
        return self._workspace.root / FOLDER

    def listed(self) -> list[SetFile]:
        """Return the sets there are: those of the folder by name, then the uploads."""
        with self._lock:
            fresh: dict[tuple[str, int, int], SetFile] = {}
            for folder, uploaded in ((self.folder, False), (self._uploads, True)):
                for file, state in _files(folder):
                    seen = _seen(file, state)
                    whole = state.st_size <= _AT_ONCE_BYTES
                    known = self._known.get(seen)
                    fresh[seen] = known or _looked_into(file, uploaded=uploaded, whole=whole)
            self._known = fresh
        return list(fresh.values())

    @property
    def _uploads(self) -> Path:
        return self._workspace.index / FOLDER

    def find(self, key: object) -> SetFile | None:
        """Return the set that the page calls `key`, whatever it holds; None if there is none."""
        return next((each for each in self.listed() if each.key == key), None)

    def keep(self, name: str, data: bytes) -> SetFile:
        """Keep an uploaded set under `name`, or a name like it if that is taken; return it.

        Raises QuestionSetError when it cannot be read as a set, and WorkspaceError when nothing
        can be written; nothing is kept then.
        """
        name = _file_name(name)
        folder = self._uploads
        if not self._workspace.store.writable:
            raise WorkspaceError(unwritable(self._workspace))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if sum(1 for _ in _files(folder)) >= MOST_SETS:
                raise WorkspaceError(f"{folder} holds {MOST_SETS} sets. Delete some first.")
            handle, partial = tempfile.mkstemp(prefix=".", suffix=name, dir=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                with self._lock:  # also: the place made for it is not taken for a set
                    read = _looked_into(Path(partial), uploaded=True, whole=True, strict=True)
                    final = _free(folder, name)
                    os.replace(partial, final)
                    kept = replace(read, key=f"uploaded/{final.name}", name=final.name, file=final)
                    self._known[_seen(final, final.stat())] = kept
            finally:
                Path(partial).unlink(missing_ok=True)
        except QuestionSetError as error:
            raise QuestionSetError(name, error.line, error.reason) from error
        except OSError as error:
            raise WorkspaceError(f"{folder} cannot be written: {error.strerror}.") from error
        return kept


def unwritable(workspace: Workspace) -> str:
    """Return why nothing can be run or kept here."""
    return (
        f"{workspace.index} cannot be written, so no run can be kept. Allow it, or start scoqa"
        " with --index DIR."
    )


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files that may be sets, by name. Links that lead out of `folder` are none."""
    try:
        names = sorted(each.name for each in folder.iterdir())
        here = folder.resolve()
    except OSError:  # there is none, or nobody may look
        return
    for name in [each for each in names if each.lower().endswith(KINDS)][:MOST_SETS]:
        file = folder / name
        try:
            state, target = file.stat(), file.resolve()
        except (OSError, RuntimeError):
            continue
        if name[0] != "." and stat.S_ISREG(state.st_mode) and target.is_relative_to(here):
            yield file, state


def _seen(file: Path, state: os.stat_result) -> tuple[str, int, int]:
    return str(file), state.st_size, state.st_mtime_ns


def _looked_into(file: Path, *, uploaded: bool, whole: bool, strict: bool = False) -> SetFile:
    """Return what is known of a set; read whole, or only its digest. strict: errors are raised."""
    digest, questions, brings, problem = None, None, None, None
    try:
        if whole:
            read = read_set(file)
            digest, questions, brings = read.digest, len(read.questions), bool(read.contexts)
        else:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except QuestionSetError as error:
        if strict:
            raise
        problem = said(error, file.name)
    except OSError as error:
        if strict:
            raise
        problem = f"{file.name} cannot be read: {error.strerror}."
    key = f"{'uploaded' if uploaded else 'folder'}/{file.name}"
    return SetFile(key, file.name, file, uploaded, digest, questions, brings, problem)


def said(error: QuestionSetError, name: str) -> str:
    """Return what is wrong with a set, under the name that people know it by."""
    where = f"{name}, line {error.line}: " if error.line else f"{name}: "
    return where + error.reason.rstrip(".") + "."


def _file_name(name: str) -> str:
    """Return `name` as that of a visible file in one folder; raises QuestionSetError if it is of
    no kind that is read."""
    bare = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    bare = _NO_NAME.sub("-", bare).lstrip(". ")
    suffix = next((each for each in KINDS if bare.lower().endswith(each)), None)
    stem = bare[: -len(suffix)].strip() if suffix else ""
    if suffix is None or not stem:
        raise QuestionSetError(
            bare[:_MOST_NAME_CHARACTERS] or "A file without a name", 0,
            f"is no question set by its name; they end in {', '.join(SUFFIXES)}, or these with"
            " .gz.",
        )  # fmt: skip
    return stem[:_MOST_NAME_CHARACTERS] + suffix.lower()


def _free(folder: Path, name: str) -> Path:
    """Return a file in `folder` called `name`, or the first free name like it; made, and empty."""
    suffix = next(each for each in KINDS if name.endswith(each))
    stem, number = name[: -len(suffix)], 1
    while True:
        file = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with file.open("x"):
                return file
        except FileExistsError:
            number += 1
