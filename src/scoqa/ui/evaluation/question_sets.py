"""The question sets that can be selected on the page: files beside the documents, and uploads.

Input: a Workspace, and names and bytes from the browser, which may be forged. Output: existing
files. The key of a set is only looked up among them, never used as a path.
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
# Files up to this size are parsed when they are listed; larger ones only when they are run or
# uploaded.
_PARSED_BYTES = 2 * 2**20
_MOST_NAME_CHARACTERS = 100
_NOT_IN_NAMES = re.compile(r"[^\w. ()+-]+")


@dataclass(frozen=True, slots=True)
class SetFile:
    """A file that can be selected. Fields that need parsing are None if it was not parsed.

    key: its identifier on the page. brings: whether it contains its own documents.
    """

    key: str
    name: str
    file: Path
    uploaded: bool
    digest: str | None
    questions: int | None
    brings: bool | None
    problem: str | None  # one sentence; the set cannot be run


class QuestionSets:
    """The sets of one workspace. Cheap to list: a file is read again only if it has changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._cache: dict[tuple[str, int, int], SetFile] = {}
        self._lock = threading.Lock()  # one set is parsed at a time: a parsed set is large

    @property
    def folder(self) -> Path:
        """The folder where users put their sets."""
        return self._workspace.root / FOLDER

    def list_sets(self) -> list[SetFile]:
        """Return the existing sets: those of the folder by name, then the uploads."""
        with self._lock:
            current: dict[tuple[str, int, int], SetFile] = {}
            for folder, uploaded in ((self.folder, False), (self._uploads, True)):
                for file, state in _find_files(folder):
                    key = _cache_key(file, state)
                    parse = state.st_size <= _PARSED_BYTES
                    cached = self._cache.get(key)
                    current[key] = cached or _inspect(file, uploaded=uploaded, parse=parse)
            self._cache = current
        return list(current.values())

    @property
    def _uploads(self) -> Path:
        return self._workspace.index / FOLDER

    def find(self, key: object) -> SetFile | None:
        """Return the set with that key, or None; `key` may be any value."""
        return next((file for file in self.list_sets() if file.key == key), None)

    def save_upload(self, name: str, data: bytes) -> SetFile:
        """Save an uploaded set under `name`, or a similar name if that is taken; return the set.

        Raises QuestionSetError if it cannot be parsed as a set, and WorkspaceError if nothing can
        be written; nothing is saved then.
        """
        name = _check_file_name(name)
        folder = self._uploads
        if not self._workspace.writable:
            raise WorkspaceError(explain_unwritable(self._workspace))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if sum(1 for _ in _find_files(folder)) >= MOST_SETS:
                raise WorkspaceError(f"{folder} contains {MOST_SETS} sets. Delete some first.")
            handle, partial = tempfile.mkstemp(prefix=".", suffix=name, dir=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                with self._lock:  # so that the empty `final` is not listed as a set meanwhile
                    parsed = _inspect(Path(partial), uploaded=True, parse=True, strict=True)
                    final = _create_free(folder, name)
                    os.replace(partial, final)
                    key = f"uploaded/{final.name}"
                    saved = replace(parsed, key=key, name=final.name, file=final)
                    self._cache[_cache_key(final, final.stat())] = saved
            finally:
                Path(partial).unlink(missing_ok=True)
        except QuestionSetError as error:
            raise QuestionSetError(name, error.line, error.reason) from error
        except OSError as error:
            raise WorkspaceError(f"{folder} cannot be written: {error.strerror}.") from error
        return saved


def explain_unwritable(workspace: Workspace) -> str:
    """Return the sentence for an index folder in which no run or upload can be saved."""
    return (
        f"{workspace.index} cannot be written, so no run can be saved. Make it writable, or start"
        " scoqa with --index DIR."
    )


def _find_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files that may be sets, by name. Symlinks that leave `folder` are skipped."""
    try:
        names = sorted(file.name for file in folder.iterdir())
        resolved = folder.resolve()
    except OSError:  # it does not exist, or must not be read
        return
    for name in [name for name in names if name.lower().endswith(KINDS)][:MOST_SETS]:
        file = folder / name
        try:
            state, target = file.stat(), file.resolve()
        except (OSError, RuntimeError):
            continue
        if name[0] != "." and stat.S_ISREG(state.st_mode) and target.is_relative_to(resolved):
            yield file, state


def _cache_key(file: Path, state: os.stat_result) -> tuple[str, int, int]:
    return str(file), state.st_size, state.st_mtime_ns


def _inspect(file: Path, *, uploaded: bool, parse: bool, strict: bool = False) -> SetFile:
    """Return the set in `file`, parsed or only with its digest.

    strict: raise QuestionSetError and OSError instead of setting `problem`.
    """
    digest, questions, brings, problem = None, None, None, None
    try:
        if parse:
            parsed = read_set(file)
            digest, questions = parsed.digest, len(parsed.questions)
            brings = bool(parsed.contexts)
        else:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except QuestionSetError as error:
        if strict:
            raise
        problem = describe_problem(error, file.name)
    except OSError as error:
        if strict:
            raise
        problem = f"{file.name} cannot be read: {error.strerror}."
    key = f"{'uploaded' if uploaded else 'folder'}/{file.name}"
    return SetFile(key, file.name, file, uploaded, digest, questions, brings, problem)


def describe_problem(error: QuestionSetError, name: str) -> str:
    """Return the message of `error`, with `name` as the user's name for the set."""
    place = f"{name}, line {error.line}: " if error.line else f"{name}: "
    return place + error.reason.rstrip(".") + "."


def _check_file_name(name: str) -> str:
    """Return `name` as the name of a visible file, without a folder.

    Raises QuestionSetError if its suffix is not that of a question set.
    """
    bare = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    bare = _NOT_IN_NAMES.sub("-", bare).lstrip(". ")
    suffix = next((kind for kind in KINDS if bare.lower().endswith(kind)), None)
    stem = bare[: -len(suffix)].strip() if suffix else ""
    if suffix is None or not stem:
        raise QuestionSetError(
            bare[:_MOST_NAME_CHARACTERS] or "A file without a name", 0,
            f"does not have the name of a question set: it must end in {', '.join(SUFFIXES)}, or"
            " one of these with .gz.",
        )  # fmt: skip
    return stem[:_MOST_NAME_CHARACTERS] + suffix.lower()


def _create_free(folder: Path, name: str) -> Path:
    """Create an empty file `name` in `folder`, numbered if that name is taken; return it."""
    suffix = next(kind for kind in KINDS if name.endswith(kind))
    stem, number = name[: -len(suffix)], 1
    while True:
        file = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with file.open("x"):
                return file
        except FileExistsError:
            number += 1
