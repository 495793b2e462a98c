"""Measures worked out by hand, and sets asked and scored."""

from __future__ import annotations

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
from scoqa.errors import QuestionSetError, WorkspaceError
from scoqa.evaluation import Evaluation, build_report, evaluate
from scoqa.evaluation.error_attribution import BLAMES, attribute_error
from scoqa.evaluation.measures import (
    citation_scores,
    exact_match,
    f1,
    is_right_document,
    is_right_place,
    item_scores,
    normalise,
)
from scoqa.evaluation.ranking import EVIDENCE_TOKENS, Judged, evidence_share, rank_of_gold
from scoqa.evaluation.report.summary import MEANS, NAMES, Columns, seconds_by_stage, summarise
from scoqa.evaluation.runs import list_runs
from scoqa.evaluation.sets import read_set, to_jsonl
from scoqa.types import Citation, Gold, Measure, Question, Span, with_also_in


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
    assert 0.0 == evidence_share(
        question(evidence=(Gold("a.txt", -1, -1),)), [("a.txt", 0, 9)], [1]
    )


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


# -- citations -------------------------------------------------------------------------------------

TEXT = "Ufa is a city. Astana is another. Ufa again."


def cited(*spans: tuple[int, int], also: tuple[int, int] | None = None) -> list[Citation]:
    document, copy = document_of(TEXT, "a.txt"), document_of(TEXT, "b.txt")
    found = [Citation.from_span(document, Span(document.id, *span, 1.0)) for span in spans]
    if also is not None:
        found[0] = with_also_in(found[0], [Citation.from_span(copy, Span(copy.id, *also, 1.0))])
    return found


@pytest.mark.parametrize(
    ("row", "citations", "precision", "recall"),
    [
        # The quote has ten characters, the answer six, four of them in both.
        (question(Gold("a.txt", 21, 27)), cited((15, 25)), 0.4, 4 / 6),
        (question(Gold("a.txt", 15, 21)), cited((15, 21), (0, 3)), 1.0, 1.0),  # the first counts
        (question(Gold("b.txt", 15, 21)), cited((15, 21)), 0.0, 0.0),
        (question(Gold("b.txt", 15, 21)), cited((15, 21), also=(15, 21)), 1.0, 1.0),
        (question(Gold("a.txt", 0, 14), Gold("a.txt", 0, 3)), cited((0, 3)), 1.0, 1.0),
        (question(Gold("a.txt", 0, 3)), [], None, 0.0),
        (question(), cited((0, 3)), None, None),
        # Evidence counts together: 14 and 10 characters, of which 14 are cited.
        (question(evidence=(Gold("a.txt", 0, 14), Gold("a.txt", 34, 44))), cited((0, 14)), 1.0,
         14 / 24),
        # A list: three and six characters wanted; three and three cited, one of them in vain.
        (question(Gold("a.txt", 0, 3, "", 1), Gold("a.txt", 34, 37, "", 1),
                  Gold("a.txt", 15, 21, "", 2), all_required=True),
         cited((0, 3), (20, 23)), 4 / 6, 4 / 9),
        (question(Gold("a.txt", -1, -1)), cited((0, 3)), 0.0, 0.0),  # not in the text
    ],
)  # fmt: skip
def test_citations_are_scored_in_characters(
    row: Question, citations: list[Citation], precision: float | None, recall: float | None
) -> None:
    assert (precision, recall) == pytest.approx(tuple(citation_scores(row, citations)))


def test_the_right_document_is_one_that_holds_gold() -> None:
    (first,) = cited((0, 3))
    assert True is is_right_document(question(Gold("a.txt", 40, 44)), first)
    assert False is is_right_document(question(Gold("b.txt", 0, 3)), first)
    assert True is is_right_document(question(Gold("b.txt", 0, 3)), *cited((0, 3), also=(0, 3)))
    assert None is is_right_document(question(), first)


# -- blame -----------------------------------------------------------------------------------------

ASTANA, UFA = Gold("a.txt", 15, 21, "", 1), Gold("a.txt", 0, 3, "", 2)
HELD, CUT = [Judged("p", 0, 1)], [Judged("p", 0, 0)]
ALL, NONE = [("a.txt", 0, 44)], [("b.txt", 0, 44)]


