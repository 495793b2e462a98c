"""Question sets as rows and as tables: what they become, and what is wrong with a set."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import ROOT
from scoqa.errors import QuestionSetError
from scoqa.evaluation import sets
from scoqa.evaluation.set_formats import question_kind
from scoqa.evaluation.sets import QuestionSet, read_set, to_jsonl
from scoqa.types import Gold, Question
from setfiles import ROW, SQUAD, questions_of, refusal, saved, written

# -- our own format --------------------------------------------------------------------------------


def test_a_row_becomes_a_question(tmp_path: Path) -> None:
    file = written(tmp_path, "", ROW)
    gold = Gold("a.txt", 0, 3, "Ufa")
    wanted = Question("q1", "Where?", (gold,), (Gold("a.txt", 0, 9),), True, "where")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert QuestionSet("set.jsonl", digest, ((2, wanted),), {}) == read_set(file)


def test_blank_lines_windows_endings_and_a_mark_do_no_harm(tmp_path: Path) -> None:
    second = json.dumps({**ROW, "id": "q2", "question": "Wo\u2028ist es?"}, ensure_ascii=False)
    text = f"\ufeff{json.dumps(ROW)}\r\n\r\n  \r\n{second}\r\n"
    numbered = read_set(saved(tmp_path, "set.jsonl", text)).questions
    assert [(1, "q1"), (4, "q2")] == [(line, row.id) for line, row in numbered]
    old = text.replace("\r\n", "\r")
    assert numbered == read_set(saved(tmp_path, "old.jsonl", old)).questions


def test_an_answer_without_offsets_is_to_be_found(tmp_path: Path) -> None:
    row = {**ROW, "answers": [{"document": "a.txt", "text": "Ufa"}]}
    (question,) = questions_of(written(tmp_path, row))
    assert (Gold("a.txt", 0, 0, "Ufa"),) == question.answers


ANSWER: dict[str, Any] = ROW["answers"][0]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != key}


def answer(**changed: Any) -> dict[str, Any]:
    return {**ROW, "answers": [{**ANSWER, **changed}]}


MALFORMED_ROWS = [
    ("{", "is not JSON: Expecting property name enclosed in double quotes at column 2"),
    ("nonsense", "is not JSON: Expecting value at column 1"),
    ('{"id": "q", "id"}', "is not JSON: Expecting ':' delimiter at column 17"),
    (json.dumps(ROW) + "]", "is not JSON: Extra data at column"),
    ("[" * 100_000, "is not usable JSON: it is nested too deeply"),
    ('{"id": ' + "1" * 5000 + "}", "Exceeds the limit (4300 digits)"),
    ("[1]", "the line is not a JSON object"),
    ('"text"', "the line is not a JSON object"),
    ({**ROW, "turns": []}, "the row is a conversation (turns); only single questions are read"),
    (without("id"), "id is missing or not str"),
    ({**ROW, "id": 7}, "id is missing or not str"),
    (without("question"), "question is missing or not str"),
    ({**ROW, "question": " \n"}, "question is empty"),
    (without("answerable"), "answerable is missing or not bool"),
    ({**ROW, "answerable": "yes"}, "answerable is missing or not bool"),
    ({**ROW, "answerable": False}, "answerable does not agree with answers and evidence"),
    (
        {**ROW, "answers": [], "evidence": []},
        "answerable does not agree with answers and evidence",
    ),
    ({**ROW, "kind": 3}, "kind is not str"),
    ({**ROW, "all_required": 1}, "all_required is not bool"),
    ({**ROW, "answers": {}}, "answers is not a list"),
    ({**ROW, "evidence": None}, "evidence is not a list"),
    ({**ROW, "answers": ["Ufa"]}, "answers has an entry without a document"),
    (answer(document=None), "answers has an entry without a document"),
    (answer(text=41), "answers has an entry whose text is 41"),
    (answer(item="1"), "answers has an entry with item '1'"),
    (answer(item=True), "answers has an entry with item True"),
    (answer(start=-1), "answers has an entry with start -1 and end 3"),
    (answer(start=3), "answers has an entry with start 3 and end 3"),
    (answer(end="3"), "answers has an entry with start 0 and end '3'"),
    (answer(start=None), "answers has an entry with start None and end 3"),
    (answer(start=0.0), "answers has an entry with start 0.0 and end 3"),
    (answer(start=False, end=True), "answers has an entry with start False and end True"),
    (
        {**ROW, "evidence": [{"document": "a.txt"}]},
        "evidence has an entry with start None and end None",
    ),
    (
        {**ROW, "answers": [{"document": "a.txt", "text": " "}]},
        "answers has an entry with start None and end None",
    ),
    ({**ROW, "all_required": True}, "all_required needs an item number on every answer"),
    (ROW, "the id 'q1' is used twice"),
]


@pytest.mark.parametrize(("row", "reason"), MALFORMED_ROWS, ids=lambda value: str(value)[:40])
def test_a_malformed_row_is_named_with_its_line_and_the_reason(
    tmp_path: Path, row: Any, reason: str
) -> None:
    line, found = refusal(written(tmp_path, ROW, "", row, {**ROW, "id": "q3"}))
    assert 3 == line
    assert found.startswith(reason)


def test_a_refusal_is_one_sentence_that_says_where(tmp_path: Path) -> None:
    file = written(tmp_path, ROW, ROW)
    with pytest.raises(QuestionSetError) as refused:
        read_set(file)
    assert f"{file}, line 2: the id 'q1' is used twice" == str(refused.value)
    with pytest.raises(QuestionSetError) as refused:
        read_set(tmp_path / "gone.jsonl")
    assert f"{tmp_path}/gone.jsonl: cannot be read: No such file or directory." == str(
        refused.value
    )


def test_a_set_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path) -> None:
    assert (0, "cannot be read: Is a directory.") == refusal(tmp_path)
    assert (0, "contains no questions.") == refusal(written(tmp_path, "", " "))
    not_utf8 = saved(tmp_path, "old.jsonl", b"caf\xe9")
    assert (0, "is not UTF-8 text; save it as UTF-8.") == refusal(not_utf8)


texts = st.text(min_size=1, max_size=8)
golds = st.builds(
    lambda document, start, size, text, item: Gold(document, start, start + size, text, item),
    st.text(max_size=5),
    st.integers(0, 99),
    st.integers(1, 9),
    st.text(max_size=8),
    st.integers(),
) | st.builds(
    Gold, texts, st.just(0), st.just(0), texts.filter(str.strip), st.none() | st.integers()
)


@st.composite
def question_lists(draw: st.DrawFn) -> list[Question]:
    ids = draw(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True))
    rows = []
    for name in ids:
        answers = tuple(draw(st.lists(golds, max_size=3)))
        evidence = tuple(draw(st.lists(golds, max_size=2)))
        all_required = draw(st.booleans()) and all(gold.item is not None for gold in answers)
        rows.append(
            Question(
                id=name,
                question=draw(texts.filter(str.strip)),
                answers=answers,
                evidence=evidence,
                answerable=bool(answers or evidence),
                kind=draw(st.text(max_size=5)),
                all_required=all_required,
            )
        )
    return rows


@given(question_lists())
@example([Question("\r\n", 'a\u2028\x85"\\ \ud800?', (), (), False, "\ufeff")])
def test_what_is_written_is_read_back(questions: list[Question]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = saved(Path(folder), "set.jsonl", to_jsonl(questions))
        assert list(enumerate(questions, start=1)) == list(read_set(file).questions)


GUIDE = ROOT / "docs" / "guide" / "question-sets.md"


@pytest.mark.parametrize(("language", "name"), [("json", "set.jsonl"), ("csv", "set.csv")])
def test_the_examples_of_the_guide_are_sets(tmp_path: Path, language: str, name: str) -> None:
    (example_of,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    first, *rest = questions_of(saved(tmp_path, name, example_of))
    assert ("1", "Where was it?", "where") == (first.id, first.question, first.kind)
    assert ("Beijing", "note.txt") == (first.answers[0].text, first.answers[0].document)
    assert all(not question.answerable for question in rest)


# -- packed, and told apart ------------------------------------------------------------------------

TABLE = "question,answer,document\nWhere?,Ufa,a.txt\n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["{}", "{}.unknown", ""])
@pytest.mark.parametrize(
    ("suffix", "content", "ids"),
    [
        (".jsonl", f"{json.dumps(ROW)}\n{json.dumps({**ROW, 'id': 'q2'})}", ["q1", "q2"]),
        (".jsonl", f"\n {json.dumps(ROW)}", ["q1"]),
        (".csv", TABLE, ["1"]),
        (".tsv", TABLE.replace(",", "\t"), ["1"]),
        (".json", json.dumps(SQUAD), ["v1", "v2"]),
        (".json", "\n" + json.dumps(SQUAD, indent=1) + "\n", ["v1", "v2"]),
    ],
)
def test_a_format_is_known_by_its_name_or_by_what_is_in_it(
    tmp_path: Path, suffix: str, content: str, ids: list[str], name: str, packed: bool
) -> None:
    named = "set" + name.format(suffix) + (".gz" if packed else "")
    data = gzip.compress(content.encode()) if packed else content.encode()
    read = read_set(saved(tmp_path, named, data))
    assert ids == [question.id for _, question in read.questions]
    assert (named, hashlib.sha256(data).hexdigest()) == (read.name, read.digest)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(TABLE.encode() * 50)
    for name, data, reason in (
        ("cut.csv.gz", whole[:-12], "Compressed file ended"),
        ("none.csv.gz", TABLE.encode(), "Not a gzipped file"),
        ("bent.csv.gz", whole[:12] + b"\xff" + whole[13:], ""),
        ("sum.csv.gz", whole[:-8] + b"\0" * 8, "CRC check failed"),
    ):
        line, found = refusal(saved(tmp_path, name, data))
        assert (0, True) == (line, found.startswith(f"cannot be unpacked: {reason}")), found


def test_what_unpacks_to_more_than_fits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "LARGEST_BYTES", 2**20)
    bomb = gzip.compress(b"\n" * (2**20 + 1))
    assert len(bomb) < 2**20
    refused = (0, "is larger than 1 MB unpacked; split it.")
    assert refused == refusal(saved(tmp_path, "bomb.jsonl.gz", bomb))
    assert refused == refusal(saved(tmp_path, "large.jsonl", b"\n" * (2**20 + 1)))
    assert (0, "contains no questions.") == refusal(saved(tmp_path, "fits.jsonl", b"\n" * 2**20))


def test_a_bomb_is_not_unpacked_beyond_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "LARGEST_BYTES", 2**20)
    bomb = saved(tmp_path, "bomb.jsonl.gz", gzip.compress(b"\n" * 2**26, compresslevel=1))
    tracemalloc.start()
    try:
        refusal(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**23


# -- tables ----------------------------------------------------------------------------------------


def test_a_table_becomes_questions(tmp_path: Path) -> None:
    file = saved(
        tmp_path,
        "set.csv",
        "\ufeff Kind,ID,Question,Document,notes,ANSWER,Answerable\r\n"
        'place,n1,"Where,\r\nexactly?",b/a.txt,,Ufa | the city of Ufa,yes\r\n'
        ",,,,,,\r\n"
        ",n2,How many?,a.txt,never said,,NO\r\n"
        ",n3,Whose is it?,,,,\r\n",
    )
    assert (
        (2, Question("n1", "Where,\r\nexactly?", (
            Gold("b/a.txt", 0, 0, "Ufa"), Gold("b/a.txt", 0, 0, "the city of Ufa"),
        ), (), True, "place")),
        (5, Question("n2", "How many?", (), (), False, "number")),
        (6, Question("n3", "Whose is it?", (), (), False, "who")),
    ) == read_set(file).questions  # fmt: skip


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_header_tells_what_separates_the_cells(tmp_path: Path, separator: str) -> None:
    table = separator.join(["question", "answer", "document"])
    row = separator.join(['"a;b,c\td?"', "Ufa", "a.txt"])
    (question,) = questions_of(saved(tmp_path, "set.csv", f"{table}\n{row}\n"))
    assert "a;b,c\td?" == question.question


HEADER = "id,question,answer,document,answerable"
MALFORMED_TABLES = [
    (["", "question,answers,document"], 2, "the header lacks answer"),
    (["Where is it?"], 1, "the header lacks question, answer, document"),
    (["question,answer,document,Question "], 1, "the header has 'question' twice"),
    ([HEADER, "1,Where?,Ufa,a.txt"], 2, "the row has 4 cells, the header 5"),
    ([HEADER, "1,Where, when?,Ufa,a.txt,yes"], 2, "the row has 6 cells, the header 5"),
    ([HEADER, "1,Where?,Ufa,a.txt,", "2, ,Ufa,a.txt,"], 3, "question is empty"),
    ([HEADER, '1,"Where', 'is it?",Ufa,a.txt,', ",Who?,Ada,a.txt,"], 4, "id is empty"),
    ([HEADER, "", "1,Where?,Ufa||Ufa city,a.txt,"], 3, "answer has an empty alternative"),
    ([HEADER, "1,Where?,|,a.txt,"], 2, "answer has an empty alternative"),
    ([HEADER, "1,Where?,Ufa,,"], 2, "there is an answer, but no document"),
    ([HEADER, "1,Where?,,a.txt,"], 2, "there is a document, but no answer"),
    ([HEADER, "1,Where?,,,yes"], 2, "answerable does not agree with answer"),
    ([HEADER, "1,Where?,Ufa,a.txt,no"], 2, "answerable does not agree with answer"),
    ([HEADER, "1,Where?,Ufa,a.txt,maybe"], 2, "answerable is 'maybe'; it should be yes or no"),
    ([HEADER, "1,Where?,Ufa,a.txt,", "1,Who?,Ada,a.txt,"], 3, "the id '1' is used twice"),
    ([HEADER, "1,Where?,Ufa,a.txt,", '2,"Who?,Ada,a.txt,', "3"], 3, "is not CSV: unexpected end"),
    ([HEADER, '1,"Where"?,Ufa,a.txt,'], 2, "is not CSV: ',' expected after '\"'"),
    ([HEADER, f"1,{'x' * 140_000},Ufa,a.txt,"], 2, "is not CSV: field larger than field limit"),
    ([HEADER], 0, "contains no questions."),
]


@pytest.mark.parametrize(
    ("lines", "line", "reason"), MALFORMED_TABLES, ids=lambda value: str(value)[:60]
)
def test_a_malformed_table_is_named_with_its_line_and_the_reason(
    tmp_path: Path, lines: list[str], line: int, reason: str
) -> None:
    found_line, found = refusal(saved(tmp_path, "set.csv", "\n".join(lines)))
    assert (line, reason) == (found_line, found[: len(reason)])


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who built it?", "who"),
        ("To whom was it given?", "who"),
        ("WHOSE is it?", "who"),
        ("In what year did it burn?", "what"),
        ("During which war?", "which"),
        ("How many\nmetres?", "number"),
        ("how much did it cost", "number"),
        ("How is it lit, and why?", "how"),
        ("Somewhere, whatever: when?", "when"),
        ("Name the keeper.", "other"),
        ("Кто построил маяк?", "other"),
    ],
)
def test_a_question_is_of_the_kind_of_its_first_question_word(question: str, kind: str) -> None:
    assert kind == question_kind(question)
