"""The documents that a set brings along: indexed beside the workspace's, unchanged."""

from __future__ import annotations

import json
import re
import shutil
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commandline import QuickWorkspace
from conftest import QuickEmbedder, quick_workspace
from scoqa.errors import WorkspaceError
from scoqa.evaluation import evaluate
from scoqa.evaluation.contexts import prepare_workspace
from scoqa.evaluation.gold_places import place_golds
from scoqa.evaluation.sets import QuestionSet, read_set
from scoqa.workspace import Workspace
from setfiles import ROW, SQUAD, asked, saved, squad, written


@pytest.fixture
def squad_set(folder: Path) -> QuestionSet:
    return read_set(saved(folder, "set.json", json.dumps(SQUAD)))


def texts_of(workspace: Workspace) -> dict[str, str]:
    with workspace.store.view() as view:
        return {
            path: view.document(entry.document_id).text for path, entry in view.digests().items()
        }


def embedded(workspace: Workspace) -> list[str]:
    embedder = workspace.models.embedder
    assert isinstance(embedder, QuickEmbedder)
    return embedder.embedded


def test_a_set_without_documents_is_asked_of_the_workspace(folder: Path) -> None:
    workspace = quick_workspace(folder)
    assert workspace is prepare_workspace(workspace, read_set(written(folder, ROW)))


def test_a_set_with_documents_is_asked_of_those(folder: Path, squad_set: QuestionSet) -> None:
    (folder / "scoqa.toml").write_text('exclude = ["*.txt"]\nread_k = 3\nthreshold = 0.25\n')
    workspace = quick_workspace(folder, passage_tokens=40)
    steps: list[int] = []
    brought = prepare_workspace(workspace, squad_set, progress=lambda step: steps.append(step.done))
    assert squad_set.contexts == texts_of(brought)
    assert replace(workspace.settings, documents="docs", exclude=()) == brought.settings
    assert "0.25" == brought.fingerprint()["threshold"]
    assert workspace.models is brought.models
    assert steps
    assert not workspace.store.exists()
    assert brought.ask("Who built the lighthouse of Varn?").citations


def test_squad_is_asked_and_scored(folder: Path) -> None:
    file = saved(folder, "set.json", json.dumps(SQUAD))
    report = evaluate(quick_workspace(folder), file)
    assert [("v1", 1), ("v2", None)] == [(each["id"], each["rank"]) for each in report.rows]
    assert (1.0, 1.0) == (report.measures["Success@1"].value, report.measures["verbatim"].value)


