"""The chat page: the conversation, the question box and the source viewer.

Input: a Workspace and the loader of its models. Output: Gradio components and their event
handlers. The conversation and the API endpoint `ask` share one queue of asks.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from scoqa.assistant import check_question
from scoqa.background import StoppedError
from scoqa.errors import QuestionError, ScoqaError
from scoqa.serial import to_json
from scoqa.types import Answer, Citation
from scoqa.ui.assets import read_asset
from scoqa.ui.chat import answer_markup
from scoqa.ui.chat.conversation import (
    Conversation,
    Exchange,
    answered_turns,
    chat_messages,
    is_waiting,
    with_outcome,
)
from scoqa.ui.source import viewer
from scoqa.ui.words.export import conversation_markdown
from scoqa.ui.work.app_state import AppState
from scoqa.ui.work.ask_stream import AskQueue, stream_steps
from scoqa.ui.work.model_loader import ModelLoader

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

# They share one scope; source.js is the last one because it runs immediately.
SOURCE_SCRIPTS = (
    "source/structure.js",
    "source/tables.js",
    "source/page_images.js",
    "source/source.js",
)
_REJECTED_CHARACTERS = 200  # of a rejected question; enough to recognize it by
_SESSION_SECONDS = 24 * 3600  # a conversation unused for this long is deleted
_BROKEN = "An internal error occurred. The terminal that runs scoqa shows the details."
_FORGOTTEN = (
    "scoqa no longer has this conversation. Print what you need, then press New, and ask again."
)
_NOTHING_TO_SAVE = "There is nothing to save: no question has been answered in this conversation."
_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")
_log = logging.getLogger(__name__)

# Runs in the page when a question is sent, and adds the page's state: the collection picked in a
# native list, which phones and screen readers support ("*" for all, else "/" and the name), and
# the number of questions on the page.
_READ_PAGE_STATE = "(box, _, talk) => [box, window.scoqa.told(box), talk]"


def add_page(workspace: Workspace, loader: ModelLoader, *, login: bool) -> None:
    """Add the page to the gr.Blocks being built. login: whether users log in."""
    head = _add_head(AppState(workspace, loader, login=login))
    with gr.Row(elem_id="scoqa-room"):
        with gr.Column(elem_id="scoqa-chat"):
            gr.HTML(
                elem_id="scoqa-welcome",
                html_template=read_asset("chat/welcome.html"),
                js_on_load=None,
            )
            _add_expected(workspace)
            chatbot = _add_chatbot()
            with gr.Column(elem_id="scoqa-ask"):
                picker = gr.HTML(
                    elem_id="scoqa-picker",
                    html_template=read_asset("chat/picker.html"),
                    js_on_load=None,
                )
                with gr.Row(elem_id="scoqa-line"):
                    box = _add_question_box()
                    ask = gr.Button("Ask", elem_id="scoqa-button", variant="primary", scale=0)
                    stop = gr.Button("Stop", elem_id="scoqa-stop", scale=0, visible=False)
        _add_source_viewer(workspace)
    talk = gr.State((), time_to_live=_SESSION_SECONDS)
    parcel = gr.HTML(
        elem_id="scoqa-parcel", html_template="", js_on_load=read_asset("chat/parcel.js")
    )

    queue = AskQueue()

    async def answer(conversation: Conversation) -> AsyncIterator[tuple[Any, ...]]:
        # A generator of its own: Gradio does not stream other callables.
        async for update in stream_answer(loader, queue, conversation):
            yield update

    def export(conversation: Conversation, request: gr.Request) -> dict[str, Any]:
        return pack_conversation(workspace, conversation, request.headers.get("origin"))

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    outputs = [chatbot, talk, ask, stop]
    submission = gr.on(
        [box.submit, ask.click],
        submit_question,
        inputs=[box, picker, talk],
        outputs=[parcel, box, *outputs],
        js=_READ_PAGE_STATE,
        queue=False,
        trigger_mode="once",
        **quiet,
    )
    answering = submission.then(
        answer,
        inputs=[talk],
        outputs=outputs,
        trigger_mode="multiple",  # `submit_question` rejects a second question meanwhile
        concurrency_limit=None,  # asks wait in `queue`, where they can be watched and stopped
        **quiet,
    )
    stop.click(stop_answer, inputs=[box, talk], outputs=[box], queue=False, **quiet)
    head.clear(
        start_over, inputs=[talk], outputs=outputs, cancels=[answering], queue=False, **quiet
    )
    head.download(export, inputs=[talk], outputs=[parcel], queue=False, **quiet)
    _add_endpoint(loader, queue)


def submit_question(question: object, page: object, conversation: Conversation) -> tuple[Any, ...]:
    """Return the updates after `question` is sent: parcel, box, messages, conversation, buttons.

    page: the state of the page, which is the collection picked and the number of questions shown.
    A rejected question stays in the box; the conversation gets only its first characters.
    """
    state = page if isinstance(page, dict) else {}
    if is_waiting(conversation) or not isinstance(question, str) or not question.strip():
        return _skip(6)
    if state.get("questions", 0) != len(conversation):
        # The session expired, or scoqa was restarted: leave the page as it is.
        return _notice(_FORGOTTEN), *_skip(5)
    collection = parse_collection(state.get("collection"))
    try:
        pending = (*conversation, Exchange(check_question(question), collection))
    except QuestionError as error:
        beginning = question.strip()[:_REJECTED_CHARACTERS]
        rejected = (*conversation, Exchange(beginning, collection, outcome=str(error)))
        return gr.skip(), question, chat_messages(rejected), rejected, *_buttons(busy=False)
    return gr.skip(), "", chat_messages(pending), pending, *_buttons(busy=True)


async def stream_answer(
    loader: ModelLoader, queue: AskQueue, conversation: Conversation
) -> AsyncIterator[tuple[Any, ...]]:
    """Yield messages, conversation and buttons, first for each step, then for the outcome."""
    if not is_waiting(conversation) or conversation[-1].claimed.is_set():  # no new question
        yield _skip(4)
        return
    exchange = conversation[-1]
    exchange.claimed.set()
    outcome: Answer | str = _BROKEN
    try:
        steps = stream_steps(loader, queue, exchange.question, exchange.collection, exchange.stop)
        async with aclosing(steps):
            async for step in steps:
                if isinstance(step, Answer):
                    outcome = step
                else:
                    yield chat_messages(conversation, step), *_skip(3)
    except StoppedError:
        outcome = answer_markup.STOPPED
    except ScoqaError as error:
        outcome = str(error)
    except Exception:
        # The outermost handler: without it the page would show the pending message for ever.
        _log.exception("The question could not be answered.")
    ended = with_outcome(conversation, outcome)
    yield chat_messages(ended), ended, *_buttons(busy=False)


async def stop_answer(box: str, conversation: Conversation) -> Any:
    """Stop the ask in progress; return the new content of the box: its question, if it is empty.

    Only `stream_answer` shows the outcome.
    """
    if not is_waiting(conversation):
        return gr.skip()
    conversation[-1].stop.set()
    return box.strip() or conversation[-1].question


async def start_over(conversation: Conversation) -> tuple[Any, ...]:
    """Return the updates for a new conversation, and stop an ask of the old one."""
    if is_waiting(conversation):
        conversation[-1].stop.set()
    return [], (), *_buttons(busy=False)


def pack_conversation(
    workspace: Workspace, conversation: Conversation, page: object
) -> dict[str, Any]:
    """Return the name and Markdown of a file to save, or a notice if there is nothing to save.

    page: the origin of the page, used in links to the cited places.
    """
    turns = answered_turns(conversation)
    if not turns:
        return _notice(_NOTHING_TO_SAVE)
    now = datetime.now().astimezone()
    name = workspace.root.resolve().name
    address = viewer.check_origin(page)

    def link(citation: Citation) -> str:
        return f"{address}/{viewer.citation_link(citation)}"

    text = conversation_markdown(turns, title=name, when=now, link=link if address else None)
    return {
        "name": f"{_NOT_IN_FILE_NAMES.sub('-', name)}-{now:%Y-%m-%d-%H%M%S}.md",
        "text": text,
        "at": now.isoformat(),
    }


def parse_collection(value: object) -> str | None:
    """Return the collection named by the picker's value; None means all collections."""
    return value[1:] if isinstance(value, str) and value.startswith("/") else None


