"""The page where one asks: the conversation, the line to ask in, the source beside them.

Receives a Workspace and what loads its models; hands on components and what happens between
them. The same ask stands behind the conversation and behind the API endpoint `ask`.
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
from scoqa.errors import QuestionError, ScoqaError
from scoqa.serial import to_json
from scoqa.types import Answer, Citation
from scoqa.ui.assets import asset
from scoqa.ui.chat import answer_markup
from scoqa.ui.chat.conversation import (
    Conversation,
    Exchange,
    ended,
    messages,
    turns,
    waiting,
)
from scoqa.ui.source import viewer
from scoqa.ui.words.export import conversation_markdown
from scoqa.ui.work.app_state import Situation
from scoqa.ui.work.ask_stream import AskQueue, StoppedError, steps
from scoqa.ui.work.model_loader import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_BEGINNING = 200  # characters: enough to know one's question by
_SESSION_SECONDS = 24 * 3600  # a conversation left alone this long is forgotten
_BROKEN = "Something went wrong inside scoqa. The terminal it runs in says what."
_FORGOTTEN = (
    "scoqa no longer has this conversation. Print what you need, then press New, and ask again."
)
_NOTHING_TO_SAVE = "There is nothing to save: no question has been answered in this conversation."
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_log = logging.getLogger(__name__)

# Read from the page when the question is sent: the collection picked from a native list, which
# phones and screen readers know how to show ("*" for all, else "/" and the name), and how many
# questions stand on the page.
_TOLD = "(box, _, talk) => [box, window.scoqa.told(box), talk]"


def page(workspace: Workspace, loading: Loading, *, login: bool) -> None:
    """Add the page to the gr.Blocks being built. login: whether people log in."""
    head = _head(Situation(workspace, loading, login=login))
    with gr.Row(elem_id="scoqa-room"):
        with gr.Column(elem_id="scoqa-chat"):
            gr.HTML(
                elem_id="scoqa-welcome", html_template=asset("chat/welcome.html"), js_on_load=None
            )
            _expected(workspace)
            chatbot = _chatbot()
            with gr.Column(elem_id="scoqa-ask"):
                picker = gr.HTML(
                    elem_id="scoqa-picker", html_template=asset("chat/picker.html"), js_on_load=None
                )
                with gr.Row(elem_id="scoqa-line"):
                    box = _box()
                    ask = gr.Button("Ask", elem_id="scoqa-button", variant="primary", scale=0)
                    stop = gr.Button("Stop", elem_id="scoqa-stop", scale=0, visible=False)
        _source(workspace)
    talk = gr.State((), time_to_live=_SESSION_SECONDS)
    parcel = gr.HTML(elem_id="scoqa-parcel", html_template="", js_on_load=asset("chat/parcel.js"))

    line = AskQueue()

    async def answer(conversation: Conversation) -> AsyncIterator[tuple[Any, ...]]:
        async for shown in answered(loading, line, conversation):  # Gradio streams generators only
            yield shown

    def packed(conversation: Conversation, request: gr.Request) -> dict[str, Any]:
        return pack(workspace, conversation, request.headers.get("origin"))

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [chatbot, talk, ask, stop]
    begun = gr.on(
        [box.submit, ask.click],
        begin,
        inputs=[box, picker, talk],
        outputs=[parcel, box, *shown],
        js=_TOLD,
        queue=False,
        trigger_mode="once",
        **quiet,
    )
    answering = begun.then(
        answer,
        inputs=[talk],
        outputs=shown,
        trigger_mode="multiple",  # `begin` takes no second question while one is answered
        concurrency_limit=None,  # asks wait in `line`, where they can be watched and stopped
        **quiet,
    )
    stop.click(stopped, inputs=[box, talk], outputs=[box], queue=False, **quiet)
    head.clear(anew, inputs=[talk], outputs=shown, cancels=[answering], queue=False, **quiet)
    head.download(packed, inputs=[talk], outputs=[parcel], queue=False, **quiet)
    _endpoint(loading, line)


def begin(question: object, page: object, conversation: Conversation) -> tuple[Any, ...]:
    """Return what is shown when `question` is sent: parcel, box, messages, conversation, buttons.

    page: what the page says, the collection picked and how many questions stand on it. One that
    cannot be asked stays in the box, and only its beginning in the conversation.
    """
    told = page if isinstance(page, dict) else {}
    if waiting(conversation) or not isinstance(question, str) or not question.strip():
        return _nothing(6)
    if told.get("questions", 0) != len(conversation):
        # Left alone too long, or of another run of scoqa: the page keeps what it shows.
        return _notice(_FORGOTTEN), *_nothing(5)
    collection = collection_of(told.get("collection"))
    try:
        asked = (*conversation, Exchange(check_question(question), collection))
    except QuestionError as error:
        begins = question.strip()[:_BEGINNING]
        done = (*conversation, Exchange(begins, collection, outcome=str(error)))
        return gr.skip(), question, messages(done), done, *_buttons(busy=False)
    return gr.skip(), "", messages(asked), asked, *_buttons(busy=True)


async def answered(
    loading: Loading, line: AskQueue, conversation: Conversation
) -> AsyncIterator[tuple[Any, ...]]:
    """Yield messages, conversation, buttons: what is being done, then what became of it."""
    if not waiting(conversation) or conversation[-1].begun.is_set():  # nothing new was asked
        yield _nothing(4)
        return
    exchange = conversation[-1]
    exchange.begun.set()
    outcome: Answer | str = _BROKEN
    try:
        asked = steps(loading, line, exchange.question, exchange.collection, exchange.stop)
        async with aclosing(asked):
            async for step in asked:
                if isinstance(step, Answer):
                    outcome = step
                else:
                    yield messages(conversation, step), *_nothing(3)
    except StoppedError:
        outcome = answer_markup.STOPPED
    except ScoqaError as error:
        outcome = str(error)
    except Exception:
        # The page's edge: without this the wait would stay there for ever.
        _log.exception("The question could not be answered.")
    done = ended(conversation, outcome)
    yield messages(done), done, *_buttons(busy=False)


async def stopped(box: str, conversation: Conversation) -> Any:
    """Have the answer that is waited for ended; return the box: the question, if it is free.

    What became of it is shown by who answers, and by nobody else.
    """
    if not waiting(conversation):
        return gr.skip()
    conversation[-1].stop.set()
    return box.strip() or conversation[-1].question


async def anew(conversation: Conversation) -> tuple[Any, ...]:
    """Return what a new conversation shows; nobody waits for the old one any longer."""
    if waiting(conversation):
        conversation[-1].stop.set()
    return [], (), *_buttons(busy=False)


def pack(workspace: Workspace, conversation: Conversation, page: object) -> dict[str, Any]:
    """Return the conversation as a file to save, its name and its Markdown, or why there is none.

    page: the origin of the page it was held on, for links to the places cited.
    """
    if not turns(conversation):
        return _notice(_NOTHING_TO_SAVE)
    now = datetime.now().astimezone()
    name = workspace.root.resolve().name
    address = viewer.origin(page)

    def link(citation: Citation) -> str:
        return f"{address}/{viewer.reference(citation)}"

    text = conversation_markdown(
        turns(conversation), title=name, when=now, link=link if address else None
    )
    return {
        "name": f"{_NO_FILE_NAME.sub('-', name)}-{now:%Y-%m-%d-%H%M%S}.md",
        "text": text,
        "at": now.isoformat(),
    }


def collection_of(picked: object) -> str | None:
    """Return the collection that the picker's value names; None for all of them."""
    return picked[1:] if isinstance(picked, str) and picked.startswith("/") else None


