"""The command `evaluate`: run a question set, print the measures, and write the reports.

Input: arguments. Output: text, files and an exit code, which is 5 if a measure is worse than
--fail-on allows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from scoqa.cli.shared import (
    Download,
    IndexOption,
    ReaderOption,
    WorkspaceOption,
    open_workspace,
    prepare_evaluation,
)
from scoqa.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoqa.evaluation import Evaluation
    from scoqa.evaluation.report.compare import Comparison
    from scoqa.types import Report

WORSE_EXIT_CODE = 5


def evaluate(
    question_set: Annotated[
        Path, typer.Argument(metavar="SET", help="Questions: JSONL, CSV or SQuAD's JSON.")
    ],
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the complete report.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a web page.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write one line per question.")
    ] = None,
    trec: Annotated[
        Path | None,
        typer.Option(
            "--trec", metavar="STEM", help="Write STEM.run and STEM.qrels for TREC tools."
        ),
    ] = None,
    compare_with: Annotated[
        Path | None,
        typer.Option("--compare", metavar="OLD.json", help="Print the changes since this report."),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="LIMIT",
            help='Exit with 5 if worse, such as "F1 -0.01"; repeatable.',
        ),
    ] = None,
    corrected: Annotated[
        Path | None,
        typer.Option("--corrected", metavar="FILE", help="Write the set with corrected offsets."),
    ] = None,
    times: Annotated[
        bool,
        typer.Option(
            "--times/--no-times", help="Write times and dates, which differ from run to run."
        ),
    ] = True,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Start from the beginning instead of resuming a stopped run."),
    ] = False,
    reader: ReaderOption = None,
    allow_download: Download = False,
) -> None:
    """Ask the questions of a set and measure the answers."""
    from scoqa.cli.report import print_comparison, print_report
    from scoqa.evaluation.report.compare import Limit, compare, read_report
    from scoqa.evaluation.sets import read_set
    from scoqa.terminal import print_message

    if trec is not None and not trec.name:
        raise typer.BadParameter(f"{trec} is not a file name", param_hint="--trec")
    limits = [Limit.parse(text) for text in fail_on or ()]
    if limits and compare_with is None:
        raise typer.BadParameter("requires --compare OLD.json", param_hint="--fail-on")
    old = read_report(compare_with) if compare_with is not None else None
    stems = [] if trec is None else [_add_suffix(trec, ".run"), _add_suffix(trec, ".qrels")]
    _check_writable(*(json_file, html_file, csv_file, corrected, *stems))
    workspace = open_workspace(root, index, reader=reader, allow_download=allow_download)
    parsed_set = read_set(question_set)
    if corrected is not None and parsed_set.contexts:
        raise typer.BadParameter(
            f"{parsed_set.name} contains its own documents; the corrected set would not.",
            param_hint="--corrected",
        )
    evaluation = prepare_evaluation(workspace, parsed_set)
    _report_corrections(evaluation, corrected)
    report = _run(evaluation, anew=anew)
    comparison = None
    if old is not None:
        records, fingerprint = old
        comparison = compare(
            records, report.rows, fingerprints=(fingerprint, dict(report.fingerprint))
        )
    try:
        # Written before the output, so that `scoqa evaluate ... | head` still writes the files.
        _write_reports(report, comparison, json_file, html_file, csv_file, stems, times=times)
    finally:
        print_report(report)
        if comparison is not None:
            print_comparison(comparison)
    changes = comparison.measures if comparison else {}
    broken = [limit for limit in limits if limit.is_broken(changes[limit.measure])]
    for limit in limits:
        change = changes[limit.measure]
        if change is None:
            print_message(
                f"{limit.measure} is not in both reports, so {limit.least:+g} cannot be checked."
            )
        elif limit in broken:
            print_message(f"{limit.measure} is worse than {limit.least:+g}, and not by chance.")
        elif change.low is None:
            print_message(f"{limit.measure}: {change.count:,} questions are too few to judge.")
    if broken:
        raise typer.Exit(WORSE_EXIT_CODE)


def _run(evaluation: Evaluation, *, anew: bool) -> Report:
    """Return the report, resuming a stopped run unless `anew`; exit with 130 on Ctrl-C."""
    from scoqa.terminal import print_message, show_progress

    is_saved = evaluation.workspace.writable
    if not is_saved:
        print_message(f"{evaluation.index} cannot be written: this run cannot be resumed.")
    asked = 0  # 0 before the first report of progress; then -1 until a question is answered
    try:
        with show_progress("Asking") as draw:

            def report_progress(done: int, total: int) -> None:
                nonlocal asked
                if not asked and 0 < done < total:
                    print_message(
                        f"Resuming after {done:,} of {total:,} questions; --anew starts again."
                    )
                asked = done or -1
                draw(done, total, "")

            return evaluation.run(progress=report_progress, restart=anew, save=is_saved)
    except KeyboardInterrupt:
        resume = "The same command resumes the run." if is_saved else "Their answers are not saved."
        count = len(evaluation.questions)
        print_message(f"Stopped after {max(asked, 0):,} of {count:,} questions. {resume}")
        raise typer.Exit(130) from None


def _report_corrections(evaluation: Evaluation, corrected: Path | None) -> None:
    """Print the gold answers with wrong offsets, and write the corrected set to `corrected`."""
    from scoqa.evaluation.sets import to_jsonl
    from scoqa.terminal import print_message

    most = 10
    for correction in evaluation.corrections[:most]:
        words = f"{correction.text!r:.60}" if correction.text else "an answer without words"
        gold = f"{evaluation.set.name}, line {correction.line}: {words}"
        if correction.now is None:
            print_message(f"{gold} does not occur in {correction.document}.")
        else:
            start, end = correction.now
            print_message(f"{gold} is at {start}:{end} of {correction.document}.")
    if len(evaluation.corrections) > most:
        print_message(f"... and {len(evaluation.corrections) - most:,} more like these.")
    if evaluation.corrections and corrected is None and not evaluation.set.contexts:
        print_message("This run uses these places; --corrected FILE writes the set with them.")
    if corrected is not None:
        with _replace_atomically(corrected) as file:
            file.write(to_jsonl(question for _, question in evaluation.questions))


def _write_reports(
    report: Report,
    comparison: Comparison | None,
    json_file: Path | None,
    html_file: Path | None,
    csv_file: Path | None,
    stems: list[Path],
    *,
    times: bool,
) -> None:
    from scoqa.evaluation.report import exports
    from scoqa.evaluation.report.report_page import write_html

    writers: list[tuple[Path | None, Callable[[IO[str]], None]]] = [
        (json_file, lambda file: exports.write_json(file, report, incidental=times)),
        (
            html_file,
            lambda file: write_html(file, report, comparison=comparison, incidental=times),
        ),
        (csv_file, lambda file: exports.write_csv(file, report.rows)),
    ]
    if stems:
        run, qrels = stems
        writers.append((run, lambda file: exports.write_run(file, report.rows)))
        writers.append((qrels, lambda file: exports.write_qrels(file, report.rows)))
    for target, write in writers:
        if target is not None:
            with _replace_atomically(target) as file:
                write(file)


def _add_suffix(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _check_writable(*files: Path | None) -> None:
    """Raise WorkspaceError if a file cannot be written; called before any question is asked."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            raise WorkspaceError(
                f"{file} cannot be written. Choose a file in an existing, writable folder."
            )


@contextmanager
def _replace_atomically(file: Path) -> Iterator[IO[str]]:
    """Yield a temporary file that atomically replaces `file` on success."""
    temporary = file.with_name(f".{file.name}.new")
    try:
        with temporary.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
            yield stream
        temporary.replace(file)
    except OSError as error:
        raise WorkspaceError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)
