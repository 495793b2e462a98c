"""The page where one asks: the conversation, the line to ask in, the source beside them.

Receives a Workspace and what loads its models; hands on components and what happens between
them. The same ask stands behind the conversation and behind the API endpoint `ask`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from scoqa.assistant import checked_question
from scoqa.errors import QuestionError, ScoqaError
from scoqa.schema import to_json
from scoqa.types import Answer, Citation
from scoqa.ui import render, viewer
from scoqa.ui.asking import steps
from scoqa.ui.conversation import (
    Conversation,
    Exchange,
    ended,
    messages,
    turns,
    waiting,
)
from scoqa.ui.export import conversation_markdown
from scoqa.ui.loading import Loading
from scoqa.ui.situation import Situation

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_ASSETS = Path(__file__).with_name("assets")
_BEGINNING = 200  # characters: enough to know one's question by
_SESSION_SECONDS = 24 * 3600  # a conversation left alone this long is forgotten
_BROKEN = "Something went wrong inside scoqa. The terminal it runs in says what."
_CROWDED = "Too many people are asking at once. Ask again in a moment."
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_log = logging.getLogger(__name__)

# The collection is read from the page when the question is sent: a native list, which phones
# and screen readers know how to show. Its values: "*" for all, else "/" and the name.
_PICKED = "(box, _, talk) => [box, window.scoqa.picked(box), talk]"


def page(workspace: Workspace, loading: Loading, *, login: bool) -> None:
    """Add the page to the gr.Blocks being built. login: whether people log in."""
    head = _head(Situation(workspace, loading, login=login))
    with gr.Row(elem_id="scoqa-room"):
        with gr.Column(elem_id="scoqa-chat"):
            gr.HTML(elem_id="scoqa-welcome", html_template=_asset("welcome.html"), js_on_load=None)
            chatbot = _chatbot()
            with gr.Column(elem_id="scoqa-ask"):
                picker = gr.HTML(
                    elem_id="scoqa-picker", html_template=_asset("picker.html"), js_on_load=None
                )
                with gr.Row(elem_id="scoqa-line"):
                    box = _box()
                    ask = gr.Button("Ask", elem_id="scoqa-button", variant="primary", scale=0)
                    stop = gr.Button("Stop", elem_id="scoqa-stop", scale=0, visible=False)
        _source(workspace)
    talk = gr.State((), time_to_live=_SESSION_SECONDS)
    parcel = gr.HTML(elem_id="scoqa-parcel", html_template="", js_on_load=_asset("parcel.js"))

    async def answer(conversation: Conversation) -> AsyncIterator[tuple[Any, ...]]:
        async for shown in answered(loading, conversation):  # Gradio streams from generators only
            yield shown

    def packed(conversation: Conversation, request: gr.Request) -> dict[str, Any]:
        return pack(workspace, conversation, request.headers.get("origin"))

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [chatbot, talk, ask, stop]
    begun = gr.on(
        [box.submit, ask.click],
        begin,
        inputs=[box, picker, talk],
        outputs=[box, *shown],
        js=_PICKED,
        queue=False,  # seen at once, however many are waiting
        trigger_mode="once",
        **quiet,
    )
    answering = begun.then(
        answer,
        inputs=[talk],
        outputs=shown,
        trigger_mode="once",  # while one is answered the next stays in the box
        concurrency_id="ask",
        **quiet,
    )
    answering.failure(crowded, inputs=[box, talk], outputs=[box, *shown], queue=False, **quiet)
    ends: dict[str, Any] = {"cancels": [answering], "queue": False, **quiet}
    stop.click(stopped, inputs=[box, talk], outputs=[box, *shown], **ends)
    head.clear(anew, outputs=shown, **ends)
    head.download(packed, inputs=[talk], outputs=[parcel], queue=False, **quiet)
    _endpoint(loading)


def begin(question: object, picked: object, conversation: Conversation) -> tuple[Any, ...]:
    """Return what is shown as soon as `question` is sent: box, messages, conversation, buttons.

    One that cannot be asked stays in the box, and only its beginning in the conversation.
    """
    if waiting(conversation) or not isinstance(question, str) or not question.strip():
        return _nothing(5)
    collection = collection_of(picked)
    try:
        asked = (*conversation, Exchange(checked_question(question), collection))
    except QuestionError as error:
        begins = question.strip()[:_BEGINNING]
        done = (*conversation, Exchange(begins, collection, outcome=str(error)))
        return question, messages(done), done, *_buttons(busy=False)
    return "", messages(asked), asked, *_buttons(busy=True)


async def answered(loading: Loading, conversation: Conversation) -> AsyncIterator[tuple[Any, ...]]:
    """Yield messages, conversation, buttons: what is being done, then what became of it."""
    if not waiting(conversation):  # stopped, or sent twice
        yield _nothing(4)
        return
    exchange = conversation[-1]
    outcome: Answer | str = _BROKEN
    try:
        async for step in steps(loading, exchange.question, exchange.collection):
            if isinstance(step, Answer):
                outcome = step
            else:
                yield messages(conversation, render.STEPS[step]), *_nothing(3)
    except ScoqaError as error:
        outcome = str(error)
    except Exception:
        # The page's edge: without this the wait would stay there for ever.
        _log.exception("The question could not be answered.")
    done = ended(conversation, outcome)
    yield messages(done), done, *_buttons(busy=False)


def stopped(box: str, conversation: Conversation) -> tuple[Any, ...]:
    """Return what is shown once the reader stops: the question goes back into a free box."""
    return _given_back(box, conversation, render.STOPPED)


def crowded(box: str, conversation: Conversation) -> tuple[Any, ...]:
    """Return what is shown when a question found no place in the queue."""
    return _given_back(box, conversation, _CROWDED)


def _given_back(box: str, conversation: Conversation, why: str) -> tuple[Any, ...]:
    if not waiting(conversation):
        return _nothing(5)
    done = ended(conversation, why)
    return box.strip() or done[-1].question, messages(done), done, *_buttons(busy=False)


def anew() -> tuple[Any, ...]:
    """Return what a new conversation shows."""
    return [], (), *_buttons(busy=False)


def pack(workspace: Workspace, conversation: Conversation, page: object) -> dict[str, Any]:
    """Return the conversation as a file to save: its name and its text, Markdown.

    page: the origin of the page it was held on, for links to the places cited.
    """
    now = datetime.now().astimezone()
    name = workspace.root.resolve().name
    address = viewer.origin(page)

    def link(citation: Citation) -> str:
        return f"{address}/{viewer.reference(citation)}"

    text = conversation_markdown(
        turns(conversation), title=name, when=now, link=link if address else None
    )
    return {"name": f"{_NO_FILE_NAME.sub('-', name)}-{now:%Y-%m-%d-%H%M%S}.md", "text": text}


def collection_of(picked: object) -> str | None:
    """Return the collection that the picker's value names; None for all of them."""
    return picked[1:] if isinstance(picked, str) and picked.startswith("/") else None


