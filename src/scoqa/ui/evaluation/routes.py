"""The page for question sets, as plain routes: what the browser may ask of them.

Receives requests that the guard and the login let through; hands on the page, its state as JSON,
reports and files. Whatever a request names is looked up among what there is.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from scoqa.errors import QuestionSetError, ScoqaError
from scoqa.evaluation.report import exports
from scoqa.evaluation.report.report_page import write_html
from scoqa.ui import standalone
from scoqa.ui.evaluation.question_sets import KINDS, said
from scoqa.ui.evaluation.runner import BusyError, Evaluating
from scoqa.ui.evaluation.stream import piped

if TYPE_CHECKING:
    from scoqa.evaluation.runs import Run
    from scoqa.types import Report

PATH = "/evaluate"
_RAW, _JSON = "application/octet-stream", "application/json"
_FRESH = {"cache-control": "no-store"}
_NO_RUN = "There is no such run. It may have been deleted."
_NO_SET = "This question set is not there any more."
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def routes(evaluating: Evaluating) -> list[BaseRoute]:
    """Return the routes of the page. All else below its path is 404, and never Gradio's."""
    return [
        Route(
            PATH,
            lambda _: standalone.page("evaluation/evaluate", accept=",".join(KINDS)),
            methods=["GET"],
        ),
        Mount(PATH, routes=_Doors(evaluating).routes()),
    ]


class _Doors:
    """What stands behind each path. Plain functions run in threads of the server."""

    def __init__(self, evaluating: Evaluating) -> None:
        self._evaluating = evaluating
        self._runs = evaluating.runs

    def routes(self) -> list[Route]:
        one = "/runs/{run}"
        writers: dict[str, Callable[[IO[str], Report], None]] = {
            "report.json": exports.write_json,
            "report.csv": lambda file, report: exports.write_csv(file, report.rows),
            "run": lambda file, report: exports.write_run(file, report.rows),
            "qrels": lambda file, report: exports.write_qrels(file, report.rows),
        }
        return [
            Route("/", lambda _: RedirectResponse(PATH), methods=["GET"]),
            Route("/state", self.state, methods=["GET"]),
            Route("/sets", self.upload, methods=["POST"]),
            Route("/start", self.start, methods=["POST"]),
            Route("/stop", self.stop, methods=["POST"]),
            Route(one, self.report, methods=["GET"]),
            *(
                Route(f"{one}/{name}", self._download(name, write), methods=["GET"])
                for name, write in writers.items()
            ),
        ]

    def state(self, _: Request) -> Response:
        return JSONResponse(self._evaluating.state(), headers=_FRESH)

    async def upload(self, request: Request) -> Response:
        """Keep the set that is the body, under the name in the query."""
        # No form of another page can send this kind, whatever a browser says of its origin.
        if _kind(request) != _RAW:
            return _refused(415, f"A question set is sent as {_RAW}.")
        body, name = await request.body(), request.query_params.get("name", "")
        try:
            kept = await run_in_threadpool(self._evaluating.sets.keep, name, body)
        except QuestionSetError as error:
            return _refused(400, said(error, error.path))
        except ScoqaError as error:
            return _refused(409, str(error))
        return JSONResponse({"key": kept.key, "name": kept.name, "questions": kept.questions})

    async def start(self, request: Request) -> Response:
        """Ask the set in {"set": KEY, "anew": bool}."""
        try:
            told = json.loads(await request.body()) if _kind(request) == _JSON else None
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            return _refused(400, 'Send {"set": KEY} as application/json.')
        return await run_in_threadpool(self._start, told.get("set"), told.get("anew") is True)

    def _start(self, key: object, anew: bool) -> Response:
        chosen = self._evaluating.sets.find(key)
        if chosen is None:
            return _refused(404, _NO_SET)
        try:
            self._evaluating.start(chosen, anew=anew)
        except BusyError as error:
            return _refused(409, str(error))
        except ScoqaError as error:
            return _refused(400, str(error))
        return JSONResponse(self._evaluating.state(), headers=_FRESH)

    def stop(self, request: Request) -> Response:
        if _kind(request) != _JSON:
            return _refused(415, "Send it as application/json.")
        self._evaluating.stop()
        return JSONResponse(self._evaluating.state(), headers=_FRESH)

    def report(self, request: Request) -> Response:
        """Show a run's report; `?compare=ID`: beside an earlier run."""
        run = self._runs.find(request.path_params["run"])
        if run is None:
            return _missing(404, _NO_RUN)
        other = request.query_params.get("compare")
        before = self._runs.find(other) if other is not None else None
        if other is not None and before is None:
            return _missing(404, _NO_RUN)
        try:
            report = self._runs.report(run)
            comparison = self._runs.compared(before, run, report) if before else None
        except QuestionSetError:
            return _missing(400, "These two runs have no question in common.")
        except OSError as error:  # deleted meanwhile
            return _missing(404, f"{_NO_RUN} ({error.strerror})")
        links = self._runs.links(run)

        def write(file: IO[str]) -> None:
            write_html(file, report, comparison=comparison, ask=links, back=PATH)

        return StreamingResponse(
            piped(write), media_type="text/html; charset=utf-8", headers=_FRESH
        )

    def _download(
        self, name: str, write: Callable[[IO[str], Report], None]
    ) -> Callable[[Request], Response]:
        def download(request: Request) -> Response:
            run = self._runs.find(request.path_params["run"])
            if run is None:
                return _refused(404, _NO_RUN)
            try:
                report = self._runs.report(run)
            except OSError as error:
                return _refused(404, f"{_NO_RUN} ({error.strerror})")
            kind = "application/json" if name.endswith(".json") else "text/plain; charset=utf-8"
            return StreamingResponse(
                piped(lambda file: write(file, report)),
                media_type="text/csv" if name.endswith(".csv") else kind,
                headers={
                    **_FRESH,
                    "content-disposition": f'attachment; filename="{_file_name(run, name)}"',
                },
            )

        return download


def _kind(request: Request) -> str:
    return str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"problem": sentence}, status, headers=_FRESH)


def _missing(status: int, sentence: str) -> Response:
    return standalone.page("page/sorry", status, sentence=html.escape(sentence))


def _file_name(run: Run, name: str) -> str:
    """Return the name of a downloaded file: the set's, the run's time, what it is."""
    stem = _NO_FILE_NAME.sub("-", PurePath(run.set).stem) or "set"
    suffix = name if name.startswith("report") else f".{name}"
    return f"{stem}-{run.id[:15]}{suffix.removeprefix('report')}"
