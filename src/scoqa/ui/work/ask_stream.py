"""Run an ask that waits in a queue, reports its steps, and can be stopped.

Input: a question. Output: an asynchronous stream of steps, then the Answer. The work runs in a
thread; closing the stream, or setting `stop`, ends the work at its next stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal

from scoqa.background import BackgroundTask, StoppedError
from scoqa.errors import CrowdedError
from scoqa.types import Answer, Stage

if TYPE_CHECKING:
    from scoqa.ui.work.model_loader import ModelLoader

AskStep = Literal["wait", "load"] | Stage

AT_ONCE = 2  # the models share one processor; more concurrent asks only slow each other down
MOST_WAITING = 100


class AskQueue:
    """A queue for the asks of all interfaces of one server. Belongs to one event loop."""

    def __init__(self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._free_places = most_waiting

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises CrowdedError if too many asks wait already."""
        if self._free_places == 0 and self._turns.locked():
            raise CrowdedError("Too many people are asking at once. Ask again in a moment.")
        self._free_places -= 1
        try:
            await self._turns.acquire()
        finally:
            self._free_places += 1
        try:
            yield
        finally:
            self._turns.release()


async def stream_steps(
    loader: ModelLoader,
    queue: AskQueue,
    question: str,
    collection: str | None,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[AskStep | Answer, None]:
    """Yield each step as it begins, the Answer last.

    stop: ends the stream immediately when set. Raises StoppedError, CrowdedError, and the errors
    of Workspace.ask.
    """
    events: asyncio.Queue[AskStep | Answer | Exception] = asyncio.Queue()
    work = asyncio.ensure_future(_run_ask(loader, queue, question, collection, events))
    stopped = asyncio.ensure_future((stop or asyncio.Event()).wait())
    step: asyncio.Future[AskStep | Answer | Exception] | None = None
    try:
        while True:
            step = asyncio.ensure_future(events.get())
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
        for future in (work, stopped, step):
            if future is not None:
                future.cancel()


async def _run_ask(
    loader: ModelLoader,
    queue: AskQueue,
    question: str,
    collection: str | None,
    events: asyncio.Queue[AskStep | Answer | Exception],
) -> None:
    """Put every step into `events`, then the Answer or the exception raised instead."""
    loop = asyncio.get_running_loop()

    def ask(task: BackgroundTask) -> Answer:
        def progress(step: AskStep) -> None:
            task.check()
            try:
                loop.call_soon_threadsafe(events.put_nowait, step)
            except RuntimeError as error:  # the server has stopped meanwhile
                raise StoppedError from error

        return loader.ask(question, collection, progress=progress)

    try:
        events.put_nowait("wait")
        async with queue.turn():
            answer = await _run_in_background(ask)
        events.put_nowait(answer)
    except Exception as error:
        events.put_nowait(error)


async def _run_in_background(call: Callable[[BackgroundTask], Answer]) -> Answer:
    """Return the result of `call`, run in a BackgroundTask that stops if this is cancelled.

    A server waits for asyncio's own threads when it stops, even while a model loads.
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

    def run(task: BackgroundTask) -> None:
        answer, error = None, None
        try:
            answer = call(task)
        except Exception as raised:  # raised again where the result is awaited
            error = raised
        with suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(settle, answer, error)

    task = BackgroundTask("ask", run)
    task.start()
    try:
        return await result
    finally:
        task.stop()
