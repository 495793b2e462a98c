"""The command that trains a reader, as a user runs it."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commandline import QuickWorkspace, Run
from scoqa.read import training
from scoqa.read.encoder import Encoder
from scoqa.types import Window
from setfiles import squad
from tinyreader import tiny_reader

pytest_plugins = ("commandline",)  # its fixture: run

THINGS = "lighthouse harbour chapel mill bridge school market station tower castle barn inn".split()
PEOPLE = "Lund Berg Holm Dahl Moe Vik Ruud Lie Aas Bakke Eng Foss".split()

# As `python -m scoqa`, without the embedder.
SCRIPT = """
import sys
import scoqa.workspace
from commandline import QuickWorkspace
from scoqa import cli

scoqa.workspace.Workspace = QuickWorkspace
sys.argv = ["scoqa", *{arguments!r}]
cli.main()
"""


def text_of(number: int) -> str:
    thing, person = THINGS[number], PEOPLE[number]
    return (f"The {thing} of Varn\n\nThe {thing} was built in {1880 + number} by Ada {person}. "
            f"Herring boats leave the {thing} at dawn.\n")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of twelve documents, a set of as many questions, and a model to begin with.

    The last question is about no document of its own, so that it can be kept aside.
    """
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    rows = []
    for number, thing in enumerate(THINGS):
        text, words = text_of(number), f"Ada {PEOPLE[number]}"
        (folder / "docs" / f"{thing}.txt").write_text(text, encoding="utf-8")
        answer = {"document": f"{thing}.txt", "text": words, "start": text.index(words),
                  "end": text.index(words) + len(words)}  # fmt: skip
        rows.append({"id": str(number), "question": f"Who built the {thing}?",
                     "answers": [answer], "answerable": True})  # fmt: skip
    (folder / "set.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    tiny_reader(
        folder / "init", [text_of(n) for n in range(12)] + [each["question"] for each in rows]
    )
    return folder


def command(folder: Path, *more: str | Path) -> list[str | Path]:
    return ["train-reader", folder / "set.jsonl", "-w", folder, "--init", folder / "init",
            "--out", folder / "out", *more]  # fmt: skip


LONG = ("--passes", "20", "--questions-per-step", "4", "--rate", "0.003")  # 55 steps


