"""The login: a page with a form, a session cookie, and the refusal of requests without one.

Input: every request that the guard has passed on. Output: requests with a session, and those for
the page's icon, are passed on. gradio_client posts its `auth` to the form's target too.
"""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from scoqa.ui import standalone
from scoqa.ui.auth.attempts import Attempts, network
from scoqa.ui.auth.guard import App, Message, Receive, Send, refuse
from scoqa.ui.auth.passwords import (
    MOST_NAME_CHARACTERS,
    Logins,
    check_password,
    normalize_name,
)
from scoqa.ui.auth.sessions import SESSION_SECONDS, Sessions

LOGIN, LOGOUT, ICON = "/login", "/logout", "/favicon.ico"

# At most two passwords are checked concurrently, because each check takes 32 MiB and a core. One
# address can have two checks in total, running or waiting, so that it cannot block others.
_CHECKS_AT_ONCE = 2
_CHECKS_PER_ADDRESS = 2
# Running and waiting checks of all addresses together: the last of them waits two seconds.
_MOST_CHECKS = 16
_BUSY_SECONDS = 2
_MOST_FIELDS = 10

# A path on this server, in characters that browsers leave unchanged. Two slashes, or a slash and a
# backslash, would start another server's name; browsers remove tabs and line ends.
_LOCAL_PATH = re.compile(r"/(?:[!-\[\]-~]*)")
_MOST_NEXT_CHARACTERS = 4096

_WRONG = "Wrong name or password."


