"""A conversation: its questions and the outcome of each.

Input: questions and outcomes. Output: messages for Gradio's Chatbot and turns for an export.
Conversations are immutable: every step returns a new one.
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
    """A question and its outcome.

    collection: the collection picked for it, or None for all. outcome: the answer, or a sentence
    that explains why there is none, or None while the question is in progress. claimed: set by
    the handler that answers it, so that no second one does. stop: set to end the ask early.
    """

    question: str
    collection: str | None = None
    outcome: Answer | str | None = None
    claimed: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)
    stop: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)


Conversation = tuple[Exchange, ...]


def is_waiting(conversation: Conversation) -> bool:
    """Return whether the last question is still being answered."""
    return bool(conversation) and conversation[-1].outcome is None


def with_outcome(conversation: Conversation, outcome: Answer | str) -> Conversation:
    """Return `conversation` with the outcome of its last question."""
    return (*conversation[:-1], replace(conversation[-1], outcome=outcome))


def answered_turns(conversation: Conversation) -> list[Turn]:
    """Return the questions that have an Answer, silences included, for an export."""
    return [
        Turn(exchange.question, exchange.outcome, exchange.collection)
        for exchange in conversation
        if isinstance(exchange.outcome, Answer)
    ]


def chat_messages(conversation: Sequence[Exchange], pending: AskStep = "wait") -> Messages:
    """Return the conversation as messages for Gradio's Chatbot.

    pending: the current step of a question in progress.
    """
    messages: Messages = []
    for exchange in conversation:
        question = answer_markup.render_question(exchange.question, exchange.collection)
        messages.append(_message("user", question))
        match exchange.outcome:
            case None:
                markup = answer_markup.render_pending(answer_markup.STEPS[pending])
            case str(sentence):
                markup = answer_markup.render_problem(sentence)
            case answer:
                markup = answer_markup.render_answer(answer)
        messages.append(_message("assistant", markup))
    return messages


def _message(role: str, markup: str) -> dict[str, Any]:
    # A typed content item instead of a string, because Gradio re-indents strings.
    return {"role": role, "content": [{"type": "text", "text": markup}]}
