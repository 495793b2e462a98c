"""The process that reads files for scoqa: whatever a file does to it, it does to it alone.

Receives the number of the process that asks, with which it ends, as its argument, and one request
a line on standard input; hands on READY, then each outcome on standard output, as its length in
eight bytes and then JSON. Ends when standard input does. Nothing here can be harmed by a file but
this process: it may take a bounded amount of memory, and can put no byte into a file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from scoqa.errors import ParseError
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import BLANK, EMPTY, storable
from scoqa.parse.formats import format_at
from scoqa.parse.pdf.picture import render_requested_page
from scoqa.serial import to_json

READY = b"!"
# Far more than any file that a person reads takes here; a bomb meets it soon.
MOST_MEMORY_BYTES = 4 * 2**30
MOST_FILE_BYTES = 512 * 2**20
# Some 25,000 pages, ten million words. SQLite's own bound is a billion bytes a text.
MOST_CHARACTERS = 50_000_000


def parse(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the room of `request["path"]` makes of `request["file"]`, as plain values."""
    file, path = Path(request["file"]), str(request["path"])
    data = _read_bytes(file, path)
    modified = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    parsed = format_at(path).read(data, path) if data else Parsed("", None, warnings=(EMPTY,))
    if len(parsed.text) > MOST_CHARACTERS:
        raise ParseError(
            path,
            f"holds {len(parsed.text):,} characters; scoqa reads files of at most "
            f"{MOST_CHARACTERS:,}. Split it.",
        )
    text = storable(parsed.text)
    blank = (BLANK,) if not (text.strip() or parsed.warnings) else ()
    return {
        "digest": hashlib.sha256(data).hexdigest(),
        "modified": modified.isoformat(),
        "text": text,
        "text_digest": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "title": None if parsed.title is None else storable(" ".join(parsed.title.split())),
        "marks": [
            [mark.start, mark.end, mark.kind, storable(mark.label), to_json(mark.box)]
            for mark in parsed.marks
        ],
        "warnings": [storable(each) for each in (*parsed.warnings, *blank)],
        "boxes": [base64.b64encode(each).decode("ascii") for each in parsed.boxes],
    }


def _read_bytes(file: Path, path: str) -> bytes:
    try:
        with file.open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            data = handle.read(MOST_FILE_BYTES + 1) if size <= MOST_FILE_BYTES else b""
    except OSError as error:
        raise ParseError(path, f"cannot be read: {error.strerror or error}.") from error
    if max(size, len(data)) > MOST_FILE_BYTES:
        raise ParseError(
            path,
            f"has {size / 2**20:,.0f} MB; scoqa reads files of at most "
            f"{MOST_FILE_BYTES // 2**20} MB. Split it, or exclude it.",
        )
    return data


TASKS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "parse": parse,
    "page": render_requested_page,
}


def run_task(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what came of a request: its result, or under "problem" why there is none."""
    try:
        return TASKS[request["task"]](request)
    except ParseError as error:
        return {"problem": storable(error.reason)}
    except MemoryError:
        return {"problem": describe_memory_limit(), "ends": True}
    except RecursionError:
        return {"problem": "is nested too deeply to be read. Save it anew, or exclude it."}
    except Exception as error:
        # Whatever a library says of a broken file: one line, and the next file.
        kind = type(error).__name__
        said = " ".join(str(error).split())[:200]
        return {"problem": storable(f"is damaged or not what its name says ({kind}: {said}).")}


def describe_memory_limit() -> str:
    """Return the reason for a file that takes too much memory."""
    most = MOST_MEMORY_BYTES // 2**30
    return f"takes more than {most} GB of memory to read. Split it, or exclude it."


def limit_resources() -> None:
    """Bound what this process may take: memory; and no byte may be put into a file."""
    try:
        import resource
    except ImportError:  # there is no such thing on Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        own = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (own, own))
        except (ValueError, OSError):  # macOS knows the bound of memory and refuses to set it
            continue


def measure_peak_memory() -> int:
    """Return the most memory this process has held so far; 0 where the system does not tell.

    Not `getrusage`: on Linux its greatest size begins with that of the process that started this
    one, before it was this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    sizes = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(sizes[0][1]) if sizes else 0


def _exit_with_parent(parent: int) -> None:
    """End this process when the one that started it has gone, also in the middle of a file."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    # Whoever stops scoqa with Ctrl-C stops it, not a file: it ends this process when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":  # elsewhere a launcher may stand between the two
        threading.Thread(target=_exit_with_parent, args=(int(sys.argv[1]),), daemon=True).start()
    answers: BinaryIO = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread takes address space
    limit_resources()
    _write(answers, READY)
    for line in sys.stdin.buffer:
        outcome = run_task(json.loads(line))
        try:
            data = _encode_outcome(outcome)
        except MemoryError:
            outcome = {"problem": describe_memory_limit(), "ends": True}
            data = _encode_outcome(outcome)
        _write(answers, len(data).to_bytes(8, "big"))
        _write(answers, data)
        if outcome.get("ends"):
            return


def _encode_outcome(outcome: Mapping[str, Any]) -> bytes:
    memory = {**outcome, "memory": measure_peak_memory()}
    return json.dumps(memory, ensure_ascii=False).encode("utf-8")


def _write(answers: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[answers.write(view) or 0 :]
