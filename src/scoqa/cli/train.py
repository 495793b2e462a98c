"""The command that trains a reader: question sets in, a folder that `reader` can name out.

Receives arguments; hands on a reader's folder and a report, and 130 when it is stopped: the same
command goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoqa.cli.shared import (
    Download,
    IndexOption,
    WorkspaceOption,
    made_ready,
    nothing_to_read,
    open_workspace,
    synced,
)
from scoqa.config import SENTENCE_READER
from scoqa.errors import IndexLockedError, ModelNotFoundError, ReaderTrainingError
from scoqa.evaluation.training_examples import NEGATIVES, ExampleRow, Lessons, split_rows
from scoqa.models import READER_FOLDER
from scoqa.read.encoder import load_tokenizer
from scoqa.read.training import REPORT, WEIGHTS, Recipe, check_folder, train

if TYPE_CHECKING:
    from scoqa.evaluation import Evaluation
    from scoqa.evaluation.sets import QuestionSet

RECIPE = Recipe()


def _above_zero(value: float) -> float:
    if not 0 < value < math.inf:  # nor NaN
        raise typer.BadParameter(f"{value:g} is not a number above 0")
    return value


def train_reader(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Question sets: JSONL, CSV or SQuAD's JSON."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder to write the reader to.")
    ],
    init: Annotated[
        Path,
        typer.Option(
            "--init",
            metavar="MODEL",
            help="A reader's or another BERT's folder (default: the reader that comes with scoqa).",
            show_default=False,
        ),
    ] = READER_FOLDER,
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    passes: Annotated[
        float, typer.Option(callback=_above_zero, help="How often to go over all questions.")
    ] = RECIPE.passes,
    questions_per_step: Annotated[
        int, typer.Option(min=1, help="How many questions to learn from at once.")
    ] = RECIPE.questions,
    rate: Annotated[
        float, typer.Option(callback=_above_zero, help="The greatest learning rate.")
    ] = RECIPE.rate,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="What chance begins with.")
    ] = RECIPE.seed,
    negatives: Annotated[
        int, typer.Option(min=0, help="Windows without the answer, beside the one with it.")
    ] = NEGATIVES,
    held_out: Annotated[
        int,
        typer.Option(min=0, help="Questions kept aside for the report, at most a tenth of all."),
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    allow_download: Download = False,
) -> None:
    """Train a reader on question sets; stopped, the same command goes on."""
    from scoqa.evaluation.sets import read_set

    sets = [read_set(each) for each in data]
    if len({each.digest for each in sets}) < len(sets):
        raise typer.BadParameter("one set is named twice", param_hint="DATA")
    weights = _digest_of_weights(init)
    check_folder(out)
    # Not with the reader that the settings name: it may be the one that is to be made.
    opened = open_workspace(workspace, index, reader=SENTENCE_READER, allow_download=allow_download)
    if not all(each.contexts for each in sets):
        _bring_up_to_date(opened)
    evaluations = [made_ready(opened, each) for each in sets]
    count = sum(len(each.questions) for each in evaluations)
    learnt, apart = split_rows(evaluations, held_out=min(held_out, count // 10))
    _check_rows(evaluations, learnt, apart, count)
    report = _trained(
        learnt,
        apart,
        init,
        out,
        Recipe(passes=passes, questions=questions_per_step, rate=rate, seed=seed),
        negatives=negatives,
        about={
            "sets": [_about(each.set, each) for each in evaluations],
            "negatives": negatives,
            "init_sha256": weights,
        },
    )
    if as_json:
        # Not rounded to the places of a score: rates are smaller.
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report, out.resolve())


def _digest_of_weights(init: Path) -> str:
    """Return the sha256 of the weights in `init`. Raises ModelNotFoundError for no whole model."""
    load_tokenizer(init)
    try:
        with (init / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelNotFoundError(
            f"{init / WEIGHTS} cannot be read: {error.strerror}. Give a folder that holds a whole "
            "BERT model."
        ) from error


def _about(question_set: QuestionSet, evaluation: Evaluation) -> Mapping[str, str]:
    documents = evaluation.fingerprint["corpus"]
    return {"name": question_set.name, "sha256": question_set.digest, "documents": documents}


def _bring_up_to_date(workspace: Any) -> None:
    """Index the workspace's documents, or say that the index serves as it is."""
    from scoqa.terminal import say

    if workspace.store.writable:
        try:
            synced(workspace, rebuild=False)
        except IndexLockedError as error:
            if not workspace.store.exists() or not workspace.summary()[0]:
                raise
            say(f"{error} Learning from the index as it is.")
    else:
        say(f"{workspace.index} cannot be written: learning from the index as it is.")
    if not workspace.summary()[0]:
        raise nothing_to_read(workspace)