class Login:
    """ASGI middleware: redirects requests without a session to the login page, or responds 401."""

    def __init__(
        self, app: App, logins: Logins, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._logins = logins
        self._sessions = Sessions(clock)
        self._attempts = Attempts(clock)
        self._checking: Counter[str] = Counter()  # checks running or waiting, by address
        self._checks = ThreadPoolExecutor(_CHECKS_AT_ONCE, thread_name_prefix="scoqa-login")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle the paths of the login; pass on requests with a session; refuse all others."""
        kind, path = scope["type"], scope.get("path", "")
        if kind not in ("http", "websocket") or (kind == "http" and path == ICON):
            await self._app(scope, receive, send)
        elif kind == "http" and path.rstrip("/") in (LOGIN, LOGOUT):
            request = Request(scope, receive)
            handle = self._log_in if path.rstrip("/") == LOGIN else self._log_out
            response = await handle(request)
            response.headers["cache-control"] = "no-store"
            await response(scope, receive, send)
        elif self._find_token(scope) is not None:
            await self._app(scope, receive, send)
        elif kind == "http" and _is_page(scope):
            query = urlencode({"next": _requested_path(scope)})
            response = RedirectResponse(f"{LOGIN}?{query}", 303, {"cache-control": "no-store"})
            await response(scope, receive, send)
        else:
            await refuse(scope, send, 401, f"Log in first, at {LOGIN}.")

    async def _log_in(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            target = check_target(request.query_params.get("next", "/"))
            if self._find_token(request.scope) is not None:
                return RedirectResponse(target, 303)
            if _header(request, "sec-fetch-site") == "cross-site":
                return _reload_page(target)
            return _login_page(target)
        if request.method != "POST":
            return Response("Log in with POST.", 405, {"allow": "GET, HEAD, POST"})
        if not _header(request, "content-type").startswith("application/x-www-form-urlencoded"):
            return Response("A login is a form: name and password, urlencoded.", 415)
        try:
            body = (await request.body()).decode("utf-8", "replace")
            fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return Response("A login has a name and a password.", 400)
        name = normalize_name(fields.get("username", "")[:MOST_NAME_CHARACTERS])
        password = fields.get("password", "")
        address = request.client.host if request.client else ""
        target = check_target(fields.get("next", "/"))
        status, wait, problem = await self._attempt(address, name, password)
        page = _wants_page(request)
        if problem is None:
            self._end_session(request)
            response: Response = (
                RedirectResponse(target, 303) if page else JSONResponse({"success": True})
            )
            response.set_cookie(
                _cookie_name(request.scope), self._sessions.begin(),
                max_age=SESSION_SECONDS, path="/",
                httponly=True, samesite="strict", secure=request.url.scheme == "https",
            )  # fmt: skip
            return response
        response = (
            _login_page(target, status=status, name=name, problem=problem)
            if page
            else JSONResponse({"detail": problem}, status)
        )
        if wait:
            response.headers["retry-after"] = str(wait)
        return response

    async def _attempt(self, address: str, name: str, password: str) -> tuple[int, int, str | None]:
        """Return a status, the seconds to wait, and the reason for a refusal (None on success).

        During a wait the right password is refused too; otherwise a wait would not slow guessing.
        """
        wait = self._attempts.wait_seconds(address, name)
        if wait:
            return 429, wait, f"Too many wrong attempts. Try again in {_format_wait(wait)}."
        client = network(address)
        if self._checking[client] >= _CHECKS_PER_ADDRESS:
            return 429, 1, "Too many attempts at once. Try again in a second."
        if self._checking.total() >= _MOST_CHECKS:
            wait = _BUSY_SECONDS
            return 503, wait, f"Too many logins at once. Try again in {_format_wait(wait)}."
        self._attempts.begin(address, name)
        self._checking[client] += 1
        try:
            right = await asyncio.get_running_loop().run_in_executor(
                self._checks, check_password, self._logins, name, password
            )
        finally:
            self._checking[client] -= 1
            if not self._checking[client]:
                del self._checking[client]
        if not right:
            return 401, 0, _WRONG
        self._attempts.succeed(address, name)
        return 200, 0, None

    async def _log_out(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("Log out with POST.", 405, {"allow": "POST"})
        self._end_session(request)
        response = RedirectResponse(LOGIN, 303)
        name = _cookie_name(request.scope)
        response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return response

    def _end_session(self, request: Request) -> None:
        if (token := self._find_token(request.scope)) is not None:
            self._sessions.end(token)

    def _find_token(self, scope: Message) -> str | None:
        """Return the token of the session that a request belongs to, or None."""
        for key, value in scope["headers"]:
            if key.lower() == b"cookie":
                token = cookie_parser(value.decode("latin-1")).get(_cookie_name(scope), "")
                if self._sessions.is_valid(token):
                    return token
        return None


def check_target(target: str) -> str:
    """Return `target` if it is a path of this server, with its query; else "/", the first page."""
    path = target.partition("?")[0]
    if (
        len(target) > _MOST_NEXT_CHARACTERS
        or not _LOCAL_PATH.fullmatch(target)
        or "//" in path
        or path.rstrip("/") in (LOGIN, LOGOUT)
    ):
        return "/"
    return target


def _requested_path(scope: Message) -> str:
    """Return the path and query of a request, encoded as they were sent."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return check_target(
        (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
    )


def _is_page(scope: Message) -> bool:
    """Return whether the response is for a person rather than for a program."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/gradio_api"):
        return False
    return scope["path"] == "/" or _wants_page(Request(scope))


def _wants_page(request: Request) -> bool:
    return "text/html" in _header(request, "accept")


def _header(request: Request, name: str) -> str:
    return str(request.headers.get(name, "")).lower()


def _cookie_name(scope: Message) -> str:
    # Browsers store cookies by host, not by port: two chats on one machine need two names.
    server = scope.get("server") or ("", 0)
    return f"scoqa-session-{server[1]}"


def _format_wait(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s'[: seconds != 1]}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s'[: minutes != 1]}"


def _reload_page(target: str) -> HTMLResponse:
    """Return a page that requests the login page again, from this site.

    A browser does not send a strict cookie when a link on another site is followed, so users who
    follow such a link to a document would have to log in each time. It sends it with this request.
    """
    url = html.escape(f"{LOGIN}?{urlencode({'next': target})}")
    return HTMLResponse(
        '<!doctype html><html lang="en"><title>scoqa</title>'
        f'<meta http-equiv="refresh" content="0;url={url}"></html>'
    )


def _login_page(
    target: str, *, status: int = 200, name: str = "", problem: str | None = None
) -> HTMLResponse:
    """Return the login page, with a name and a problem if a login has just failed."""
    return standalone.render_page(
        "auth/login",
        status,
        next=html.escape(target),
        name=html.escape(name),
        title="Log in · scoqa" if problem is None else "Not logged in · scoqa",
        problem=(
            ""
            if problem is None
            else f'<p class="problem" id="problem" role="alert">{html.escape(problem)}</p>'
        ),
        # Focus the next field to fill in; a screen reader reads the problem with the password.
        begin="autofocus" if problem is None else "",
        again="" if problem is None else 'autofocus aria-describedby="problem"',
    )