def _notice(sentence: str) -> dict[str, Any]:
    """Return a parcel that contains only a sentence for the top of the page."""
    # `at` makes each parcel different: the page ignores a value that did not change.
    return {"notice": sentence, "at": datetime.now().astimezone().isoformat()}


def _buttons(*, busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _skip(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))


def _add_chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="scoqa-talk",
        label="Conversation",
        show_label=False,
        container=False,
        height="100%",
        layout="panel",
        buttons=[],
        # answer_markup.escape escapes Markdown and HTML; these three settings disable all other
        # markup.
        sanitize_html=True,
        latex_delimiters=[],
        allow_tags=False,
        autoscroll=False,  # talk.js keeps the question in view; an answer may be long
        feedback_options=None,
        group_consecutive_messages=False,
    )


def _add_question_box() -> gr.Textbox:
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


def _add_head(app_state: AppState) -> gr.HTML:
    """Add the page header, which also fetches and shows the application state."""

    def state(_: object = None) -> dict[str, Any]:
        return app_state.snapshot()

    def index(_: object = None) -> None:
        app_state.indexer.start()

    return gr.HTML(
        elem_id="scoqa-head",
        html_template=read_asset("page/head.html"),
        js_on_load=read_asset("page/page.js"),
        server_functions=[state, index],
        apply_default_css=False,
    )


def _add_source_viewer(workspace: Workspace) -> None:
    """Add the source viewer, closed; a click on a citation number opens it."""

    def source(request: object = None) -> dict[str, Any]:
        return viewer.load_source(workspace, request)

    gr.HTML(
        elem_id="scoqa-source",
        html_template=read_asset("source/source.html"),
        js_on_load="".join(map(read_asset, SOURCE_SCRIPTS)),
        server_functions=[source],
        apply_default_css=False,
    )


def _add_expected(workspace: Workspace) -> None:
    """Add the panel with the expected places of a question opened from a question set.

    It stays empty on a page that was not opened with such a question.
    """

    def places(request: object = None) -> list[dict[str, Any]]:
        return viewer.load_places(workspace, request)

    gr.HTML(
        elem_id="scoqa-expected",
        html_template=read_asset("chat/expected.html"),
        js_on_load=read_asset("chat/expected.js"),
        server_functions=[places],
        apply_default_css=False,
    )


def _add_endpoint(loader: ModelLoader, queue: AskQueue) -> None:
    """Add the API endpoint `ask`, which returns the same Answer as the other interfaces."""

    async def ask(question: str, collection: str | None = None) -> dict[str, Any]:
        """Return the answer to `question` as JSON, asked within `collection` if one is given."""
        answer: dict[str, Any] = {}
        try:
            async for step in stream_steps(loader, queue, question, collection):
                if isinstance(step, Answer):
                    answer = to_json(step)
        except ScoqaError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer

    gr.api(ask, api_name="ask", concurrency_limit=None)
