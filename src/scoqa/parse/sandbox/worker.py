"""The main program of a parser process.

Input: the id of the parent process as argument (this process exits with it), and one JSON request
per line on standard input. Output: READY, then for each request the length of the result in eight
bytes and the result as JSON, on standard output. The process exits at the end of standard input. A
malicious file can only harm this process: its memory is limited, it cannot write to any file, and
on Linux it cannot open a socket or start a program.
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
from scoqa.parse.common.text_decoding import BLANK, EMPTY, replace_unstorable
from scoqa.parse.formats import format_at
from scoqa.parse.pdf.picture import render_requested_page
from scoqa.parse.sandbox.answers import MOST_CHARACTERS, MOST_WARNINGS, check_counts
from scoqa.parse.sandbox.containment import forbid_system_calls
from scoqa.serial import to_json

READY = b"!"
# Far more than parsing any ordinary file takes; decompression bombs reach it soon.
MOST_MEMORY_BYTES = 4 * 2**30
MOST_FILE_BYTES = 512 * 2**20


def parse(request: Mapping[str, Any]) -> dict[str, Any]:
    """Parse `request["file"]` with the parser for the extension of `request["path"]`.

    Returns JSON-compatible values. Raises ParseError.
    """
    file, path = Path(request["file"]), str(request["path"])
    data = _read_bytes(file, path)
    modified = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    parsed = format_at(path).read(data, path) if data else Parsed("", None, warnings=(EMPTY,))
    if len(parsed.text) > MOST_CHARACTERS:
        raise ParseError(
            path,
            f"contains {len(parsed.text):,} characters; scoqa reads files of at most "
            f"{MOST_CHARACTERS:,}. Split it.",
        )
    text = replace_unstorable(parsed.text)
    warnings = parsed.warnings if text.strip() or parsed.warnings else (BLANK,)
    if len(warnings) > MOST_WARNINGS:
        more = len(warnings) - MOST_WARNINGS + 1
        warnings = (*warnings[: MOST_WARNINGS - 1], f"has {more:,} more warnings.")
    check_counts(len(parsed.marks), len(warnings), path)
    return {
        "digest": hashlib.sha256(data).hexdigest(),
        "modified": modified.isoformat(),
        "text": text,
        "text_digest": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "title": None
        if parsed.title is None
        else replace_unstorable(" ".join(parsed.title.split())),
        "marks": [
            [mark.start, mark.end, mark.kind, replace_unstorable(mark.label), to_json(mark.box)]
            for mark in parsed.marks
        ],
        "warnings": [replace_unstorable(warning) for warning in warnings],
        "boxes": [base64.b64encode(page).decode("ascii") for page in parsed.boxes],
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
    """Return the result of a request, or the reason for its failure under "problem"."""
    try:
        return TASKS[request["task"]](request)
    except ParseError as error:
        return {"problem": replace_unstorable(error.reason)}
    except MemoryError:
        return {"problem": describe_memory_limit(), "ends": True}
    except RecursionError:
        return {"problem": "is nested too deeply to be read. Save it again, or exclude it."}
    except Exception as error:
        # Libraries raise many kinds of errors for broken files. Report it and continue.
        kind = type(error).__name__
        detail = " ".join(str(error).split())[:200]
        return {
            "problem": replace_unstorable(
                f"is damaged, or its extension is wrong ({kind}: {detail})."
            )
        }


def describe_memory_limit() -> str:
    """Return the reason for a file that takes too much memory to parse."""
    most = MOST_MEMORY_BYTES // 2**30
    return f"takes more than {most} GB of memory to read. Split it, or exclude it."


def limit_resources() -> None:
    """Limit the memory of this process, and forbid it to write to files or dump core."""
    try:
        import resource
    except ImportError:  # not available on Windows
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
        except (ValueError, OSError):  # macOS defines the memory limit but refuses to set it
            continue


def measure_peak_memory() -> int:
    """Return the peak memory of this process in bytes, or 0 if the system does not report it.

    `getrusage` is unsuitable: on Linux, its maximum includes the size of the parent process, from
    before this program was executed.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    sizes = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(sizes[0][1]) if sizes else 0


def _exit_with_parent(parent: int) -> None:
    """Exit when the parent process has ended, even while a file is being parsed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Serve requests from standard input until it ends."""
    # Ctrl-C stops the main process, which then ends this process. It must not look like a crash.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forbid_system_calls()  # before the first thread, so that it applies to all of them
    if os.name == "posix":  # on Windows, a launcher may run between the two processes
        threading.Thread(target=_exit_with_parent, args=(int(sys.argv[1]),), daemon=True).start()
    results: BinaryIO = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # output printed by libraries must not mix with the results
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread takes address space
    limit_resources()
    _write(results, READY)
    for line in sys.stdin.buffer:
        outcome = run_task(json.loads(line))
        try:
            data = _encode_outcome(outcome)
        except MemoryError:
            outcome = {"problem": describe_memory_limit(), "ends": True}
            data = _encode_outcome(outcome)
        _write(results, len(data).to_bytes(8, "big"))
        _write(results, data)
        if outcome.get("ends"):
            return


def _encode_outcome(outcome: Mapping[str, Any]) -> bytes:
    memory = {**outcome, "memory": measure_peak_memory()}
    return json.dumps(memory, ensure_ascii=False).encode("utf-8")


def _write(results: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[results.write(view) or 0 :]
