"""The page where one asks: the conversation, the line to ask in, the source beside them.

Receives a Workspace and its Loading; hands on components and what happens between them.
The same ask stands behind the conversation and behind the API endpoint `ask`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from scoqa.errors import ScoqaError
from scoqa.schema import to_json
from scoqa.ui import render, viewer
from scoqa.ui.loading import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

Messages = list[dict[str, Any]]

_ASSETS = Path(__file__).with_name("assets")
_SESSION_SECONDS = 24 * 3600  # a conversation left alone this long is forgotten
_BROKEN = "Something went wrong inside scoqa. The terminal it runs in says what."
_log = logging.getLogger(__name__)


def page(workspace: Workspace, loading: Loading) -> None:
    """Add the page to the gr.Blocks being built."""
    _head(workspace, loading)
    with gr.Row(elem_id="scoqa-room"):
        with gr.Column(elem_id="scoqa-chat"):
            chatbot = gr.Chatbot(
                elem_id="scoqa-talk",
                label="Conversation",
                show_label=False,
                container=False,
                height="100%",
                layout="panel",
                placeholder=welcome(workspace),
                buttons=[],
                # Text is never read as anything but text: render.inert sees to Markdown and
                # HTML, these three to the rest.
                sanitize_html=True,
                latex_delimiters=[],
                allow_tags=False,
                autoscroll=False,  # source.js keeps the question in view; the end may be far below
                feedback_options=None,
                group_consecutive_messages=False,
            )
            with gr.Row(elem_id="scoqa-ask"):
                box = gr.Textbox(
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
                button = gr.Button("Ask", elem_id="scoqa-button", variant="primary", scale=0)
        _source(workspace)
    messages = gr.State([], time_to_live=_SESSION_SECONDS)

    def submit(question: str, before: Messages) -> Iterator[tuple[str, Messages, Messages]]:
        yield from converse(loading, question, before)  # Gradio streams from generators only

    gr.on(
        [box.submit, button.click],
        submit,
        inputs=[box, messages],
        outputs=[box, chatbot, messages],
        trigger_mode="once",  # while one is answered the next stays in the box
        show_progress="hidden",
        concurrency_id="ask",
        api_visibility="private",
    )
    _endpoint(loading)


def converse(
    loading: Loading, question: str, before: Messages
) -> Iterator[tuple[str, Messages, Messages]]:
    """Yield (what stays in the box, messages to show, messages to keep): first a wait that says
    what for, then the answer or the sentence that says why there is none.
    """
    asked = [*before, _message("user", render.question(question))] if question.strip() else before

    def shown(markup: str, *, box: str = "") -> tuple[str, Messages, Messages]:
        messages = [*asked, _message("assistant", markup)]
        return box, messages, messages

    try:
        if not loading.done:
            yield shown(render.pending(render.LOADING))
            loading.wait()
        yield shown(render.pending(render.READING))
        yield shown(render.answer(loading.ask(question)))
    except ScoqaError as error:
        yield shown(render.problem(str(error)))
    except Exception:
        # The page's edge: without this the wait would stay there for ever.
        _log.exception("The question could not be answered.")
        yield shown(render.problem(_BROKEN))


def welcome(workspace: Workspace) -> str:
    """Return the markup of a conversation not begun: what is here, and what to do."""
    folder = workspace.documents.resolve().name
    try:
        documents, passages = workspace.summary()
    except ScoqaError as error:
        return render.problem(str(error))
    if documents == 0:
        first = f"There are no documents in {folder} yet."
        then = "Put text or Markdown files there and start scoqa again."
    else:
        first = f"{_count(documents, 'document')}, {_count(passages, 'passage')}, in {folder}."
        then = "Ask a question. You get their own words, and the place where they stand."
    return (
        f'<div class="scoqa-welcome"><p class="scoqa-holds">{render.inert(first)}</p>'
        f"<p>{render.inert(then)}</p></div>"
    )


def _head(workspace: Workspace, loading: Loading) -> None:
    """Add the top of the page, which also says while the model is being loaded."""

    def state(_: object = None) -> dict[str, Any]:
        return {"loaded": loading.done, "problem": loading.problem}

    name = render.inert(workspace.root.resolve().name)
    gr.HTML(
        elem_id="scoqa-head",
        html_template=(
            '<header><h1 class="scoqa-name">scoqa</h1>'
            f'<p class="scoqa-folder" dir="auto">{name}</p>'
            '<p class="scoqa-state" role="status"></p></header>'
        ),
        js_on_load=(_ASSETS / "state.js").read_text(encoding="utf-8"),
        server_functions=[state],
        apply_default_css=False,
    )


def _source(workspace: Workspace) -> None:
    """Add the source viewer, closed; a click on a number opens it."""

    def source(request: object = None) -> dict[str, Any]:
        return viewer.source(workspace, request)

    gr.HTML(
        elem_id="scoqa-source",
        html_template=(_ASSETS / "source.html").read_text(encoding="utf-8"),
        js_on_load=(_ASSETS / "source.js").read_text(encoding="utf-8"),
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


def _message(role: str, markup: str) -> dict[str, Any]:
    # As a typed text, not a string: Gradio re-indents strings.
    return {"role": role, "content": [{"type": "text", "text": markup}]}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
