"""Parse the next files in the background while one is used.

Input: a function that parses, and sources. Output: their results, in order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import Queue

from scoqa.errors import ParseError
from scoqa.parse import ParsedFile
from scoqa.parse.folder import Source

# Files parsed in advance while a file is embedded. Parsing is many times as fast as embedding; with
# two files, one slow file does not stop the other. Also limits memory.
AHEAD = 2


def parse_ahead(
    parse: Callable[[Source], ParsedFile | ParseError], sources: Iterable[Source]
) -> Iterator[tuple[Source, ParsedFile | ParseError]]:
    """Yield each source with the result of `parse`, in order.

    The next AHEAD sources are parsed meanwhile, in daemon threads that are not joined.
    """
    pending: deque[tuple[Source, Queue[ParsedFile | ParseError | BaseException]]] = deque()

    def start(source: Source) -> None:
        result: Queue[ParsedFile | ParseError | BaseException] = Queue(1)

        def run() -> None:
            try:
                result.put(parse(source))
            except BaseException as error:  # raised again in the consuming thread
                result.put(error)

        pending.append((source, result))
        threading.Thread(target=run, name="scoqa-parse", daemon=True).start()

    def wait_for_first() -> tuple[Source, ParsedFile | ParseError]:
        source, queue = pending.popleft()
        result = queue.get()
        if isinstance(result, BaseException) and not isinstance(result, ParseError):
            raise result
        return source, result

    for source in sources:
        start(source)
        if len(pending) > AHEAD:
            yield wait_for_first()
    while pending:
        yield wait_for_first()
