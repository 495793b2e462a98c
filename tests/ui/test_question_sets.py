"""The page for question sets without a browser: its doors, its limits, which sets it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from evaluating import QUESTIONS, RAW, URL, state, upload
from scoqa.ui.app import build_application
from scoqa.ui.auth import passwords
from scoqa.ui.auth.guard import MOST_BODY_BYTES, MOST_SET_BYTES
from scoqa.workspace import Workspace

pytest_plugins = ("evaluating",)  # its fixtures: workspace, client


# -- the page ---------------------------------------------------------------------------------


def test_the_page_runs_nothing_but_its_own_script(client: TestClient) -> None:
    page = client.get("/evaluate")
    own, guards = page.headers.get_list("content-security-policy")
    assert page.status_code == 200
    assert "default-src 'none'" in own
    assert "unsafe" not in own
    assert "default-src 'self'" in guards
    assert client.get("/evaluate/", follow_redirects=False).headers["location"] == "/evaluate"


def test_nothing_below_it_reaches_gradio(client: TestClient) -> None:
    for path in ("x", "config", "gradio_api/info", "runs", "sets/x"):
        assert (path, client.get(f"/evaluate/{path}").status_code) == (path, 404)
    assert client.put("/evaluate/sets", content=b"").status_code == 405
    assert client.get("/evaluate/start").status_code == 405


def test_before_anything_is_there_it_says_where_sets_are_put(
    client: TestClient, workspace: Workspace
) -> None:
    told = state(client)
    assert (told["sets"], told["runs"], told["running"], told["ended"]) == ([], [], None, None)
    assert told["folder"] == str(workspace.root / "questions")
    assert (told["documents"], told["problem"], told["unwritable"]) == (2, None, None)


def test_without_a_login_nothing_of_it_is_shown(workspace: Workspace) -> None:
    logins = passwords.find_logins(workspace, {"SCOQA_PASSWORD": "a long way to the harbour"})
    client = TestClient(build_application(workspace, logins=logins), base_url=URL)
    page = client.get("/evaluate", headers={"accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fevaluate")
    for path in ("state", "runs/x", "runs/x/report.json"):
        assert (path, client.get(f"/evaluate/{path}").status_code) == (path, 401)
    for path in ("sets?name=a.csv", "start", "stop"):
        assert (path, client.post(f"/evaluate/{path}", json={}).status_code) == (path, 401)
    assert not (workspace.index / "questions").exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
def test_other_pages_can_send_nothing(
    client: TestClient, workspace: Workspace, origin: str
) -> None:
    for path in ("sets?name=a.csv", "start", "stop"):
        answer = client.post(f"/evaluate/{path}", content=b"{}", headers={**RAW, "origin": origin})
        assert (path, answer.status_code) == (path, 403)
    assert not (workspace.index / "questions").exists()


def test_what_a_form_of_any_page_can_send_is_refused(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"content-type": kind}
        for path, status in (("sets?name=a.csv", 415), ("start", 400), ("stop", 415)):
            answer = client.post(f"/evaluate/{path}", content=QUESTIONS, headers=headers)
            assert (path, answer.status_code) == (path, status)


# -- sets -------------------------------------------------------------------------------------


def test_an_uploaded_set_is_kept_and_listed(client: TestClient, workspace: Workspace) -> None:
    answer = upload(client, "sea.csv")
    assert answer.json() == {"key": "uploaded/sea.csv", "name": "sea.csv", "questions": 5}
    assert (workspace.index / "questions" / "sea.csv").read_text() == QUESTIONS
    (listed,) = state(client)["sets"]
    assert (listed["key"], listed["questions"], listed["uploaded"]) == ("uploaded/sea.csv", 5, True)


def test_no_set_is_written_over(client: TestClient, workspace: Workspace) -> None:
    other = QUESTIONS.replace("1887", "1888")
    names = [upload(client, "sea.csv", data).json()["name"] for data in (QUESTIONS, other, other)]
    assert names == ["sea.csv", "sea-2.csv", "sea-3.csv"]
    assert (workspace.index / "questions" / "sea.csv").read_text() == QUESTIONS


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../x.csv", "x.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("/etc/x.csv", "x.csv"),
        (".hidden.csv", "hidden.csv"),
        ("a\0b\n<img src=x>.CSV", "a-b-img src-x-.csv"),
        ("e\u0301t\u00e9 \u05e9.csv", "\u00e9t\u00e9 \u05e9.csv"),
        ("x" * 4000 + ".csv", "x" * 100 + ".csv"),
    ],
)
def test_an_upload_is_a_file_of_its_folder_whatever_it_is_called(
    client: TestClient, workspace: Workspace, name: str, kept: str
) -> None:
    before = {each for each in workspace.root.rglob("*") if each.is_file()}
    assert upload(client, name).json()["name"] == kept
    after = {each for each in workspace.root.rglob("*") if each.is_file()}
    assert after - before == {workspace.index / "questions" / kept}


@pytest.mark.parametrize("name", ["", ".csv", "..", "/", "x.exe", "x.csv/", "x.html", "x.gz", "x"])
def test_a_file_of_another_kind_is_refused(
    client: TestClient, workspace: Workspace, name: str
) -> None:
    answer = upload(client, name)
    assert answer.status_code == 400
    assert ".jsonl" in answer.json()["problem"]
    assert not (workspace.index / "questions").exists()


def test_a_malformed_set_is_refused_with_its_line_and_nothing_is_kept(
    client: TestClient, workspace: Workspace
) -> None:
    row = {"id": "1", "question": "?", "answerable": False}
    answer = upload(client, "a.jsonl", f"{json.dumps(row)}\n\n{{}}\n")
    assert (answer.status_code, answer.json()["problem"]) == (
        400,
        "a.jsonl, line 3: id is missing or not str.",
    )
    for data in (b"", b"\xff\xfe\0", b"[" * 100_000, b'{"data": 1}', b"question\nx\n"):
        assert upload(client, "b.json", data).status_code == 400
    assert list((workspace.index / "questions").iterdir()) == []


def test_a_set_may_be_larger_than_a_question_and_only_there(
    client: TestClient, workspace: Workspace
) -> None:
    rows = "".join(f"{QUESTIONS[25:-1].splitlines()[0]}\n" for _ in range(10_000))
    data = QUESTIONS[:25] + rows
    assert len(data) > MOST_BODY_BYTES
    assert upload(client, "large.csv", data).json()["questions"] == 10_000
    for path in ("start", "sets/", "sets/x", "state"):
        answer = client.post(f"/evaluate/{path}", content=data, headers=RAW)
        assert (path, answer.status_code) == (path, 413)
    assert client.put("/evaluate/sets", content=data).status_code == 413
    answer = upload(client, "huge.csv", b"x" * (MOST_SET_BYTES + 1))
    assert (answer.status_code, answer.text) == (413, "A question set has at most 16 MB here.")

    def pieces() -> Iterator[bytes]:  # of no announced length
        for _ in range(MOST_SET_BYTES // 2**20 + 1):
            yield b"x" * 2**20

    answer = client.post("/evaluate/sets?name=huge.csv", content=pieces(), headers=RAW)
    assert answer.status_code == 413
    assert [each.name for each in (workspace.index / "questions").iterdir()] == ["large.csv"]


def test_a_set_that_names_a_file_is_read_as_questions(client: TestClient) -> None:
    named = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    row = {"id": "1", "question": "?", "answerable": False, "kind": "", "extra": named}
    assert upload(client, "a.jsonl", json.dumps(row)).status_code == 200
    answer = client.post("/evaluate/start", json={"set": named})
    assert (answer.status_code, answer.text) == (400, "The chat takes no files.")


def test_files_beside_the_documents_can_be_picked(
    client: TestClient, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = workspace.root / "questions"
    folder.mkdir()
    (folder / "a.csv").write_text(QUESTIONS)
    (folder / "broken.jsonl").write_text("{}\n")
    (folder / "notes.txt").write_text("no set")
    (folder / ".hidden.csv").write_text(QUESTIONS)
    (folder / "folder.csv").mkdir()
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    elsewhere.write_text(QUESTIONS)
    (folder / "link.csv").symlink_to(elsewhere)
    listed = {each["key"]: each for each in state(client)["sets"]}
    assert list(listed) == ["folder/a.csv", "folder/broken.jsonl"]
    problem = listed["folder/broken.jsonl"]["problem"]
    assert problem == "broken.jsonl, line 1: id is missing or not str."
    answer = client.post("/evaluate/start", json={"set": "folder/broken.jsonl"})
    assert (answer.status_code, answer.json()["problem"]) == (400, problem)
    (folder / "broken.jsonl").write_text('{"id": "1", "question": "?", "answerable": false}\n')
    assert state(client)["sets"][1]["questions"] == 1  # it was put right


@pytest.mark.parametrize(
    "key", [None, 1, "", "a.csv", "folder/../a.csv", "folder//etc/passwd", "../a.csv", ["a"], {}]
)
def test_a_forged_set_is_none(client: TestClient, workspace: Workspace, key: object) -> None:
    (workspace.root / "a.csv").write_text(QUESTIONS)
    answer = client.post("/evaluate/start", json={"set": key})
    assert (answer.status_code, state(client)["running"]) == (404, None)


def test_start_takes_json_objects_only(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"", b"[]", b"1", b"{", b"[" * 50_000):
        assert client.post("/evaluate/start", content=body, headers=headers).status_code == 400
