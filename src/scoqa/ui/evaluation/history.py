"""Past evaluation runs: their list, their measures and reports, and comparisons of two runs.

Input: run ids from the browser, which may be forged and are only looked up among the existing
runs. Output: JSON-compatible values and Reports. The measures of a finished run are computed once
and saved beside its records, because their intervals take seconds.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scoqa import __version__
from scoqa.background import BackgroundTask
from scoqa.errors import ScoqaError
from scoqa.evaluation import build_report, runs
from scoqa.evaluation.report.compare import Comparison, compare
from scoqa.evaluation.runs import Records, Run
from scoqa.types import Measure, Report
from scoqa.ui.source.viewer import MOST_PLACES

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

SUMMARY_FILE = "summary.json"
HEADLINES = ("right place", "Success@5", "F1", "false answers")
_log = logging.getLogger(__name__)


class PastRuns:
    """The runs of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._headlines: dict[str, dict[str, float | None]] = {}  # by run id
        self._computing = False

    def list_runs(self) -> list[tuple[Run, dict[str, float | None] | None]]:
        """Return the runs, newest first, each with its headline measures.

        The measures are None if the run is not finished, or while they are being computed.
        """
        all_runs = runs.list_runs(self._workspace.index)
        missing = [run for run in all_runs if run.finished and run.id not in self._headlines]
        for run in list(missing):
            summary = _read_summary(run)
            if summary is not None:
                self._headlines[run.id] = _headlines(summary[0])
                missing.remove(run)
        if missing:
            self._start_computing(missing)
        return [(run, self._headlines.get(run.id)) for run in all_runs]

    def find(self, run_id: str) -> Run | None:
        """Return the run with that id, or None; `run_id` may be any string."""
        return runs.find_run(self._workspace.index, run_id)

    def report(self, run: Run) -> Report:
        """Return the report of a run, complete or not; save the measures of a finished one."""
        summary = _read_summary(run) if run.finished else None
        if summary is None:
            report = build_report(run)
            if run.finished:
                self.save_measures(run, report)
            return report
        measures, groups, seconds = summary
        return Report(
            measures=measures,
            groups=groups,
            rows=Records(runs.open_journal(run)),
            fingerprint=run.fingerprint,
            corrections=run.corrections,
            incidental={"set": run.set, "run": run.id, "started": run.started, "seconds": seconds},
        )

    def save_measures(self, run: Run, report: Report) -> None:
        """Save the measures of a finished run in memory, and on disk if it can be written."""
        self._headlines[run.id] = _headlines(report.measures)
        summary = {
            "scoqa": __version__,
            "bytes": runs.records_bytes(run),
            "measures": _measures_to_json(report.measures),
            "groups": {
                name: _measures_to_json(measures) for name, measures in report.groups.items()
            },
            "seconds": report.incidental["seconds"],
        }
        try:
            handle, partial = tempfile.mkstemp(prefix=f".{SUMMARY_FILE}", dir=run.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(summary, file)
            os.replace(partial, run.folder / SUMMARY_FILE)
        except OSError as error:
            _log.info("The measures of %s could not be saved: %s", run.id, error)

    def compare(self, before: Run, after: Run, report: Report) -> Comparison:
        """Return the changes from `before` to `after`; report: that of `after`.

        Raises QuestionSetError if the runs have no question in common.
        """
        old = Records(runs.open_journal(before))
        fingerprints = (before.fingerprint, dict(after.fingerprint))
        return compare(old, report.rows, fingerprints=fingerprints)

    def chat_links(self, run: Run) -> Callable[[Mapping[str, Any]], str | None]:
        """Return a function from a record to the link that asks its question in the chat.

        It returns None if the chat does not have the documents, because a set can contain its own.
        """
        workspace = self._workspace
        try:
            same = workspace.fingerprint()["corpus"] == run.fingerprint.get("corpus")
            indexed = set(workspace.document_ids().values())
        except ScoqaError as error:
            _log.info("No links to the chat: %s", error)
            same, indexed = False, set()

        def link(record: Mapping[str, Any]) -> str | None:
            golds = record["gold"] or record["evidence"]
            known = any(gold.get("document_id") in indexed for gold in golds)
            return chat_link(record) if same or known else None

        return link

    def _start_computing(self, missing: list[Run]) -> None:
        """Compute the measures of the finished runs `missing` in the background, one by one."""
        with self._lock:
            if self._computing:
                return
            self._computing = True

        def compute(task: BackgroundTask) -> None:
            try:
                for run in missing:
                    task.check()
                    try:
                        self.report(run)
                    except Exception:
                        # A run that cannot be read must not prevent the others from being shown.
                        _log.exception("The run %s cannot be read.", run.id)
                        self._headlines[run.id] = {}
            finally:
                self._computing = False

        BackgroundTask("evaluate-count", compute).start()


def chat_link(record: Mapping[str, Any]) -> str:
    """Return the link that opens the chat with a record's question and its gold places."""
    golds = [
        f"{gold['document_id']}:{gold['start']}:{gold['end']}:{gold['text_digest']}"
        for gold in record["gold"] or record["evidence"]
        if gold["start"] >= 0
    ][:MOST_PLACES]
    if not golds:
        golds = ["lost" if record["answerable"] else "none"]
    return "/?" + urlencode([("question", record["question"]), *(("gold", gold) for gold in golds)])


def _headlines(measures: Mapping[str, Measure]) -> dict[str, float | None]:
    return {name: measures[name].value for name in HEADLINES}


def _measures_to_json(measures: Mapping[str, Measure]) -> dict[str, Any]:
    return {name: asdict(measure) for name, measure in measures.items()}


def _read_summary(
    run: Run,
) -> tuple[dict[str, Measure], dict[str, dict[str, Measure]], dict[str, Any]] | None:
    """Return the saved measures, groups and seconds of a run.

    Returns None if there are none, or if another version of scoqa or other records made them.
    """
    try:
        summary = json.loads((run.folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        if (summary["scoqa"], summary["bytes"]) != (__version__, runs.records_bytes(run)):
            return None
        measures = {name: Measure(**fields) for name, fields in summary["measures"].items()}
        groups = {
            group: {name: Measure(**fields) for name, fields in group_measures.items()}
            for group, group_measures in summary["groups"].items()
        }
        _headlines(measures)
        return measures, groups, dict(summary["seconds"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
