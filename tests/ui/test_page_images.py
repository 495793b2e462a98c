"""Pages as images: who gets which, what is refused, how much is made and kept."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from conftest import quick_workspace
from papers import FIRST, LABELS, LIT, SECOND, write_report
from scoqa import verification
from scoqa.errors import ParseError
from scoqa.parse import document_id, hash_file
from scoqa.parse.pdf import picture
from scoqa.types import Citation, Document, Span
from scoqa.ui.app import build_application
from scoqa.ui.auth import passwords
from scoqa.ui.source import page_images, viewer
from scoqa.workspace import Workspace

URL = "http://localhost:7860"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("paper")
    write_report(root / "docs" / "report.pdf")
    (root / "docs" / "notes.txt").write_text("The lamp burns rape oil.", encoding="utf-8")
    workspace = quick_workspace(root)
    workspace.sync()
    return workspace


@pytest.fixture(scope="module")
def document(workspace: Workspace) -> Document:
    return workspace.document(document_id("report.pdf"))


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(build_application(workspace), base_url=URL) as client:
        yield client


@pytest.fixture
def fresh(workspace: Workspace) -> Iterator[TestClient]:
    """Give a client of a chat that has made no page yet."""
    with TestClient(build_application(workspace), base_url=URL) as client:
        yield client


def address(document: Document, number: object = 2, **changed: object) -> str:
    asked = {"width": 600, "digest": document.text_digest, **changed}
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/page/{document.id}/{number}?{query}"


def asked_for(document: Document, first: str, last: str | None = None) -> dict[str, Any]:
    """Return the request of the place from `first` to `last`."""
    start = document.text.index(first)
    last = last or first
    end = document.text.index(last, start) + len(last)
    return {"document": document.id, "start": start, "end": end, "digest": document.text_digest}


# -- what is shown ------------------------------------------------------------------------------


def test_a_page_is_an_image_as_wide_as_asked_for(client: TestClient, document: Document) -> None:
    for width in (600, 900):
        page = client.get(address(document, width=width))
        assert page.status_code == 200
        assert page.headers["content-type"] == "image/png"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.content.startswith(PNG)
        assert width == int.from_bytes(page.content[16:20], "big")


def test_the_viewer_is_told_the_pages_and_where_the_quote_stands(
    workspace: Workspace, document: Document
) -> None:
    shown = viewer.load_source(workspace, asked_for(document, FIRST, SECOND))["pages"]
    assert [label or str(number) for number, label in enumerate(shown["labels"], 1)] == [*LABELS]
    assert shown["sizes"] == [842, 595, *(595, 842) * 4]
    assert [page for page, _ in shown["strokes"]] == [4, 5]
    assert shown["at"] == 4
    for _, boxes in shown["strokes"]:
        assert boxes
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= 1
            assert 0 <= top < bottom <= 1


def test_pages_without_a_place_begin_with_the_first(
    workspace: Workspace, document: Document
) -> None:
    changed = {**asked_for(document, LIT), "digest": "0" * 64}
    shown = viewer.load_source(workspace, changed)
    assert shown["problem"].startswith("This document has changed")
    assert (shown["pages"]["at"], shown["pages"]["strokes"]) == (1, [])


def test_a_text_has_no_pages(workspace: Workspace) -> None:
    notes = workspace.document(document_id("notes.txt"))
    assert viewer.load_source(workspace, asked_for(notes, "rape oil"))["pages"] is None


def test_a_place_on_a_page_is_said_without_a_line(workspace: Workspace, document: Document) -> None:
    start = document.text.index(LIT)
    citation = Citation.from_span(document, Span(document.id, start, start + len(LIT), 1.0))
    assert viewer.load_source(workspace, asked_for(document, LIT))["place"].startswith("p. ii")
    assert "line" not in viewer.place_words(citation)


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "width"),
    [
        ("0", "600"), ("-1", "600"), ("1.5", "600"), ("x", "600"), ("99999999999", "600"),
        ("01", "600"), ("%D9%A1", "600"), ("1", "601"), ("1", "-600"), ("1", "600.0"), ("1", ""),
        ("1", "0"), ("1", "9" * 5000), ("1", "%D9%A6%D9%A0%D9%A0"),
    ],
)  # fmt: skip
def test_a_number_or_width_that_is_none_is_refused(
    client: TestClient, document: Document, number: str, width: str
) -> None:
    assert client.get(address(document, number, width=width)).status_code == 400


def test_what_is_not_in_the_index_is_not_shown(
    client: TestClient, document: Document, workspace: Workspace
) -> None:
    notes = workspace.document(document_id("notes.txt"))
    for forged in (
        address(document, 6),  # it has five
        address(document, digest="0" * 64),
        address(document, digest=""),
        address(document).replace(document.id, "0" * 32),
        address(document).replace(document.id, "..%2f..%2fetc%2fpasswd"),
        address(document).replace(document.id, "report.pdf"),
        address(document).replace(document.id, notes.id),
        address(notes, 1),
        "/page", "/page/", f"/page/{document.id}", f"/page/{document.id}/1/2?width=600",
    ):  # fmt: skip
        refused = client.get(forged)
        assert refused.status_code == 404, forged
        assert not refused.content.startswith(PNG)
    assert client.post(address(document)).status_code == 405


def test_a_page_is_behind_the_guard_and_the_login(workspace: Workspace, document: Document) -> None:
    app = build_application(workspace)
    with TestClient(app, base_url="http://elsewhere.example") as client:
        assert client.get(address(document)).status_code == 421
    logins = passwords.find_logins(workspace, {"SCOQA_PASSWORD": "four words and a tower"})
    with TestClient(build_application(workspace, logins=logins), base_url=URL) as client:
        assert client.get(address(document)).status_code == 401


def test_a_page_of_a_file_that_changed_or_went_says_so(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "report.pdf"
    write_report(file)
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    document = workspace.document(document_id("report.pdf"))
    with TestClient(build_application(workspace), base_url=URL) as client:
        assert client.get(address(document)).status_code == 200, "and kept"
        file.write_bytes(file.read_bytes() + b"\n")
        changed = client.get(address(document))
        assert changed.status_code == 409
        assert "report.pdf has changed since it was indexed." == changed.json()["problem"]
        file.unlink()
        gone = client.get(address(document))
        assert gone.status_code == 409
        assert "report.pdf does not exist any more." == gone.json()["problem"]


def age(file: Path, *, seconds: float) -> None:
    """Set the modification time of `file` to `seconds` ago."""
    os.utime(file, (time.time() - seconds,) * 2)


@pytest.mark.parametrize(("seconds", "expected"), [(3600, 1), (0, 3)])
def test_a_file_is_hashed_once_per_stamp_unless_it_was_written_just_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, expected: int
) -> None:
    file = tmp_path / "docs" / "report.pdf"
    write_report(file)
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    age(file, seconds=seconds)
    hashed: list[Path] = []

    def noted(file: Path) -> str:
        hashed.append(file)
        return hash_file(file)

    monkeypatch.setattr(verification, "hash_file", noted)
    document = workspace.document(document_id("report.pdf"))
    with TestClient(build_application(workspace), base_url=URL) as client:
        for number in (1, 2, 1):
            assert client.get(address(document, number)).status_code == 200
        assert expected == len(hashed)
        file.write_bytes(file.read_bytes() + b"\n")
        assert client.get(address(document, 1)).status_code == 409


def test_the_process_that_renders_keeps_a_file_open_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    write_report(file)
    digest = hash_file(file)
    last = picture._LastDocument()
    try:
        age(file, seconds=0)
        just_written = last.open(file, "report.pdf", digest)
        age(file, seconds=3600)
        kept = last.open(file, "report.pdf", digest)
        assert kept is not just_written
        assert kept is last.open(file, "report.pdf", digest)
        with pytest.raises(ParseError, match="has changed since it was indexed"):
            last.open(file, "report.pdf", "0" * 64)
        last.open(file, "report.pdf", digest)
        file.write_bytes(file.read_bytes() + b"\n")
        age(file, seconds=3600)
        with pytest.raises(ParseError, match="has changed since it was indexed"):
            last.open(file, "report.pdf", digest)
        file.unlink()
        with pytest.raises(ParseError, match="cannot be read"):
            last.open(file, "report.pdf", digest)
    finally:
        last.close()


# -- how much is made ---------------------------------------------------------------------------


def test_a_page_is_made_once_and_two_at_a_time(
    fresh: TestClient, document: Document, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, two = threading.Lock(), threading.Event()
    made: list[int] = []
    most = now = 0

    def slow(_: Document, number: int, width: int) -> bytes:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            made.append(number)
            if now == 2:
                two.set()
        assert two.wait(30)  # the first waits for the second, however slow the machine
        time.sleep(0.1)  # long enough for a third to come in, if it could
        with lock:
            now -= 1
        return PNG

    monkeypatch.setattr(workspace, "page_image", slow)
    with ThreadPoolExecutor(5) as pool:
        numbers = [1, 2, 3, 4, 5, 1, 2, 3]
        pages = list(pool.map(lambda number: fresh.get(address(document, number)), numbers))
    assert {page.status_code for page in pages} == {200}
    assert (most, sorted(made)) == (2, [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("problem", "status", "later"),
    [(None, 200, [3]), (ParseError("report.pdf", "takes too long."), 409, [3, 3])],
    ids=["drawn", "cannot be drawn"],
)
def test_many_who_ask_for_one_page_get_what_comes_of_drawing_it_once(
    fresh: TestClient,
    document: Document,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    problem: ParseError | None,
    status: int,
    later: list[int],
) -> None:
    tried: list[int] = []

    def slow(_: Document, number: int, width: int) -> bytes:
        tried.append(number)
        time.sleep(0.3)  # long enough for the others to come in
        if problem is not None:
            raise problem
        return PNG

    monkeypatch.setattr(workspace, "page_image", slow)
    with ThreadPoolExecutor(5) as pool:
        pages = list(pool.map(lambda _: fresh.get(address(document, 3)), range(5)))
    assert ({page.status_code for page in pages}, tried) == ({status}, [3])
    assert fresh.get(address(document, 3)).status_code == status
    assert tried == later  # an image is kept, a problem is not


def test_a_crowd_is_told_to_come_again(
    fresh: TestClient, document: Document, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_images, "_MOST_WAITING", 1)
    free, begun = threading.Event(), threading.Event()

    def held(*_: object) -> bytes:
        begun.set()
        assert free.wait(30)
        return PNG

    monkeypatch.setattr(workspace, "page_image", held)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fresh.get, address(document, 1))
        assert begun.wait(30)
        assert fresh.get(address(document, 2)).status_code == 503
        free.set()
        assert first.result().status_code == 200
    assert fresh.get(address(document, 2)).status_code == 200


def test_images_take_bounded_memory(
    fresh: TestClient, document: Document, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_images, "_MOST_CACHED_BYTES", 250)
    made: list[int] = []

    def image(_: Document, number: int, width: int) -> bytes:
        made.append(number)
        return bytes(100)

    monkeypatch.setattr(workspace, "page_image", image)
    for number in (1, 2, 1, 3, 1, 2):
        fresh.get(address(document, number))
    assert made == [1, 2, 3, 2]  # the one that was asked for longest ago goes first
