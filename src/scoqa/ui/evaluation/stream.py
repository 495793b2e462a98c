"""Send a large file while it is being written, without a copy in memory or on disk.

Input: a function that writes to a text file. Output: an iterator of UTF-8 chunks.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO

_CHUNK_CHARACTERS = 64 * 1024
_MOST_CHUNKS = 8  # waiting to be sent
_POLL_SECONDS = 0.5  # the longest time until the writer notices that the reader has closed


class _ClosedError(Exception):
    """The reader has closed the pipe."""


class _Pipe(io.TextIOBase):
    """A text file whose content is put into a queue in chunks."""

    def __init__(self) -> None:
        self.chunks: queue.Queue[bytes | Exception | None] = queue.Queue(_MOST_CHUNKS)
        self.reader_closed = threading.Event()
        self._buffer: list[str] = []
        self._characters = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._buffer.append(text)
        self._characters += len(text)
        if self._characters >= _CHUNK_CHARACTERS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._buffer:
            # "replace", because lone surrogates cannot be encoded in UTF-8.
            self.put("".join(self._buffer).encode("utf-8", "replace"))
            self._buffer, self._characters = [], 0

    def put(self, chunk: bytes | Exception | None) -> None:
        """Wait for a free place in the queue. Raises _ClosedError."""
        while not self.reader_closed.is_set():
            try:
                self.chunks.put(chunk, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue
        raise _ClosedError


def stream_text(write: Callable[[IO[str]], None]) -> Iterator[bytes]:
    """Yield the text that `write` writes, as UTF-8 chunks.

    `write` runs in a thread, at most a few chunks ahead of the reader. Its exceptions are raised
    here. Closing the iterator stops it.
    """
    pipe = _Pipe()

    def run() -> None:
        try:
            end: Exception | None = None
            try:
                write(pipe)  # type: ignore[arg-type]  # a TextIOBase has all methods of IO[str]
                pipe.flush()
            except _ClosedError:
                return
            except Exception as error:
                end = error
            pipe.put(end)
        except _ClosedError:
            return

    threading.Thread(target=run, name="scoqa-send", daemon=True).start()
    try:
        while (chunk := pipe.chunks.get()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk
    finally:
        pipe.reader_closed.set()
