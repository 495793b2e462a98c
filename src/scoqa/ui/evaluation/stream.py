"""Send a large file while it is being written, without a copy in memory or on disk.

Input: a function that writes to a text file. Output: an iterator of UTF-8 chunks.
"""

from __future__ import annotations

import io
import queue
from collections.abc import Callable, Iterator
from typing import IO

from scoqa.background import BackgroundTask, StoppedError

Chunks = queue.Queue[bytes | Exception | None]  # None: the end

_CHUNK_CHARACTERS = 64 * 1024
_MOST_CHUNKS = 8  # waiting to be sent
_POLL_SECONDS = 0.5  # the longest time until a stopped task, or its reader, notices it


class _Pipe(io.TextIOBase):
    """A text file whose content is put into a queue in chunks, until its task is stopped."""

    def __init__(self, task: BackgroundTask, chunks: Chunks) -> None:
        self._task = task
        self._chunks = chunks
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
        """Wait for a free place in the queue. Raises StoppedError."""
        while True:
            self._task.check()
            try:
                self._chunks.put(chunk, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue


def stream_text(write: Callable[[IO[str]], None]) -> Iterator[bytes]:
    """Yield the text that `write` writes, as UTF-8 chunks.

    `write` runs in a thread, at most a few chunks ahead of the reader. Its exceptions are raised
    here. Closing the iterator stops it.
    """
    chunks: Chunks = queue.Queue(_MOST_CHUNKS)

    def send(task: BackgroundTask) -> None:
        pipe = _Pipe(task, chunks)
        end: Exception | None = None
        try:
            write(pipe)  # type: ignore[arg-type]  # a TextIOBase has all methods of IO[str]
            pipe.flush()
        except StoppedError:
            raise
        except Exception as error:  # raised again where the chunks are read
            end = error
        pipe.put(end)

    task = BackgroundTask("send", send)
    task.start()
    try:
        while (chunk := _next_chunk(task, chunks)) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk
    finally:
        task.stop()


def _next_chunk(task: BackgroundTask, chunks: Chunks) -> bytes | Exception | None:
    """Wait for the next chunk. Raises StoppedError if `task` was stopped before its end."""
    while True:
        try:
            return chunks.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            task.check()  # a stopped task sends no end
