"""Runs that stop and go on: the same bytes, whatever happened in between."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from conftest import quick_workspace
from scoqa.errors import WorkspaceError
from scoqa.evaluation import Evaluation, build_report, runs
from scoqa.evaluation.report.exports import write_csv, write_json
from scoqa.evaluation.runs import FOLDER, Journal, Records, find_run, list_runs, run_key
from scoqa.types import Gold, Question, Report
from scoqa.workspace import Workspace


def rows(count: int = 12) -> list[Question]:
    """Return questions about the documents of the fixture `folder`, each of its own."""
    gold = Gold("lighthouse.txt", 0, 3, "The")
    return [
        Question(f"q{n}", f"Who built lighthouse number {n}?", (gold,), (), True, "who")
        if n % 3
        else Question(f"q{n}", f"What does number {n} cost?", (), (), False, "what")
        for n in range(count)
    ]


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    return workspace


class StopError(Exception):
    pass


def stop_after(questions: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == questions:
            raise StopError

    return progress


def written(report: Report) -> str:
    file = io.StringIO()
    write_json(file, report, incidental=False)
    write_csv(file, report.rows)
    return file.getvalue()


def asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every question that is asked."""
    questions: list[str] = []
    explain = workspace.explain

    def counted(question: str, **options: Any) -> Any:
        questions.append(question)
        return explain(question, **options)

    monkeypatch.setattr(workspace, "explain", counted)
    return questions


# -- stopping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [[0], [5], [1, 2, 11], [12]])
def test_a_stopped_run_goes_on_and_gives_the_same_bytes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, at: list[int]
) -> None:
    whole = written(Evaluation(workspace, rows()).run(save=False))
    questions = asked(workspace, monkeypatch)
    for stop in at:
        with pytest.raises(StopError):
            Evaluation(workspace, rows()).run(progress=stop_after(stop))
    report = Evaluation(workspace, rows()).run()
    assert whole == written(report)
    assert [each.question for each in rows()] == questions, "each was asked once"
    (run,) = list_runs(workspace.index)
    assert (12, 12, True) == (run.done, run.questions, run.finished)


def test_half_a_line_of_a_killed_run_is_asked_again(workspace: Workspace) -> None:
    whole = written(Evaluation(workspace, rows()).run(save=False))
    with pytest.raises(StopError):
        Evaluation(workspace, rows()).run(progress=stop_after(7))
    (run,) = list_runs(workspace.index)
    file = run.folder / "records.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    assert 6 == list_runs(workspace.index)[0].done
    assert whole == written(Evaluation(workspace, rows()).run())


