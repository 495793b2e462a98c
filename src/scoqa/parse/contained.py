"""Files are read in processes of their own, bounded in time and memory.

Receives requests for `scoqa.parse.worker`; hands on its outcomes, or a ParseError. A file that
crashes a process, hangs it or eats its memory costs that process and itself alone.
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

from scoqa.errors import ParseError
from scoqa.parse.worker import too_large

# -P: a file called lxml.py in the folder one stands in is not taken for the library.
COMMAND = [sys.executable, "-P", "-m", "scoqa.parse.worker"]
# For the slowest that people have (a few thousand pages of PDF) some ten times what it takes here;
# an endless loop in a library meets it.
LEAST_SECONDS = 60.0
SECONDS_A_MEGABYTE = 20.0
# A process that once took this much is not kept: what it does not give back would stay.
MOST_KEPT_BYTES = 500 * 2**20


class Worker:
    """One process that reads files, one at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.spent = False  # whether it must not be asked again

    def run(self, request: Mapping[str, Any], path: str, seconds: float) -> dict[str, Any]:
        """Return what the process makes of `request`. Raises ParseError, naming `path`."""
        assert self.process.stdin is not None and self.process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            self.process.stdin.write(json.dumps(request).encode("utf-8") + b"\n")
            self.process.stdin.flush()
            size = int.from_bytes(self._exactly(8), "big")
            outcome: dict[str, Any] = json.loads(self._exactly(size))
        except (EOFError, OSError):
            self.spent = True
            if late.is_set():
                raise ParseError(
                    path,
                    f"took longer than {seconds:.0f} seconds to read. Save it anew, split it, or "
                    "exclude it.",
                ) from None
            raise ParseError(path, _ended(self.process.wait())) from None
        except BaseException:  # asked to stop in the middle: its answer would be the next one's
            self.spent = True
            raise
        finally:
            timer.cancel()
        self.spent = bool(outcome.get("ends")) or outcome.get("memory", 0) > MOST_KEPT_BYTES
        if "problem" in outcome:
            raise ParseError(path, outcome["problem"])
        return outcome

    def _exactly(self, size: int) -> bytes:
        assert self.process.stdout is not None
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise EOFError
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


def _ended(code: int) -> str:
    """Return why a process that ended with `code` read nothing."""
    if code < 0 and -code == signal.SIGKILL:  # nobody here sent it: the system ran out of memory
        return too_large()
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"crashes what reads it ({how}); it is damaged. Save it anew, or exclude it."


class _Workers:
    """Every process there is, and those of them that wait for a file."""

    def __init__(self) -> None:
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._guard = threading.Lock()
        self._owner = os.getpid()

    def take(self) -> Worker:
        with self._guard:
            if self._owner != os.getpid():  # after a fork the parent's are not ours
                self._all, self._idle, self._owner = set(), [], os.getpid()
            while self._idle:
                worker = self._idle.pop()
                if worker.process.poll() is None:
                    return worker
                self._end(worker)
            worker = Worker()
            self._all.add(worker)
            return worker

    def give_back(self, worker: Worker) -> None:
        with self._guard:
            if worker.spent:
                self._end(worker)
            else:
                self._idle.append(worker)

    def end(self) -> None:
        """End them all, also in the middle of a file: nobody waits for it any more."""
        if self._owner == os.getpid():
            for worker in self._all:
                worker.process.kill()

    def _end(self, worker: Worker) -> None:
        worker.close()
        self._all.discard(worker)


_workers = _Workers()
atexit.register(_workers.end)


def run(request: Mapping[str, Any], *, path: str, size: int = 0) -> dict[str, Any]:
    """Return what a process of its own makes of `request`, as `scoqa.parse.worker` gives it.

    size: of the file in bytes, which its time grows with. Raises ParseError, naming `path`. May be
    called from several threads: each call has a process of its own.
    """
    worker = _workers.take()
    try:
        return worker.run(request, path, LEAST_SECONDS + SECONDS_A_MEGABYTE * size / 2**20)
    finally:
        _workers.give_back(worker)
