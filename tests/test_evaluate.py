"""Measures worked out by hand, and question sets that say what is wrong with them."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import document_of, quick_workspace
from scoqa.errors import QuestionSetError
from scoqa.evaluate import evaluate
from scoqa.evaluate.measures import (
    EVIDENCE_TOKENS,
    evidence_share,
    exact_match,
    f1,
    is_right_place,
    normalise,
    rank_of_gold,
    summarise,
)
from scoqa.evaluate.sets import read_questions, resolve
from scoqa.types import Citation, Gold, Question, Span, with_also_in


def question(
    *answers: Gold, evidence: tuple[Gold, ...] = (), all_required: bool = False
) -> Question:
    return Question(
        id="q",
        question="?",
        answers=answers,
        evidence=evidence,
        answerable=bool(answers or evidence),
        kind="",
        all_required=all_required,
    )


def said(*texts: str) -> Question:
    """Return a question whose gold answers are `texts`, wherever they stand."""
    return question(*(Gold("a.txt", 0, 1, text) for text in texts))


def items(*alternatives: tuple[str, ...]) -> Question:
    """Return a question that wants one of each of `alternatives`."""
    golds = [
        Gold("a.txt", 10 * number, 10 * number + 5, text, number)
        for number, texts in enumerate(alternatives)
        for text in texts
    ]
    return question(*golds, all_required=True)


SILENCE: tuple[str, ...] = ()


# -- rank ------------------------------------------------------------------------------------------


def test_the_rank_is_the_first_place_that_holds_a_whole_answer() -> None:
    row = question(Gold("a.txt", 100, 110), Gold("b.txt", 0, 5))
    assert 1 == rank_of_gold(row, [("a.txt", 100, 110)])
    assert 2 == rank_of_gold(row, [("a.txt", 0, 109), ("a.txt", 50, 200)])
    assert 3 == rank_of_gold(row, [("b.txt", 100, 110), ("a.txt", 101, 200), ("b.txt", 0, 9)])
    assert None is rank_of_gold(row, [("a.txt", 0, 105), ("a.txt", 105, 200)])
    assert None is rank_of_gold(row, [])


def test_where_all_are_required_the_rank_is_the_last_items() -> None:
    row = items(("Ufa", "Ufa city"), ("Astana",))
    one, other = ("a.txt", 0, 5), ("a.txt", 10, 15)
    assert 3 == rank_of_gold(row, [one, ("a.txt", 50, 60), other])
    assert 1 == rank_of_gold(row, [("a.txt", 0, 15)])
    assert None is rank_of_gold(row, [one, one])


def test_without_answers_a_place_that_touches_the_evidence_counts() -> None:
    row = question(evidence=(Gold("a.txt", 10, 20),))
    assert 2 == rank_of_gold(row, [("a.txt", 20, 30), ("a.txt", 19, 30)])
    assert None is rank_of_gold(row, [("a.txt", 0, 10), ("b.txt", 10, 20)])


def test_a_question_without_gold_has_no_rank() -> None:
    assert None is rank_of_gold(question(), [("a.txt", 0, 10)])


# -- evidence --------------------------------------------------------------------------------------


def test_the_evidence_share_counts_characters_in_the_first_900_tokens() -> None:
    row = question(evidence=(Gold("a.txt", 0, 60), Gold("b.txt", 0, 40)))
    places = [("a.txt", 30, 100), ("b.txt", 30, 50), ("a.txt", 0, 30)]
    assert 900 == EVIDENCE_TOKENS
    assert 0.4 == evidence_share(row, places[:2], [450, 450])  # 30 of 60 and 10 of 40
    assert 0.7 == evidence_share(row, places, [450, 449, 1])
    assert 0.4 == evidence_share(row, places, [450, 449, 2]), "places are taken whole"
    assert 0.0 == evidence_share(row, places, [901, 1, 1])
    assert 0.0 == evidence_share(row, [], [])


def test_evidence_that_overlaps_is_counted_once() -> None:
    row = question(evidence=(Gold("a.txt", 0, 10), Gold("a.txt", 5, 15)))
    assert 10 / 15 == evidence_share(row, [("a.txt", 0, 10), ("a.txt", 2, 8)], [1, 1])


def test_without_evidence_there_is_no_share() -> None:
    assert None is evidence_share(said("Ufa"), [("a.txt", 0, 10)], [1])


def test_the_right_place_is_one_that_the_quote_touches() -> None:
    text = "Ufa is a city. Astana is another. Ufa again."
    document, copy = document_of(text, "a.txt"), document_of(text, "b.txt")
    citation = Citation.from_span(document, Span(document.id, 15, 21, 1.0))
    assert True is is_right_place(question(Gold("a.txt", 20, 30)), citation)
    assert False is is_right_place(question(Gold("a.txt", 21, 30)), citation)
    assert False is is_right_place(question(Gold("b.txt", 15, 21)), citation)
    assert True is is_right_place(question(evidence=(Gold("a.txt", 0, 16),)), citation)
    assert None is is_right_place(question(), citation)
    beside = with_also_in(citation, [Citation.from_span(copy, Span(copy.id, 15, 21, 1.0))])
    assert True is is_right_place(question(Gold("b.txt", 15, 21)), beside)


# -- words -----------------------------------------------------------------------------------------


def squad_normalise(text: str) -> list[str]:
    """The published evaluate-v1.1.py, step by step."""
    text = "".join(ch for ch in text.lower() if ch not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(prediction: str, truth: str) -> float:
    predicted, gold = squad_normalise(prediction), squad_normalise(truth)
    same = sum((Counter(predicted) & Counter(gold)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(predicted), same / len(gold)
    return 2 * precision * recall / (precision + recall)


WORDS = ["a", "an", "The", "the", "Ufa", "city,", "U.S.", "co-op", "don't", "$12", "-", "\n", "A."]
plain = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


@given(plain, plain)
def test_words_are_compared_as_squad_publishes_it(one: str, other: str) -> None:
    assert squad_normalise(one) == normalise(one)
    if normalise(one) and normalise(other):
        assert squad_f1(one, other) == f1(said(other), [one])
        assert float(squad_normalise(one) == squad_normalise(other)) == exact_match(
            said(other), [one]
        )


@pytest.mark.parametrize(
    ("quote", "golds", "exact", "share"),
    [
        ("The Ufa summit.", ("Ufa summit",), 1.0, 1.0),
        ("in the city of Ufa", ("Ufa", "city of Ufa"), 0.0, 6 / 7),  # 3 of 4 words, 3 of 3
        ("12 December 2017", ("On 12 December 2017",), 0.0, 6 / 7),
        ("Ufa Ufa", ("Ufa",), 0.0, 2 / 3),
        ("Astana", ("Ufa",), 0.0, 0.0),
        ("41\u00a0Metres", ("41 metres",), 1.0, 1.0),
        ("U.S.", ("us",), 1.0, 1.0),
        ("the", ("Ufa",), 0.0, 0.0),
        ("an apple a day", ("apple day",), 1.0, 1.0),
    ],
)
def test_the_first_quote_is_scored_against_the_best_alternative(
    quote: str, golds: tuple[str, ...], exact: float, share: float
) -> None:
    assert exact == exact_match(said(*golds), [quote, "whatever follows"])
    assert share == pytest.approx(f1(said(*golds), [quote, "whatever follows"]))


def test_items_are_matched_each_quote_once() -> None:
    row = items(("Ufa", "Ufa city"), ("Astana",), ("Bishkek",))
    assert (1.0, 1.0) == (
        exact_match(row, ["Bishkek", "Ufa city", "the Astana"]),
        f1(row, ["Bishkek", "Ufa city", "the Astana"]),
    )
    # Two of three items, two of four quotes right: 2 * 2 / (4 + 3).
    quotes = ["Ufa", "Ufa city", "Astana", "Beijing"]
    assert (0.0, 4 / 7) == (exact_match(row, quotes), f1(row, quotes))
    assert (0.0, 0.0) == (exact_match(row, ["Beijing"]), f1(row, ["Beijing"]))
    # One quote cannot stand for two items.
    twice = items(("Ufa",), ("Ufa",))
    assert (0.0, 2 / 3) == (exact_match(twice, ["Ufa"]), f1(twice, ["Ufa"]))
    assert (1.0, 1.0) == (exact_match(twice, ["Ufa", "Ufa"]), f1(twice, ["Ufa", "Ufa"]))
    # All items and one more is not exact.
    more = ["Bishkek", "Ufa", "Astana", "Beijing"]
    assert (0.0, 6 / 7) == (exact_match(row, more), f1(row, more))


def test_silence_is_right_exactly_where_nothing_answers() -> None:
    assert (1.0, 1.0) == (exact_match(question(), SILENCE), f1(question(), SILENCE))
    assert (0.0, 0.0) == (exact_match(question(), ["Ufa"]), f1(question(), ["Ufa"]))
    assert (0.0, 0.0) == (exact_match(said("Ufa"), SILENCE), f1(said("Ufa"), SILENCE))
    assert (0.0, 0.0) == (exact_match(items(("a",)), SILENCE), f1(items(("a",)), SILENCE))


def test_evidence_without_answers_has_no_words_to_compare() -> None:
    row = question(evidence=(Gold("a.txt", 0, 5),))
    assert (None, None) == (exact_match(row, ["Ufa"]), f1(row, ["Ufa"]))
    assert (None, None) == (exact_match(row, SILENCE), f1(row, SILENCE))


# -- summary ---------------------------------------------------------------------------------------


def scored(**changed: Any) -> dict[str, Any]:
    row = {
        "answerable": True,
        "answered": True,
        "rank": 1,
        "evidence_share": 1.0,
        "right_place": True,
        "exact_match": 1.0,
        "f1": 1.0,
        "verbatim": True,
    }
    return {**row, **changed}


def test_the_summary_of_four_rows_is_what_paper_says() -> None:
    rows = [
        scored(),
        scored(rank=7, evidence_share=0.5, right_place=False, exact_match=0.0, f1=0.5),
        scored(
            rank=None, evidence_share=None, right_place=None, answered=False, exact_match=None,
            f1=None,
        ),
        scored(answerable=False, rank=None, evidence_share=None, right_place=None, f1=0.0,
               exact_match=0.0),
    ]  # fmt: skip
    assert {
        "R@1": 1 / 3,
        "R@5": 1 / 3,
        "R@10": 2 / 3,
        "evidence share": 0.75,
        "right place": 1 / 3,
        "EM": 0.5,
        "F1": 0.75,
        "silence accuracy": 0.5,
        "false silences": 1 / 3,
        "false answers": 1.0,
        "verbatim": 1.0,
    } == pytest.approx(summarise(rows))


def test_a_number_that_does_not_exist_is_none() -> None:
    assert {None} == set(summarise([]).values())
    silent = scored(answerable=False, answered=False, rank=None, evidence_share=None)
    summary = summarise([silent])
    assert (None, None, None) == (summary["R@1"], summary["F1"], summary["false silences"])
    assert (1.0, 0.0) == (summary["silence accuracy"], summary["false answers"])
    assert None is summarise([scored(evidence_share=None)])["evidence share"]


# -- question sets ---------------------------------------------------------------------------------

ROW: dict[str, Any] = {
    "id": "q1",
    "question": "Where?",
    "answerable": True,
    "kind": "where",
    "answers": [{"document": "a.txt", "start": 0, "end": 3, "text": "Ufa"}],
    "evidence": [{"document": "a.txt", "start": 0, "end": 9}],
}
ANSWER: dict[str, Any] = ROW["answers"][0]


def written(tmp_path: Path, *lines: Any) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        encoding="utf-8",
    )
    return file


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != key}


def answer(**changed: Any) -> dict[str, Any]:
    return {**ROW, "answers": [{**ANSWER, **changed}]}


def test_a_row_becomes_a_question(tmp_path: Path) -> None:
    gold = Gold("a.txt", 0, 3, "Ufa")
    wanted = Question("q1", "Where?", (gold,), (Gold("a.txt", 0, 9),), True, "where")
    assert [wanted] == read_questions(written(tmp_path, ROW))


def test_blank_lines_windows_endings_and_a_mark_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    second = json.dumps({**ROW, "id": "q2", "question": "Wo\u2028ist es?"}, ensure_ascii=False)
    file.write_bytes(f"\ufeff{json.dumps(ROW)}\r\n\r\n  \r\n{second}\r\n".encode())
    assert ["q1", "q2"] == [row.id for row in read_questions(file)]


MALFORMED = [
    ("{", "Expecting property name"),
    ("nonsense", "Expecting value"),
    ('{"id": "q", "id"}', "Expecting ':'"),
    ("[" * 100_000, "maximum recursion depth"),
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
    ({**ROW, "answers": {}}, "answers is not a list"),
    ({**ROW, "evidence": None}, "evidence is not a list"),
    ({**ROW, "answers": ["Ufa"]}, "answers has an entry without a document"),
    (answer(document=None), "answers has an entry without a document"),
    (answer(start=-1), "answers has an entry with start -1 and end 3"),
    (answer(start=3), "answers has an entry with start 3 and end 3"),
    (answer(end="3"), "answers has an entry with start 0 and end '3'"),
    (answer(start=None), "answers has an entry with start None and end 3"),
    (answer(start=0.0), "answers has an entry with start 0.0 and end 3"),
    (answer(start=False, end=True), "answers has an entry with start False and end True"),
    ({**ROW, "all_required": True}, "all_required needs an item number on every answer"),
    (ROW, "the id 'q1' is used twice"),
]


@pytest.mark.parametrize(("line", "reason"), MALFORMED, ids=lambda value: str(value)[:40])
def test_a_malformed_line_is_named_with_its_number_and_the_reason(
    tmp_path: Path, line: Any, reason: str
) -> None:
    file = written(tmp_path, ROW, "", line, {**ROW, "id": "q3"})
    with pytest.raises(QuestionSetError) as refused:
        read_questions(file)
    assert (str(file), 3) == (refused.value.path, refused.value.line)
    assert refused.value.reason.startswith(reason)
    assert str(refused.value).startswith(f"{file}, line 3: {reason}")


def test_a_set_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="cannot be read: No such file"):
        read_questions(tmp_path / "gone.jsonl")
    with pytest.raises(QuestionSetError, match="cannot be read: Is a directory"):
        read_questions(tmp_path)
    with pytest.raises(QuestionSetError, match="holds no questions"):
        read_questions(written(tmp_path, "", " "))
    (tmp_path / "old.jsonl").write_bytes(b"caf\xe9")
    with pytest.raises(QuestionSetError, match="not UTF-8"):
        read_questions(tmp_path / "old.jsonl")


# -- names of documents ----------------------------------------------------------------------------

PATHS = ["a.txt", "north/a.txt", "north/b.txt", "south/b.txt", "south/c.txt"]


def resolved(name: str) -> str:
    row = question(Gold(name, 0, 3), evidence=(Gold(name, 0, 9),))
    found = resolve(row, PATHS, "set.jsonl", 4)
    assert {each.document for each in (*found.answers, *found.evidence)} == {
        found.answers[0].document
    }
    return found.answers[0].document


@pytest.mark.parametrize(
    ("name", "path"),
    [("c.txt", "south/c.txt"), ("north/b.txt", "north/b.txt"), ("a.txt", "a.txt")],
)
def test_a_bare_name_stands_for_the_one_document_so_called(name: str, path: str) -> None:
    assert path == resolved(name)


@pytest.mark.parametrize(
    ("name", "found"),
    [("b.txt", "north/b.txt, south/b.txt"), ("d.txt", "none in the index"),
     ("th/b.txt", "none in the index"), ("", "none in the index")],
)  # fmt: skip
def test_a_name_of_none_or_several_documents_is_refused(name: str, found: str) -> None:
    with pytest.raises(QuestionSetError) as refused:
        resolved(name)
    wanted = f"set.jsonl, line 4: document {name!r} should name one document: {found}."
    assert wanted == str(refused.value)


# -- all of it -------------------------------------------------------------------------------------


def gold(folder: Path, document: str, text: str) -> dict[str, Any]:
    start = (folder / document).read_text(encoding="utf-8").index(text)
    return {"document": document, "start": start, "end": start + len(text), "text": text}


@pytest.fixture
def questions(folder: Path) -> Path:
    return written(
        folder,
        "",
        {**ROW, "question": "Who built the lighthouse?", "answers": [
            gold(folder, "lighthouse.txt", "Ada Lund")], "evidence": [
            gold(folder, "lighthouse.txt", "The lighthouse was built in 1887 by Ada Lund.")]},
        {**ROW, "id": "q2", "question": "Кто построил маяк?", "answerable": False,
         "answers": [], "evidence": []},
    )  # fmt: skip


def test_a_set_is_asked_and_scored(folder: Path, questions: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    done: list[tuple[int, int]] = []
    report = evaluate(workspace, questions, progress=lambda *step: done.append(step))
    assert [(1, 2), (2, 2)] == done
    first, second = report.rows
    assert ("q1", True, ["Ada Lund"]) == (first["id"], first["answerable"], first["gold"])
    assert first["rank"] is not None
    assert 1.0 == first["evidence_share"]
    assert ("q2", False, "language_not_supported") == (
        second["id"],
        second["answered"],
        second["reason"],
    )
    assert (1.0, None) == (second["exact_match"], second["rank"])
    assert 1.0 == report.measures["verbatim"]
    assert {"scoqa", "embedder", "passages", "reader", "corpus"} <= set(report.fingerprint)


def test_a_quote_of_a_document_that_changed_meanwhile_is_not_held_to_be_verbatim(
    folder: Path,
) -> None:
    # The set was checked against a text that is no more, though the quote still stands there.
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    row = question(Gold("lighthouse.txt", 0, 3, "The"))
    rows = [replace(row, question="Who built the lighthouse?")] * 2

    def change(done: int, total: int) -> None:
        for name in ("lighthouse.txt", "harbour.txt"):
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write("\n\nMore.\n")
        workspace.sync()

    report = evaluate(workspace, rows, progress=change)
    assert [True, False] == [row["verbatim"] for row in report.rows]


def test_the_same_index_gives_the_same_report(folder: Path, questions: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    assert evaluate(workspace, questions) == evaluate(quick_workspace(folder), str(questions))


def test_another_corpus_has_another_fingerprint(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = workspace.fingerprint()
    (folder / "harbour.txt").rename(folder / "port.txt")
    workspace.sync()
    after = workspace.fingerprint()
    assert {"corpus"} == {key for key in before if before[key] != after[key]}


def test_an_unknown_document_is_named_by_its_line_before_anything_is_asked(
    folder: Path, questions: Path
) -> None:
    # Counting rows instead of lines, blank ones were forgotten.
    text = questions.read_text(encoding="utf-8")
    questions.write_text(text.replace("lighthouse.txt", "tower.txt"), encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    with pytest.raises(QuestionSetError, match=r"line 2: document 'tower\.txt'"):
        evaluate(workspace, questions)


def test_questions_already_read_are_taken_as_they_are(folder: Path, questions: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    rows = [replace(row, id=f"row-{row.id}") for row in read_questions(questions)]
    report = evaluate(workspace, rows)
    assert ["row-q1", "row-q2"] == [row["id"] for row in report.rows]


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [(1, 4, "has 'he ' at 1:4, not 'The'"), (0, 9999, "0:9999 leaves lighthouse.txt")],
)
def test_gold_that_does_not_stand_in_the_document_is_refused_before_anything_is_asked(
    folder: Path, start: int, end: int, reason: str
) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    shifted = question(Gold("lighthouse.txt", start, end, "The"))
    with pytest.raises(QuestionSetError, match=f"rows, line 1: .*{reason}"):
        evaluate(workspace, [shifted])