@pytest.mark.parametrize(
    ("row", "judgements", "windows", "shown", "answered", "blamed"),
    [
        (question(ASTANA), HELD, ALL, cited((15, 21)), True, None),
        (question(ASTANA), HELD, ALL, cited((15, 21)), False, "threshold"),
        (question(ASTANA), HELD, ALL, cited((0, 3)), True, "read"),
        (question(ASTANA), HELD, ALL, cited((0, 3)), False, "read"),
        (question(ASTANA), HELD, ALL, cited((0, 3), (15, 21)), True, "read"),  # the first counts
        (question(ASTANA), HELD, NONE, cited((0, 3)), True, "retrieve"),
        (question(ASTANA), HELD, [("a.txt", 0, 20)], [], False, "retrieve"),
        (question(ASTANA), CUT, NONE, [], False, "split"),
        (question(ASTANA), CUT, ALL, [], False, "read"),  # whole again where passages were joined
        (question(replace(ASTANA, start=-1, end=-1)), [], ALL, cited((0, 3)), True, "parse"),
        (question(), [], ALL, cited((0, 3)), True, "unanswerable"),
        (question(), [], ALL, cited((0, 3)), False, None),
        (question(evidence=(ASTANA,)), HELD, [("a.txt", 20, 44)], [], False, "read"),
        (question(evidence=(ASTANA,)), HELD, NONE, [], False, "retrieve"),
        # Of a list every item is wanted, from any citation; the earliest loss is blamed.
        (question(ASTANA, UFA, all_required=True), [], ALL, cited((0, 3), (15, 21)), True, None),
        (question(ASTANA, UFA, all_required=True), [], ALL, cited((0, 3)), True, "read"),
        (question(ASTANA, UFA, all_required=True), [Judged("p", 1, 1), Judged("p", 2, 0)], NONE,
         [], False, "split"),
        (question(ASTANA, UFA, all_required=True), [Judged("p", 1, 1)], NONE, cited((0, 3)), False,
         "retrieve"),
    ],
)  # fmt: skip
def test_the_first_stage_that_lost_the_answer_is_blamed(
    row: Question,
    judgements: list[Judged],
    windows: list[tuple[str, int, int]],
    shown: list[Citation],
    answered: bool,
    blamed: str | None,
) -> None:
    assert blamed == attribute_error(row, judgements, windows, shown, answered=answered)
    assert blamed is None or blamed in BLAMES


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


def test_items_have_precision_and_recall() -> None:
    row = items(("Ufa", "Ufa city"), ("Astana",), ("Bishkek",))
    assert (0.5, 2 / 3) == tuple(item_scores(row, ["Ufa", "Ufa city", "Astana", "Beijing"]))
    assert (None, 0.0) == tuple(item_scores(row, []))
    assert (None, None) == tuple(item_scores(said("Ufa"), ["Ufa"]))
    # The pairing that matches most: "Ufa" must stand for the second item, "Ufa city" for the first.
    assert (1.0, 1.0) == tuple(
        item_scores(items(("Ufa", "Ufa city"), ("Ufa",)), ["Ufa", "Ufa city"])
    )


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


def scored(kind: str = "", **changed: Any) -> dict[str, Any]:
    """Return the record of a question that went right, but for what is changed."""
    record: dict[str, Any] = {"id": "q", "kind": kind, "confidence": 0.9, "right": True,
                              "answerable": True, "answerable_probability": 0.9}  # fmt: skip
    own = {key: changed.pop(key) for key in list(changed) if key in record}
    return record | own | {"measures": dict.fromkeys(MEANS, 1.0) | changed}


def values(records: list[dict[str, Any]]) -> dict[str, float | None]:
    return {name: measure.value for name, measure in summarise(Columns(records)).items()}