def _notice(sentence: str) -> dict[str, Any]:
    """Return a parcel with nothing in it but a sentence for the top of the page."""
    # `at` makes it a new one: a value that stays the same is not looked at.
    return {"notice": sentence, "at": datetime.now().astimezone().isoformat()}


def _buttons(*, busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _nothing(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))


def _chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="scoqa-talk",
        label="Conversation",
        show_label=False,
        container=False,
        height="100%",
        layout="panel",
        buttons=[],
        # Text is shown as text: answer_markup.inert escapes Markdown and HTML, and these three
        # settings turn off the rest.
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
        html_template=asset("page/head.html"),
        js_on_load=asset("page/page.js"),
        server_functions=[state, index],
        apply_default_css=False,
    )


def _source(workspace: Workspace) -> None:
    """Add the source viewer, closed; a click on a number opens it."""

    def source(request: object = None) -> dict[str, Any]:
        return viewer.source(workspace, request)

    gr.HTML(
        elem_id="scoqa-source",
        html_template=asset("source/source.html"),
        js_on_load="".join(
            map(asset, ("source/structure.js", "source/page_images.js", "source/source.js"))
        ),
        server_functions=[source],
        apply_default_css=False,
    )


def _expected(workspace: Workspace) -> None:
    """Add what a question set says of a question that it was opened with; empty without one."""

    def places(request: object = None) -> list[dict[str, Any]]:
        return viewer.places(workspace, request)

    gr.HTML(
        elem_id="scoqa-expected",
        html_template=asset("chat/expected.html"),
        js_on_load=asset("chat/expected.js"),
        server_functions=[places],
        apply_default_css=False,
    )


def _endpoint(loading: Loading, line: AskQueue) -> None:
    """Add the API endpoint `ask`, which returns the Answer that every door returns."""

    async def ask(question: str, collection: str | None = None) -> dict[str, Any]:
        """Return the answer to `question` as JSON, asked within `collection` if one is given."""
        answer: dict[str, Any] = {}
        try:
            async for step in steps(loading, line, question, collection):
                if isinstance(step, Answer):
                    answer = to_json(step)
        except ScoqaError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer

    gr.api(ask, api_name="ask", concurrency_limit=None)
