"""Runs kept on disk: what was asked, one record a line, so that a stopped run goes on.

Receives records as they are made; hands them on again, in order, without holding them. A run is a
folder below `runs` in the index folder: `run.json` says what was asked of what, `records.jsonl`
holds {"record", "seconds"} a line, `finished` stands there once all are.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scoqa.errors import WorkspaceError
from scoqa.serial import json_text

if TYPE_CHECKING:
    from filelock import FileLock

FOLDER = "runs"
FORMAT = "1"  # of a record: another one cannot go on where an older stopped
_HEAD, _RECORDS, _FINISHED, _LOCK = "run.json", "records.jsonl", "finished", "run.lock"


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of a run without reading its records."""

    id: str
    set: str  # the set's name
    started: str  # ISO 8601
    questions: int
    done: int
    finished: bool
    folder: Path
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    corrections: Sequence[Mapping[str, Any]] = ()


class Journal:
    """The records of one run, in memory or in a file; appended to, and read again."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lines: list[str] = []
        self._starts = array("Q", [0])
        self._writing: FileIO | None = None
        if file is not None and file.exists():
            self._starts = _starts(file)

    def __len__(self) -> int:
        return len(self._lines) if self._file is None else len(self._starts) - 1

    def append(self, record: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
        """Add a record with the seconds of its stages. It is kept when this returns.

        Raises WorkspaceError when it cannot be written.
        """
        line = json_text({"record": record, "seconds": seconds})
        if self._file is None:
            self._lines.append(line)
            return
        data = line.encode("utf-8") + b"\n"
        try:
            if self._writing is None:
                self._writing = FileIO(self._file, "r+" if self._file.exists() else "w")
                self._writing.truncate(self._starts[-1])  # half a line that a killed run left
                self._writing.seek(self._starts[-1])
            if self._writing.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise WorkspaceError(
                f"{self._file} cannot be written: {error.strerror}. What is there is kept: make "
                "room, and the same command goes on."
            ) from error
        self._starts.append(self._starts[-1] + len(data))

    def close(self) -> None:
        """Close the file; appending opens it again."""
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield {"record", "seconds"} of every question, in order."""
        for number in range(len(self)):
            yield self.entry(number)

    def entry(self, number: int) -> dict[str, Any]:
        """Return {"record", "seconds"} of one question, counted from 0."""
        if self._file is None:
            line: str | bytes = self._lines[number]
        else:
            with self._file.open("rb") as file:
                file.seek(self._starts[number])
                line = file.read(self._starts[number + 1] - self._starts[number])
        entry: dict[str, Any] = json.loads(line)
        return {**entry, "record": renamed_measures(entry["record"])}


def renamed_measures(record: dict[str, Any]) -> dict[str, Any]:
    """Return `record` with its measures under their present names: R@k became Success@k."""
    measures = {
        re.sub(r"^R@(?=\d)", "Success@", name): value
        for name, value in record.get("measures", {}).items()
    }
    return {**record, "measures": measures} if measures else record