def _check_rows(
    evaluations: Sequence[Evaluation],
    learnt: Sequence[ExampleRow],
    apart: Sequence[ExampleRow],
    count: int,
) -> None:
    """Say what is learnt from. Raises ReaderTrainingError where no place would be."""
    from scoqa.terminal import say

    # Of questions that nothing answers alone, a reader would learn to be silent.
    if not any(question.answers for _, question in learnt):
        if any(question.answers for _, question in apart):
            raise ReaderTrainingError(
                "Every question with an answer is kept aside, or is about a document of one that "
                "is. Give a smaller --held-out, or 0."
            )
        names = ", ".join(each.set.name for each in evaluations)
        raise ReaderTrainingError(
            f"There is nothing to learn from: no question of {names} has an answer that stands in "
            "the documents."
        )
    left = count - len(learnt) - len(apart)
    left_out = (
        f" Left out: {left:,}, with answers that stand nowhere, or about a document of a question "
        "that is kept aside."
        if left
        else ""
    )
    say(f"Questions to learn from: {len(learnt):,}. Kept aside: {len(apart):,}.{left_out}")


def _trained(
    learnt: Sequence[ExampleRow],
    apart: Sequence[ExampleRow],
    init: Path,
    out: Path,
    recipe: Recipe,
    *,
    negatives: int,
    about: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Return the report of a training that Ctrl-C and SIGTERM end between two steps."""
    from scoqa.terminal import progress, say

    lessons, held_out = (Lessons(rows, negatives=negatives) for rows in (learnt, apart))
    first = True
    try:
        with _told_to_stop() as is_told, progress("Training") as draw:

            def tell(done: int, total: int, what: str) -> None:
                nonlocal first
                if first and done:
                    say(f"Going on from step {done:,} of {total:,}.")
                first = False
                if is_told():
                    raise KeyboardInterrupt
                draw(done, total, what)

            return train(lessons, held_out, init, out, recipe=recipe, about=about, progress=tell)
    except KeyboardInterrupt:
        say("Stopped. What was learnt is kept; go on with the same command.")
        raise typer.Exit(130) from None


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], bool]]:
    """Give whether Ctrl-C or SIGTERM came: a step is finished first, so that none is lost.

    The second time it is a KeyboardInterrupt, at once.
    """
    told: list[int] = []

    def handle(number: int, _: object) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(report: Mapping[str, Any], folder: Path) -> None:
    """Print where the reader is, how it did on the questions kept aside, and how to use it."""
    from scoqa.terminal import visible

    before, after = report["before"], report["after"]
    lines = [f"The reader is in {folder}"]
    if after:
        lines += [
            "",
            f"On questions kept aside ({after['questions']:,}), before and after:",
            f"  loss          {before['loss']:.3f} -> {after['loss']:.3f}",
        ]
    if "right_place" in after:
        lines.append(f"  right places  {before['right_place']:.1%} -> {after['right_place']:.1%}")
    # A JSON string is one of TOML's too.
    setting = f"reader = {json.dumps(str(folder), ensure_ascii=False)}"
    lines += ["", "To use it, put this line in scoqa.toml:", setting, ""]
    lines.append(f"The whole report is in {folder / REPORT}")
    typer.echo(visible("\n".join(lines)))
