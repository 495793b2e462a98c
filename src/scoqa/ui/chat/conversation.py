"""A conversation: what was asked, and what became of each question.

Receives questions and outcomes; hands on the messages that Gradio shows and the turns that an
export writes. Nothing here changes: every step makes a new conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoqa.types import Answer, Turn
from scoqa.ui.chat import answer_markup
from scoqa.ui.work.ask_stream import AskStep

Messages = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question, asked within `collection` if one was picked.

    outcome: its answer, or the sentence that says why there is none, or None while it is waited
    for. begun: set by who answers, so that nobody else does. stop: set by who does not want to wait
    any longer.
    """

    question: str
    collection: str | None = None
    outcome: Answer | str | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)
    stop: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)


Conversation = tuple[Exchange, ...]


def waiting(conversation: Conversation) -> bool:
    """Return whether the last question is still being answered."""
    return bool(conversation) and conversation[-1].outcome is None


def ended(conversation: Conversation, outcome: Answer | str) -> Conversation:
    """Return `conversation` with the outcome of its last question."""
    return (*conversation[:-1], replace(conversation[-1], outcome=outcome))


def turns(conversation: Conversation) -> list[Turn]:
    """Return the questions that got an answer, silence included, for an export."""
    return [
        Turn(each.question, each.outcome, each.collection)
        for each in conversation
        if isinstance(each.outcome, Answer)
    ]


def messages(conversation: Sequence[Exchange], pending: AskStep = "wait") -> Messages:
    """Return the conversation as Gradio's Chatbot takes it; `pending` says what is waited for."""
    shown: Messages = []
    for exchange in conversation:
        shown.append(
            _message("user", answer_markup.question(exchange.question, exchange.collection))
        )
        match exchange.outcome:
            case None:
                markup = answer_markup.pending(answer_markup.STEPS[pending])
            case str(sentence):
                markup = answer_markup.problem(sentence)
            case answer:
                markup = answer_markup.answer(answer)
        shown.append(_message("assistant", markup))
    return shown


def _message(role: str, markup: str) -> dict[str, Any]:
    # As a typed text, not a string: Gradio re-indents strings.
    return {"role": role, "content": [{"type": "text", "text": markup}]}
