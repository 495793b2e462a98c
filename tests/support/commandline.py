"""A command line run in this process without any model: the fixtures `run` and `indexed`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import scoqa.workspace
from conftest import QuickEmbedder
from scoqa import cli
from scoqa.models import Models
from scoqa.normalization import query_terms, terms
from scoqa.sentences import sentences
from scoqa.types import Reading, Span, Window
from scoqa.workspace import Workspace


class WordReader:
    """A reader without a model or calibration: the sentence that holds most of the words."""

    threshold = 0.5
    fingerprint = "words@1"
    loaded = True

    def load(self) -> None:
        return None

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        wanted = set(query_terms(question))
        found = []
        for window in windows:
            for start, end in sentences(window.text):
                sentence = window.text[start:end]
                if shared := len(wanted & set(terms(sentence))):
                    end = start + len(sentence.rstrip())
                    place = (window.start + start, window.start + end)
                    found.append(Span(window.document_id, *place, float(shared)))
        found.sort(key=lambda span: -span.score)
        sure = bool(found) and found[0].score >= 2
        return Reading(tuple(found[:3]), 0.1 if sure else 0.9, 0.8 if sure else 0.1)


class QuickWorkspace(Workspace):
    """A workspace that needs no model."""

    fingerprint_of_embedder = "quick@1"

    def __init__(self, folder: str | Path = ".", **options: Any) -> None:
        embedder = QuickEmbedder(self.fingerprint_of_embedder)
        super().__init__(folder, **{"models": Models(embedder, WordReader()), **options})


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """Return the one error sentence, without the program's name."""
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if line.startswith("scoqa: ")]
        assert 1 == len(lines), self.err
        return lines[0].removeprefix("scoqa: ")


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command line in this process, without any model."""
    monkeypatch.setattr(scoqa.workspace, "Workspace", QuickWorkspace)
    # It would end this process where an earlier test left a task of ours at work.
    monkeypatch.setattr(cli, "_end_background_work", lambda: None)

    def call(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["scoqa", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def indexed(folder: Path, run: Run) -> Path:
    """Return a folder that is indexed."""
    assert 0 == run("index", folder).code
    return folder
