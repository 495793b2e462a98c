"""Training a reader: what is learnt, what is kept when it is stopped, what is refused."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoqa.errors import ModelNotFoundError, ReaderTrainingError
from scoqa.read import training
from scoqa.read.encoder import Encoder
from scoqa.read.model_storage import load_model
from scoqa.read.objective import Example, combine_nulls, compute_loss, find_gold_tokens
from scoqa.read.training import Recipe, choose_examples, train
from scoqa.types import Window
from tinyreader import tiny_reader

THINGS = ["lighthouse", "harbour", "chapel", "mill", "bridge", "school", "market", "station"]
PEOPLE = [
    "Ada Lund",
    "Ole Berg",
    "Ida Holm",
    "Per Dahl",
    "Eva Moe",
    "Jon Vik",
    "Mia Ruud",
    "Bo Lie",
]
TWELVE_STEPS = Recipe(passes=6, questions=4, rate=1e-3)


def window(text: str, heading: str = "") -> Window:
    return Window("d" * 32, 0, len(text), text, heading, ())


def make_examples() -> list[Example]:
    """Return an example of each thing: who built it, two windows that do not say, one question
    that nothing answers.
    """
    texts = [f"The {a} was built by {b}." for a, b in zip(THINGS, PEOPLE, strict=True)]
    examples = []
    for number, (thing, person) in enumerate(zip(THINGS, PEOPLE, strict=True)):
        text = texts[number]
        place = (0, text.index(person), text.index(person) + len(person))
        others = [f"The {thing} is 41 metres tall.", f"Herring boats leave the {thing}."]
        windows = (window(text), *map(window, others))
        examples.append(Example(f"Who built the {thing}?", windows, (place,)))
    silent = (window("The lamp burns oil."), window("The keeper sleeps."))
    return [*examples[:-1], Example("Who built the station?", silent, ())]


EXAMPLES = make_examples()


@pytest.fixture(scope="session")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [text for each in EXAMPLES for text in (each.question, *(w.text for w in each.windows))]
    return tiny_reader(tmp_path_factory.mktemp("tiny") / "init", texts)


def stop_at(step: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, what: str) -> None:
        if done == step:
            raise KeyboardInterrupt

    return progress


def interrupted(init: Path, out: Path, step: int) -> Path:
    """Return the checkpoint of a training that was stopped after `step`."""
    with pytest.raises(KeyboardInterrupt):
        train(EXAMPLES, EXAMPLES[:2], init, out, recipe=TWELVE_STEPS, progress=stop_at(step))
    return out / "checkpoint"


def best_span(reader: Path, example: Example) -> tuple[int, str]:
    """Return the window's number and the words of the best span that may be."""
    encoder = Encoder(reader)
    pieces = encoder.encode(example.question, example.windows)
    found = []
    for piece, (starts, ends) in zip(pieces, encoder.score(pieces), strict=True):
        for i, (a, _) in enumerate(piece.places):
            for j, (_, b) in enumerate(piece.places[i:], start=i):
                if piece.starts[i] and piece.ends[j]:
                    score = starts[piece.first + i] + ends[piece.first + j]
                    found.append((score, piece.window, example.windows[piece.window].text[a:b]))
    _, number, words = max(found)
    return number, words


# -- what is learnt -------------------------------------------------------------------------------


