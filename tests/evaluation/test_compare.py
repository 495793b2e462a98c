"""Two reports: what is a difference, and what is noise."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoqa.errors import ConfigError, QuestionSetError
from scoqa.evaluation.report.compare import Limit, compare, read_report, select_compared
from scoqa.evaluation.report.summary import LESS_IS_BETTER, MEANS, NAMES
from scoqa.evaluation.statistics import auroc


def row(id: str, *, blame: str | None = None, **changed: Any) -> dict[str, Any]:
    """Return the record of a question that went right, but for what is changed."""
    numbers = dict.fromkeys(MEANS, 1.0) | dict.fromkeys(LESS_IS_BETTER & set(MEANS), 0.0)
    own = {key: changed.pop(key) for key in list(changed) if key not in numbers}
    record = {"id": id, "question": "?", "kind": "", "blame": blame, "confidence": 0.9,
              "answerable_probability": 0.9, "answerable": True, "right": not blame}  # fmt: skip
    return record | own | {"measures": numbers | changed}


def rows(f1s: list[float]) -> list[dict[str, Any]]:
    return [row(f"q{number}", F1=value) for number, value in enumerate(f1s)]


def test_a_difference_is_of_the_same_questions_and_stands_with_its_interval() -> None:
    before = rows([1.0] * 30)
    after = [*rows([0.5] * 20 + [1.0] * 10), row("new", F1=0.0)]
    found = compare(before, after).measures["F1"]
    assert found is not None
    assert (1.0, pytest.approx(2 / 3), 30) == (found.before, found.after, found.count)
    drops = np.array([-0.5] * 20 + [0.0] * 10)
    draws = np.random.default_rng(0).integers(0, 30, (1000, 30))
    low, high = np.quantile(drops[draws].mean(axis=1), [0.025, 0.975])
    assert (pytest.approx(low), pytest.approx(high), "worse") == (
        found.low,
        found.high,
        found.verdict,
    )


def test_less_is_better_where_it_is() -> None:
    before = [row(f"q{n}", **{"false answers": 1.0}) for n in range(20)]
    after = [row(f"q{n}", **{"false answers": 0.0}) for n in range(20)]
    found = compare(before, after).measures["false answers"]
    assert found is not None
    assert (-1.0, "better") == (found.change, found.verdict)


def test_what_moves_by_chance_is_noise() -> None:
    """Forty pairs of runs that differ by nothing but luck: about 2 are called a difference."""
    called = 0
    for seed in range(40):
        luck = random.Random(seed)
        before = rows([luck.random() for _ in range(60)])
        after = rows([luck.random() for _ in range(60)])
        found = compare(before, after).measures["F1"]
        called += found is not None and found.verdict != "noise"
    assert called <= 6


def test_numbers_of_many_questions_are_compared_in_pairs_too() -> None:
    luck = random.Random(1)
    before, after = [], []
    for number in range(80):
        answerable = number % 2 == 0
        sure = luck.random()
        better = sure / 2 + (0.5 if answerable else 0.0)
        before.append(row(f"q{number}", answerable=answerable, answerable_probability=sure))
        after.append(row(f"q{number}", answerable=answerable, answerable_probability=better))
    found = compare(before, after).measures["AUROC"]
    labels = np.array([1.0, 0.0] * 40)
    was = auroc(np.array([each["answerable_probability"] for each in before]), labels)
    assert found is not None
    assert (pytest.approx(was), 1.0, "better") == (found.before, found.after, found.verdict)
    assert found.low is not None and 0 < found.low < found.change


def test_what_is_missing_in_one_of_them_is_not_compared() -> None:
    before = rows([1.0, 0.0, 1.0])
    after = [row("q0", F1=0.0), row("q1", F1=None), row("q2", F1=1.0)]
    found = compare(before, after).measures["F1"]
    assert found is not None
    assert (2, -0.5) == (found.count, found.change)
    for each in before:
        each["measures"]["F1"] = None
    assert compare(before, after).measures["F1"] is None


def test_wins_and_losses_and_what_else_is_different() -> None:
    before = [row("a"), row("b", blame="read"), row("c", blame="split"), row("d")]
    after = [row("a", blame="read"), row("b"), row("c", blame="read"), row("d")]
    made_with = ({"reader": "1", "corpus": "x"}, {"reader": "2", "corpus": "x", "seed": "3"})
    found = compare(before, after, fingerprints=made_with)
    assert (("b",), ("a",)) == (found.wins, found.losses)
    assert {"reader": ("1", "2"), "seed": (None, "3")} == found.fingerprint


def test_a_report_with_the_former_name_of_a_measure_is_read(tmp_path: Path) -> None:
    former = row("a")
    former["measures"] = {
        name.replace("Success@", "R@"): value for name, value in former["measures"].items()
    }
    assert "R@5" in former["measures"]
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"fingerprint": {}, "rows": [former]}))
    (record,), _ = read_report(file)
    assert record == select_compared(row("a"))


def test_reports_of_other_questions_are_refused() -> None:
    with pytest.raises(QuestionSetError, match="no question in common"):
        compare([row("a")], [row("b")])
    with pytest.raises(QuestionSetError, match="no question in common"):
        compare([row("a")], [row("a", question="Another?")])


# -- limits ---------------------------------------------------------------------------------------


def test_a_limit_names_a_measure_and_how_much_worse_it_may_be() -> None:
    assert Limit("F1", -0.01) == Limit.parse("f1 -0.01")
    assert Limit("false answers", 0.02) == Limit.parse(" False Answers 0.02 ")
    assert Limit("Success@5", 0.0) == Limit.parse("Success@5 0")


@pytest.mark.parametrize(
    "text", ["", "F1", "-0.01", "F2 -0.01", "F1 0.01", "F1 nan", "F1 -inf", "false answers -0.1"]
)
def test_what_is_no_limit_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ConfigError, match=r"F1 -0\.01") as refused:
        Limit.parse(text)
    assert 2 == refused.value.exit_code


@pytest.mark.parametrize(
    ("after", "limit", "broken"),
    [
        ([0.0] * 10 + [1.0] * 20, "F1 -0.01", True),
        ([0.0] * 10 + [1.0] * 20, "F1 -0.5", False),  # allowed
        ([0.0] * 2 + [1.0] * 28, "F1 -0.01", False),  # two questions of thirty: noise
        ([1.0] * 30, "F1 0", False),
        ([0.0] * 10 + [1.0] * 20, "EM -0.01", False),  # another measure
    ],
)
def test_a_limit_is_broken_by_more_than_noise(after: list[float], limit: str, broken: bool) -> None:
    found = compare(rows([1.0] * 30), rows(after)).measures
    read = Limit.parse(limit)
    assert broken == read.is_broken(found[read.measure])


def test_a_limit_of_what_should_be_small_is_broken_upwards() -> None:
    before = [row(f"q{n}", **{"false answers": 0.0}) for n in range(20)]
    after = [row(f"q{n}", **{"false answers": 1.0}) for n in range(20)]
    found, back = compare(before, after).measures, compare(after, before).measures
    limit = Limit.parse("false answers 0.02")
    assert limit.is_broken(found["false answers"])
    assert not limit.is_broken(back["false answers"])
    assert limit.is_broken(None), "what does not exist is held to nothing"


def test_few_questions_prove_nothing_and_rounding_breaks_no_limit() -> None:
    for count, verdict in ((1, "noise"), (5, "noise"), (6, "worse")):
        found = compare(rows([1.0] * count), rows([0.9] * count)).measures["F1"]
        assert found is not None
        assert verdict == found.verdict
        assert (verdict == "worse") == Limit.parse("F1 -0.01").is_broken(found)
    lost = compare(rows([1.0] * 100), rows([0.0] * 4 + [1.0] * 96)).measures["F1"]
    assert lost is not None and lost.change != -0.04, "0.04 is no binary fraction"
    assert not Limit.parse("F1 -0.04").is_broken(lost)
    assert Limit.parse("F1 -0.03").is_broken(lost)


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"rows": 3, "fingerprint": {}}', '{"rows": [{}], "fingerprint": {}}',
     '{"rows": [], "fingerprint": 3}',
     json.dumps({"rows": [row("a") | {"measures": {}}], "fingerprint": {}})],
)  # fmt: skip
def test_a_file_that_is_no_report_is_named_with_what_would_write_one(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "old.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"old\.json.*--json"):
        read_report(file)


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match=r"gone\.json.*No such file"):
        read_report(tmp_path / "gone.json")


def test_every_measure_is_compared() -> None:
    assert tuple(compare([row("a")], [row("a")]).measures) == NAMES
