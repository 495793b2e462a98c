"""The command `evaluate`: run a question set, print the measures, and write the reports.

Input: arguments. Output: text, files and an exit code, which is 5 if a measure is worse than
--fail-on allows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

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
    from scoqa.evaluation.report.compare import Comparison, Limit
    from scoqa.types import Report

WORSE_EXIT_CODE = 5
OldReport = tuple[list[Mapping[str, Any]], Mapping[str, str]]  # records, fingerprint


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

    options = EvaluateOptions.parse(
        json_file=json_file,
        html_file=html_file,
        csv_file=csv_file,
        trec=trec,
        compare_with=compare_with,
        fail_on=fail_on or (),
        corrected=corrected,
        times=times,
        restart=anew,
    )
    workspace = open_workspace(root, index, reader=reader, allow_download=allow_download)
    evaluation = _prepare(workspace, question_set, options)
    report = _run(evaluation, restart=options.restart)
    comparison = _compare(options.old_report, report)
    try:
        # Written before the output, so that `scoqa evaluate ... | head` still writes the files.
        _write_reports(report, comparison, options)
    finally:
        print_report(report)
        if comparison is not None:
            print_comparison(comparison)
    if comparison is not None and _is_limit_broken(options.limits, comparison):
        raise typer.Exit(WORSE_EXIT_CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """The options of a run after they were checked; no file is written if one is wrong.

    Files are None if they are not wanted. old_report: records and fingerprint of the report to
    compare with. times: whether times and dates are written. restart: never resume a stopped run.
    """

    json_file: Path | None
    html_file: Path | None
    csv_file: Path | None
    run_file: Path | None  # in TREC's format, as the next
    qrels_file: Path | None
    corrected: Path | None
    old_report: OldReport | None
    limits: tuple[Limit, ...]
    times: bool
    restart: bool

    @classmethod
    def parse(
        cls,
        *,
        json_file: Path | None,
        html_file: Path | None,
        csv_file: Path | None,
        trec: Path | None,
        compare_with: Path | None,
        fail_on: Sequence[str],
        corrected: Path | None,
        times: bool,
        restart: bool,
    ) -> EvaluateOptions:
        """Return the options, after reading the report to compare with.

        Raises typer.BadParameter, WorkspaceError for a file that cannot be written, and the errors
        of `Limit.parse` and `read_report`.
        """
        from scoqa.evaluation.report.compare import Limit, read_report

        if trec is not None and not trec.name:
            raise typer.BadParameter(f"{trec} is not a file name", param_hint="--trec")
        limits = tuple(Limit.parse(text) for text in fail_on)
        if limits and compare_with is None:
            raise typer.BadParameter("requires --compare OLD.json", param_hint="--fail-on")
        options = cls(
            json_file=json_file,
            html_file=html_file,
            csv_file=csv_file,
            run_file=_add_suffix(trec, ".run"),
            qrels_file=_add_suffix(trec, ".qrels"),
            corrected=corrected,
            old_report=None if compare_with is None else read_report(compare_with),
            limits=limits,
            times=times,
            restart=restart,
        )
        _check_writable(
            options.json_file,
            options.html_file,
            options.csv_file,
            options.corrected,
            options.run_file,
            options.qrels_file,
        )
        return options


def _prepare(workspace: Any, question_set: Path, options: EvaluateOptions) -> Evaluation:
    """Return the Evaluation of the set, after reporting its wrong offsets."""
    from scoqa.evaluation.sets import read_set

    parsed_set = read_set(question_set)
    if options.corrected is not None and parsed_set.contexts:
        raise typer.BadParameter(
            f"{parsed_set.name} contains its own documents; the corrected set would not.",
            param_hint="--corrected",
        )
    evaluation = prepare_evaluation(workspace, parsed_set)
    _report_corrections(evaluation, options.corrected)
    return evaluation


def _compare(old_report: OldReport | None, report: Report) -> Comparison | None:
    """Return the changes since `old_report`, or None if there is no such report."""
    from scoqa.evaluation.report.compare import compare

    if old_report is None:
        return None
    records, fingerprint = old_report
    return compare(records, report.rows, fingerprints=(fingerprint, dict(report.fingerprint)))


def _is_limit_broken(limits: Sequence[Limit], comparison: Comparison) -> bool:
    """Return whether a measure is worse than its limit; print each limit that is not kept."""
    from scoqa.terminal import print_message

    changes = comparison.measures
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
    return bool(broken)


def _run(evaluation: Evaluation, *, restart: bool) -> Report:
    """Return the report, resuming a stopped run unless `restart`; exit with 130 on Ctrl-C."""
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

            return evaluation.run(progress=report_progress, restart=restart, save=is_saved)
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


def _write_reports(report: Report, comparison: Comparison | None, options: EvaluateOptions) -> None:
    from scoqa.evaluation.report import exports
    from scoqa.evaluation.report.report_page import write_html

    times = options.times
    writers: list[tuple[Path | None, Callable[[IO[str]], None]]] = [
        (options.json_file, lambda file: exports.write_json(file, report, incidental=times)),
        (
            options.html_file,
            lambda file: write_html(file, report, comparison=comparison, incidental=times),
        ),
        (options.csv_file, lambda file: exports.write_csv(file, report.rows)),
        (options.run_file, lambda file: exports.write_run(file, report.rows)),
        (options.qrels_file, lambda file: exports.write_qrels(file, report.rows)),
    ]
    for target, write in writers:
        if target is not None:
            with _replace_atomically(target) as file:
                write(file)


def _add_suffix(stem: Path | None, suffix: str) -> Path | None:
    return None if stem is None else stem.with_name(stem.name + suffix)


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
