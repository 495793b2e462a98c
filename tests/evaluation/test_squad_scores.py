"""SQuAD: what it becomes, how its documents are called, and what is wrong with a set."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoqa.evaluation.set_formats import context_path
from scoqa.evaluation.sets import read_set
from scoqa.parse.folder import scan
from scoqa.types import Gold, Question
from setfiles import SQUAD, asked, questions_of, refusal, saved, squad


def test_squad_becomes_questions_and_documents(tmp_path: Path) -> None:
    read = read_set(saved(tmp_path, "set.json", json.dumps(SQUAD)))
    assert {"Varn-0001.txt": SQUAD["data"][0]["paragraphs"][0]["context"]} == read.contexts
    gold = Gold("Varn-0001.txt", 44, 52, "Ada Lund")
    assert (
        (1, Question("v1", "Who built the lighthouse?", (gold,), (), True, "who")),
        (1, Question("v2", "In what year did it burn?", (), (), False, "what")),
    ) == read.questions


def test_an_answer_without_a_start_is_to_be_found(tmp_path: Path) -> None:
    rows = [{"text": "half \0 and \ud83d"}, {"text": "whole"}]
    text = squad(("", [("Ufa", [{"id": 7, "question": "?!", "answers": rows}])]))
    (question,) = questions_of(saved(tmp_path, "set.json", text))
    path = "context-0001.txt"
    golds = (Gold(path, 0, 0, "half \ufffd and \ufffd"), Gold(path, 0, 0, "whole"))
    assert Question("7", "?!", golds, (), True, "other") == question


def test_a_context_is_one_document_under_whatever_titles(tmp_path: Path) -> None:
    text = squad(
        ("North", [("Ufa is a city.", [asked("1", ("Ufa", 0), ("Ufa", 0), ("a city", 7))])]),
        ("South", [("Ufa is a town.", []), ("Ufa is a city.", [asked("2", ("Ufa", 0))])]),
        ("North", [("Ufa is a city.", [asked("3")])]),
    )
    read = read_set(saved(tmp_path, "set.json", text))
    assert {
        "North-0001.txt": "Ufa is a city.",
        "South-0002.txt": "Ufa is a town.",
    } == read.contexts
    first, second, third = (question for _, question in read.questions)
    assert (Gold("North-0001.txt", 0, 3, "Ufa"), Gold("North-0001.txt", 7, 13, "a city")) == (
        first.answers
    )
    assert (Gold("North-0001.txt", 0, 3, "Ufa"),) == second.answers
    assert ((), False) == (third.answers, third.answerable)


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("Beyoncé", "Beyoncé-0003.txt"),
        ("Beyonce\u0301", "Beyoncé-0003.txt"),
        ("", "context-0003.txt"),
        ("..", "context-0003.txt"),
        ("../../etc/passwd", "etc_passwd-0003.txt"),
        (".hidden", "hidden-0003.txt"),
        ("AC/DC: \0 \ud800 \\ C*?", "AC_DC_C-0003.txt"),
        ("~$README", "README-0003.txt"),
        ("北京", "北京-0003.txt"),
        ("हिन्दी", "हिन्दी-0003.txt"),
        ("x" * 300, "x" * 40 + "-0003.txt"),
    ],
)
def test_a_document_is_named_after_its_title_and_safely(title: str, path: str) -> None:
    assert path == context_path(title, 3)


@given(st.text(st.characters(), max_size=60), st.integers(1, 99_999))
@example("Readme\u0338", 1)
def test_a_name_is_always_one_that_is_indexed_as_it_is(title: str, number: int) -> None:
    path = context_path(title, number)
    with tempfile.TemporaryDirectory() as folder:
        saved(Path(folder), path, "text")
        sources, *others = scan(Path(folder))
    assert ([path], [{}, [], ()]) == ([source.path for source in sources], others)


def broken(place: str, value: Any) -> Callable[[], Any]:
    """Return what makes a SQuAD with `value` at `place` ("data.1.title"); ... takes it away."""

    def make() -> Any:
        qas = [asked(str(number), ("Ufa", 0)) for number in range(6)]
        whole = {
            "data": [
                {"title": "x", "paragraphs": [{"context": "Ufa", "qas": qas[:1]}]},
                {
                    "paragraphs": [
                        {"context": "Ufa", "qas": qas[1:2]},
                        {"context": 'Ufa {"qas": [{', "qas": qas[2:], "more": [{}, {}, {}]},
                    ],
                    "title": "[{",
                    "more": [{}, {}],
                },
            ],
            "more": [{}, {}],
        }
        at: Any = whole
        *way, last = (int(key) if key.isdigit() else key for key in place.split("."))
        for key in way:
            at = at[key]
        if value is ...:
            del at[last]
        else:
            at[last] = value
        return whole

    return make


QA = "data.1.paragraphs.1.qas.2"
QA_NAME = "data[1].paragraphs[1].qas[2]: "
MALFORMED_SQUADS = [
    ("data", {}, "data is missing or not a list"),
    ("data.1", "article", "data[1] is not a JSON object"),
    ("data.1.title", 7, "data[1]: title is not str"),
    ("data.1.paragraphs", ..., "data[1]: paragraphs is missing or not a list"),
    ("data.1.paragraphs.1", [], "data[1]: paragraphs[1] is not a JSON object"),
    ("data.1.paragraphs.1.context", ..., "data[1].paragraphs[1]: context is missing or not str"),
    (
        "data.1.paragraphs.1.context",
        "\x01\x02",
        "data[1].paragraphs[1]: context is binary data, not text",
    ),
    ("data.1.paragraphs.1.qas", None, "data[1].paragraphs[1]: qas is missing or not a list"),
    (QA, 1, "data[1].paragraphs[1]: qas[2] is not a JSON object"),
    (f"{QA}.id", None, QA_NAME + "id is missing or not str"),
    (f"{QA}.id", "3", "the id '3' is used twice"),
    (f"{QA}.question", ..., QA_NAME + "question is missing or not str"),
    (f"{QA}.question", " ", QA_NAME + "question is empty"),
    (f"{QA}.is_impossible", "no", QA_NAME + "is_impossible is not bool"),
    (f"{QA}.is_impossible", True, QA_NAME + "is_impossible, but there are answers"),
    (f"{QA}.answers", {"text": []}, QA_NAME + "answers is not a list"),
    (f"{QA}.answers.0", "Ufa", QA_NAME + "answers has an entry without a text"),
    (f"{QA}.answers.0.text", None, QA_NAME + "answers has an entry without a text"),
    (f"{QA}.answers.0.answer_start", -1, QA_NAME + "answers has an entry with answer_start -1"),
    (f"{QA}.answers.0.answer_start", "0", QA_NAME + "answers has an entry with answer_start '0'"),
    (f"{QA}.answers.0.answer_start", True, QA_NAME + "answers has an entry with answer_start True"),
]


@pytest.mark.parametrize(("place", "value", "reason"), MALFORMED_SQUADS)
def test_a_malformed_squad_is_named_with_its_line_and_the_reason(
    tmp_path: Path, place: str, value: Any, reason: str
) -> None:
    whole = broken(place, value)()
    assert (1, reason) == refusal(saved(tmp_path, "set.json", json.dumps(whole)))
    # Over many lines, it is that of the innermost object around what is wrong.
    owner = at = whole
    for depth, key in enumerate(place.split(".")[:6], start=1):
        at = at[int(key)] if key.isdigit() else at.get(key)
        if depth % 2:
            continue
        if not isinstance(at, dict):
            break
        owner = at
    items = dict(owner)
    owner.clear()
    owner.update({"@": "first"}, **items)
    text = json.dumps(whole, indent=2)
    marked = text[: text.index('"@"')].count("\n")
    assert (marked, reason) == refusal(saved(tmp_path, "set.json", text))


def test_every_question_of_squad_has_its_line(tmp_path: Path) -> None:
    whole = broken("data.0.title", 'a "title": [{\n')()
    text = json.dumps(whole, indent=2)
    numbered = read_set(saved(tmp_path, "set.json", text)).questions
    wanted = [
        (number - 1, str(at))
        for at in range(6)
        for number, line in enumerate(text.split("\n"), start=1)
        if f'"id": "{at}"' in line
    ]
    assert wanted == [(line, question.id) for line, question in numbered]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"data": [\n\n}', 3, "is not JSON: Expecting value at column 1"),
        ('{"data": []}\n{}', 2, "is not JSON: Extra data at column 1"),
        ('{"data": [' + "[" * 100_000, 0, "is not usable JSON: it is nested too deeply"),
        ('{"data": [' + "1" * 5000 + "]}", 0, "Exceeds the limit (4300 digits)"),
        ("[]", 1, "data is missing or not a list"),
        ('{"data": []}', 0, "contains no questions."),
        ("{}", 1, "id is missing or not str"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_json_that_is_no_set_is_refused(tmp_path: Path, text: str, line: int, reason: str) -> None:
    found_line, found = refusal(saved(tmp_path, "set.json", text))
    assert (line, reason) == (found_line, found[: len(reason)])
