"""A silence has one wording per reason: in the terminal, the chat, its export and the report."""

from __future__ import annotations

import html
import io
from typing import get_args

import pytest
from rich.console import Console

from reports import record
from scoqa import terminal
from scoqa.evaluation.report.cards import build_card
from scoqa.silence_wording import REASONS, SILENCE, explain_reason
from scoqa.types import Answer, Reason, Turn
from scoqa.ui.chat.answer_markup import render_answer
from scoqa.ui.words.export import conversation_markdown


def test_every_reason_has_a_sentence() -> None:
    assert list(REASONS) == list(get_args(Reason))
    assert len(set(REASONS.values())) == len(REASONS)
    assert all(sentence.endswith(".") for sentence in REASONS.values())


def test_a_reason_of_another_version_is_shown_unchanged() -> None:
    assert explain_reason("too_tired") == "too_tired"  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", get_args(Reason))
def test_all_interfaces_explain_a_silence_in_the_same_words(
    reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer("Who?", "Who?", (), 0.0, False, reason)
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=screen, soft_wrap=True))
    terminal.print_answer(answer)
    assert screen.getvalue() == f"{SILENCE}.\n{REASONS[reason]}\n"
    page = html.unescape(render_answer(answer))
    assert SILENCE in page
    assert REASONS[reason] in page
    exported = conversation_markdown([Turn("Who?", answer)], title="x")
    assert f"**{SILENCE}.** {REASONS[reason]}" in exported
    silent = {**record(1, blame="read"), "answered": False, "reason": reason}
    assert build_card(1, silent).reason == REASONS[reason]