class Records(Sequence[Mapping[str, Any]]):
    """The records of a run, each read when it is asked for."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __len__(self) -> int:
        return len(self._journal)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]  # IndexError, and counting from the end
        record: Mapping[str, Any] = self._journal.entry(number)["record"]
        return record

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(len(self))


def _starts(file: Path) -> array[int]:
    """Return where each whole line begins, and where the last ends."""
    starts = array("Q", [0])
    with file.open("rb") as lines:
        for line in lines:
            if not (line.startswith(b'{"record": ') and line.endswith(b"}\n")):
                break  # half a line, or what a power cut left: everything from there is asked again
            starts.append(starts[-1] + len(line))
    return starts


def key_of(fingerprint: Mapping[str, str]) -> str:
    """Return what two runs share that ask the same of the same."""
    text = json.dumps([FORMAT, dict(sorted(fingerprint.items()))])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _finish(folder: Path) -> None:
    try:
        (folder / _FINISHED).touch()
    except OSError as error:
        raise WorkspaceError(f"{folder} cannot be written: {error.strerror}.") from error


@contextmanager
def begun(
    index: Path,
    set_name: str,
    fingerprint: Mapping[str, str],
    questions: int,
    *,
    corrections: Sequence[Mapping[str, Any]] = (),
    anew: bool = False,
) -> Iterator[tuple[Run, Journal]]:
    """Give the run to append to: one that was stopped and asks the same, else a new one.

    index: the index folder. anew: leave stopped runs alone. A run that another process is at is
    left to it. On leaving, the run is finished if it holds all its questions.
    Raises WorkspaceError when nothing can be written there.
    """
    place = index / FOLDER
    try:
        head = {
            "set": set_name,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            "questions": questions,
            "fingerprint": dict(fingerprint),
            "corrections": list(corrections),
        }
        folder, lock = _held(place, key_of(fingerprint), head, anew=anew)
    except OSError as error:
        raise WorkspaceError(
            f"{place} cannot be written: {error.strerror or error}. Choose another place with "
            "--index DIR."
        ) from error
    journal = Journal(folder / _RECORDS)
    try:
        run = _read(folder)
        if run is None:
            raise WorkspaceError(f"{folder} cannot be read. Delete it, and run again.")
        yield run, journal
        if len(journal) == questions:
            _finish(folder)
    finally:
        try:
            journal.close()
        finally:
            lock.release()


def _held(place: Path, key: str, head: Mapping[str, Any], *, anew: bool) -> tuple[Path, FileLock]:
    """Return the folder of the newest stopped run that nobody is at, or of a new one; locked."""
    from filelock import FileLock, Timeout

    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / _LOCK):  # while one chooses, nobody else does
        stopped = [] if anew else _stopped(place, key)
        for folder in stopped:
            lock = FileLock(folder / _LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue  # somebody is at it
            return folder, lock
        folder = _new(place, key, head)
        lock = FileLock(folder / _LOCK)
        lock.acquire(timeout=0)
        return folder, lock


def _stopped(place: Path, key: str) -> list[Path]:
    """Return the stopped runs that ask the same, newest first, none older than a finished one."""
    found = []
    for folder in sorted(place.glob(f"*-{key}*"), reverse=True):
        if (folder / _FINISHED).exists():
            break
        if _read(folder) is not None:
            found.append(folder)
    return found


def _new(place: Path, key: str, head: Mapping[str, Any]) -> Path:
    """Return a new folder with `head` in it."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{key}"
    folder = place / name
    number = 1
    while folder.exists():
        number += 1
        folder = place / f"{name}-{number:03}"  # in the order of their names
    folder.mkdir()
    written = folder / f"{_HEAD}.new"
    written.write_text(json_text(head, indent=1), encoding="utf-8")
    written.replace(folder / _HEAD)
    return folder


def _read(folder: Path) -> Run | None:
    """Return the run in `folder`, or None where there is none that can be read."""
    try:
        head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
        records, questions = folder / _RECORDS, int(head["questions"])
        finished = (folder / _FINISHED).exists()
        # A finished run holds all of them: its records are not read through to be counted.
        done = questions if finished else len(_starts(records)) - 1 if records.exists() else 0
        return Run(
            id=folder.name,
            set=str(head["set"]),
            started=str(head["started"]),
            questions=questions,
            done=done,
            finished=finished,
            folder=folder,
            fingerprint={str(key): str(value) for key, value in head["fingerprint"].items()},
            corrections=tuple(dict(each) for each in head["corrections"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def all_runs(index: Path) -> list[Run]:
    """Return the runs kept in the index folder, newest first."""
    place = index / FOLDER
    folders = sorted(place.iterdir(), reverse=True) if place.is_dir() else []
    return [run for folder in folders if (run := _read(folder)) is not None]


def find(index: Path, run_id: str) -> Run | None:
    """Return the run of that id, whatever the string holds; None where there is none."""
    return next((run for run in all_runs(index) if run.id == run_id), None)


def journal_of(run: Run) -> Journal:
    """Return the records of a run that is kept."""
    return Journal(run.folder / _RECORDS)


def size(run: Run) -> int:
    """Return how many bytes its records take."""
    return (run.folder / _RECORDS).stat().st_size
