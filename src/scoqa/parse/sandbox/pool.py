"""The parser processes, bounded in time and memory.

Input: requests for `sandbox.worker`. Output: its results, or a ParseError. A file that crashes,
hangs or exhausts its parser process affects no other file.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from scoqa.errors import ParseError, ScoqaError
from scoqa.parse.sandbox.worker import READY, describe_memory_limit

# -P: a file called lxml.py in the folder one stands in is not taken for the library. -W: whatever
# the environment makes of warnings, they are no reason not to start.
COMMAND = [
    sys.executable, "-P", "-W", "ignore", "-c",
    "from scoqa.parse.sandbox.worker import main; main()",
]  # fmt: skip
# For the slowest that people have (a few thousand pages of PDF) some ten times what it takes here;
# an endless loop in a library meets it.
BASE_SECONDS = 60.0
SECONDS_PER_MEGABYTE = 20.0
# A process that once took this much is not kept: what it does not give back would stay.
MAX_IDLE_BYTES = 500 * 2**20


class _GoneError(Exception):
    """The process ended without an answer."""


class Worker:
    """One process that reads files, one at a time."""

    def __init__(self) -> None:
        """Start it. Raises ScoqaError when it does not start: that is no file's fault."""
        try:
            self.process = subprocess.Popen(
                [*COMMAND, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _start_error(error.strerror or str(error)) from error
        self.fresh = True  # whether it was asked nothing yet
        self.spent = False  # whether it must not be asked again
        try:
            self._read_exactly(len(READY))
        except _GoneError:
            self.close()
            raise _start_error(_read_start_error()) from None

    def run_request(self, request: Mapping[str, Any], path: str, seconds: float) -> dict[str, Any]:
        """Return what the process makes of `request`. Raises ParseError, which names `path`.

        Raises _GoneError, too.
        """
        assert self.process.stdin is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        self.spent = True  # until its whole answer is here: it would be the next one's
        try:
            self.process.stdin.write(json.dumps(request).encode("utf-8") + b"\n")
            self.process.stdin.flush()
            size = int.from_bytes(self._read_exactly(8), "big")
            outcome: dict[str, Any] = json.loads(self._read_exactly(size))
        except (_GoneError, OSError):
            if late.is_set():
                raise ParseError(
                    path,
                    f"took longer than {seconds:.0f} seconds to read. Save it anew, split it, or "
                    "exclude it.",
                ) from None
            raise _GoneError from None
        finally:
            timer.cancel()
        self.fresh = False
        self.spent = bool(outcome.get("ends")) or outcome.get("memory", 0) > MAX_IDLE_BYTES
        if "problem" in outcome:
            raise ParseError(path, outcome["problem"])
        return outcome

    def _read_exactly(self, size: int) -> bytes:
        assert self.process.stdout is not None
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise _GoneError
        return data

    def close(self) -> None:
        """End the process and take back everything it holds."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was still to be sent is for nobody
                    continue
        self.process.wait()


def _start_error(why: str) -> ScoqaError:
    return ScoqaError(
        f"The process that reads files does not start: {why}. Nothing was changed. Is scoqa "
        "installed whole? scoqa doctor looks."
    )


def _read_start_error() -> str:
    """Return the last line that a process says which is started once more and asked nothing."""
    told = subprocess.run([*COMMAND, str(os.getpid())], input=b"", capture_output=True)
    lines = told.stderr.decode("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200].rstrip(".") if said else f"it ends with {told.returncode}"


def _describe_crash(code: int) -> str:
    """Return why a process that ended with `code` read nothing."""
    if code < 0 and -code == signal.SIGKILL:  # nobody here sent it: the system ran out of memory
        return describe_memory_limit()
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"crashes what reads it ({how}); it is damaged. Save it anew, or exclude it."


class _Workers:
    """Every process there is, and those of them that wait for a file."""

    def __init__(self) -> None:
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._guard = threading.Lock()
        self._owner = os.getpid()

    def take(self, *, fresh: bool = False) -> Worker:
        """Return a process that waits, or a new one. Raises ScoqaError when none starts."""
        with self._guard:
            if self._owner != os.getpid():  # after a fork the parent's are not ours
                self._all, self._idle, self._owner = set(), [], os.getpid()
            if self._idle and not fresh:
                return self._idle.pop()
        worker = Worker()
        with self._guard:
            self._all.add(worker)
        return worker

    def return_worker(self, worker: Worker) -> None:
        if worker.spent:
            worker.close()
        with self._guard:
            if worker.spent:
                self._all.discard(worker)
            else:
                self._idle.append(worker)

    def end(self) -> None:
        """End them all, also in the middle of a file: nobody waits for it any more."""
        with self._guard:
            workers, self._all, self._idle = self._all, set(), []
        if self._owner == os.getpid():
            for worker in workers:
                worker.process.kill()
                worker.process.wait()


_workers = _Workers()
atexit.register(_workers.end)


def run(request: Mapping[str, Any], *, path: str, size: int = 0) -> dict[str, Any]:
    """Return the result that `sandbox.worker` gives for `request`, in a process of its own.

    size: of the file in bytes, which its time grows with. Raises ParseError, naming `path`, and
    ScoqaError when no process starts. May be called from several threads: each call has a process
    of its own.
    """
    seconds = BASE_SECONDS + SECONDS_PER_MEGABYTE * size / 2**20
    for fresh in (False, True):
        worker = _workers.take(fresh=fresh)
        first = worker.fresh
        try:
            return worker.run_request(request, path, seconds)
        except _GoneError:
            # One that had read other files may have ended for another reason than this one.
            if first:
                raise ParseError(path, _describe_crash(worker.process.wait())) from None
        finally:
            _workers.return_worker(worker)
    raise AssertionError("a process that was asked nothing is fresh")
