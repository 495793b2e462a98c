"""Start parser processes, send them requests and enforce time limits.

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
from scoqa.parse.sandbox.answers import check_size, read_answer
from scoqa.parse.sandbox.containment import reduced_environment
from scoqa.parse.sandbox.worker import READY, describe_memory_limit

# -P: do not import a file such as lxml.py from the current directory in place of the library.
# -W: start even if the environment turns warnings into errors.
COMMAND = [
    sys.executable, "-P", "-W", "ignore", "-c",
    "from scoqa.parse.sandbox.worker import main; main()",
]  # fmt: skip
# About ten times the measured time of the slowest realistic files (PDFs of a few thousand pages).
# The limit ends endless loops in libraries.
BASE_SECONDS = 60.0
SECONDS_PER_MEGABYTE = 20.0
# A process that once used more memory is closed after its request, because it may not release it.
MOST_IDLE_BYTES = 500 * 2**20


class _GoneError(Exception):
    """The process ended without a response."""


class Worker:
    """One parser process, which parses one file at a time."""

    def __init__(self) -> None:
        """Start the process. Raises ScoqaError if that fails, because no file is at fault."""
        try:
            self.process = subprocess.Popen(
                [*COMMAND, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=reduced_environment(),
            )
        except OSError as error:
            raise _start_error(error.strerror or str(error)) from error
        self.fresh = True  # whether it has not received a request yet
        self.spent = False  # whether it must not receive another request
        try:
            self._read_exactly(len(READY))
        except _GoneError:
            self.close()
            raise _start_error(_read_start_error()) from None

    def run_request(self, request: Mapping[str, Any], path: str, seconds: float) -> dict[str, Any]:
        """Return the result of `request`.

        Raises ParseError, which names `path`, if the file cannot be parsed, takes longer than
        `seconds`, or if the response is malformed; _GoneError if the process ends without one.
        """
        assert self.process.stdin is not None
        timed_out = threading.Event()

        def kill() -> None:
            timed_out.set()
            self.process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        self.spent = True  # until the response is complete: the rest would mix with the next one
        try:
            self.process.stdin.write(json.dumps(request).encode("utf-8") + b"\n")
            self.process.stdin.flush()
            size = int.from_bytes(self._read_exactly(8), "big")
            check_size(size, path)
            outcome = read_answer(self._read_exactly(size), path)
        except (_GoneError, OSError):
            if timed_out.is_set():
                raise ParseError(
                    path,
                    f"took longer than {seconds:.0f} seconds to read. Save it again, split it, or "
                    "exclude it.",
                ) from None
            raise _GoneError from None
        finally:
            timer.cancel()
        self.fresh = False
        self.spent = bool(outcome.get("ends")) or outcome["memory"] > MOST_IDLE_BYTES
        if "problem" in outcome:
            raise ParseError(path, outcome["problem"])
        return outcome

    def _read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes of output. Raises _GoneError if the process ends before."""
        assert self.process.stdout is not None
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise _GoneError
        return data

    def close(self) -> None:
        """Kill the process and release its resources."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # unsent data is discarded
                    continue
        self.process.wait()


def _start_error(why: str) -> ScoqaError:
    return ScoqaError(
        f"The parser process could not be started: {why}. Nothing was changed. Run `scoqa doctor` "
        "to check the installation."
    )


def _read_start_error() -> str:
    """Start a process once more without a request and return the last line of its error output."""
    completed = subprocess.run(
        [*COMMAND, str(os.getpid())], input=b"", capture_output=True, env=reduced_environment()
    )
    output = completed.stderr.decode("utf-8", "replace").split("\n")
    lines = [line.strip() for line in output if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else f"exit code {completed.returncode}"


def _describe_crash(code: int) -> str:
    """Return the reason for a file whose parser process ended with `code`."""
    if code < 0 and -code == signal.SIGKILL:  # sent by the system, which ran out of memory
        return describe_memory_limit()
    cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"crashed the parser ({cause}) and is probably damaged. Save it again, or exclude it."


class _Workers:
    """All parser processes, and those among them that are idle."""

    def __init__(self) -> None:
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._guard = threading.Lock()
        self._owner = os.getpid()

    def take(self, *, fresh: bool = False) -> Worker:
        """Return an idle process, or a new one. Raises ScoqaError if it cannot be started."""
        with self._guard:
            if self._owner != os.getpid():  # after a fork, the processes belong to the parent
                self._all, self._idle, self._owner = set(), [], os.getpid()
            if self._idle and not fresh:
                return self._idle.pop()
        worker = Worker()
        with self._guard:
            self._all.add(worker)
        return worker

    def return_worker(self, worker: Worker) -> None:
        """Make a process available again, or close it if it must not be used again."""
        if worker.spent:
            worker.close()
        with self._guard:
            if worker.spent:
                self._all.discard(worker)
            else:
                self._idle.append(worker)

    def end(self) -> None:
        """Kill all processes, even while they parse a file."""
        with self._guard:
            workers, self._all, self._idle = self._all, set(), []
        if self._owner == os.getpid():
            for worker in workers:
                worker.process.kill()
                worker.process.wait()


_workers = _Workers()
atexit.register(_workers.end)


def run(request: Mapping[str, Any], *, path: str, size: int = 0) -> dict[str, Any]:
    """Run `request` in a parser process and return its result.

    Thread-safe: concurrent calls use different processes.

    Parameters
    ----------
    path
        Named in the messages of ParseError.
    size
        The size of the file in bytes. The time limit grows with it.

    Raises
    ------
    ParseError
        If the file cannot be parsed, crashes the process or exceeds a limit.
    ScoqaError
        If no process can be started.
    """
    seconds = BASE_SECONDS + SECONDS_PER_MEGABYTE * size / 2**20
    for fresh in (False, True):
        worker = _workers.take(fresh=fresh)
        was_fresh = worker.fresh
        try:
            return worker.run_request(request, path, seconds)
        except _GoneError:
            # A process that parsed other files before may have ended for a reason unrelated to
            # this file, so the request is repeated in a new process.
            if was_fresh:
                raise ParseError(path, _describe_crash(worker.process.wait())) from None
        finally:
            _workers.return_worker(worker)
    raise AssertionError("the second process is always fresh")