def test_a_finished_run_is_not_gone_on_with(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Evaluation(workspace, rows()).run()
    questions = asked(workspace, monkeypatch)
    Evaluation(workspace, rows()).run()
    assert 12 == len(questions)
    assert 2 == len(list_runs(workspace.index))


@pytest.mark.parametrize("change", ["anew", "set", "settings", "documents"])
def test_a_run_of_something_else_begins_anew(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    with pytest.raises(StopError):
        Evaluation(workspace, rows()).run(progress=stop_after(5))
    if change == "settings":
        workspace = quick_workspace(folder, threshold=0.0, read_k=1)
    if change == "documents":
        (folder / "harbour.txt").write_text("Other words stand here.", encoding="utf-8")
        workspace.sync()
    questions = asked(workspace, monkeypatch)
    wanted = rows(13 if change == "set" else 12)
    Evaluation(workspace, wanted).run(restart=change == "anew")
    assert len(wanted) == len(questions)
    assert [False, True] == sorted(run.finished for run in list_runs(workspace.index))


def test_a_run_that_somebody_is_at_is_left_to_them(workspace: Workspace) -> None:
    report = None

    def meanwhile(done: int, total: int) -> None:
        nonlocal report
        if done == 5 and report is None:
            report = Evaluation(workspace, rows()).run()

    first = Evaluation(workspace, rows()).run(progress=meanwhile)
    assert report is not None
    assert written(first) == written(report)
    assert [12, 12] == [run.done for run in list_runs(workspace.index)]


def test_an_older_stopped_run_is_not_gone_on_with_after_a_newer_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StopError):
        Evaluation(workspace, rows()).run(progress=stop_after(5))
    Evaluation(workspace, rows()).run(restart=True)
    questions = asked(workspace, monkeypatch)
    Evaluation(workspace, rows()).run()
    assert 12 == len(questions)


def test_a_line_that_a_power_cut_spoiled_is_asked_again_with_all_after_it(
    workspace: Workspace,
) -> None:
    whole = written(Evaluation(workspace, rows()).run(save=False))
    with pytest.raises(StopError):
        Evaluation(workspace, rows()).run(progress=stop_after(7))
    (run,) = list_runs(workspace.index)
    file = run.folder / "records.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[4] = bytes(len(lines[4]) - 1) + b"\n"
    file.write_bytes(b"".join(lines))
    assert 4 == list_runs(workspace.index)[0].done
    assert whole == written(Evaluation(workspace, rows()).run())


def test_a_full_disk_is_one_sentence_and_the_run_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(Evaluation(workspace, rows()).run(save=False))

    class Full(FileIO):
        def write(self, data: Any) -> int:
            if self.tell() > 20_000:
                super().write(data[:7])
                return 7
            return super().write(data)

    monkeypatch.setattr(runs, "FileIO", Full)
    with pytest.raises(WorkspaceError, match=r"records\.jsonl cannot be written: No space left"):
        Evaluation(workspace, rows()).run()
    monkeypatch.setattr(runs, "FileIO", FileIO)
    questions = asked(workspace, monkeypatch)
    assert whole == written(Evaluation(workspace, rows()).run())
    assert 0 < len(questions) < 12
    assert 1 == len(list_runs(workspace.index))


def test_many_may_begin_at_once(workspace: Workspace) -> None:
    """Each gets a run of its own; the folder of one was taken for another's, or for unwritable."""
    names = []
    everybody = threading.Barrier(8)

    def begin() -> None:
        with runs.open_run(workspace.index, "set", {"a": "1"}, 3) as (run, _):
            names.append(run.id)
            everybody.wait(10)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 8 == len(set(names))


def test_names_and_texts_that_no_encoding_holds_do_no_harm(workspace: Workspace) -> None:
    lost = Gold("lighthouse.txt", 0, 3, "\ud800xx")
    wanted = [replace(each, id=f"\ud800{each.id}", answers=(lost, *each.answers))
              if each.answers else each for each in rows()]  # fmt: skip
    report = Evaluation(workspace, wanted).run()
    (run,) = list_runs(workspace.index)
    assert "\ud800xx" == run.corrections[0]["text"]
    assert [each.id for each in wanted] == [each["id"] for each in json.loads(
        written(report).partition("\nid,line")[0])["rows"]]  # fmt: skip


SCRIPT = """
import sys, time
from pathlib import Path
import test_runs as here
from conftest import quick_workspace
from scoqa.evaluation import Evaluation

def slowly(done, total):
    print(done, flush=True)
    time.sleep(0.05)

workspace = quick_workspace(Path({folder!r}), threshold=0.0)
Evaluation(workspace, here.rows()).run(progress=slowly)
"""


def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(Evaluation(workspace, rows()).run(save=False))
    source = SCRIPT.format(folder=str(folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "6":
                process.send_signal(signal.SIGKILL)
    questions = asked(workspace, monkeypatch)
    assert whole == written(Evaluation(workspace, rows()).run())
    assert 5 <= len(questions) <= 6


# -- what is kept ---------------------------------------------------------------------------------


def test_two_runs_give_the_same_bytes_but_for_times(workspace: Workspace) -> None:
    first = Evaluation(workspace, rows()).run()
    time.sleep(0.01)
    second = Evaluation(workspace, rows()).run()
    assert written(first) == written(second)
    whole = io.StringIO()
    write_json(whole, first)
    report = json.loads(whole.getvalue())
    assert {"fingerprint", "measures", "groups", "corrections", "rows", "incidental"} == set(report)
    assert {"read", "all"} <= set(report["incidental"]["seconds"]["stages"])
    short = io.StringIO()
    write_json(short, first, incidental=False)
    assert whole.getvalue().startswith(short.getvalue().removesuffix("\n}\n"))


def test_a_run_that_is_kept_is_read_again_as_it_was(workspace: Workspace) -> None:
    report = Evaluation(workspace, rows()).run()
    (run,) = list_runs(workspace.index)
    again = build_report(run)
    assert written(report) == written(again)
    assert run.fingerprint == report.fingerprint
    assert [] == list(again.corrections)
    found = find_run(workspace.index, run.id)
    assert found is not None and found.id == run.id
    assert [None] * 3 == [find_run(workspace.index, each) for each in ("", "..", "../" + run.id)]


def test_what_is_no_run_is_not_listed(workspace: Workspace) -> None:
    Evaluation(workspace, rows()).run()
    place = workspace.index / FOLDER
    (place / "empty").mkdir()
    (place / "file").write_text("x", encoding="utf-8")
    for number, text in enumerate(["", "[]", "{}", '{"set": "x"}', '{"fingerprint": 3}']):
        (place / f"broken-{number}").mkdir()
        (place / f"broken-{number}" / "run.json").write_text(text, encoding="utf-8")
    assert 1 == len(list_runs(workspace.index))
    assert [] == list_runs(workspace.index / "nowhere")


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.index / FOLDER).write_text("a file in the way", encoding="utf-8")
    questions = asked(workspace, monkeypatch)
    with pytest.raises(WorkspaceError, match=r"runs cannot be written.*--index"):
        Evaluation(workspace, rows()).run()
    assert [] == questions


def test_records_are_read_one_at_a_time_and_like_a_sequence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "records.jsonl")
    for number in range(5):
        journal.append({"id": number, "text": "\ud800 ü\u2028"}, {"read": 0.5})
    records = Records(journal)
    assert [0, 1, 2, 3, 4] == [each["id"] for each in records]
    assert "\ud800 ü\u2028" == records[0]["text"]
    assert (4, [1, 2]) == (records[-1]["id"], [each["id"] for each in records[1:3]])
    with pytest.raises(IndexError):
        records[5]
    memory = Journal()
    for entry in journal.entries():
        memory.append(entry["record"], entry["seconds"])
    assert records == Records(memory)
    assert list(records) == list(Records(memory))
    assert records != Records(Journal())


def test_the_key_is_of_what_was_asked_of_what() -> None:
    assert run_key({"a": "1", "b": "2"}) == run_key({"b": "2", "a": "1"})
    assert run_key({"a": "1"}) != run_key({"a": "2"})
