"""A real Chromium and a real `scoqa chat`, once for the whole module; or a loud skip.

Receives nothing; hands on pages that notice every request, error and dialog.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scenes import write_documents

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:
    pytest.skip(
        "The browser tests need playwright: pip install 'scoqa[test]'", allow_module_level=True
    )

SOURCE = Path(__file__).parent.parent.parent / "src"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Chat:
    """A running chat: where it answers, and the documents it was given."""

    url: str
    documents: Path

    def ask(self, question: str) -> dict[str, Any]:
        """Return the Answer that the API gives."""
        request = urllib.request.Request(
            f"{self.url}/gradio_api/call/ask",
            data=json.dumps({"data": [question, None]}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            event = json.load(reply)["event_id"]
        with urllib.request.urlopen(f"{self.url}/gradio_api/call/ask/{event}") as reply:
            last = reply.read().decode().strip().splitlines()[-1]
        answer: dict[str, Any] = json.loads(last.removeprefix("data: "))[0]
        return answer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("The browser tests need Chromium: apt install chromium, or brew install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    root = tmp_path_factory.mktemp("chat")
    write_documents(root / "docs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join(filter(None, (str(SOURCE), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "scoqa", "chat", "--workspace", str(root), "--port", str(port)]
    with (
        (root / "log").open("w") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        ) as process,
    ):
        assert process.stdout is not None
        said = [line for line in iter(process.stdout.readline, "") if "ready: " in line or not line]
        assert said, (root / "log").read_text()
        yield Chat(said[0].split("ready: ")[1].strip(), root / "docs")
        process.terminate()
        process.wait(10)
    assert process.returncode == 0


@pytest.fixture
def page(browser: Browser, chat: Chat) -> Iterator[Page]:
    """Return the open page. Afterwards: it asked nobody else, and nothing ran or failed in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    requests: list[str] = []
    trouble: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda message: trouble.append(message.text) if message.type == "error" else None,
    )
    page.goto(chat.url)
    page.wait_for_selector("#scoqa-box textarea")
    yield page
    assert page.evaluate("window.hacked") is None
    context.close()
    assert [url for url in requests if not url.startswith((chat.url + "/", "data:", "blob:"))] == []
    assert trouble == []