def _buttons(*, busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _nothing(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="scoqa-talk",
        label="Conversation",
        show_label=False,
        container=False,
        height="100%",
        layout="panel",
        buttons=[],
        # Text is never read as anything but text: render.inert sees to Markdown and HTML, these
        # three to the rest.
        sanitize_html=True,
        latex_delimiters=[],
        allow_tags=False,
        autoscroll=False,  # talk.js keeps the question in view; the end may be far below
        feedback_options=None,
        group_consecutive_messages=False,
    )


def _box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="scoqa-box",
        label="Your question",
        show_label=False,
        container=False,
        placeholder="Ask your documents",
        lines=1,
        max_lines=6,
        autofocus=True,
        html_attributes=gr.InputHTMLAttributes(
            autocorrect="off", spellcheck=True, autocomplete="off"
        ),
    )


def _head(situation: Situation) -> gr.HTML:
    """Add the top of the page, which also looks after what the whole page says of itself."""

    def state(_: object = None) -> dict[str, Any]:
        return situation.state()

    def index(_: object = None) -> None:
        situation.indexing.start()

    return gr.HTML(
        elem_id="scoqa-head",
        html_template=_asset("head.html"),
        js_on_load=_asset("page.js"),
        server_functions=[state, index],
        apply_default_css=False,
    )


def _source(workspace: Workspace) -> None:
    """Add the source viewer, closed; a click on a number opens it."""

    def source(request: object = None) -> dict[str, Any]:
        return viewer.source(workspace, request)

    gr.HTML(
        elem_id="scoqa-source",
        html_template=_asset("source.html"),
        js_on_load=_asset("source.js"),
        server_functions=[source],
        apply_default_css=False,
    )


def _endpoint(loading: Loading) -> None:
    """Add the API endpoint `ask`, which returns the Answer that every door returns."""

    def ask(question: str, collection: str | None = None) -> dict[str, Any]:
        """Return the answer to `question` as JSON, asked within `collection` if one is given."""
        try:
            answer: dict[str, Any] = to_json(loading.ask(question, collection))
        except ScoqaError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer

    gr.api(ask, api_name="ask", concurrency_id="ask")
