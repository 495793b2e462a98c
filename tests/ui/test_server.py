"""The chat as a server: what is refused, what the API returns, how it starts and ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from test_answer_markup import FakeWorkspace

from conftest import finished, free_port
from scoqa.config import Settings
from scoqa.serial import to_json
from scoqa.ui.app import build, build_application
from scoqa.ui.auth.guard import Guard, host_name
from scoqa.ui.work.model_loader import ModelLoader


@pytest.fixture
def workspace(tmp_path: Path) -> FakeWorkspace:
    return FakeWorkspace(tmp_path)


# -- the guard ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace = FakeWorkspace(tmp_path_factory.mktemp("ui"), allowed_hosts=("docs.example",))
    with TestClient(
        build_application(workspace),  # type: ignore[arg-type]
        base_url="http://127.0.0.1:7860",
    ) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "a@localhost", "[::2]"]
)
@pytest.mark.parametrize(
    "path", ["/", "/config", "/gradio_api/info", "/gradio_api/queue/join", "/nothing"]
)
def test_a_strange_host_is_misdirected(client: TestClient, host: str, path: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 421
    assert client.post(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "[::1]:80", "DOCS.example:8000"])
def test_our_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


def test_the_address_served_at_is_a_name_of_ours_but_not_every_address(tmp_path: Path) -> None:
    for host, header, status in (
        ("10.0.0.7", "10.0.0.7:7860", 200),
        ("10.0.0.7", "10.0.0.8:7860", 421),
        ("fd00::7", "[fd00::7]", 200),
        ("0.0.0.0", "0.0.0.0", 421),
        ("0.0.0.0", "10.0.0.7", 421),
        ("0.0.0.0", "[fd00::8]", 200),
        ("::", "[::]", 421),
    ):
        workspace = FakeWorkspace(tmp_path)
        workspace.settings = Settings(host=host, allowed_hosts=("FD00::8",))
        guard = build_application(workspace, logins={})  # type: ignore[arg-type]
        client = TestClient(guard, base_url="http://localhost")
        assert (host, client.get("/config", headers={"host": header}).status_code) == (host, status)


def test_a_strange_host_is_told_what_would_help(client: TestClient) -> None:
    assert "allowed_hosts" in client.get("/", headers={"host": "evil.example"}).text


def test_a_websocket_with_a_strange_host_is_refused() -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    client = TestClient(Guard(inner))
    with client.websocket_connect("/", headers={"host": "localhost"}):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/", headers={"host": "evil.example"}),
    ):
        pass


def test_another_port_of_our_own_name_is_another_page(client: TestClient) -> None:
    host = {"host": "docs.example:7860"}
    for origin, status in (
        ("http://docs.example:7860", 200),
        ("https://DOCS.example:7860", 200),  # a proxy with TLS
        ("http://docs.example:8080", 403),
        ("http://docs.example", 403),
        ("http://127.0.0.1:7860", 403),
    ):
        answer = client.get("/config", headers={**host, "origin": origin})
        assert (origin, answer.status_code) == (origin, status)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_request_sent_by_another_page_is_refused(client: TestClient, origin: str) -> None:
    assert client.post("/gradio_api/queue/join", headers={"origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["file=/etc/passwd", "file/etc/passwd", "proxy=http://a.example", "upload", "stream/1", "runs"],
)
def test_doors_nobody_uses_are_closed(client: TestClient, path: str) -> None:
    assert client.get(f"/gradio_api/{path}").status_code == 404
    assert client.post(f"/gradio_api/{path}").status_code == 404


def test_a_host_is_read_without_its_port() -> None:
    assert [host_name(each) for each in ("A:1", "[::1]:2", "a b", "a:b", "[::1")] == [
        "a", "[::1]", None, None, None,
    ]  # fmt: skip


def test_the_page_lets_nothing_in_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "fonts.googleapis" not in page.text
    assert client.get("/openapi.json").status_code == 404


# -- the API ------------------------------------------------------------------------------------


def call(client: TestClient, *data: object) -> tuple[str, Any]:
    """Return the last event of a call of the endpoint `ask`, and its data."""
    event = client.post("/gradio_api/call/ask", json={"data": data}).json()["event_id"]
    lines = client.get(f"/gradio_api/call/ask/{event}").text.strip().splitlines()
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


def test_the_api_returns_the_answer_of_every_door(
    client: TestClient, workspace: FakeWorkspace
) -> None:
    assert call(client, "How tall is it?", None) == (
        "complete",
        [to_json(workspace.ask("How tall is it?"))],
    )


def test_the_api_says_what_is_wrong_with_a_question(client: TestClient) -> None:
    kind, data = call(client, " ", None)
    assert (kind, data["error"]) == ("error", "The question is empty.")


def test_the_api_offers_ask_alone(client: TestClient) -> None:
    offered = client.get("/gradio_api/info").json()["named_endpoints"]
    assert list(offered) == ["/ask"]
    assert [each["parameter_name"] for each in offered["/ask"]["parameters"]] == [
        "question",
        "collection",
    ]


FILES = [
    {"path": "http://192.0.2.1/leak"},
    {"path": "/etc/passwd"},
    {"path": "/dev/zero"},
    {"path": "picture.svg"},
    {"path": "/etc/passwd", "is_stream": True},
    {"path": "x", "url": "http://192.0.2.1/leak"},
]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "path", ["queue/join", "call/ask", "run/ask", "run/begin", "api/ask", "run/predict"]
)
def test_an_input_that_says_it_is_a_file_is_refused(
    client: TestClient, path: str, file: dict[str, Any]
) -> None:
    named = {**file, "meta": {"_type": "gradio.FileData"}}
    for data in ([named, None], ["How tall?", named], ["How tall?", {"a": [{"b": named}]}]):
        body = json.dumps({"data": data, "fn_index": 0, "session_hash": "h"})
        for written in (body, body.replace("_type", "\\u005ftype"), body.encode("utf-16")):
            answer = client.post(f"/gradio_api/{path}", content=written)
            assert (answer.status_code, answer.text) == (400, "The chat takes no files.")
    deep = "[" * 100_000 + "]" * 100_000
    assert client.post(f"/gradio_api/{path}", content=deep).status_code == 400


def test_a_file_that_got_past_the_guard_would_not_be_touched(workspace: FakeWorkspace) -> None:
    blocks = build(workspace)  # type: ignore[arg-type]
    assert len(blocks.blocks) > 10
    for block in blocks.blocks.values():
        with pytest.raises(gradio.Error, match="takes no files"):
            finished(block.async_move_resource_to_block_cache("/etc/passwd"))


def test_no_answer_may_be_read_by_pages_elsewhere(client: TestClient) -> None:
    for origin in ("http://127.0.0.1:7860", None):
        headers = {} if origin is None else {"origin": origin}
        for answer in (
            client.get("/config", headers=headers),
            client.options("/", headers=headers),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


# -- waiting, serving, ending -------------------------------------------------------------------


def test_the_models_are_loaded_once_however_many_ask() -> None:
    loads: list[int] = []

    def load() -> None:
        loads.append(1)
        slow.loaded = True

    slow = SimpleNamespace(loaded=False, load=load)
    loading = ModelLoader(slow)  # type: ignore[arg-type]
    threads = [threading.Thread(target=loading.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [1]


SERVE = """
import sys, time
from pathlib import Path
sys.path[:0] = {path!r}
from test_answer_markup import FakeWorkspace