def published(data: dict[str, Any], said: dict[str, str]) -> tuple[float, float]:
    """Return EM and F1 as SQuAD's evaluate-v2.0 computes them, step by step."""

    def normalize(text: str) -> str:
        text = "".join(ch for ch in text.lower() if ch not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    def f1(gold: str, prediction: str) -> float:
        wanted, got = normalize(gold).split(), normalize(prediction).split()
        same = sum((Counter(wanted) & Counter(got)).values())
        if not wanted or not got:
            return float(wanted == got)
        if same == 0:
            return 0.0
        precision, recall = same / len(got), same / len(wanted)
        return 2 * precision * recall / (precision + recall)

    exact, shares = [], []
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                golds = [each["text"] for each in qa["answers"] if normalize(each["text"])] or [""]
                prediction = said[qa["id"]]
                exact.append(max(normalize(gold) == normalize(prediction) for gold in golds))
                shares.append(max(f1(gold, prediction) for gold in golds))
    return sum(exact) / len(exact), sum(shares) / len(shares)


def test_exact_match_and_f1_are_what_the_published_script_says(folder: Path) -> None:
    paragraphs = []
    for number in range(40):
        sentence = f"The keeper of tower {number} was called Ada Lund-{number}, the elder."
        context = f"Notes of the year. {sentence} It rains a lot."
        texts = [sentence, f"Ada Lund-{number}"] if number % 3 == 0 else [f"Ada Lund-{number}"]
        answers = [{"text": text, "answer_start": context.index(text)} for text in texts]
        paragraphs.append({"context": context, "qas": [
            {"id": f"a{number}", "question": f"Who was the keeper of tower {number}?",
             "answers": answers, "is_impossible": False},
            {"id": f"u{number}", "question": f"Which colour had door {number}?", "answers": [],
             "is_impossible": True}]})  # fmt: skip
    data = {"version": "v2.0", "data": [{"title": "Towers", "paragraphs": paragraphs}]}
    file = saved(folder, "towers.json", json.dumps(data))
    report = evaluate(QuickWorkspace(folder), file)
    said = {
        each["id"]: each["citations"][0]["quote"] if each["answered"] else ""
        for each in report.rows
    }
    exact, share = published(data, said)
    assert 0.4 < exact < share < 0.9, "right, wrong and nearly right answers are among them"
    ours = report.measures["EM"].value, report.measures["F1"].value
    assert (exact, share) == pytest.approx(ours)


def test_a_second_run_embeds_nothing_and_a_broken_first_one_is_made_good(
    folder: Path, squad_set: QuestionSet
) -> None:
    first = quick_workspace(folder)
    documents = prepare_workspace(first, squad_set).documents
    assert embedded(first)
    second = quick_workspace(folder)
    prepare_workspace(second, squad_set)
    assert [] == embedded(second)
    (documents / "Varn-0001.txt").write_text("half", encoding="utf-8")
    (documents / ".Varn-0002.txt").write_text("of another", encoding="utf-8")
    (documents / "more.txt").write_text("Nothing of the set.", encoding="utf-8")
    third = quick_workspace(folder)
    assert squad_set.contexts == texts_of(prepare_workspace(third, squad_set))
    assert ["Varn-0001.txt"] == [file.name for file in documents.iterdir()]
    assert [] == embedded(third)
    index = next((documents.parent).glob("index-*"))
    (index / "catalog.sqlite").write_bytes(b"no database" * 100)
    assert squad_set.contexts == texts_of(prepare_workspace(quick_workspace(folder), squad_set))


def test_each_way_to_index_has_its_own_index(folder: Path, squad_set: QuestionSet) -> None:
    one = prepare_workspace(quick_workspace(folder), squad_set)
    other = prepare_workspace(quick_workspace(folder, passage_tokens=20), squad_set)
    assert one.documents == other.documents
    assert one.index != other.index
    again = quick_workspace(folder)
    prepare_workspace(again, squad_set)
    assert [] == embedded(again)


def test_the_documents_of_a_set_are_none_of_the_workspace(
    folder: Path, squad_set: QuestionSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Where the index lies elsewhere now, what is in its old place once was looked through.
    workspace = quick_workspace(folder)
    workspace.sync()
    prepare_workspace(workspace, squad_set)
    elsewhere = quick_workspace(folder, index=tmp_path_factory.mktemp("index"))
    elsewhere.sync()
    texts = {path for path, text in texts_of(elsewhere).items() if text}  # of the set itself, none
    assert {"lighthouse.txt", "harbour.txt"} == texts


CONTEXTS = [
    "plain",
    "a\r\nb\rc\n\x85\u2028d\n",
    "\ufeffa mark",
    "\ufeff\ufeff two",
    "ÿþ like UTF-16",
    "þÿ",
    " \n outer white space \t",
    "e\u0301 İ ß ﬁ 😀",
    "NUL \0 and a half \ud83d of something, " + "x" * 100,
    "",
    " ",
]


def test_documents_come_back_character_for_character(folder: Path) -> None:
    whole = squad(("README", [(text, [asked(str(i))]) for i, text in enumerate(CONTEXTS)]))
    read = read_set(saved(folder, "set.json", whole))
    wanted = [text.replace("\0", "\ufffd").replace("\ud83d", "\ufffd") for text in CONTEXTS]
    assert wanted == list(read.contexts.values())
    assert read.contexts == texts_of(prepare_workspace(quick_workspace(folder), read))


def test_gold_in_a_context_stands_where_squad_says(folder: Path) -> None:
    text = CONTEXTS[8]
    start = text.index("\0")
    words = text[start : start + 20]
    whole = squad(
        ("", [(text, [asked("1", (words, start))]), ("\ufeffUfa", [asked("2", ("Ufa", 1))])])
    )
    read = read_set(saved(folder, "set.json", whole))
    workspace = prepare_workspace(quick_workspace(folder), read)
    with workspace.store.view() as view:
        numbered, corrections = place_golds("set.json", read.questions, view)
    assert (list(read.questions), []) == (numbered, corrections)


def test_where_nothing_can_be_written_another_place_is_asked_for(
    as_nobody: Callable[[], Path], squad_set: QuestionSet
) -> None:
    folder = as_nobody()
    (folder / "closed").mkdir()
    workspace = quick_workspace(folder, index=folder / "closed" / "index")
    (folder / "closed").chmod(0o500)
    with pytest.raises(WorkspaceError, match="--index"):
        prepare_workspace(workspace, squad_set)


def test_a_document_that_cannot_be_written_is_said(folder: Path, squad_set: QuestionSet) -> None:
    workspace = quick_workspace(folder)
    documents = prepare_workspace(workspace, squad_set).documents
    shutil.rmtree(documents)
    documents.write_text("in the way", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"cannot be written to .*docs.*--index"):
        prepare_workspace(workspace, squad_set)


def test_a_document_that_cannot_be_indexed_is_said(folder: Path) -> None:
    binary = QuestionSet("set.json", "", (), {"good.txt": "Ufa", "bad.txt": "\x01\x02"})
    with pytest.raises(WorkspaceError, match=r"1 documents of set\.json .*bad\.txt is not text"):
        prepare_workspace(quick_workspace(folder), binary)