def test_the_summary_of_three_records_is_what_paper_says() -> None:
    found = values(
        [
            scored(),
            scored(F1=0.5, RR=0.25, EM=None, confidence=0.5, right=False),
            scored(F1=0.0, RR=None, EM=None, confidence=0.7, right=False, answerable=False,
                   answerable_probability=0.4),
        ]
    )  # fmt: skip
    assert pytest.approx(0.5) == found["F1"]
    assert pytest.approx(0.625) == found["RR"]
    assert 1.0 == found["EM"]
    assert 1.0 == found["AUROC"]
    # In order of confidence: right, wrong, wrong.
    assert pytest.approx((0 + 1 / 2 + 2 / 3) / 3) == found["AURC"]
    assert None is found["calibration error"]  # fewer than five
    assert tuple(found) == NAMES


def test_a_number_that_does_not_exist_is_none_and_has_no_interval() -> None:
    nothing = summarise(Columns([]))
    assert {Measure(None, None, None, 0)} == set(nothing.values())
    alone = summarise(Columns([scored(F1=None)]))
    assert Measure(None, None, None, 0) == alone["F1"]
    assert Measure(1.0, None, None, 1) == alone["EM"]
    two = summarise(Columns([scored(), scored(F1=0.0)]))["F1"]
    assert (0.5, 0.0, 1.0, 2) == (two.value, two.low, two.high, two.count)


def test_records_are_grouped_by_kind_and_by_whether_they_can_be_answered() -> None:
    columns = Columns([scored("who"), scored("when", F1=0.0), scored("who", answerable=False)])
    groups = {name: summarise(columns, mask) for name, mask in columns.groups().items()}
    assert ["when", "who", "answerable", "unanswerable"] == list(groups)
    assert [1, 2, 2, 1] == [group["F1"].count for group in groups.values()]
    assert [0.0, 1.0, 0.5, 1.0] == [group["F1"].value for group in groups.values()]
    assert {} == Columns([scored()]).groups()


def test_seconds_are_told_by_stage_and_together() -> None:
    found = seconds_by_stage(
        [
            {"record": {"kind": "who"}, "seconds": {"find": 1.0, "read": 3.0}},
            {"record": {"kind": ""}, "seconds": {"find": 2.0, "read": 3.0}},
        ]
    )
    find, whole = found["stages"]["find"], found["stages"]["all"]
    assert (1.5, pytest.approx(1.95)) == (find["median"].value, find["95th percentile"].value)
    assert (4.5, pytest.approx(4.95)) == (whole["median"].value, whole["95th percentile"].value)
    assert (1.0, 2.0, 2) == (find["median"].low, find["median"].high, find["median"].count)
    assert ["who"] == list(found["kinds"])
    assert 4.0 == found["kinds"]["who"]["median"].value


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("1", "Who?"), ("2", "???")], r"line 2: The question is empty"),
        ([("1", "x" * 2001)], r"line 1: The question has 2,001 characters"),
        ([("1", "Who?"), ("1", "When?")], r"line 2: the id '1' is used twice"),
    ],
)
def test_a_row_that_cannot_be_asked_is_named_before_anything_is_asked(
    folder: Path, rows: list[tuple[str, str]], reason: str
) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    asked = [replace(question(), id=id, question=text) for id, text in rows]
    with pytest.raises(QuestionSetError, match=reason):
        evaluate(workspace, asked, progress=lambda *_: pytest.fail("something was asked"))


def test_evidence_alone_says_nothing_of_silence_and_confidence(folder: Path) -> None:
    workspace = quick_workspace(folder, threshold=1.0)
    workspace.sync()
    alone = question(evidence=(gold(folder, "lighthouse.txt", "Ada Lund"),))
    rows = [replace(alone, id=str(n), question=f"Who built lighthouse {n}?") for n in range(8)]
    report = evaluate(workspace, rows)
    silent = ("silence accuracy", "false silences", "AUROC", "AURC", "Brier", "calibration error",
              "EM", "F1")  # fmt: skip
    assert {Measure(None, None, None, 0)} == {report.measures[name] for name in silent}
    assert 8 == report.measures["Success@5"].count == report.measures["citation recall"].count


# -- all of it -------------------------------------------------------------------------------------


def gold(folder: Path, document: str, text: str) -> Gold:
    start = (folder / document).read_text(encoding="utf-8").index(text)
    return Gold(document, start, start + len(text), text)


