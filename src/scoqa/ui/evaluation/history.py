"""Evaluations that are kept, listed and shown: their measures, their reports, two compared.

Receives run ids from the browser, which may be forged; hands on plain values and Reports. An id
is only ever looked up among the runs there are. The measures of a finished run are computed once
and kept beside its records: their intervals take seconds.
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
from scoqa.errors import ScoqaError
from scoqa.evaluation import build_report, runs
from scoqa.evaluation.report.compare import Comparison, compare
from scoqa.evaluation.runs import Records, Run
from scoqa.types import Measure, Report
from scoqa.ui.source.viewer import MOST_PLACES

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

KEPT = "summary.json"
HEADLINES = ("right place", "Success@5", "F1", "false answers")
_log = logging.getLogger(__name__)


class PastRuns:
    """The runs of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._headlines: dict[str, dict[str, float | None]] = {}  # by run id
        self._counting = False

    def listed(self) -> list[tuple[Run, dict[str, float | None] | None]]:
        """Return the runs, newest first, with the headline measures of each finished one.

        None: the run is not finished, or its measures are being computed now.
        """
        found = runs.list_runs(self._workspace.index)
        missing = [run for run in found if run.finished and run.id not in self._headlines]
        for run in list(missing):
            summary = _kept(run)
            if summary is not None:
                self._headlines[run.id] = _headlines(summary[0])
                missing.remove(run)
        if missing:
            self._count(missing)
        return [(run, self._headlines.get(run.id)) for run in found]

    def find(self, run_id: str) -> Run | None:
        """Return the run of that id; None if there is none, whatever the string holds."""
        return runs.find_run(self._workspace.index, run_id)

    def report(self, run: Run) -> Report:
        """Return the report of a run, as far as it got; its measures are kept if it is finished."""
        summary = _kept(run) if run.finished else None
        if summary is None:
            report = build_report(run)
            if run.finished:
                self.keep(run, report)
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

    def keep(self, run: Run, report: Report) -> None:
        """Keep the measures of a finished run, on disk where that can be written."""
        self._headlines[run.id] = _headlines(report.measures)
        summary = {
            "scoqa": __version__,
            "bytes": runs.records_bytes(run),
            "measures": _plain(report.measures),
            "groups": {name: _plain(measures) for name, measures in report.groups.items()},
            "seconds": report.incidental["seconds"],
        }
        try:
            handle, partial = tempfile.mkstemp(prefix=f".{KEPT}", dir=run.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(summary, file)
            os.replace(partial, run.folder / KEPT)
        except OSError as error:
            _log.info("The measures of %s are not kept: %s", run.id, error)

    def compared(self, before: Run, after: Run, report: Report) -> Comparison:
        """Return what changed from `before` to `after`, which has the report `report`.

        Raises QuestionSetError when they have no question in common.
        """
        old = Records(runs.open_journal(before))
        fingerprints = (before.fingerprint, dict(after.fingerprint))
        return compare(old, report.rows, fingerprints=fingerprints)

    def links(self, run: Run) -> Callable[[Mapping[str, Any]], str | None]:
        """Return what gives the link that asks a record's question in the chat, or None.

        None where the chat does not hold its documents: a set may bring its own.
        """
        workspace = self._workspace
        try:
            same = workspace.fingerprint()["corpus"] == run.fingerprint.get("corpus")
            with workspace.store.view() as view:
                here = {entry.document_id for entry in view.entries().values()}
        except ScoqaError as error:
            _log.info("No links into the chat: %s", error)
            same, here = False, set()

        def link(record: Mapping[str, Any]) -> str | None:
            golds = record["gold"] or record["evidence"]
            known = [each for each in golds if each.get("document_id") in here]
            return ask_link(record) if same or known else None

        return link

    def _count(self, missing: list[Run]) -> None:
        """Have the measures of finished runs computed in the background, one after another."""
        with self._lock:
            if self._counting:
                return
            self._counting = True

        def work() -> None:
            try:
                for run in missing:
                    try:
                        self.report(run)
                    except Exception:
                        # One that cannot be read keeps none of the others from being shown.
                        _log.exception("The run %s cannot be read.", run.id)
                        self._headlines[run.id] = {}
            finally:
                self._counting = False

        threading.Thread(target=work, name="scoqa-evaluate-count", daemon=True).start()


def ask_link(record: Mapping[str, Any]) -> str:
    """Return the link that puts a record's question into the chat, with its gold places."""
    golds = [
        f"{each['document_id']}:{each['start']}:{each['end']}:{each['text_digest']}"
        for each in record["gold"] or record["evidence"]
        if each["start"] >= 0
    ][:MOST_PLACES]
    if not golds:
        golds = ["lost" if record["answerable"] else "none"]
    return "/?" + urlencode([("question", record["question"]), *(("gold", each) for each in golds)])


def _headlines(measures: Mapping[str, Measure]) -> dict[str, float | None]:
    return {name: measures[name].value for name in HEADLINES}


def _plain(measures: Mapping[str, Measure]) -> dict[str, Any]:
    return {name: asdict(measure) for name, measure in measures.items()}


def _kept(
    run: Run,
) -> tuple[dict[str, Measure], dict[str, dict[str, Measure]], dict[str, Any]] | None:
    """Return measures, groups and seconds kept with a run; None if they are not of this scoqa,
    not of these records, or not there."""
    try:
        kept = json.loads((run.folder / KEPT).read_text(encoding="utf-8"))
        if (kept["scoqa"], kept["bytes"]) != (__version__, runs.records_bytes(run)):
            return None
        measures = {name: Measure(**each) for name, each in kept["measures"].items()}
        groups = {
            name: {measure: Measure(**each) for measure, each in group.items()}
            for name, group in kept["groups"].items()
        }
        _headlines(measures)
        return measures, groups, dict(kept["seconds"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
