"""Store evaluation runs on disk, so that a stopped run can resume.

Input: the record of each question as it is built. Output: the same records in order, read one at
a time. A run is a folder in `runs` in the index folder: `run.json` describes the run,
`records.jsonl` has one {"record", "seconds"} object per line, and the file `finished` exists once
every question has a record.
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
FORMAT = "1"  # version of the records: a run of another version cannot be resumed
_HEAD, _RECORDS, _FINISHED, _LOCK = "run.json", "records.jsonl", "finished", "run.lock"


@dataclass(frozen=True, slots=True)
class Run:
    """A run without its records."""

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
    """The records of one run, in memory or in a file; can be appended to and read."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lines: list[str] = []
        self._starts = array("Q", [0])
        self._output: FileIO | None = None
        if file is not None and file.exists():
            self._starts = _find_line_starts(file)

    def __len__(self) -> int:
        return len(self._lines) if self._file is None else len(self._starts) - 1

    def append(self, record: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
        """Add a record with the seconds of its stages; it is written when this returns.

        Raises WorkspaceError if it cannot be written.
        """
        line = json_text({"record": record, "seconds": seconds})
        if self._file is None:
            self._lines.append(line)
            return
        data = line.encode("utf-8") + b"\n"
        try:
            if self._output is None:
                self._output = FileIO(self._file, "r+" if self._file.exists() else "w")
                self._output.truncate(self._starts[-1])  # an incomplete line of a killed run
                self._output.seek(self._starts[-1])
            if self._output.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise WorkspaceError(
                f"{self._file} cannot be written: {error.strerror}. The records written so far "
                "are safe: free disk space and run the same command again to resume."
            ) from error
        self._starts.append(self._starts[-1] + len(data))

    def close(self) -> None:
        """Close the file; appending opens it again."""
        if self._output is not None:
            self._output.close()
            self._output = None

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield {"record", "seconds"} for every question, in order."""
        for number in range(len(self)):
            yield self.entry(number)

    def entry(self, number: int) -> dict[str, Any]:
        """Return {"record", "seconds"} for question `number`, counted from 0."""
        if self._file is None:
            line: str | bytes = self._lines[number]
        else:
            with self._file.open("rb") as file:
                file.seek(self._starts[number])
                line = file.read(self._starts[number + 1] - self._starts[number])
        entry: dict[str, Any] = json.loads(line)
        return {**entry, "record": rename_measures(entry["record"])}


def rename_measures(record: dict[str, Any]) -> dict[str, Any]:
    """Return `record` with its measures under their current names: R@k is now Success@k."""
    measures = {
        re.sub(r"^R@(?=\d)", "Success@", name): value
        for name, value in record.get("measures", {}).items()
    }
    return {**record, "measures": measures} if measures else record


class Records(Sequence[Mapping[str, Any]]):
    """The records of a run, each read from its journal on access."""

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
        number = range(len(self))[index]  # raises IndexError, accepts negative numbers
        record: Mapping[str, Any] = self._journal.entry(number)["record"]
        return record

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(len(self))


def _find_line_starts(file: Path) -> array[int]:
    """Return the byte offset of each complete line, and the end of the last one."""
    starts = array("Q", [0])
    with file.open("rb") as lines:
        for line in lines:
            if not (line.startswith(b'{"record": ') and line.endswith(b"}\n")):
                break  # cut off by a kill or a power cut: the questions from here are asked again
            starts.append(starts[-1] + len(line))
    return starts


def run_key(fingerprint: Mapping[str, str]) -> str:
    """Return a key that is equal for runs of the same set, documents and settings."""
    text = json.dumps([FORMAT, dict(sorted(fingerprint.items()))])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _mark_finished(folder: Path) -> None:
    try:
        (folder / _FINISHED).touch()
    except OSError as error:
        raise WorkspaceError(f"{folder} cannot be written: {error.strerror}.") from error


@contextmanager
def open_run(
    index: Path,
    set_name: str,
    fingerprint: Mapping[str, str],
    questions: int,
    *,
    corrections: Sequence[Mapping[str, Any]] = (),
    restart: bool = False,
) -> Iterator[tuple[Run, Journal]]:
    """Yield the run to append to: the newest stopped run with the same key, or a new run.

    A run that another process is using is skipped. On exit the run is marked finished if every
    question has a record.

    Parameters
    ----------
    index
        The index folder.
    restart
        Always start a new run.

    Raises
    ------
    WorkspaceError
        The run cannot be written or read.
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
        folder, lock = _lock_run_folder(place, run_key(fingerprint), head, restart=restart)
    except OSError as error:
        raise WorkspaceError(
            f"{place} cannot be written: {error.strerror or error}. Choose another place with "
            "--index DIR."
        ) from error
    journal = Journal(folder / _RECORDS)
    try:
        run = _read_run(folder)
        if run is None:
            raise WorkspaceError(f"{folder} cannot be read. Delete it and run the set again.")
        yield run, journal
        if len(journal) == questions:
            _mark_finished(folder)
    finally:
        try:
            journal.close()
        finally:
            lock.release()


def _lock_run_folder(
    place: Path, key: str, head: Mapping[str, Any], *, restart: bool
) -> tuple[Path, FileLock]:
    """Lock and return the folder of the newest stopped run not in use, or of a new run."""
    from filelock import FileLock, Timeout

    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / _LOCK):  # one process chooses at a time
        stopped = [] if restart else _find_stopped(place, key)
        for folder in stopped:
            lock = FileLock(folder / _LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue  # another process is using it
            return folder, lock
        folder = _create_folder(place, key, head)
        lock = FileLock(folder / _LOCK)
        lock.acquire(timeout=0)
        return folder, lock


def _find_stopped(place: Path, key: str) -> list[Path]:
    """Return the stopped runs with this key, newest first, none older than a finished run."""
    stopped = []
    for folder in sorted(place.glob(f"*-{key}*"), reverse=True):
        if (folder / _FINISHED).exists():
            break
        if _read_run(folder) is not None:
            stopped.append(folder)
    return stopped


def _create_folder(place: Path, key: str, head: Mapping[str, Any]) -> Path:
    """Create a run folder with `head` as its run.json, and return it."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{key}"
    folder = place / name
    number = 1
    while folder.exists():
        number += 1
        folder = place / f"{name}-{number:03}"  # sorts after the earlier folder
    folder.mkdir()
    temporary = folder / f"{_HEAD}.new"
    temporary.write_text(json_text(head, indent=1), encoding="utf-8")
    temporary.replace(folder / _HEAD)
    return folder


def _read_run(folder: Path) -> Run | None:
    """Return the run in `folder`, or None if it contains no readable run."""
    try:
        head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
        records, questions = folder / _RECORDS, int(head["questions"])
        finished = (folder / _FINISHED).exists()
        # A finished run has all its records, so they need not be counted.
        if finished:
            done = questions
        else:
            done = len(_find_line_starts(records)) - 1 if records.exists() else 0
        return Run(
            id=folder.name,
            set=str(head["set"]),
            started=str(head["started"]),
            questions=questions,
            done=done,
            finished=finished,
            folder=folder,
            fingerprint={str(key): str(value) for key, value in head["fingerprint"].items()},
            corrections=tuple(dict(correction) for correction in head["corrections"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def list_runs(index: Path) -> list[Run]:
    """Return the runs stored in the index folder, newest first."""
    place = index / FOLDER
    folders = sorted(place.iterdir(), reverse=True) if place.is_dir() else []
    return [run for folder in folders if (run := _read_run(folder)) is not None]


def find_run(index: Path, run_id: str) -> Run | None:
    """Return the run with this id, or None; `run_id` may be any string."""
    return next((run for run in list_runs(index) if run.id == run_id), None)


def open_journal(run: Run) -> Journal:
    """Return the journal of a stored run."""
    return Journal(run.folder / _RECORDS)


def records_bytes(run: Run) -> int:
    """Return the size of the records of `run` on disk, in bytes."""
    return (run.folder / _RECORDS).stat().st_size
