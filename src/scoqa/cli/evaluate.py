"""The command that asks a question set: runs it, prints what came out, and writes it down.

Receives arguments; hands on files and an exit code: 5 when it is worse than --fail-on allows.
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
    made_ready,
    open_workspace,
)
from scoqa.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoqa.evaluation import Evaluation
    from scoqa.evaluation.report.compare import Comparison
    from scoqa.types import Report

WORSE = 5  # the exit code


def evaluate(
    question_set: Annotated[
        Path, typer.Argument(metavar="SET", help="Questions: JSONL, CSV or SQuAD's JSON.")
    ],
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the whole report.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a line a question.")
    ] = None,
    trec: Annotated[
        Path | None,
        typer.Option("--trec", metavar="STEM", help="Write STEM.run and STEM.qrels, as TREC's."),
    ] = None,
    compare_with: Annotated[
        Path | None,
        typer.Option("--compare", metavar="OLD.json", help="Say what changed since this report."),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on", metavar="LIMIT", help='End with 5 if worse, like "F1 -0.01"; repeatable.'
        ),
    ] = None,
    corrected: Annotated[
        Path | None,
        typer.Option(
            "--corrected", metavar="FILE", help="Write the set with its offsets put right."
        ),
    ] = None,
    times: Annotated[
        bool,
        typer.Option(
            "--times/--no-times", help="Keep times and dates, which differ from run to run."
        ),
    ] = True,
    anew: Annotated[
        bool, typer.Option("--anew", help="Do not go on where a stopped run ended.")
    ] = False,
    reader: ReaderOption = None,
    allow_download: Download = False,
) -> None:
    """Ask a question set and measure the answers."""
    from scoqa.cli.report import print_comparison, print_report
    from scoqa.evaluation.report.compare import Limit, compare, read_report
    from scoqa.evaluation.sets import read_set
    from scoqa.terminal import say

    if trec is not None and not trec.name:
        raise typer.BadParameter(f"{trec} is no name of a file", param_hint="--trec")
    limits = [Limit.parse(each) for each in fail_on or ()]
    if limits and compare_with is None:
        raise typer.BadParameter("it needs --compare OLD.json", param_hint="--fail-on")
    old = read_report(compare_with) if compare_with is not None else None
    stems = [] if trec is None else [_with(trec, ".run"), _with(trec, ".qrels")]
    _check_places(*(json_file, html_file, csv_file, corrected, *stems))
    opened = open_workspace(workspace, index, reader=reader, allow_download=allow_download)
    read = read_set(question_set)
    if corrected is not None and read.contexts:
        raise typer.BadParameter(
            f"{read.name} brings its own documents, which the set written would not.",
            param_hint="--corrected",
        )
    ready = made_ready(opened, read)
    _tell_corrections(ready, corrected)
    report = _asked(ready, anew=anew)
    comparison = None
    if old is not None:
        records, fingerprint = old
        comparison = compare(
            records, report.rows, fingerprints=(fingerprint, dict(report.fingerprint))
        )
    try:
        # Before anything is printed: whoever reads only the first lines still gets the files.
        _write(report, comparison, json_file, html_file, csv_file, stems, times=times)
    finally:
        print_report(report)
        if comparison is not None:
            print_comparison(comparison)
    changed = comparison.measures if comparison else {}
    broken = [limit for limit in limits if limit.is_broken(changed[limit.measure])]
    for limit in limits:
        each = changed[limit.measure]
        if each is None:
            say(f"{limit.measure} is not in both reports, so nothing holds it to {limit.least:+g}.")
        elif limit in broken:
            say(f"{limit.measure} is worse than {limit.least:+g}, and not by chance.")
        elif each.low is None:
            say(f"{limit.measure}: {each.count:,} questions are too few to tell.")
    if broken:
        raise typer.Exit(WORSE)


def _asked(ready: Evaluation, *, anew: bool) -> Report:
    """Return the report; what a stopped run has answered already is said, and kept."""
    from scoqa.terminal import progress, say

    kept = ready.workspace.store.writable
    if not kept:
        say(f"{ready.index} cannot be written: if this is stopped, it begins again.")
    asked = 0
    try:
        with progress("Asking") as draw:

            def tell(done: int, total: int) -> None:
                nonlocal asked
                if not asked and 0 < done < total:
                    say(f"Going on after {done:,} of {total:,} questions; --anew begins again.")
                asked = done or -1
                draw(done, total, "")

            return ready.run(progress=tell, restart=anew, save=kept)
    except KeyboardInterrupt:
        goes_on = "The same command goes on from there." if kept else "Nothing of them is kept."
        say(f"Stopped after {max(asked, 0):,} of {len(ready.questions):,} questions. {goes_on}")
        raise typer.Exit(130) from None


def _tell_corrections(ready: Evaluation, corrected: Path | None) -> None:
    """Say which gold answers do not stand where the set says, and write the set put right."""
    from scoqa.evaluation.sets import to_jsonl
    from scoqa.terminal import say

    most = 10
    for each in ready.corrections[:most]:
        words = f"{each.text!r:.60}" if each.text else "an answer without words"
        where = f"{ready.set.name}, line {each.line}: {words}"
        if each.now is None:
            say(f"{where} does not stand in {each.document}.")
        else:
            say(f"{where} stands at {each.now[0]}:{each.now[1]} of {each.document}.")
    if len(ready.corrections) > most:
        say(f"... and {len(ready.corrections) - most:,} more like these.")
    if ready.corrections and corrected is None and not ready.set.contexts:
        say("These places are used here; --corrected FILE writes the set with them.")
    if corrected is not None:
        with _written(corrected) as file:
            file.write(to_jsonl(question for _, question in ready.questions))


def _write(
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
    for place, write in writers:
        if place is not None:
            with _written(place) as file:
                write(file)


def _with(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _check_places(*files: Path | None) -> None:
    """Raise WorkspaceError before anything is asked, if a file could not be written later."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            raise WorkspaceError(f"{file} cannot be written. Name a file in a folder that can.")


@contextmanager
def _written(file: Path) -> Iterator[IO[str]]:
    """Give a file that stands in the place of `file` once it is whole."""
    beside = file.with_name(f".{file.name}.new")
    try:
        with beside.open("w", encoding="utf-8", errors="replace", newline="\n") as opened:
            yield opened
        beside.replace(file)
    except OSError as error:
        raise WorkspaceError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)
