"""The command `train-reader`: train a reader on question sets.

Input: arguments. Output: a folder for the setting `reader`, and a report; exit code 130 if it is
stopped. The same command resumes a stopped training.
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
    no_documents_error,
    open_workspace,
    prepare_evaluation,
    sync_index,
)
from scoqa.config import SENTENCE_READER
from scoqa.errors import IndexLockedError, ModelNotFoundError, ReaderTrainingError
from scoqa.evaluation.training_examples import (
    NEGATIVES,
    ExampleRow,
    TrainingExamples,
    split_rows,
)
from scoqa.models import READER_FOLDER
from scoqa.read.encoder import load_tokenizer
from scoqa.read.training import REPORT, WEIGHTS, Recipe, check_folder, train

if TYPE_CHECKING:
    from scoqa.evaluation import Evaluation
    from scoqa.evaluation.sets import QuestionSet

RECIPE = Recipe()


def _check_positive(value: float) -> float:
    if not 0 < value < math.inf:  # also rejects NaN
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
            help="The folder of a reader or another BERT model (default: scoqa's own reader).",
            show_default=False,
        ),
    ] = READER_FOLDER,
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    passes: Annotated[
        float, typer.Option(callback=_check_positive, help="How many times to use every question.")
    ] = RECIPE.passes,
    questions_per_step: Annotated[
        int, typer.Option(min=1, help="The number of questions per step.")
    ] = RECIPE.questions,
    rate: Annotated[
        float, typer.Option(callback=_check_positive, help="The maximum learning rate.")
    ] = RECIPE.rate,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The seed of the random generator.")
    ] = RECIPE.seed,
    negatives: Annotated[
        int,
        typer.Option(min=0, help="Windows without the answer per question."),
    ] = NEGATIVES,
    held_out: Annotated[
        int,
        typer.Option(min=0, help="Questions held out for the report, at most a tenth of all."),
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    allow_download: Download = False,
) -> None:
    """Train a reader on question sets; the same command resumes a stopped training."""
    from scoqa.evaluation.sets import read_set

    sets = [read_set(file) for file in data]
    if len({question_set.digest for question_set in sets}) < len(sets):
        raise typer.BadParameter("one set is given twice", param_hint="DATA")
    weights = _digest_of_weights(init)
    check_folder(out)
    # Not with the reader of the settings: it may be the one that this command will create.
    workspace = open_workspace(root, index, reader=SENTENCE_READER, allow_download=allow_download)
    if not all(question_set.contexts for question_set in sets):
        _bring_up_to_date(workspace)
    evaluations = [prepare_evaluation(workspace, question_set) for question_set in sets]
    count = sum(len(evaluation.questions) for evaluation in evaluations)
    training_rows, held_out_rows = split_rows(evaluations, held_out=min(held_out, count // 10))
    _check_rows(evaluations, training_rows, held_out_rows, count)
    report = _train(
        training_rows,
        held_out_rows,
        init,
        out,
        Recipe(passes=passes, questions=questions_per_step, rate=rate, seed=seed),
        negatives=negatives,
        about={
            "sets": [_describe_set(evaluation.set, evaluation) for evaluation in evaluations],
            "negatives": negatives,
            "init_sha256": weights,
        },
    )
    if as_json:
        # Not rounded like scores, because learning rates are smaller.
        typer.echo(json.dumps(report, indent=2))
    else:
        _print_report(report, out.resolve())


def _digest_of_weights(init: Path) -> str:
    """Return the SHA-256 of the weights in `init`.

    Raises ModelNotFoundError if the folder is not a complete model.
    """
    load_tokenizer(init)
    try:
        with (init / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelNotFoundError(
            f"{init / WEIGHTS} cannot be read: {error.strerror}. Give a folder with a complete "
            "BERT model."
        ) from error


def _describe_set(question_set: QuestionSet, evaluation: Evaluation) -> Mapping[str, str]:
    documents = evaluation.fingerprint["corpus"]
    return {"name": question_set.name, "sha256": question_set.digest, "documents": documents}


def _bring_up_to_date(workspace: Any) -> None:
    """Index the workspace's documents, or print that the existing index is used.

    Raises WorkspaceError if the index has no documents.
    """
    from scoqa.terminal import print_message

    if workspace.writable:
        try:
            sync_index(workspace, rebuild=False)
        except IndexLockedError as error:
            if not workspace.has_documents():
                raise
            print_message(f"{error} Using the existing index.")
    else:
        print_message(f"{workspace.index} cannot be written: using the existing index.")
    if not workspace.summary()[0]:
        raise no_documents_error(workspace)


def _check_rows(
    evaluations: Sequence[Evaluation],
    training: Sequence[ExampleRow],
    held_out: Sequence[ExampleRow],
    count: int,
) -> None:
    """Print the number of training questions.

    Raises ReaderTrainingError if none has an answer in the documents: a reader trained only on
    unanswerable questions would learn never to answer.
    """
    from scoqa.terminal import print_message

    if not any(question.answers for _, question in training):
        if any(question.answers for _, question in held_out):
            raise ReaderTrainingError(
                "Every question with an answer is held out, or is about a document of a question "
                "that is held out. Give a smaller --held-out, or 0."
            )
        names = ", ".join(evaluation.set.name for evaluation in evaluations)
        raise ReaderTrainingError(
            f"There is nothing to learn from: no question of {names} has an answer that occurs in "
            "the documents."
        )
    left = count - len(training) - len(held_out)
    left_out = (
        f" Left out: {left:,}, whose answers occur in no document, or which are about a document "
        "of a question that is held out."
        if left
        else ""
    )
    print_message(
        f"Questions to learn from: {len(training):,}. Held out: {len(held_out):,}.{left_out}"
    )


def _train(
    training: Sequence[ExampleRow],
    held_out: Sequence[ExampleRow],
    init: Path,
    out: Path,
    recipe: Recipe,
    *,
    negatives: int,
    about: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Train, and return the report; Ctrl-C and SIGTERM stop it between two steps, with 130."""
    from scoqa.terminal import print_message, show_progress

    examples, tests = (TrainingExamples(rows, negatives=negatives) for rows in (training, held_out))
    first = True
    try:
        with _catch_stop_signals() as is_stopped, show_progress("Training") as draw:

            def report_progress(done: int, total: int, item: str) -> None:
                nonlocal first
                if first and done:
                    print_message(f"Resuming from step {done:,} of {total:,}.")
                first = False
                if is_stopped():
                    raise KeyboardInterrupt
                draw(done, total, item)

            return train(
                examples, tests, init, out, recipe=recipe, about=about, progress=report_progress
            )
    except KeyboardInterrupt:
        print_message("Stopped. The training so far is saved; the same command resumes it.")
        raise typer.Exit(130) from None


@contextmanager
def _catch_stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C or SIGTERM was received.

    The current step can thus be finished, and is not lost. A second signal raises
    KeyboardInterrupt immediately.
    """
    received: list[int] = []

    def handle(number: int, _: object) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_report(report: Mapping[str, Any], folder: Path) -> None:
    """Print the reader's folder, its results on held-out questions, and the setting to use it."""
    from scoqa.terminal import replace_controls

    before, after = report["before"], report["after"]
    lines = [f"The reader is in {folder}"]
    if after:
        lines += [
            "",
            f"On held-out questions ({after['questions']:,}), before and after:",
            f"  loss          {before['loss']:.3f} -> {after['loss']:.3f}",
        ]
    if "right_place" in after:
        lines.append(f"  right places  {before['right_place']:.1%} -> {after['right_place']:.1%}")
    # A JSON string is also a valid TOML string.
    setting = f"reader = {json.dumps(str(folder), ensure_ascii=False)}"
    lines += ["", "To use it, put this line in scoqa.toml:", setting, ""]
    lines.append(f"The complete report is in {folder / REPORT}")
    typer.echo(replace_controls("\n".join(lines)))
