"""A large file sent while it is being written, without a copy of it in memory or on disk.

Receives a function that writes into a file; hands on the bytes, piece by piece.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO

_PIECE_CHARACTERS = 64 * 1024
_MOST_PIECES = 8  # waiting to be sent
_LOOK_SECONDS = 0.5  # how soon it is noticed that nobody reads any longer


class _LeftError(Exception):
    """Nobody reads any longer."""


class _Pipe(io.TextIOBase):
    """A file to write into; what is written is handed on in pieces."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[bytes | Exception | None] = queue.Queue(_MOST_PIECES)
        self.left = threading.Event()
        self._waiting: list[str] = []
        self._characters = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._waiting.append(text)
        self._characters += len(text)
        if self._characters >= _PIECE_CHARACTERS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._waiting:
            # A lone surrogate has no UTF-8.
            self.put("".join(self._waiting).encode("utf-8", "replace"))
            self._waiting, self._characters = [], 0

    def put(self, piece: bytes | Exception | None) -> None:
        while not self.left.is_set():
            try:
                self.pieces.put(piece, timeout=_LOOK_SECONDS)
                return
            except queue.Full:
                continue
        raise _LeftError


def piped(write: Callable[[IO[str]], None]) -> Iterator[bytes]:
    """Yield what `write` writes, as UTF-8; it runs in a thread, at most a few pieces ahead.

    Raises what `write` raises. Whoever leaves the iteration ends it.
    """
    pipe = _Pipe()

    def work() -> None:
        try:
            end: Exception | None = None
            try:
                write(pipe)  # type: ignore[arg-type]  # a TextIOBase is an IO[str] in all but name
                pipe.flush()
            except _LeftError:
                return
            except Exception as error:
                end = error
            pipe.put(end)
        except _LeftError:
            return

    threading.Thread(target=work, name="scoqa-send", daemon=True).start()
    try:
        while (piece := pipe.pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        pipe.left.set()
