"""The routes of the evaluation page.

Input: requests that the guard and the login have passed on. Output: the page, its state as JSON,
reports and files. Names in requests are only looked up among existing sets and runs.
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
from scoqa.ui.evaluation.question_sets import KINDS, describe_problem
from scoqa.ui.evaluation.runner import BusyError, EvaluationRunner
from scoqa.ui.evaluation.stream import stream_text

if TYPE_CHECKING:
    from scoqa.evaluation.runs import Run
    from scoqa.types import Report

PATH = "/evaluate"
_BINARY, _JSON = "application/octet-stream", "application/json"
_NO_STORE = {"cache-control": "no-store"}
_NO_RUN = "There is no such run. It may have been deleted."
_NO_SET = "This question set does not exist any more."
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def build_routes(runner: EvaluationRunner) -> list[BaseRoute]:
    """Return the routes of the page. Other paths below PATH give 404 and never reach Gradio."""
    return [
        Route(
            PATH,
            lambda _: standalone.render_page("evaluation/evaluate", accept=",".join(KINDS)),
            methods=["GET"],
        ),
        Mount(PATH, routes=_Handlers(runner).routes()),
    ]


class _Handlers:
    """The handlers of the routes. The server runs those that are not async in threads."""

    def __init__(self, runner: EvaluationRunner) -> None:
        self._runner = runner
        self._runs = runner.runs

    def routes(self) -> list[Route]:
        run_path = "/runs/{run}"
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
            Route(run_path, self.report, methods=["GET"]),
            *(
                Route(f"{run_path}/{name}", self._download(name, write), methods=["GET"])
                for name, write in writers.items()
            ),
        ]

    def state(self, _: Request) -> Response:
        return JSONResponse(self._runner.state(), headers=_NO_STORE)

    async def upload(self, request: Request) -> Response:
        """Save the set in the body under the name in the query."""
        # A form on another site cannot send this type, even if a browser omits the origin.
        if _content_type(request) != _BINARY:
            return _refuse(415, f"Send the question set as {_BINARY}.")
        body, name = await request.body(), request.query_params.get("name", "")
        try:
            saved = await run_in_threadpool(self._runner.sets.save_upload, name, body)
        except QuestionSetError as error:
            return _refuse(400, describe_problem(error, error.path))
        except ScoqaError as error:
            return _refuse(409, str(error))
        return JSONResponse({"key": saved.key, "name": saved.name, "questions": saved.questions})

    async def start(self, request: Request) -> Response:
        """Start the run described by {"set": KEY, "anew": bool}."""
        try:
            is_json = _content_type(request) == _JSON
            fields = json.loads(await request.body()) if is_json else None
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            return _refuse(400, 'Send {"set": KEY} as application/json.')
        return await run_in_threadpool(self._start, fields.get("set"), fields.get("anew") is True)

    def _start(self, key: object, anew: bool) -> Response:
        chosen = self._runner.sets.find(key)
        if chosen is None:
            return _refuse(404, _NO_SET)
        try:
            self._runner.start(chosen, anew=anew)
        except BusyError as error:
            return _refuse(409, str(error))
        except ScoqaError as error:
            return _refuse(400, str(error))
        return JSONResponse(self._runner.state(), headers=_NO_STORE)

    def stop(self, request: Request) -> Response:
        if _content_type(request) != _JSON:
            return _refuse(415, "Send the request as application/json.")
        self._runner.stop()
        return JSONResponse(self._runner.state(), headers=_NO_STORE)

    def report(self, request: Request) -> Response:
        """Return a run's report; `?compare=ID` adds a comparison with that earlier run."""
        run = self._runs.find(request.path_params["run"])
        if run is None:
            return _error_page(404, _NO_RUN)
        other = request.query_params.get("compare")
        before = self._runs.find(other) if other is not None else None
        if other is not None and before is None:
            return _error_page(404, _NO_RUN)
        try:
            report = self._runs.report(run)
            comparison = self._runs.compare(before, run, report) if before else None
        except QuestionSetError:
            return _error_page(400, "These two runs have no question in common.")
        except OSError as error:  # deleted meanwhile
            return _error_page(404, f"{_NO_RUN} ({error.strerror})")
        links = self._runs.chat_links(run)

        def write(file: IO[str]) -> None:
            write_html(file, report, comparison=comparison, ask=links, back=PATH)

        return StreamingResponse(
            stream_text(write), media_type="text/html; charset=utf-8", headers=_NO_STORE
        )

    def _download(
        self, name: str, write: Callable[[IO[str], Report], None]
    ) -> Callable[[Request], Response]:
        def download(request: Request) -> Response:
            run = self._runs.find(request.path_params["run"])
            if run is None:
                return _refuse(404, _NO_RUN)
            try:
                report = self._runs.report(run)
            except OSError as error:
                return _refuse(404, f"{_NO_RUN} ({error.strerror})")
            kind = "application/json" if name.endswith(".json") else "text/plain; charset=utf-8"
            return StreamingResponse(
                stream_text(lambda file: write(file, report)),
                media_type="text/csv" if name.endswith(".csv") else kind,
                headers={
                    **_NO_STORE,
                    "content-disposition": f'attachment; filename="{_file_name(run, name)}"',
                },
            )

        return download


def _content_type(request: Request) -> str:
    return str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _refuse(status: int, sentence: str) -> Response:
    return JSONResponse({"problem": sentence}, status, headers=_NO_STORE)


def _error_page(status: int, sentence: str) -> Response:
    return standalone.render_page("page/sorry", status, sentence=html.escape(sentence))


def _file_name(run: Run, name: str) -> str:
    """Return the name of a downloaded file, from the set's name, the run's time and `name`."""
    stem = _NOT_IN_FILE_NAMES.sub("-", PurePath(run.set).stem) or "set"
    suffix = name if name.startswith("report") else f".{name}"
    return f"{stem}-{run.id[:15]}{suffix.removeprefix('report')}"
