"""The command that asks a question set, as a user runs it."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commandline import QuickWorkspace, Run
from conftest import QuickEmbedder
from scoqa.evaluation.report.summary import NAMES

pytest_plugins = ("commandline",)  # its fixtures: run, indexed


def gold(folder: Path, words: str) -> dict[str, Any]:
    start = (folder / "lighthouse.txt").read_text(encoding="utf-8").index(words)
    return {"document": "lighthouse.txt", "start": start, "end": start + len(words), "text": words}


def row(id: str, question: str, *answers: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "question": question, "answers": list(answers), "answerable": bool(answers),
            "kind": "who" if answers else "what"}  # fmt: skip


@pytest.fixture
def questions(indexed: Path) -> Path:
    rows = [
        row("=1", "Who built the lighthouse?", gold(indexed, "Ada Lund")),
        row("2", "What does the moon weigh?"),
        row("3", "Who kept bees?", gold(indexed, "Ada Lund")),
        *(row(f"u{n}", f"What does moon number {n} weigh?") for n in range(4)),
    ]
    file = indexed / "set.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return file


def test_a_set_is_asked_and_written_down_in_every_form(questions: Path, run: Run) -> None:
    folder = questions.parent
    out = folder / "out"
    out.mkdir()
    files = ["--json", out / "r.json", "--html", out / "r.html", "--csv", out / "r.csv"]
    done = run("evaluate", questions, "-w", folder, *files, "--trec", out / "r")
    assert 0 == done.code, done.err
    assert re.search(
        r"^  Success@1 +0?\d\.\d{3}  \[\d\.\d{3}, \d\.\d{3}\] +2$", done.out, re.MULTILINE
    )
    assert "evidence share" not in done.out, "what does not exist is not shown"
    assert "2 of 7 questions" in done.out or "1 of 7 questions" in done.out
    assert sorted(each.name for each in out.iterdir()) == [
        "r.csv", "r.html", "r.json", "r.qrels", "r.run",
    ]  # fmt: skip
    report = json.loads((out / "r.json").read_text(encoding="utf-8"))
    assert list(NAMES) == list(report["measures"])
    assert report["measures"]["evidence share"] == {
        "value": None, "low": None, "high": None, "count": 0,
    }  # fmt: skip
    assert ["=1", "2", "3"] == [each["id"] for each in report["rows"][:3]]
    with (out / "r.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert ("'=1", "lighthouse.txt") == (table[0]["id"], table[0]["document"])
    assert "" == table[1]["Success@1"], "a missing number is an empty cell"
    assert "Who built the lighthouse?" in (out / "r.html").read_text(encoding="utf-8")


def test_what_differs_from_run_to_run_can_be_left_out(questions: Path, run: Run) -> None:
    folder = questions.parent
    for name in ("a", "b"):
        files = ["--json", folder / f"{name}.json", "--html", folder / f"{name}.html"]
        assert 0 == run("evaluate", questions, "-w", folder, *files, "--no-times").code
    for suffix in ("json", "html"):
        assert (folder / f"a.{suffix}").read_bytes() == (folder / f"b.{suffix}").read_bytes()


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(
    questions: Path, run: Run
) -> None:
    folder = questions.parent
    for name in (folder / "no" / "r.json", folder):
        failed = run("evaluate", questions, "-w", folder, "--json", name)
        assert 1 == failed.code
        assert failed.sentence.startswith(f"{name} cannot be written.")
        assert "Asking" not in failed.err


def test_gold_that_stands_elsewhere_is_said_and_the_set_can_be_put_right(
    questions: Path, run: Run
) -> None:
    folder = questions.parent
    right = gold(folder, "Ada Lund")
    shifted = {**right, "start": right["start"] + 5, "end": right["end"] + 5}
    lost = {**right, "text": "Bob Nowhere"}
    rows = [row("1", "Who built it?", shifted), row("2", "Who else?", lost)]
    questions.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    done = run("evaluate", questions, "-w", folder, "--corrected", folder / "right.jsonl")
    assert 0 == done.code
    assert (
        f"set.jsonl, line 1: 'Ada Lund' is at {right['start']}:{right['end']} of "
        "lighthouse.txt." in done.err
    )
    assert "line 2: 'Bob Nowhere' does not occur in lighthouse.txt." in done.err
    assert re.search(r"^  parse +1  ", done.out, re.MULTILINE)
    first = json.loads((folder / "right.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (right["start"], right["end"]) == (first["answers"][0]["start"],
                                              first["answers"][0]["end"])  # fmt: skip
    again = run("evaluate", folder / "right.jsonl", "-w", folder)
    assert "line 1" not in again.err


def test_a_malformed_set_is_named_by_file_line_and_reason(questions: Path, run: Run) -> None:
    questions.write_text('{"id": "1"}\n', encoding="utf-8")
    failed = run("evaluate", questions, "-w", questions.parent)
    assert (1, f"{questions}, line 1: question is missing or not str") == (
        failed.code,
        failed.sentence,
    )


def test_a_stopped_run_says_so_and_goes_on(
    questions: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = questions.parent
    explain = QuickWorkspace.explain
    asked: list[str] = []

    def stopping(self: Any, question: str, **options: Any) -> Any:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(question)
        return explain(self, question, **options)

    monkeypatch.setattr(QuickWorkspace, "explain", stopping)
    stopped = run("evaluate", questions, "-w", folder)
    assert 130 == stopped.code
    assert "Stopped after 2 of 7 questions. The same command resumes the run." in stopped.err
    monkeypatch.setattr(QuickWorkspace, "explain", explain)
    done = run("evaluate", questions, "-w", folder)
    assert "Resuming after 2 of 7 questions; --anew starts again." in done.err
    assert 0 == done.code
    assert "Resuming" not in run("evaluate", questions, "-w", folder).err


# -- comparing ------------------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path: Path, run: Run) -> Path:
    """Return a folder of sixty look-alike documents, indexed, with a set of sixty questions."""
    folder = tmp_path / "towers"
    (folder / "docs").mkdir(parents=True)
    luck = random.Random(0)
    words = "bridge market school mill garden station river winter summer keeper lamp stone".split()
    rows = []
    for number in range(60):
        about = " ".join(luck.sample(words, 4))
        more = "It rains there. " * (1 + number % 13)  # of many lengths: few ties
        text = f"The tower by {about} was built in {1800 + number} by masons. {more}"
        (folder / "docs" / f"{number:02}.txt").write_text(text, encoding="utf-8")
        start = text.index(str(1800 + number))
        answer = {"document": f"{number:02}.txt", "start": start, "end": start + 4,
                  "text": str(1800 + number)}  # fmt: skip
        asked = " ".join(luck.sample(about.split(), 2))
        rows.append(row(str(number), f"When was the tower by {asked} built?", answer))
    (folder / "set.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert 0 == run("index", folder).code
    return folder


def test_what_is_worse_than_allowed_ends_with_5(many: Path, run: Run) -> None:
    common = [many / "set.jsonl", "-w", many]
    assert 0 == run("evaluate", *common, "--json", many / "old.json").code
    (many / "scoqa.toml").write_text("search_k = 1\nread_k = 1\n", encoding="utf-8")
    limit = [
        "--compare",
        many / "old.json",
        "--fail-on",
        "Success@5 -0.01",
        "--fail-on",
        "Success@10 -1",
    ]
    worse = run("evaluate", *common, *limit)
    assert 5 == worse.code
    change = re.search(
        r"^  Success@5 +\d\.\d+ -> \d\.\d+  -\d\.\d+  \[-\d\.\d+, -\d\.\d+\] +worse$",
        worse.out,
        re.MULTILINE,
    )
    assert change is not None, worse.out
    assert "Success@5 is worse than -0.01, and not by chance." in worse.err
    assert "Success@10 is worse" not in worse.err
    assert re.search(r"^  search_k: 100 -> 1$", worse.out, re.MULTILINE)
    (many / "scoqa.toml").unlink()
    same = run("evaluate", *common, *limit)
    assert 0 == same.code
    assert "  nothing\n" in same.out


def test_another_seed_of_noise_is_said_to_be_noise(
    many: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same strength of noise on every question's vector, drawn with another seed."""
    embed = QuickEmbedder.embed

    def noisy(seed: int) -> Any:
        def embedded(self: QuickEmbedder, texts: Any, **options: Any) -> Any:
            vectors = embed(self, texts, **options)
            draws = [np.random.default_rng([seed, *each.encode()]) for each in texts]
            vectors += np.array([each.normal(0, 0.15, 64) for each in draws], dtype=np.float32)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

        return embedded

    common = [many / "set.jsonl", "-w", many]
    monkeypatch.setattr(QuickEmbedder, "embed", noisy(1))
    assert 0 == run("evaluate", *common, "--json", many / "old.json").code
    monkeypatch.setattr(QuickEmbedder, "embed", noisy(2))
    limits = [each for name in ("Success@1", "Success@5", "RR", "EM", "F1") for each in
              ("--fail-on", f"{name} -0.001")]  # fmt: skip
    done = run("evaluate", *common, "--compare", many / "old.json", *limits)
    assert 0 == done.code, done.out
    verdicts = re.findall(r"^  \S.* (noise|better|worse)$", done.out, re.MULTILINE)
    assert verdicts and set(verdicts) == {"noise"}, done.out


def test_limits_and_old_reports_are_read_before_anything_is_asked(
    questions: Path, run: Run
) -> None:
    folder = questions.parent
    common = ["evaluate", questions, "-w", folder]
    assert 2 == run(*common, "--fail-on", "F1 -0.01").code
    (folder / "old.json").write_text("{}", encoding="utf-8")
    for arguments, words in (
        (["--compare", folder / "old.json"], "is not a report"),
        (["--compare", folder / "gone.json"], "No such file"),
        (["--compare", folder / "old.json", "--fail-on", "Z9 -1"], "the measures are Success@1"),
    ):
        failed = run(*common, *arguments)
        assert failed.code in (1, 2)
        assert words in failed.sentence
        assert "Asking" not in failed.err
