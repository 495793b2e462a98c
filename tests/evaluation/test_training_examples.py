"""Training examples of question sets: what answers, what does not, and what is kept aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conftest import quick_workspace
from scoqa.evaluation import Evaluation
from scoqa.evaluation.training_examples import ExampleRow, TrainingExamples, split_rows
from scoqa.normalization import fold, phrase_pattern
from scoqa.read.objective import Example
from scoqa.workspace import Workspace
from setfiles import squad

THINGS = "lighthouse harbour chapel mill bridge school market station tower castle".split()
PEOPLE = "Lund Berg Holm Dahl Moe Vik Ruud Lie Aas Bakke".split()


def text_of(number: int) -> str:
    """Return a document that says who built a thing, and names the builder of the next."""
    thing, person, neighbour = THINGS[number], PEOPLE[number], PEOPLE[(number + 1) % 10]
    filler = f"Herring boats leave the {thing} at dawn, and the keeper counts them all. " * 12
    return (
        f"The {thing} of Varn\n\nThe {thing} was built by Ada {person} for $5m. {filler}\n\n"
        f"{filler}\n\nOle {neighbour} paints the {thing} every year. {filler}\n"
    )


def row(id: str, question: str, *answers: tuple[int, str]) -> dict[str, Any]:
    golds = []
    for number, words in answers:
        start = text_of(number).index(words)
        place = {"start": start, "end": start + len(words), "text": words}
        golds.append({"document": f"{number}.txt", **place})
    return {"id": id, "question": question, "answers": golds, "answerable": bool(golds)}


def saved(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("examples")
    (root / "docs").mkdir()
    for number in range(10):
        (root / "docs" / f"{number}.txt").write_text(text_of(number), encoding="utf-8")
    made = quick_workspace(root)
    made.sync()
    return made


@pytest.fixture(scope="module")
def evaluation(workspace: Workspace) -> Evaluation:
    rows = [
        row(f"a{n}", f"Who built the {thing}?", (n, f"Ada {PEOPLE[n]}"))
        for n, thing in enumerate(THINGS)
    ]
    rows += [
        row(f"b{n}", f"Who paints the {thing}?", (n, PEOPLE[(n + 1) % 10]))
        for n, thing in enumerate(THINGS)
    ]
    rows += [
        row("cost", "What did the mill cost?", (3, "$5")),
        row("silent", "Who sold the mill?"),
        {**row("evidence", "Why was the mill built?"), "answerable": True,
         "evidence": [{"document": "3.txt", "start": 0, "end": 9}]},
    ]  # fmt: skip
    lost = row("lost", "Who burnt the mill?", (3, "Ada Dahl"))
    lost["answers"][0]["text"] = "Nobody Known"
    return Evaluation(workspace, saved(workspace.root, "set.jsonl", [*rows, lost]))


def examples_by_id(evaluation: Evaluation, **options: Any) -> dict[str, Example]:
    rows, apart = split_rows([evaluation], held_out=0)
    assert [] == apart
    made = TrainingExamples(rows, **options)
    assert len(made) == len(rows)
    return {question.id: made[i] for i, (_, question) in enumerate(rows)}


def test_the_first_window_answers_and_the_others_never_do(evaluation: Evaluation) -> None:
    golds = {question.id: question.answers for _, question in evaluation.questions}
    for id, example in examples_by_id(evaluation, negatives=3).items():
        if id == "silent":
            continue
        assert 4 == len(example.windows), id
        [(number, start, end)] = example.golds
        assert 0 == number
        assert golds[id][0].text == example.windows[0].text[start:end]
        pattern = phrase_pattern(golds[id][0].text)
        assert not any(pattern.search(fold(each.text)) for each in example.windows[1:]), id


def test_the_window_that_answers_is_never_one_that_does_not(evaluation: Evaluation) -> None:
    """ "$5" is no whole word of "$5m": its own window was once taught as silent too."""
    example = examples_by_id(evaluation, negatives=10)["cost"]
    place = example.windows[0]
    others = [each for each in example.windows[1:] if each.document_id == place.document_id]
    gold = place.start + example.golds[0][1]
    assert not any(each.start <= gold < each.end for each in others)


def test_a_question_that_nothing_answers_has_windows_all_the_same(evaluation: Evaluation) -> None:
    for negatives in (0, 2):
        example = examples_by_id(evaluation, negatives=negatives)["silent"]
        assert (negatives + 1, ()) == (len(example.windows), example.golds)


def test_what_has_no_place_is_not_learnt(evaluation: Evaluation) -> None:
    rows, _ = split_rows([evaluation], held_out=0)
    assert {"evidence", "lost"}.isdisjoint(question.id for _, question in rows)


def documents(rows: Sequence[ExampleRow]) -> set[str]:
    return {gold.document for _, question in rows for gold in question.answers}


def test_what_is_kept_aside_shares_no_document_with_what_is_learnt(evaluation: Evaluation) -> None:
    everything, _ = split_rows([evaluation], held_out=0)
    learnt, apart = split_rows([evaluation], held_out=4)
    assert 1 < len(apart) <= 4
    assert learnt and documents(learnt).isdisjoint(documents(apart))
    # Once, each question kept aside took all others about its document out of the training.
    assert len(everything) == len(learnt) + len(apart)


def test_nor_does_another_set_about_the_same_documents(
    workspace: Workspace, evaluation: Evaluation
) -> None:
    """Two sets over one folder: each was once kept apart from itself alone."""
    rows = [
        row(f"c{n}", f"Whose is the {thing}?", (n, PEOPLE[n])) for n, thing in enumerate(THINGS)
    ]
    other = Evaluation(workspace, saved(workspace.root, "other.jsonl", rows))
    learnt, apart = split_rows([evaluation, other], held_out=3)
    assert learnt and documents(learnt).isdisjoint(documents(apart))
    assert {"set.jsonl", "other.jsonl"} >= {each.set.name for each, _ in learnt}


def test_every_second_example_of_brought_documents_has_their_opening_for_a_heading(
    workspace: Workspace, tmp_path: Path
) -> None:
    questions = []
    for number in range(4):
        text = text_of(number).replace("\n", " ")
        who = f"Ada {PEOPLE[number]}"
        answers = [{"text": who, "answer_start": text.index(who)}]
        asked = {"id": f"q{number}", "question": f"Who built the {THINGS[number]}?"}
        painter = PEOPLE[number + 1]
        paints = {"id": f"p{number}", "question": f"Who paints the {THINGS[number]}?",
                  "answers": [{"text": painter, "answer_start": text.index(painter)}]}  # fmt: skip
        questions.append((text, [{**asked, "answers": answers}, paints]))
    file = tmp_path / "squad.json"
    file.write_text(squad(("Varn", questions)), encoding="utf-8")
    rows, _ = split_rows([Evaluation(workspace, file)], held_out=0)
    made = TrainingExamples(rows)
    for number, (_, question) in enumerate(rows):
        heading = made[number].windows[0].heading
        thing = THINGS[number // 2]
        opened = heading.startswith(f"The {thing} of Varn The {thing} was built by Ada")
        assert opened == question.id.startswith("p")
        assert fold(question.answers[0].text) not in fold(heading)
