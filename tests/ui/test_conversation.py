"""A conversation without a browser: each step from a question to its outcome, and its export."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from test_answer_markup import FakeWorkspace, Shown

from conftest import finished, quick_workspace
from scoqa.background import stop_tasks
from scoqa.errors import WorkspaceError
from scoqa.index import SyncStep
from scoqa.types import Answer, IndexVersion, SyncReport
from scoqa.ui.chat import answer_markup
from scoqa.ui.chat.components import (
    pack_conversation,
    parse_collection,
    start_over,
    stop_answer,
    stream_answer,
    submit_question,
)
from scoqa.ui.chat.conversation import Conversation, Exchange, answered_turns, with_outcome
from scoqa.ui.work.app_state import AppState
from scoqa.ui.work.ask_stream import AskQueue, stream_steps
from scoqa.ui.work.indexing import Indexer
from scoqa.ui.work.model_loader import ModelLoader
from scoqa.workspace import Workspace

ASKED: Conversation = (Exchange("How tall?"),)


@pytest.fixture
def workspace(tmp_path: Path) -> FakeWorkspace:
    return FakeWorkspace(tmp_path)


def outcomes(workspace: Any, conversation: Conversation) -> list[tuple[Any, ...]]:
    async def collect() -> list[tuple[Any, ...]]:
        nonlocal conversation  # an Event belongs to one loop
        conversation = tuple(Exchange(e.question, e.collection, e.outcome) for e in conversation)
        return [
            shown async for shown in stream_answer(ModelLoader(workspace), AskQueue(), conversation)
        ]

    return finished(collect())


def said(messages: list[dict[str, Any]]) -> str:
    return Shown(messages[-1]["content"][0]["text"]).text


def test_a_question_is_shown_at_once_and_the_box_is_free() -> None:
    _, box, messages, conversation, ask, stop = submit_question(
        " How tall? ", {"collection": "*", "questions": 0}, ()
    )
    assert (box, conversation) == ("", ASKED)
    assert [Shown(each["content"][0]["text"]).text for each in messages] == [
        "How tall?",
        answer_markup.STEPS["wait"],
    ]
    assert (ask["visible"], stop["visible"]) == (False, True)


@pytest.mark.parametrize(("question", "before"), [(" \n", ()), (None, ()), ("And now?", ASKED)])
def test_nothing_is_begun_by_nothing_or_while_an_answer_is_waited_for(
    question: object, before: Conversation
) -> None:
    assert not any(
        "value" in each for each in submit_question(question, {"questions": len(before)}, before)
    )


@pytest.mark.parametrize(
    ("question", "says"), [("x" * 200_000, "200,000 characters"), ("?", "empty")]
)
def test_what_cannot_be_asked_stays_in_the_box_and_is_not_kept_whole(
    question: str, says: str
) -> None:
    _, box, messages, conversation, ask, stop = submit_question(question, "*", ())
    assert box == question
    assert says in said(messages)
    assert len(conversation[0].question) <= 200
    assert (ask["visible"], stop["visible"]) == (True, False)


def test_each_step_is_told_and_then_the_answer(workspace: FakeWorkspace) -> None:
    *told, (messages, conversation, ask, stop) = outcomes(workspace, ASKED)
    assert [said(each[0]) for each in told] == list(answer_markup.STEPS.values())
    assert "41\u00a0metres" in said(messages)
    assert isinstance(conversation[-1].outcome, Answer)
    assert (ask["visible"], stop["visible"]) == (True, False)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(WorkspaceError("No such collection."), "No such collection."), (KeyError(), "The terminal")],
)
def test_a_question_that_fails_gets_one_sentence(
    workspace: FakeWorkspace, error: Exception, sentence: str
) -> None:
    def ask(question: str, **_: Any) -> Answer:
        raise error

    workspace.ask = ask  # type: ignore[method-assign, assignment]
    *_, (messages, conversation, _, _) = outcomes(workspace, ASKED)
    assert sentence in said(messages)
    assert answered_turns(conversation) == []


def test_what_was_stopped_or_sent_twice_is_not_asked(workspace: FakeWorkspace) -> None:
    workspace.ask = None  # type: ignore[method-assign, assignment]
    for conversation in ((), with_outcome(ASKED, answer_markup.STOPPED)):
        assert [any("value" in each for each in shown)
                for shown in outcomes(workspace, conversation)] == [False]  # fmt: skip


def test_stopping_gives_the_question_back_unless_another_is_being_written() -> None:
    async def stop(box: str, conversation: Conversation) -> Any:
        return await stop_answer(box, conversation), conversation[-1].stop.is_set()

    for box, back in ((" ", "How tall?"), ("And now?", "And now?")):
        assert finished(stop(box, (Exchange("How tall?"),))) == (back, True)
    answered_meanwhile = with_outcome(ASKED, answer_markup.STOPPED)
    assert "value" not in finished(stop("", answered_meanwhile))[0]


@pytest.mark.parametrize("stop_at", ["wait", "find", "read", "begun"])
def test_a_stop_at_any_step_ends_it_and_is_shown_by_who_answers(
    workspace: FakeWorkspace, stop_at: str
) -> None:
    """Two used to write: now and then the last word was "Finding passages…"."""

    async def ask() -> list[tuple[Any, ...]]:
        conversation: Conversation = (Exchange("How tall?"),)
        if stop_at == "begun":
            await stop_answer("", conversation)
        shown = []
        async for each in stream_answer(ModelLoader(workspace), AskQueue(), conversation):  # type: ignore[arg-type]
            shown.append(each)
            if said(each[0]) == answer_markup.STEPS.get(stop_at):  # type: ignore[call-overload]
                await stop_answer("", conversation)
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1  # nothing is left behind
        return shown

    workspace.loaded = True
    *_, (messages, conversation, ask_button, stop_button) = finished(ask())
    assert said(messages) == conversation[-1].outcome == answer_markup.STOPPED
    assert (ask_button["visible"], stop_button["visible"]) == (True, False)


def test_one_question_is_answered_once_however_often_it_is_sent(workspace: FakeWorkspace) -> None:
    async def twice() -> list[int]:
        conversation: Conversation = (Exchange("How tall?"),)

        async def count() -> int:
            shown = [
                each
                async for each in stream_answer(ModelLoader(workspace), AskQueue(), conversation)  # type: ignore[arg-type]
            ]
            return sum(isinstance(each[1], tuple) for each in shown)

        return sorted(await asyncio.gather(count(), count()))

    assert finished(twice()) == [0, 1]


def test_a_new_conversation_ends_the_old_one() -> None:
    conversation = (Exchange("How tall?"),)
    messages, empty, *_ = finished(start_over(conversation))
    assert (messages, empty, conversation[0].stop.is_set()) == ([], (), True)


def test_a_conversation_that_only_the_page_still_knows_is_not_written_over() -> None:
    parcel, *others = submit_question("And?", {"questions": 3}, ())
    assert "no longer has this conversation" in parcel["notice"]
    assert not any("value" in each for each in others)


def test_asks_wait_in_line_and_too_many_are_refused(workspace: FakeWorkspace) -> None:
    async def crowd() -> list[str]:
        line = AskQueue(at_once=1, most_waiting=1)
        held = asyncio.Event()

        async def hold() -> None:
            async with line.turn():
                await held.wait()

        async def outcome() -> str:
            *_, shown = [
                each
                async for each in stream_answer(ModelLoader(workspace), line, (Exchange("How?"),))  # type: ignore[arg-type]
            ]
            return said(shown[0])

        holder = asyncio.ensure_future(hold())
        await asyncio.sleep(0)
        waits = asyncio.ensure_future(outcome())
        await asyncio.sleep(0.05)
        refused = await outcome()
        held.set()
        await holder
        return [refused, await waits, await outcome()]  # and then there is room again

    refused, *answers = finished(crowd())
    assert "Too many people" in refused
    assert all("41\u00a0metres" in each for each in answers)


def test_an_ask_that_is_left_ends_at_its_next_step(workspace: FakeWorkspace) -> None:
    reached: list[str] = []

    def ask(question: str, *, progress: Callable[[str], None], **_: Any) -> Answer:
        progress("find")
        for _ in range(1000):
            time.sleep(0.01)
            progress("read")
        reached.append("the end")
        raise AssertionError

    workspace.ask = ask  # type: ignore[method-assign, assignment]
    workspace.loaded = True

    async def leave() -> None:
        watched = stream_steps(ModelLoader(workspace), AskQueue(), "How tall?", None)  # type: ignore[arg-type]
        assert [await anext(watched), await anext(watched)] == ["wait", "find"]
        await watched.aclose()

    begun = time.monotonic()
    finished(leave())  # waits for its threads
    assert reached == []
    assert time.monotonic() - begun < 8


@pytest.mark.parametrize(
    ("picked", "collection"), [("*", None), ("/", ""), ("/sco", "sco"), (None, None), (7, None)]
)
def test_the_collection_is_what_was_picked(picked: object, collection: str | None) -> None:
    assert parse_collection(picked) == collection


def test_a_conversation_is_packed_with_links_to_the_page_it_was_held_on(
    workspace: FakeWorkspace,
) -> None:
    answer = workspace.ask("How tall?")
    conversation = (*with_outcome(ASKED, answer), Exchange("And?", outcome=answer_markup.STOPPED))
    page = "http://127.0.0.1:7860"
    parcel = pack_conversation(workspace, conversation, page)  # type: ignore[arg-type]
    assert parcel["name"].endswith(".md")
    assert "41\u00a0metres" in parcel["text"]
    assert f"{page}/?document=" in parcel["text"]
    assert "And?" not in parcel["text"]  # it has no answer, and no silence either
    assert pack_conversation(workspace, conversation[1:], page)["notice"]  # type: ignore[arg-type]
    hostile = pack_conversation(workspace, conversation, "javascript:x//")  # type: ignore[arg-type]
    assert "document=" not in hostile["text"]


# -- what the page says of itself ---------------------------------------------------------------


def test_the_page_knows_what_is_here_and_what_to_ask_first(workspace: FakeWorkspace) -> None:
    app_state = AppState(workspace, ModelLoader(workspace))  # type: ignore[arg-type]
    state = app_state.snapshot()
    assert (state["documents"], state["passages"], state["loaded"]) == (1, 2, False)
    assert (state["suggestions"], state["indexing"], state["problem"]) == ([], None, None)
    workspace.loaded = True
    deadline = time.monotonic() + 30
    while not app_state.snapshot()["suggestions"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert app_state.snapshot()["suggestions"] == ["How tall is it?"]
    workspace.version = IndexVersion("another", 1)  # built anew: what was suggested may not hold
    workspace.suggestions = lambda: ("How old is it?",)  # type: ignore[method-assign]
    while not (now := app_state.snapshot()["suggestions"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert now == ["How old is it?"]


def test_documents_are_indexed_once_however_many_press_the_button() -> None:
    class Slow:
        syncs = 0

        def sync(self, *, progress: Callable[[Any], None]) -> Any:
            self.syncs += 1
            time.sleep(0.2)
            raise WorkspaceError("The folder cannot be read.")

    slow = Slow()
    indexer = Indexer(slow)  # type: ignore[arg-type]
    for _ in range(5):
        indexer.start()
    assert indexer.progress is not None
    deadline = time.monotonic() + 30
    while indexer.progress is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert slow.syncs == 1
    assert indexer.problem == "The folder cannot be read."


def test_indexing_stops_with_the_server_and_is_resumed_later(folder: Path) -> None:
    workspace = quick_workspace(folder)
    through, reached = workspace.sync, threading.Event()

    def sync(*, progress: Callable[[SyncStep], None]) -> SyncReport:
        def slow(step: SyncStep) -> None:
            reached.set()
            time.sleep(0.2)
            progress(step)

        return through(progress=slow)

    indexer = Indexer(cast(Workspace, SimpleNamespace(sync=sync)))
    indexer.start()
    assert reached.wait(30)
    assert [] == stop_tasks(30)
    assert (None, None) == (indexer.progress, indexer.problem)
    workspace.sync()
    assert 2 == workspace.summary()[0]
