"""An ask that waits for its turn, can be watched, and can be stopped.

Receives a question; yields what is being done with it, then its Answer. The work is done in a
thread; whoever leaves the iteration, or sets `stop`, ends it at its next stage.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal

from scoqa.errors import CrowdedError
from scoqa.types import Answer, Stage

if TYPE_CHECKING:
    from scoqa.ui.work.model_loader import Loading

AskStep = Literal["wait", "load"] | Stage

AT_ONCE = 2  # the models share one processor; more only makes everybody wait longer
MOST_WAITING = 100


class AskQueue:
    """Where asks wait for their turn, whichever door they came through. Of one event loop."""

    def __init__(self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = most_waiting

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises CrowdedError when too many wait already."""
        if self._room == 0 and self._turns.locked():
            raise CrowdedError("Too many people are asking at once. Ask again in a moment.")
        self._room -= 1
        try:
            await self._turns.acquire()
        finally:
            self._room += 1
        try:
            yield
        finally:
            self._turns.release()


class StoppedError(Exception):
    """The ask was stopped by who asked, or nobody waits for its answer any more."""


async def steps(
    loading: Loading,
    line: AskQueue,
    question: str,
    collection: str | None,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[AskStep | Answer, None]:
    """Yield each step as it begins, the Answer last.

    stop: ends it at once when set. Raises StoppedError, CrowdedError, and what the ask raises.
    """
    told: asyncio.Queue[AskStep | Answer | Exception] = asyncio.Queue()
    work = asyncio.ensure_future(_work(loading, line, question, collection, told))
    stopped = asyncio.ensure_future((stop or asyncio.Event()).wait())
    step: asyncio.Future[AskStep | Answer | Exception] | None = None
    try:
        while True:
            step = asyncio.ensure_future(told.get())
            await asyncio.wait({step, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                stopped.result()
                raise StoppedError
            value = step.result()
            if isinstance(value, Exception):
                raise value
            yield value
            if isinstance(value, Answer):
                return
    finally:
        for each in (work, stopped, step):
            if each is not None:
                each.cancel()


async def _work(
    loading: Loading,
    line: AskQueue,
    question: str,
    collection: str | None,
    told: asyncio.Queue[AskStep | Answer | Exception],
) -> None:
    """Put every step into `told`, then the Answer or what was raised instead."""
    loop = asyncio.get_running_loop()
    left = threading.Event()

    def progress(step: AskStep) -> None:
        if left.is_set():
            raise StoppedError
        try:
            loop.call_soon_threadsafe(told.put_nowait, step)
        except RuntimeError as error:  # the server has ended meanwhile
            raise StoppedError from error

    try:
        told.put_nowait("wait")
        async with line.turn():
            answer = await _in_thread(lambda: loading.ask(question, collection, progress=progress))
        told.put_nowait(answer)
    except Exception as error:
        told.put_nowait(error)
    finally:
        left.set()


async def _in_thread(call: Callable[[], Answer]) -> Answer:
    """Return what `call` returns, called in a thread that does not keep the program alive.

    asyncio's own threads are waited for when the server ends, however long a model loads.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Answer] = loop.create_future()

    def settle(answer: Answer | None, error: Exception | None) -> None:
        if result.cancelled():
            return
        if answer is not None:
            result.set_result(answer)
        elif error is not None:
            result.set_exception(error)

    def run() -> None:
        answer, error = None, None
        try:
            answer = call()
        except Exception as raised:  # whoever awaits it is told
            error = raised
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(settle, answer, error)

    threading.Thread(target=run, name="scoqa-ask", daemon=True).start()
    return await result
