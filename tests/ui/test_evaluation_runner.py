"""Sets asked from the page, without a browser: runs that stop and go on, reports, links."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs

import pytest
from starlette.testclient import TestClient
from test_answer_markup import FakeWorkspace

from evaluating import QUESTIONS, SQUAD, URL, Held, ended, run, state, upload
from scoqa.background import StoppedError, stop_tasks
from scoqa.evaluation import runs
from scoqa.types import Answer
from scoqa.ui.app import build_application
from scoqa.ui.evaluation import question_sets, runner
from scoqa.ui.evaluation.stream import stream_text
from scoqa.ui.source import viewer
from scoqa.workspace import Workspace

pytest_plugins = ("evaluating",)  # its fixtures: workspace, client


# -- runs -------------------------------------------------------------------------------------


def test_a_run_ends_with_measures_and_a_report(client: TestClient) -> None:
    key = upload(client, "sea.csv").json()["key"]
    told = run(client, key)
    (listed,) = told["runs"]
    assert (told["ended"]["kind"], told["ended"]["run"]) == ("finished", listed["id"])
    assert (listed["done"], listed["finished"]) == (5, True)
    assert set(listed["measures"]) == set(told["headlines"])
    assert listed["measures"]["Success@5"] == 1.0
    path = f"/evaluate/runs/{listed['id']}"
    page = client.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.count(">Ask this</a>") == 5
    assert 'href="/evaluate"' in page.text
    report = client.get(f"{path}/report.json")
    assert [row["id"] for row in report.json()["rows"]] == ["1", "2", "3", "4", "5"]
    assert report.headers["content-disposition"].startswith('attachment; filename="sea-')
    assert len(client.get(f"{path}/report.csv").text.splitlines()) == 6
    assert " Q0 " in client.get(f"{path}/run").text
    assert client.get(f"{path}/qrels").text


def test_the_measures_of_a_finished_run_are_computed_once(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(client, upload(client, "sea.csv").json()["key"])
    path = f"/evaluate/runs/{told['runs'][0]['id']}/report.json"
    first = client.get(path).json()

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("scoqa.ui.evaluation.history.build_report", never)
    again = TestClient(build_application(workspace), base_url=URL)  # as after a restart
    assert state(again)["runs"] == told["runs"]
    assert again.get(path).json() == first
    # Not those of other records, or of another scoqa.
    monkeypatch.undo()
    (kept,) = workspace.index.glob("runs/*/summary.json")
    for forged in ("", "{}", "[]", kept.read_text().replace('"scoqa": "', '"scoqa": "0')):
        kept.write_text(forged)
        fresh = TestClient(build_application(workspace), base_url=URL)
        assert ended(fresh)["runs"] == told["runs"]
        assert fresh.get(path).json() == first


def test_one_set_is_asked_at_a_time(client: TestClient, workspace: Workspace) -> None:
    key = upload(client, "sea.csv").json()["key"]
    held = Held(workspace, 3)
    assert client.post("/evaluate/start", json={"set": key}).status_code == 200
    assert held.reached.wait(30)
    told = state(client)
    assert (told["running"]["done"], told["running"]["total"]) == (2, 5)
    assert told["runs"] == []  # it is told above, not among those that ended
    answer = client.post("/evaluate/start", json={"set": key})
    assert (answer.status_code, answer.json()["problem"]) == (
        409,
        "sea.csv is running. Wait until it ends, or stop it first.",
    )
    held.go.set()
    assert ended(client)["ended"]["kind"] == "finished"
    assert len(held.asked) == 5


def test_a_stopped_run_goes_on_to_the_report_of_an_unbroken_one(
    client: TestClient, workspace: Workspace
) -> None:
    key = upload(client, "sea.csv").json()["key"]
    held = Held(workspace, 3)
    client.post("/evaluate/start", json={"set": key})
    assert held.reached.wait(30)
    assert client.post("/evaluate/stop", json={}).json()["running"]["stopping"]
    held.go.set()
    told = ended(client)
    assert (told["ended"]["kind"], told["ended"]["done"]) == ("stopped", 3)
    assert (told["sets"][0]["answered"], told["runs"][0]["key"]) == (3, key)
    so_far = client.get(f"/evaluate/runs/{told['runs'][0]['id']}/report.json").json()
    assert len(so_far["rows"]) == 3
    # Also after a restart; and no question is asked twice.
    again = TestClient(build_application(workspace), base_url=URL)
    assert state(again)["sets"][0]["answered"] == 3
    told = run(again, key)
    assert len(held.asked) == 5
    (broken,) = told["runs"]
    assert broken["finished"]
    unbroken = run(again, key, anew=True)["ended"]["run"]
    assert unbroken != broken["id"]
    one, other = (
        again.get(f"/evaluate/runs/{each}/report.json").json() for each in (broken["id"], unbroken)
    )
    assert [{**each, "incidental": None} for each in (one, other)] == [
        {**one, "incidental": None}
    ] * 2


def test_a_run_that_another_door_left_is_offered(client: TestClient, workspace: Workspace) -> None:
    from scoqa.evaluation import Evaluation

    (workspace.root / "questions").mkdir()
    file = workspace.root / "questions" / "sea.csv"
    file.write_text(QUESTIONS)

    def progress(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Evaluation(workspace, file).run(progress=progress)
    told = state(client)
    assert (told["sets"][0]["answered"], told["runs"][0]["done"]) == (2, 2)
    # Of other documents it would begin anew, and says nothing of going on.
    (workspace.root / "third.txt").write_text("The whale of Varn is called Bo.")
    workspace.sync()
    told = state(client)
    assert (told["sets"][0]["answered"], told["runs"][0]["key"]) == (None, None)


def test_two_runs_are_compared(client: TestClient) -> None:
    key = upload(client, "sea.csv").json()["key"]
    run(client, key)
    newer, older = (each["id"] for each in run(client, key)["runs"])
    page = client.get(f"/evaluate/runs/{newer}", params={"compare": older})
    assert (page.status_code, 'id="comparison"' in page.text) == (200, True)
    other = upload(client, "b.csv", QUESTIONS.replace("?", " then?")).json()["key"]
    strange = run(client, other)["ended"]["run"]
    page = client.get(f"/evaluate/runs/{strange}", params={"compare": older})
    assert (page.status_code, "no question in common" in page.text) == (400, True)


@pytest.mark.parametrize("name", ["x", "%2e%2e", "..%2fquestions", "%00", "run.json", "*"])
def test_a_forged_run_is_none(client: TestClient, name: str) -> None:
    real = run(client, upload(client, "sea.csv").json()["key"])["runs"][0]["id"]
    for path in (name, f"{name}/report.json", f"{name}/run", f"{real}%2f..%2f{real}"):
        assert (path, client.get(f"/evaluate/runs/{path}").status_code) == (path, 404)
    assert client.get(f"/evaluate/runs/{real}?compare={name}").status_code == 404


def test_what_keeps_a_set_from_being_asked_is_one_sentence(
    client: TestClient, workspace: Workspace
) -> None:
    key = upload(client, "a.csv", "question,answer,document\nWho?,Ada,nowhere.txt\n").json()["key"]
    told = run(client, key)["ended"]
    assert (told["kind"], told["problem"]) == (
        "failed",
        "a.csv, line 2: document 'nowhere.txt' should name one document: none in the index.",
    )
    held = Held(workspace, 2)
    client.post("/evaluate/start", json={"set": upload(client, "sea.csv").json()["key"]})
    assert held.reached.wait(30)
    (workspace.root / "third.txt").write_text("The whale of Varn is called Bo.")
    workspace.sync()
    held.go.set()
    assert "The documents changed after 1 of 5" in ended(client)["ended"]["problem"]

    def broken(*_: object, **__: object) -> Answer:
        raise RuntimeError("no words for users")

    workspace.explain = broken  # type: ignore[method-assign, assignment]
    problem = run(client, "uploaded/sea.csv")["ended"]["problem"]
    assert problem == "An internal error occurred. The terminal that runs scoqa shows the details."


def test_gold_that_stands_elsewhere_is_told(client: TestClient) -> None:
    golds = [{"text": text, "document": "lighthouse.txt", "start": 0, "end": len(text)}
             for text in ("1887", "Ada Lund", *["41 metres"] * 6)]  # fmt: skip
    rows = [{"id": str(number), "question": "Who?", "answers": [gold], "answerable": True}
            for number, gold in enumerate(golds)]  # fmt: skip
    data = "".join(f"{json.dumps(row)}\n" for row in rows)
    told = run(client, upload(client, "a.jsonl", data).json()["key"])["ended"]["corrections"]
    assert (told["count"], len(told["first"])) == (8, runner.MOST_CORRECTIONS)
    assert told["first"][0].startswith("Line 1: “1887” is at characters ")


def test_where_nothing_can_be_written_it_says_so(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(client, upload(client, "sea.csv").json()["key"])
    monkeypatch.setattr(type(workspace.store), "writable", False)
    told = state(client)
    assert told["unwritable"] == question_sets.explain_unwritable(workspace)
    assert told["runs"][0]["measures"]  # what is there can be read
    answer = client.post("/evaluate/start", json={"set": "uploaded/sea.csv"})
    assert (answer.status_code, answer.json()["problem"]) == (400, told["unwritable"])
    assert upload(client, "b.csv").status_code == 409


# -- asked again in the chat ------------------------------------------------------------------


def links(client: TestClient, run_id: str) -> list[dict[str, list[str]]]:
    """Return the queries of the links that ask a question again."""
    import re
    from html import unescape

    found = re.findall(
        r'class="ask" href="/\?([^"]+)"', client.get(f"/evaluate/runs/{run_id}").text
    )
    return [parse_qs(unescape(each), strict_parsing=True) for each in found]


def test_a_question_goes_to_the_chat_with_its_gold(
    client: TestClient, workspace: Workspace
) -> None:
    made = run(client, upload(client, "sea.csv").json()["key"])["runs"][0]["id"]
    first, *_, last = links(client, made)
    assert first["question"] == ["When was the lighthouse built?"]
    document_id, start, end, digest = first["gold"][0].split(":")
    asked = {"document": document_id, "start": int(start), "end": int(end), "digest": digest}
    (place,) = viewer.load_places(workspace, [asked])
    assert (place["words"], place["problem"]) == ("1887", None)
    shown = viewer.load_source(workspace, asked)
    assert shown["text"][shown["start"] : shown["end"]] == "1887"
    assert place["link"] == shown["link"]
    assert last["gold"] == ["none"]


def test_a_set_with_documents_of_its_own_is_not_asked_in_the_chat(client: TestClient) -> None:
    key = upload(client, "owls.json", json.dumps(SQUAD)).json()["key"]
    assert state(client)["sets"][0]["brings"] is True
    told = run(client, key)
    assert told["ended"]["kind"] == "finished", told["ended"]
    assert links(client, told["runs"][0]["id"]) == []


def test_places_are_sliced_here_whatever_is_asked(tmp_path: Path) -> None:
    workspace: Any = FakeWorkspace(tmp_path)
    document = workspace.text
    at = document.text.index("41")
    asked = {"document": document.id, "start": at, "end": at + 2, "digest": document.text_digest}
    forged: list[Any] = [
        {**asked, "words": "<b>forged</b>"},
        {**asked, "digest": "0"},
        {**asked, "end": 10**9},
        {**asked, "start": "0"},
        {**asked, "document": "x"},
        None,
        [],
        "x",
    ]
    found = viewer.load_places(workspace, forged)
    assert [each["words"] for each in found] == ["41", *[""] * 7]
    assert [bool(each["problem"]) for each in found] == [False, *[True] * 7]
    assert "changed" in str(found[1]["problem"])
    assert len(viewer.load_places(workspace, [asked] * 100)) == viewer.MOST_PLACES
    for nothing in (None, {}, "x", 1):
        assert viewer.load_places(workspace, nothing) == []


# -- sending ----------------------------------------------------------------------------------


def test_a_large_file_is_sent_while_it_is_written() -> None:
    lines = [f"{number}\n" for number in range(200_000)]

    def write(file: IO[str]) -> None:
        file.writelines(lines)
        file.write("\udcff")  # has no UTF-8

    pieces = list(stream_text(write))
    assert len(pieces) > 5
    assert b"".join(pieces).decode() == "".join(lines) + "?"


def test_who_leaves_ends_the_writing_and_an_error_is_raised() -> None:
    written = threading.Event()

    def endless(file: IO[str]) -> None:
        try:
            while True:
                file.write("x" * 100_000)
        finally:
            written.set()

    pieces = stream_text(endless)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert written.wait(10)

    def broken(file: IO[str]) -> None:
        file.write("some")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(stream_text(broken))


def test_a_reader_does_not_wait_for_a_file_whose_writing_was_stopped() -> None:
    def wait(file: IO[str]) -> None:
        file.write("some")
        file.flush()
        time.sleep(1)
        file.flush()
        file.write("more")

    pieces = stream_text(wait)
    assert b"some" == next(pieces)
    assert [] == stop_tasks(10)
    with pytest.raises(StoppedError):
        list(pieces)


def test_run_ids_are_names_of_folders(workspace: Workspace) -> None:
    assert runs.find_run(workspace.index, "../..") is None
