"""The chat's doors from outside: a server of its own, and requests nobody has tidied."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from test_answer_markup import FakeWorkspace

from conftest import quick_workspace, serving
from scoqa.parse import document_id
from scoqa.serial import to_json
from scoqa.types import Document
from scoqa.ui.auth import login, passwords
from scoqa.ui.auth.guard import MOST_BODY_BYTES
from scoqa.ui.source import viewer

PASSWORD = "four words and a tower"
FORM = {"content-type": "application/x-www-form-urlencoded"}
Served = tuple[FakeWorkspace, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a chat that asks for a login on 127.0.0.1, and its address."""
    workspace = FakeWorkspace(tmp_path_factory.mktemp("ui"))
    passwords.write_login(workspace.root / ".scoqa-logins", "ada", PASSWORD)
    with serving(workspace) as url:
        yield workspace, url


def raw(url: str, method: str, path: str, body: str | None = None, **headers: str) -> int:
    """Return the status of a request whose path nobody has tidied."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, body, headers)
    return connection.getresponse().status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/config"),
        ("GET", "/theme.css"),
        ("GET", "/static/img/clear.svg"),
        ("GET", "/assets/index.js"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/app_id"),
        ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/heartbeat/abc"),
        ("GET", "/gradio_api/queue/data?session_hash=abc"),
        ("GET", "/gradio_api/queue/status"),
        ("GET", "/gradio_api/startup-events"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/gradio_api/run/ask"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/reset"),
        ("HEAD", "/gradio_api/info"),
        ("GET", "/login/../config"),
        ("GET", "/login/..%2fconfig"),
        ("GET", "//login"),
    ],
)
def test_every_door_of_gradio_is_behind_the_login(served: Served, method: str, path: str) -> None:
    assert raw(served[1], method, path) == 401


def test_a_websocket_is_told_401_before_it_is_opened(served: Served) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert raw(served[1], "GET", "/queue/join", **headers, **key) == 401


def test_the_client_of_the_api_logs_in_and_asks(served: Served) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AuthenticationError

    workspace, url = served
    quiet: dict[str, Any] = {"verbose": False, "analytics_enabled": False, "download_files": False}
    with pytest.raises(AuthenticationError):
        Client(url, **quiet)
    with pytest.raises(AuthenticationError):
        Client(url, auth=("ada", "a guess"), **quiet)
    client = Client(url, auth=("ada", PASSWORD), **quiet)
    answer = client.predict("How tall is it?", None, api_name="/ask")
    assert answer == to_json(workspace.ask("How tall is it?"))


def test_a_password_being_looked_at_keeps_nobody_else_waiting(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = served
    going_on, release = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> bool:
        going_on.release()
        return release.wait(30)

    monkeypatch.setattr(login, "check_password", slow)
    results: list[int] = []

    def attempt(name: str) -> None:
        results.append(raw(url, "POST", "/login", f"username={name}&password=x", **FORM))

    threads = [threading.Thread(target=attempt, args=(f"name{each}",)) for each in range(2)]
    for each in threads:
        each.start()
    assert all(going_on.acquire(timeout=10) for _ in threads)
    try:
        assert raw(url, "GET", "/login") == 200, "the page answers all the while"
        attempt("name9")
        assert results == [429], "one address has no more than two on their way"
    finally:
        release.set()
        for each in threads:
            each.join(10)
    assert results == [429, 200, 200]


# -- what is no path and no request of ours ------------------------------------------------------

SECRET = "the-secret-of-this-test"
UP = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "..\\", "..%5c", "....//", "%c0%ae%c0%ae/")


@pytest.fixture(scope="module")
def session(served: Served) -> dict[str, str]:
    """Give the headers of somebody who is logged in."""
    connection = http.client.HTTPConnection(urlsplit(served[1]).netloc, timeout=30)
    connection.request(
        "POST", "/login", f"username=ada&password={PASSWORD.replace(' ', '+')}", FORM
    )
    reply = connection.getresponse()
    assert reply.status == 200
    assert json.load(reply) == {"success": True}
    return {"Cookie": str(reply.getheader("set-cookie")).partition(";")[0]}


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize(
    "start",
    [
        "/", "/assets/", "/static/", "/svelte/", "/gradio_api/file=", "/gradio_api/file/", "/file=",
        "/gradio_api/", "/gradio_api/custom_component/", "/gradio_api/stream/", "/pwa_icon/",
        "/gradio_api/proxy=", "/theme.css/", "/gradio_api/call/ask/",
    ],
)  # fmt: skip
def test_no_path_leads_out(served: Served, session: dict[str, str], start: str, up: str) -> None:
    secret = served[0].root / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    for target in ("etc/passwd", str(secret).lstrip("/")):
        connection = http.client.HTTPConnection(urlsplit(served[1]).netloc, timeout=30)
        connection.request("GET", f"{start}{up * 12}{target}", headers=session)
        reply = connection.getresponse()
        text = reply.read()
        assert reply.status in (400, 403, 404, 405, 422)
        assert b"root:" not in text
        assert SECRET.encode() not in text


@dataclass(frozen=True, slots=True)
class Library:
    """A chat of one document without a login, and a secret that stands beside its documents."""

    url: str
    root: Path
    secret: Path
    document: Document
    components: dict[str, int]  # by the name of a function that the page calls on the server

    def send(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return status and text of a reply, in which nothing from beside the documents is."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        kind = {"content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), kind)
        reply = connection.getresponse()
        text = reply.read().decode()
        assert SECRET not in text
        assert "root:x" not in text
        return reply.status, text

    def call(self, function: str, data: object, component: str = "source") -> tuple[int, str]:
        """Return status and text of what a function on the server gives to the page."""
        body = {"session_hash": "s", "component_id": self.components[component], "data": data}
        return self.send("POST", "/gradio_api/component_server/", {**body, "fn_name": function})

    def source(self, **changed: object) -> dict[str, Any]:
        """Return what the viewer gets for a request of the page, changed."""
        right = {
            "document": self.document.id, "start": 0, "end": 3,
            "digest": self.document.text_digest, "origin": self.url,
        }  # fmt: skip
        status, text = self.call("source", {**right, **changed})
        assert status == 200
        shown: dict[str, Any] = json.loads(text)
        return shown

    def ask(self, question: str, collection: str | None) -> tuple[str, Any]:
        """Return what the API says to a question: the event, and its data."""
        path = "/gradio_api/call/ask"
        status, text = self.send("POST", path, {"data": [question, collection]})
        assert status == 200
        status, text = self.send("GET", f"{path}/{json.loads(text)['event_id']}")
        assert status == 200
        event, data = text.strip().split("\n")
        return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    def ways_out(self, up: str) -> list[str]:
        """Return names of files that are no documents, each after `up` as often as it takes."""
        if not up:
            return ["/etc/passwd", "file:///etc/passwd", str(self.secret), self.secret.as_uri()]
        outside = [f"{up * 12}{each}".rstrip("/") for each in ("etc/passwd", str(self.secret)[1:])]
        return [*outside, f"{up}{self.secret.name}", f"{self.document.path}/{up * 2}secret.txt"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    root = tmp_path_factory.mktemp("library")
    secret = root / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    (root / "docs").mkdir()
    (root / "docs" / "tower.txt").write_text("The tower is 41 metres tall.", encoding="utf-8")
    workspace = quick_workspace(root)
    workspace.sync()
    document = workspace.find(document_id("tower.txt"), "")
    assert document is not None
    with serving(workspace) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        connection.request("GET", "/config")
        components = {
            function: component["id"]
            for component in json.load(connection.getresponse())["components"]
            for function in component["props"].get("server_fns") or ()
        }
        yield Library(url, root, secret, document, components)


@pytest.mark.parametrize("up", ["", *UP])
def test_no_document_but_one_of_the_index_is_a_source(library: Library, up: str) -> None:
    right = library.source()
    assert (right["text"], right["problem"]) == (library.document.text, None)
    unknown = {**viewer._EMPTY, "problem": viewer._UNKNOWN}
    for way in library.ways_out(up):
        shown = library.source(document=way)  # found by the digest of its text: it was moved
        assert (shown["path"], shown["text"]) == (library.document.path, library.document.text)
        forged = hashlib.sha256(SECRET.encode()).hexdigest()
        for digest in (way, "", forged):
            assert library.source(document=way, digest=digest) == unknown
        for document in ({"path": way}, [way]):
            assert library.source(document=document) == unknown


@pytest.mark.parametrize("up", ["", *UP])
def test_nothing_else_of_a_source_s_request_is_a_path(library: Library, up: str) -> None:
    right = library.source()
    for way in library.ways_out(up):
        for changed, problem in (
            ({"digest": way}, viewer._CHANGED),
            ({"start": way}, viewer._OUTSIDE),
            ({"end": way}, viewer._OUTSIDE),
        ):
            shown = library.source(**changed)
            assert (shown["text"], shown["problem"]) == (library.document.text, problem)
            assert (shown["start"], shown["link"], shown["plain"]) == (None, None, None)
            assert str(library.root) not in json.dumps(shown)
        shown = library.source(origin=way)
        assert library.url in right["plain"]
        assert library.url not in shown["plain"]
        assert "passwd" not in json.dumps(shown) and str(library.root) not in json.dumps(shown)
        assert library.source(file=way, path=way) == right


@pytest.mark.parametrize("up", ["", *UP])
def test_no_question_and_no_collection_is_a_path(library: Library, up: str) -> None:
    for way in library.ways_out(up):
        event, said = library.ask("How tall is the tower?", way)
        assert event == "error"
        assert said["error"] == f"There is no collection {way!r:.80}. There are: none."
        event, (answer,) = library.ask(way, None)
        assert event == "complete"
        assert answer["question"] == answer["asked"] == way
        cited = [*answer["citations"], *answer["near_misses"]]
        assert {each["document_id"] for each in cited} <= {library.document.id}
        assert str(library.root) not in json.dumps(cited)


def test_no_other_function_of_a_component_can_be_called(library: Library) -> None:
    for component, number in library.components.items():
        others = [name for name, each in library.components.items() if each != number]
        for function in ("__init__", "postprocess", "../source", "source/../state", "", *others):
            assert library.call(function, None, component)[0] == 404


def test_a_request_larger_than_any_of_ours_is_refused_unread(
    served: Served, session: dict[str, str]
) -> None:
    large = "x" * (MOST_BODY_BYTES + 1)
    for headers in ({}, session):
        for path in ("/login", "/gradio_api/queue/join"):
            assert raw(served[1], "POST", path, large, **headers) == 413
    # It is refused by what it says of itself: not a byte of it has to come.
    connection = http.client.HTTPConnection(urlsplit(served[1]).netloc, timeout=30)
    connection.putrequest("POST", "/gradio_api/queue/join")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    reply = connection.getresponse()
    assert (reply.status, reply.getheader("connection")) == (413, "close")


def test_a_request_that_does_not_say_its_length_is_refused_as_soon_as_it_is_too_large(
    served: Served, session: dict[str, str]
) -> None:
    connection = http.client.HTTPConnection(urlsplit(served[1]).netloc, timeout=30)
    connection.putrequest("POST", "/gradio_api/queue/join")
    for name, value in {**session, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    chunk = b"x" * 65_536
    for _ in range(MOST_BODY_BYTES // len(chunk) + 1):
        connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    assert connection.getresponse().status == 413  # and there is no end of it yet


def test_a_request_of_the_greatest_length_is_read(served: Served) -> None:
    large = "username=ada&password=" + "x" * (MOST_BODY_BYTES - 22)
    assert raw(served[1], "POST", "/login", large, **FORM) == 401