def test_a_few_examples_are_learnt_in_sixty_steps(init: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "out", list[tuple[int, int, str]]()
    report = train(
        EXAMPLES,
        EXAMPLES,
        init,
        out,
        recipe=Recipe(passes=60, questions=len(EXAMPLES), rate=5e-3),
        about={"sets": ("a", "b")},
        progress=lambda *step: told.append(step),
    )
    assert 60 == report["steps"]
    assert report["after"]["loss"] < 0.3 * report["before"]["loss"]
    assert 1.0 == report["after"]["right_place"]
    for example, person in zip(EXAMPLES[:-1], PEOPLE, strict=False):
        assert (0, person) == best_span(out, example)
    assert report == json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert {
        "calibration.json",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "training.json",
    } == {each.name for each in out.iterdir()}
    assert 1 == len({each.stat().st_mode for each in out.iterdir()}), "readable alike"
    assert [0] * 8 == [done for done, _, what in told if what == "measuring"][:8]
    assert list(range(61)) == [done for done, _, what in told if what != "measuring"]


def test_the_loss_of_two_tokens_is_as_worked_out_by_hand(init: Path) -> None:
    #               [CLS] who [SEP] ada lund [SEP]
    starts = np.array([0.5, 9.0, 9.0, 2.0, 1.0, 9.0])
    ends = np.array([0.25, 9.0, 9.0, 0.5, 1.5, 9.0])
    example = Example("who", (window("Ada Lund"),), ((0, 0, 8),))
    spans = [2.0 + 0.5, 2.0 + 1.5, 1.0 + 1.5]
    silence = 0.5 + 0.25
    everything = math.log(sum(map(math.exp, [*spans, silence])))
    assert everything - (2.0 + 1.5) == pytest.approx(value(example, init, starts, ends))
    # One word of the two: its own span is the gold.
    first = Example("who", example.windows, ((0, 0, 3),))
    assert everything - (2.0 + 0.5) == pytest.approx(value(first, init, starts, ends))
    # Nothing answers: the null is.
    none = Example("who", example.windows, ())
    assert everything - silence == pytest.approx(value(none, init, starts, ends))
    # Beside a window like it that does not answer: one null of both, and half the loss that the
    # other has alone.
    both = Example("who", example.windows * 2, example.golds)
    shared = math.log(2 * sum(map(math.exp, spans)) + 1 / (2 * math.exp(-silence)))
    wanted = shared - (2.0 + 1.5) + 0.5 * (everything - silence)
    assert wanted == pytest.approx(value(both, init, starts, ends))


def value(example: Example, folder: Path, starts: Any, ends: Any) -> float:
    """Return the loss of `example` with a model that gives every piece these scores."""
    import torch

    def model(input_ids: Any, **_: Any) -> Any:
        rows = (len(input_ids), 1)
        return SimpleNamespace(start_logits=torch.tensor(np.tile(starts, rows)),
                               end_logits=torch.tensor(np.tile(ends, rows)))  # fmt: skip

    model.device = "cpu"  # type: ignore[attr-defined]
    found = compute_loss(model, Encoder(folder), [example])
    assert found is not None
    return float(found)


def test_the_null_of_windows_is_a_soft_least() -> None:
    import torch

    def of(*scores: float) -> float:
        return float(combine_nulls([torch.tensor(each) for each in scores]))

    assert of(1.5) == pytest.approx(1.5)
    assert of(1.0, 2.0) == pytest.approx(-math.log(math.exp(-1) + math.exp(-2)))
    assert of(-9.0, 20.0, 30.0) == pytest.approx(-9.0)
    assert of(0.0, 0.0) < 0.0


@pytest.mark.parametrize(
    ("text", "gold", "wanted"),
    [
        ("The mill of Ada Lund burnt.", "Ada Lund", "Ada Lund"),
        ("The mill of Ada Lundquist burnt.", "Ada Lund", "Ada Lundquist"),
        ("In the mid-1880s.", "80", "mid-1880s"),
        ("It cost 1,200.50 crowns.", "200", "1,200.50"),
        ("It cost $5m.", "$5", "$5m"),
        ("She said “yes”.", "yes", "yes"),
    ],
)
def test_a_gold_place_is_widened_to_whole_words(
    init: Path, text: str, gold: str, wanted: str
) -> None:
    [piece] = Encoder(init).encode("Who?", [window(text, "A heading")])
    start = text.index(gold)
    tokens = find_gold_tokens(piece, start, start + len(gold))
    assert tokens is not None
    first, last = (each - piece.first for each in tokens)
    assert wanted == text[piece.places[first][0] : piece.places[last][1]]


def test_a_gold_place_that_a_piece_does_not_hold_is_none(init: Path) -> None:
    text = "The mill burnt. " * 200
    pieces = Encoder(init).encode("Who?", [window(text)])
    assert len(pieces) > 1
    end = len(text.rstrip())
    assert find_gold_tokens(pieces[0], end - 6, end) is None
    assert find_gold_tokens(pieces[-1], end - 6, end) is not None
    assert find_gold_tokens(pieces[0], 0, 300) is None, "too long"


def test_an_example_without_windows_or_words_teaches_nothing(init: Path, tmp_path: Path) -> None:
    empty = [Example("Who?", (), ()), Example("Who?", (window(" "),), ((0, 0, 1),))]
    assert compute_loss(load_model(init, require_trained=False), Encoder(init), empty) is None
    report = train(empty, empty, init, tmp_path / "out", recipe=Recipe(questions=1))
    assert [] == report["loss"]
    assert 0.0 == report["after"]["right_place"]
    model = load_model(init, require_trained=False)
    unsayable = [Example("Who?", (window("x" * 60),), ())]  # one word, too long to be a span
    found = compute_loss(model, Encoder(init), unsayable)
    assert found is not None
    found.backward()  # type: ignore[no-untyped-call]
    assert all(bool(each.grad.isfinite().all()) for each in model.parameters())


def test_each_pass_takes_every_example_once_in_an_order_of_its_own() -> None:
    recipe = Recipe(questions=4, seed=7)
    taken = [number for step in range(5) for number in choose_examples(step, recipe, 10)]
    assert list(range(10)) == sorted(taken[:10]) == sorted(taken[10:])
    assert taken[:10] != taken[10:]
    # What it always was, or a training begun before would not go on as it began.
    assert [0, 6, 9, 7, 5, 1, 4, 8, 3, 2] == taken[:10]


# -- what is kept ---------------------------------------------------------------------------------


def test_a_stopped_training_goes_on_as_if_it_never_was(init: Path, tmp_path: Path) -> None:
    whole = interrupted(init, tmp_path / "whole", 12)
    parts = tmp_path / "parts"
    for step in (5, 6, 12):
        interrupted(init, parts, step)
    for name in ("model.safetensors", "optimizer.safetensors"):
        assert (whole / name).read_bytes() == (parts / "checkpoint" / name).read_bytes()
    reports = []
    for out in (whole.parent, parts):
        report = dict(train(EXAMPLES, EXAMPLES[:2], init, out, recipe=TWELVE_STEPS))
        assert 0 < report.pop("seconds")
        reports.append(report)
    assert reports[0] == reports[1]
    assert (whole.parent / "model.safetensors").read_bytes() == (
        parts / "model.safetensors"
    ).read_bytes()


def test_stopped_while_the_end_is_measured_nothing_is_lost(init: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done == total and what == "measuring":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(EXAMPLES, EXAMPLES[:2], init, tmp_path / "out", recipe=TWELVE_STEPS, progress=stop)
    state = json.loads((tmp_path / "out" / "checkpoint" / "state.json").read_text())
    assert 12 == state["step"]


def test_half_a_step_is_not_kept(
    init: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt in the midst of the weights' change once left both halves in a checkpoint."""
    import torch

    checkpoint = interrupted(init, tmp_path / "out", 3)
    before = (checkpoint / "model.safetensors").read_bytes()
    step = torch.optim.AdamW.step

    def torn(self: Any, closure: Any = None) -> Any:
        step(self, closure)
        raise KeyboardInterrupt

    monkeypatch.setattr(torch.optim.AdamW, "step", torn)
    with pytest.raises(KeyboardInterrupt):
        train(EXAMPLES, EXAMPLES[:2], init, tmp_path / "out", recipe=TWELVE_STEPS)
    assert before == (checkpoint / "model.safetensors").read_bytes()
    assert 3 == json.loads((checkpoint / "state.json").read_text())["step"]


def test_a_checkpoint_cut_off_before_it_stands_leaves_the_one_before(
    init: Path, tmp_path: Path
) -> None:
    checkpoint = interrupted(init, tmp_path / "out", 4)
    checkpoint.rename(tmp_path / "out" / ".old-checkpoint")
    (tmp_path / "out" / ".checkpoint").mkdir()
    steps: list[int] = []
    train(EXAMPLES, EXAMPLES[:2], init, tmp_path / "out", recipe=TWELVE_STEPS,
          progress=lambda done, total, what: steps.append(done))  # fmt: skip
    assert 4 == steps[0]
    assert [] == [each.name for each in (tmp_path / "out").iterdir() if each.is_dir()]


# -- what is refused ------------------------------------------------------------------------------


def test_other_settings_are_refused_and_named(init: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(init, out, 1)
    other = Recipe(passes=6, questions=4, rate=2e-3, seed=2)
    with pytest.raises(ReaderTrainingError, match=r"settings \(held_out, recipe.rate, recipe.seed,"
                                                  r" sets\)"):  # fmt: skip
        train(EXAMPLES, EXAMPLES[:1], init, out, recipe=other, about={"sets": ["x"]})


def test_a_damaged_checkpoint_is_named(init: Path, tmp_path: Path) -> None:
    checkpoint = interrupted(init, tmp_path / "out", 1)
    for name, content in (("optimizer.safetensors", "x"), ("state.json", "[]"), ("state.json", "")):
        (checkpoint / name).write_text(content)
        with pytest.raises(ReaderTrainingError, match=rf"{name} cannot be read: .*start again"):
            train(EXAMPLES, EXAMPLES[:2], init, tmp_path / "out", recipe=TWELVE_STEPS)


def test_a_folder_that_holds_a_reader_or_cannot_be_written_is_refused(
    init: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReaderTrainingError, match="already contains a reader"):
        train(EXAMPLES, (), init, shutil.copytree(init, tmp_path / "reader"))
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(ReaderTrainingError, match="cannot be written: "):
            train(EXAMPLES, (), init, out)


def test_no_model_and_no_example_are_refused(init: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        train(EXAMPLES, (), tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(ReaderTrainingError, match="no question to learn from"):
        train((), EXAMPLES, init, tmp_path / "out")


def test_a_loss_that_is_no_number_ends_the_training(
    init: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def lost(model: Any, encoder: Encoder, examples: Sequence[Example]) -> Any:
        return torch.tensor(math.nan)

    monkeypatch.setattr(training, "compute_loss", lost)
    with pytest.raises(ReaderTrainingError, match=r"step 1 of 12.*smaller --rate"):
        train(EXAMPLES, (), init, tmp_path / "out", recipe=TWELVE_STEPS)