def test_stopped_by_ctrl_c_the_same_command_goes_on(folder: Path, run: Run) -> None:
    arguments = command(folder, *LONG)
    source = SCRIPT.format(arguments=[*map(str, arguments)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = ""
    with subprocess.Popen(
        [sys.executable, "-c", source], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            told += line
            if line == "Training: 10 %\n":
                process.send_signal(signal.SIGINT)
    assert 130 == process.returncode, told
    assert told.endswith("Stopped. The training so far is saved; the same command resumes it.\n")
    assert "Questions to learn from: 11. Held out: 1.\n" in told
    assert "Resuming" not in told
    kept = json.loads((folder / "out" / "checkpoint" / "state.json").read_text())
    assert 6 <= kept["step"] < 55

    other = run(*command(folder, *LONG[:-1], "0.001"))
    assert (1, "") == (other.code, other.out)
    assert "contains a training with other settings (recipe.rate)" in other.sentence

    done = run(*arguments)
    assert 0 == done.code, done.err
    assert f"Resuming from step {kept['step']} of 55." in done.err
    out = (folder / "out").resolve()
    assert done.out.startswith(f"The reader is in {out}\n")
    assert re.search(r"^  loss +\d+\.\d{3} -> \d+\.\d{3}$", done.out, re.MULTILINE)
    assert re.search(r"^  right places +\d+\.\d% -> \d+\.\d%$", done.out, re.MULTILINE)
    assert f'\nreader = "{out}"\n' in done.out
    assert done.out.endswith(f"The complete report is in {out / 'training.json'}\n")
    report = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert ["set.jsonl"] == [each["name"] for each in report["sets"]]
    assert (55, 2, 1) == (report["steps"], report["negatives"], report["held_out"])
    assert report["loss"][-1] < report["loss"][0]

    windows = [Window("d" * 32, 0, len(text_of(n)), text_of(n), "", ()) for n in range(2)]
    encoder = Encoder(out)
    pieces = encoder.encode("Who built the mill?", windows)
    scores = encoder.score(pieces)
    assert [each.size for each in pieces] == [len(starts) for starts, _ in scores]

    again = run(*arguments)
    assert f"{folder / 'out'} already contains a reader." in again.sentence


def test_sigterm_is_ctrl_c(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    compute_loss, steps = training.compute_loss, [0]

    def terminated(*arguments: Any) -> Any:
        steps[0] += 1
        if steps[0] == 3:  # in the third step
            os.kill(os.getpid(), signal.SIGTERM)
        return compute_loss(*arguments)

    monkeypatch.setattr(training, "compute_loss", terminated)
    done = run(*command(folder, *LONG))
    assert (130, "") == (done.code, done.out)
    assert "Stopped. The training so far is saved" in done.err
    state = json.loads((folder / "out" / "checkpoint" / "state.json").read_text())
    assert (3, 3) == (state["step"], len(state["losses"])), "the step is finished first"
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_a_set_that_brings_its_documents_needs_no_other(
    folder: Path, tmp_path: Path, run: Run
) -> None:
    articles = []
    for number in range(3):
        text = text_of(number).replace("\n", " ")
        who = f"Ada {PEOPLE[number]}"
        answers = [{"text": who, "answer_start": text.index(who)}]
        articles.append((text, [{"id": f"q{number}", "question": "Who?", "answers": answers}]))
    file = tmp_path / "squad.json.gz"
    file.write_bytes(gzip.compress(squad(("Varn", articles)).encode()))
    (tmp_path / "empty").mkdir()
    shutil.copytree(folder / "init", tmp_path / "model")
    done = run("train-reader", file, "-w", tmp_path / "empty", "--init", tmp_path / "model",
               "--out", tmp_path / "out", "--json", "--rate", "1e-7")  # fmt: skip
    assert 0 == done.code, done.err
    report = json.loads(done.out)
    assert json.loads((tmp_path / "out" / "training.json").read_text()) == report
    assert (1e-7, 1, {}) == (report["recipe"]["rate"], report["steps"], report["before"])
    assert "Questions to learn from: 3. Held out: 0.\n" in done.err
    nothing = run(*command(folder)[:2], "-w", tmp_path / "empty", *command(folder)[4:])
    assert nothing.sentence.startswith("There are no documents in")


def test_an_index_that_cannot_be_written_serves_as_it_is(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == run("index", folder).code
    monkeypatch.setattr(type(QuickWorkspace(folder).store), "writable", False)
    done = run(*command(folder))
    assert 0 == done.code, done.err
    assert "cannot be written: using the existing index." in done.err


def test_what_cannot_be_trained_is_said_before_anything_is_indexed(folder: Path, run: Run) -> None:
    (folder / "file").write_text("in the way")
    shutil.copytree(folder / "init", folder / "bare")
    (folder / "bare" / "model.safetensors").unlink()
    for place, option, sentence in (
        ("gone", "--init", "has no readable tokenizer.json"),
        ("bare", "--init", "model.safetensors cannot be read: No such file or directory."),
        ("init", "--out", "already contains a reader."),
        ("file", "--out", "cannot be written: File exists."),
    ):
        failed = run(*command(folder, option, folder / place))
        assert (1, "") == (failed.code, failed.out)
        assert str(folder / place) in failed.sentence and sentence in failed.sentence
        assert "Indexing" not in failed.err


def test_a_set_with_nothing_to_learn_from_is_refused(folder: Path, run: Run) -> None:
    rows = [json.loads(line) for line in (folder / "set.jsonl").read_text().splitlines()]
    silent = [{**each, "answers": [], "answerable": False} for each in rows]
    (folder / "set.jsonl").write_text("".join(json.dumps(each) + "\n" for each in silent))
    failed = run(*command(folder))
    assert failed.sentence.startswith("There is nothing to learn from: no question of set.jsonl")
    about_one = [{**each, "answers": rows[0]["answers"]} for each in rows]
    (folder / "set.jsonl").write_text("".join(json.dumps(each) + "\n" for each in about_one))
    done = run(*command(folder))
    assert 0 == done.code, "all are about one document: none is kept aside, and none is lost"
    assert "Questions to learn from: 12. Held out: 0.\n" in done.err


@pytest.mark.parametrize(
    "more",
    ["--passes 0", "--passes nan", "--rate -1", "--rate inf", "--questions-per-step 0",
     "--seed -1", "--negatives -1", "--held-out -1"],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_wrong_usage(folder: Path, run: Run, more: str) -> None:
    failed = run(*command(folder, *more.split()))
    assert (2, "") == (failed.code, failed.out)
    assert more.split()[0] in failed.err


def test_one_set_named_twice_is_wrong_usage(folder: Path, run: Run) -> None:
    shutil.copy(folder / "set.jsonl", folder / "again.jsonl")
    failed = run(*command(folder, folder / "again.jsonl"))
    assert 2 == failed.code
    assert "one set is given twice" in failed.err
