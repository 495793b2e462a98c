"""An ask that can be watched and stopped.

Receives a question; yields what is being done with it, then its Answer. The work is done in a
thread; whoever leaves the iteration stops it at its next stage.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

from scoqa.types import Answer, Stage

if TYPE_CHECKING:
    from scoqa.ui.loading import Loading

Step = Literal["load"] | Stage


class _LeftError(Exception):
    """Nobody waits for this answer any more."""


async def steps(
    loading: Loading, question: str, collection: str | None
) -> AsyncIterator[Step | Answer]:
    """Yield each step as it begins, the Answer last. Raises what the ask raises."""
    loop = asyncio.get_running_loop()
    begun: asyncio.Queue[Step] = asyncio.Queue()
    left = threading.Event()

    def progress(step: Step) -> None:
        if left.is_set():
            raise _LeftError
        loop.call_soon_threadsafe(begun.put_nowait, step)

    work = asyncio.ensure_future(
        asyncio.to_thread(loading.ask, question, collection, progress=progress)
    )
    work.add_done_callback(_noticed)
    try:
        while not (work.done() and begun.empty()):
            step = asyncio.ensure_future(begun.get())
            await asyncio.wait({step, work}, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                yield step.result()
            else:
                step.cancel()
        yield work.result()
    finally:
        left.set()


def _noticed(work: asyncio.Future[Answer]) -> None:
    """Look at what became of a work that nobody waits for: asyncio would complain of it."""
    if not work.cancelled():
        work.exception()