from conftest import finished
from scoqa.ui import serve

class Slow(FakeWorkspace):
    def load(self):
        time.sleep(60)

serve(Slow(Path({root!r})), port={port}, on_ready=lambda url: print(url, flush=True))
print("torch" in sys.modules, flush=True)
"""


def sent(url: str, question: str) -> str:
    """Send `question` to the API; return the event in which its answer comes."""
    request = urllib.request.Request(
        f"{url}/gradio_api/call/ask",
        data=json.dumps({"data": [question, None]}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        return str(json.load(reply)["event_id"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_is_there_before_the_model_and_ends_within_five_seconds(
    tmp_path: Path, number: signal.Signals
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        source = SERVE.format(path=sys.path, root=str(tmp_path), port=port)
        with subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            assert int(url.rsplit(":", 1)[1]) > port  # that one is taken
            # Someone asks and waits for the model; someone else keeps a page open.
            event = sent(url, "How tall?")
            with (
                urllib.request.urlopen(f"{url}/gradio_api/call/ask/{event}"),
                urllib.request.urlopen(url) as page,
            ):
                assert page.status == 200
                process.send_signal(number)
                process.wait(5)
            assert process.stdout.read() == "False\n"
            assert process.returncode == 0


def test_a_chat_that_ends_in_the_middle_of_its_work_ends_well(tmp_path: Path) -> None:
    """Threads inside torch made Python's own way out a SIGABRT."""
    (tmp_path / "tower.txt").write_text("The tower is 41 metres tall. " * 400, encoding="utf-8")
    command = [sys.executable, "-m", "scoqa", "chat", str(tmp_path), "--port", str(free_port())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "ready: " in line)
        url = ready.split("ready: ")[1].strip()
        for wait in (True, False, False):  # the first loads the model
            event = sent(url, "How tall is the tower?")
            if wait:
                with urllib.request.urlopen(f"{url}/gradio_api/call/ask/{event}") as reply:
                    assert "41 metres" in reply.read().decode()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)
    assert (process.returncode, "Traceback" in told) == (0, False)