@pytest.fixture
def questions(folder: Path) -> Path:
    first = question(
        gold(folder, "lighthouse.txt", "Ada Lund"),
        evidence=(gold(folder, "lighthouse.txt", "The lighthouse was built in 1887 by Ada Lund."),),
    )
    rows = [
        replace(first, id="q1", question="Who built the lighthouse?"),
        replace(question(), id="q2", question="Кто построил маяк?"),
    ]
    file = folder / "set.jsonl"
    file.write_text("\n" + to_jsonl(rows), encoding="utf-8")
    return file


def test_a_set_is_asked_and_scored(folder: Path, questions: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    done: list[tuple[int, int]] = []
    report = evaluate(workspace, questions, progress=lambda *step: done.append(step))
    assert [(0, 2), (1, 2), (2, 2)] == done
    first, second = report.rows
    assert ("q1", True, "Ada Lund") == (first["id"], first["answerable"], first["gold"][0]["text"])
    assert first["rank"] is not None
    assert 1.0 == first["measures"]["evidence share"]
    assert ("q2", False, "language_not_supported") == (
        second["id"],
        second["answered"],
        second["reason"],
    )
    assert (1.0, None) == (second["measures"]["EM"], second["rank"])
    assert 1.0 == report.measures["verbatim"].value
    assert {"scoqa", "embedder", "passages", "reader", "corpus", "set"} <= set(report.fingerprint)


def test_documents_that_change_meanwhile_end_the_run(folder: Path) -> None:
    """Half of the answers would be of one index, half of another."""
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    row = question(Gold("lighthouse.txt", 0, 3, "The"))
    rows = [replace(row, id=str(number), question="Who built the lighthouse?") for number in (1, 2)]

    def change(done: int, total: int) -> None:
        if done:
            (folder / "harbour.txt").write_text("Other words.", encoding="utf-8")
            workspace.sync()

    with pytest.raises(WorkspaceError, match="changed after 1 of 2 questions"):
        evaluate(workspace, rows, progress=change)


def test_a_quote_that_is_no_slice_of_its_document_is_not_held_to_be_verbatim(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    right = question(gold(folder, "lighthouse.txt", "Ada Lund"))
    rows = [replace(right, question="Who built the lighthouse?")]
    assert 1.0 == evaluate(workspace, rows).measures["verbatim"].value
    explain = workspace.explain

    def shifted(question: str) -> Any:
        explained = explain(question)
        wrong = replace(explained.answer.citations[0], quote="Something else")
        return replace(explained, answer=replace(explained.answer, citations=(wrong,)))

    monkeypatch.setattr(workspace, "explain", shifted)
    assert 0.0 == evaluate(workspace, rows).measures["verbatim"].value


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
    rows = [replace(row, id=f"row-{row.id}") for _, row in read_set(questions).questions]
    report = evaluate(workspace, rows)
    assert ["row-q1", "row-q2"] == [row["id"] for row in report.rows]


def test_gold_that_leaves_its_document_is_refused_before_anything_is_asked(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    outside = replace(question(Gold("lighthouse.txt", 0, 9999)), question="Who?")
    with pytest.raises(QuestionSetError, match=r"rows, line 1: 0:9999 .* outside lighthouse\.txt"):
        evaluate(workspace, [outside])


def test_a_gold_that_was_shifted_is_scored_where_it_stands_and_said(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    right = gold(folder, "lighthouse.txt", "Ada Lund")
    rows = [replace(question(right), question="Who built the lighthouse?")]
    shifted = [replace(rows[0], answers=(replace(right, start=3, end=11),))]
    ready = Evaluation(workspace, shifted)
    (correction,) = ready.corrections
    assert ((3, 11), (right.start, right.end)) == (correction.was, correction.now)
    (told,) = ready.run().corrections
    assert ([3, 11], [right.start, right.end]) == (told["was"], told["now"])
    (run,) = list_runs(workspace.index)
    assert [told] == list(build_report(run).corrections)
    assert list(evaluate(workspace, rows).rows) == list(ready.run(save=False).rows)
