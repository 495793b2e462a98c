"""What the tests of the page for question sets share: a small workspace, its doors, a set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from conftest import quick_workspace
from scoqa.ui.app import build_application
from scoqa.workspace import Workspace

URL = "http://127.0.0.1:7860"
RAW = {"content-type": "application/octet-stream"}
QUESTIONS = (
    "question,answer,document\n"
    "When was the lighthouse built?,1887,lighthouse.txt\n"
    "Who built the lighthouse?,Ada Lund,lighthouse.txt\n"
    "What does the lamp burn?,rape oil,lighthouse.txt\n"
    "When does the harbour freeze?,January,harbour.txt\n"
    "What is the name of the whale?,,\n"
)
SQUAD = {
    "version": "1.1",
    "data": [{"title": "Owls", "paragraphs": [{
        "context": "The owl of Ceyl sleeps in the bell.",
        "qas": [{"id": "o", "question": "Where does the owl sleep?",
                 "answers": [{"text": "in the bell", "answer_start": 23}]}],
    }]}],
}  # fmt: skip


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    return workspace


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(build_application(workspace), base_url=URL) as client:
        yield client


def upload(client: TestClient, name: str, data: str | bytes = QUESTIONS) -> Any:
    return client.post("/evaluate/sets", params={"name": name}, content=data, headers=RAW)


def state(client: TestClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get("/evaluate/state").json()
    return told


def until(client: TestClient, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return the state once `holds` is true of it."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        told = state(client)
        if holds(told):
            return told
        time.sleep(0.02)
    raise AssertionError(told)


def ended(client: TestClient) -> dict[str, Any]:
    """Return the state once nothing runs and every finished run has its measures."""
    return until(
        client,
        lambda told: (
            not told["running"] and all(run["measures"] for run in told["runs"] if run["finished"])
        ),
    )


def run(client: TestClient, key: str, **options: Any) -> dict[str, Any]:
    assert client.post("/evaluate/start", json={"set": key, **options}).status_code == 200
    return ended(client)


class Held:
    """Holds a workspace's answers from a question on, until it is let go."""

    def __init__(self, workspace: Workspace, number: int) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        self.asked: list[str] = []
        through = workspace.explain

        def explain(question: str, **options: Any) -> Any:
            self.asked.append(question)
            if len(self.asked) == number:
                self.reached.set()
                assert self.go.wait(30)
            return through(question, **options)

        workspace.explain = explain  # type: ignore[method-assign]
