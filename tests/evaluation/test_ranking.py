"""Rankings on paper, and through the files of TREC with ir_measures over pytrec_eval."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import ir_measures
import pytest
from ir_measures import RR, Success, nDCG

from conftest import quick_workspace
from scoqa.evaluation import evaluate
from scoqa.evaluation.ranking import Judged, judge_passages, ndcg, reciprocal_rank
from scoqa.evaluation.report.exports import write_qrels, write_run
from scoqa.types import Gold, Passage, Question, Report


def question(
    *answers: Gold,
    evidence: tuple[Gold, ...] = (),
    id: str = "q",
    text: str = "?",
    lists: bool = False,
) -> Question:
    return Question(
        id, text, answers, evidence, bool(answers or evidence), "", all_required=lists
    )  # fmt: skip


def relevant(*ids: str) -> list[Judged]:
    return [Judged(each, 0, 1) for each in ids]


# -- on paper -------------------------------------------------------------------------------------


def test_reciprocal_rank_and_gain_are_what_paper_says() -> None:
    ranking = list("abcdefghijklm")
    assert 1 / 3 == reciprocal_rank(relevant("c", "e"), ranking)
    best = 1 / math.log2(2) + 1 / math.log2(3)
    assert (1 / math.log2(4) + 1 / math.log2(6)) / best == pytest.approx(
        ndcg(relevant("c", "e"), ranking)
    )
    assert 1.0 == ndcg(relevant(*"abcdefghijkl"), ranking), "twelve relevant, ten seen"
    assert (1 / 11, 0.0) == (reciprocal_rank(relevant("k"), ranking), ndcg(relevant("k"), ranking))
    for nothing in ([], [Judged("a", 0, 0)], relevant("z")):
        assert (0.0, 0.0) == (reciprocal_rank(nothing, ranking), ndcg(nothing, ranking))


def passages(*bounds: int) -> dict[str, list[Passage]]:
    """Return passages between `bounds` of a.txt, called by their starts."""
    text = "x" * bounds[-1]
    return {
        "a.txt": [
            Passage(str(start), "d", start, end, text[start:end], "")
            for start, end in pairwise(bounds)
        ]
    }


def test_a_passage_that_holds_part_of_an_answer_is_judged_not_relevant() -> None:
    cut = Gold("a.txt", 8, 12)
    assert [Judged("0", 0, 0), Judged("10", 0, 0)] == judge_passages(
        question(cut), passages(0, 10, 20)
    )
    either = question(cut, Gold("a.txt", 3, 5))
    assert [Judged("0", 0, 1), Judged("10", 0, 0)] == judge_passages(either, passages(0, 10, 20))


def test_each_item_of_a_list_is_judged_alone_and_evidence_by_touch() -> None:
    row = question(Gold("a.txt", 1, 3, "", 1), Gold("a.txt", 4, 5, "", 2), lists=True)
    assert [Judged("0", 1, 1), Judged("0", 2, 1)] == judge_passages(row, passages(0, 10, 20))
    row = question(evidence=(Gold("a.txt", 8, 12),))
    assert [Judged("0", 0, 1), Judged("10", 0, 1)] == judge_passages(row, passages(0, 10, 20))


# -- by others ------------------------------------------------------------------------------------

COLOURS = "red blue green white black brown grey pink amber ivory".split()
PLACES = "harbour bridge market school mill tower garden station".split()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return the report of rows of every sort over eighty look-alike documents."""
    folder = tmp_path_factory.mktemp("towns")
    rows: list[Question] = []
    for number in range(80):
        colour, place = COLOURS[number % 10], PLACES[number // 10]
        text = (
            f"The {colour} {place}\n\nThe {colour} {place} was opened in {1800 + number}. "
            + f"People meet at the {place} in the evening. " * 40
            + f"\n\nThe keeper of the {colour} {place} was called Ada Number{number}. "
            + "It rains there. " * 30
        )
        name = f"{number:02}.txt"
        (folder / name).write_text(text, encoding="utf-8")

        def gold(words: str, item: int | None = None, text: str = text, name: str = name) -> Gold:
            start = text.index(words)
            return Gold(name, start, start + len(words), words, item)

        year, keeper = str(1800 + number), f"Ada Number{number}"
        asked = f"the {colour} {place}"
        rows.append(
            question(gold(year), id=f"y {number}", text=f"When was the {colour} one opened?")
        )
        rows.append(question(gold(year, 1), gold(keeper, 2), id=f"l{number}", lists=True,
                             text=f"Year and keeper of the {place}?"))  # fmt: skip
        rows.append(question(evidence=(gold(f"The keeper of {asked}"),), id=f"e{number}",
                             text=f"Who kept {asked}?"))  # fmt: skip
        long = Gold(name, 0, len(text), text)  # in no passage whole
        rows.append(question(long, id=f"c%{number}", text=f"Tell about {asked}"))
        rows.append(question(id=f"u{number}", text=f"What did {asked} cost?"))
    workspace = quick_workspace(folder)
    workspace.sync()
    return evaluate(workspace, rows)


def test_the_ranking_is_what_ir_measures_makes_of_the_exported_files(
    report: Report, tmp_path: Path
) -> None:
    with (tmp_path / "r.run").open("w") as run, (tmp_path / "r.qrels").open("w") as qrels:
        write_run(run, report.rows)
        write_qrels(qrels, report.rows)
    qrels_read = list(ir_measures.read_trec_qrels(str(tmp_path / "r.qrels")))
    run_read = list(ir_measures.read_trec_run(str(tmp_path / "r.run")))
    theirs = {
        (each.query_id, str(each.measure)): each.value
        for each in ir_measures.pytrec_eval.iter_calc([RR, nDCG @ 10], qrels_read, run_read)
    }
    ranks: dict[tuple[str, str], float] = {}
    for item in sorted({each.iteration for each in qrels_read}):
        of_item = [each for each in qrels_read if each.iteration == item]
        for each in ir_measures.pytrec_eval.iter_calc(
            [Success @ 1, Success @ 5, Success @ 10], of_item, run_read
        ):
            key = (each.query_id, str(each.measure))
            ranks[key] = min(each.value, ranks.get(key, 1.0))  # every item of a list
    seen = set()
    for row in report.rows:
        name = row["id"].replace("%", "%25").replace(" ", "%20")
        measures = row["measures"]
        if not row["answerable"]:
            assert {None} == {measures[each] for each in ("Success@1", "RR", "nDCG@10")}
            assert (name, "RR") not in theirs
            continue
        for ours, value in (("RR", "RR"), ("nDCG@10", "nDCG@10")):
            assert theirs[name, value] == pytest.approx(measures[ours], abs=1e-6), row["id"]
        for k in (1, 5, 10):
            assert ranks[name, f"Success@{k}"] == measures[f"Success@{k}"], row["id"]
        seen.add(
            (row["id"][0], measures["Success@1"], measures["Success@5"] - measures["Success@1"])
        )
    assert len(seen) > 6, "ranks of every sort were compared"
    mean = ir_measures.pytrec_eval.calc_aggregate([RR, nDCG @ 10], qrels_read, run_read)
    assert mean[RR] == pytest.approx(report.measures["RR"].value, abs=1e-6)
    assert mean[nDCG @ 10] == pytest.approx(report.measures["nDCG@10"].value, abs=1e-6)
