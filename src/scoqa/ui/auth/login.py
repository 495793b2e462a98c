"""The login: a page, a cookie, and nothing else without them.

Receives every request that the guard let through; hands on those of somebody who is logged in,
and the page's icon. The form's target is also what gradio_client posts its `auth` to.
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
from scoqa.ui.auth.passwords import MOST_NAME_CHARACTERS, Logins, matches, named
from scoqa.ui.auth.sessions import SESSION_SECONDS, Sessions

LOGIN, LOGOUT, ICON = "/login", "/logout", "/favicon.ico"

# Two passwords are looked at at once, whoever sends how many: each takes 32 MiB and a core. One
# address has one of them looked at, and one waiting, so that it cannot keep others waiting.
_CHECKS_AT_ONCE = 2
_CHECKS_PER_ADDRESS = 2
# On their way from everywhere, the two that are looked at included: the last waits two seconds.
_MOST_CHECKS = 16
_BUSY_SECONDS = 2
_MOST_FIELDS = 10

# A path on this server, in the characters that a browser leaves as they are. Two slashes, or a
# slash and a backslash, would begin another server's name; browsers drop tabs and line ends.
_HERE = re.compile(r"/(?:[!-\[\]-~]*)")
_MOST_NEXT_CHARACTERS = 4096

_WRONG = "This name and this password do not belong together."


class Login:
    """ASGI middleware: whoever has no session is sent to the login page, or told 401."""

    def __init__(
        self, app: App, logins: Logins, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._logins = logins
        self._sessions = Sessions(clock)
        self._attempts = Attempts(clock)
        self._checking: Counter[str] = Counter()  # passwords of an address on their way
        self._checks = ThreadPoolExecutor(_CHECKS_AT_ONCE, thread_name_prefix="scoqa-login")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the login's own paths; pass on what has a session; refuse the rest."""
        kind, path = scope["type"], scope.get("path", "")
        if kind not in ("http", "websocket") or (kind == "http" and path == ICON):
            await self._app(scope, receive, send)
        elif kind == "http" and path.rstrip("/") in (LOGIN, LOGOUT):
            request = Request(scope, receive)
            answer = await (self._login if path.rstrip("/") == LOGIN else self._logout)(request)
            answer.headers["cache-control"] = "no-store"
            await answer(scope, receive, send)
        elif self._token(scope) is not None:
            await self._app(scope, receive, send)
        elif kind == "http" and _is_page(scope):
            query = urlencode({"next": _wished(scope)})
            answer = RedirectResponse(f"{LOGIN}?{query}", 303, {"cache-control": "no-store"})
            await answer(scope, receive, send)
        else:
            await refuse(scope, send, 401, f"Log in first, at {LOGIN}.")

    async def _login(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            wished = here(request.query_params.get("next", "/"))
            if self._token(request.scope) is not None:
                return RedirectResponse(wished, 303)
            if _header(request, "sec-fetch-site") == "cross-site":
                return _again(wished)
            return _page(wished)
        if request.method != "POST":
            return Response("Log in with POST.", 405, {"allow": "GET, HEAD, POST"})
        if not _header(request, "content-type").startswith("application/x-www-form-urlencoded"):
            return Response("A login is a form: name and password, urlencoded.", 415)
        try:
            body = (await request.body()).decode("utf-8", "replace")
            fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return Response("A login has a name and a password.", 400)
        name = named(fields.get("username", "")[:MOST_NAME_CHARACTERS])
        password = fields.get("password", "")
        address = request.client.host if request.client else ""
        wished = here(fields.get("next", "/"))
        status, wait, problem = await self._try(address, name, password)
        page = _wants_page(request)
        if problem is None:
            self._end(request)
            answer: Response = (
                RedirectResponse(wished, 303) if page else JSONResponse({"success": True})
            )
            answer.set_cookie(
                _cookie(request.scope), self._sessions.begin(), max_age=SESSION_SECONDS, path="/",
                httponly=True, samesite="strict", secure=request.url.scheme == "https",
            )  # fmt: skip
            return answer
        answer = (
            _page(wished, status=status, name=name, problem=problem)
            if page
            else JSONResponse({"detail": problem}, status)
        )
        if wait:
            answer.headers["retry-after"] = str(wait)
        return answer

    async def _try(self, address: str, name: str, password: str) -> tuple[int, int, str | None]:
        """Return a status, the seconds to wait, and why the login is refused: None if it is not.

        During a wait the right password is refused too: otherwise nobody who guesses would wait.
        """
        wait = self._attempts.wait_seconds(address, name)
        if wait:
            return 429, wait, f"Too many wrong attempts. Try again in {_spoken(wait)}."
        place = network(address)
        if self._checking[place] >= _CHECKS_PER_ADDRESS:
            return 429, 1, "Too many attempts at once. Try again in a second."
        if self._checking.total() >= _MOST_CHECKS:
            wait = _BUSY_SECONDS
            return 503, wait, f"Too many logins at once. Try again in {_spoken(wait)}."
        self._attempts.begin(address, name)
        self._checking[place] += 1
        try:
            right = await asyncio.get_running_loop().run_in_executor(
                self._checks, matches, self._logins, name, password
            )
        finally:
            self._checking[place] -= 1
            if not self._checking[place]:
                del self._checking[place]
        if not right:
            return 401, 0, _WRONG
        self._attempts.succeed(address, name)
        return 200, 0, None

    async def _logout(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("Log out with POST.", 405, {"allow": "POST"})
        self._end(request)
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(_cookie(request.scope), path="/", httponly=True, samesite="strict")
        return answer

    def _end(self, request: Request) -> None:
        if (token := self._token(request.scope)) is not None:
            self._sessions.end(token)

    def _token(self, scope: Message) -> str | None:
        """Return the token of the session that a request belongs to."""
        for key, value in scope["headers"]:
            if key.lower() == b"cookie":
                token = cookie_parser(value.decode("latin-1")).get(_cookie(scope), "")
                if self._sessions.holds(token):
                    return token
        return None


def here(wished: str) -> str:
    """Return `wished` if it is a path of this server, with its query; else the first page."""
    path = wished.partition("?")[0]
    if (
        len(wished) > _MOST_NEXT_CHARACTERS
        or not _HERE.fullmatch(wished)
        or "//" in path
        or path.rstrip("/") in (LOGIN, LOGOUT)
    ):
        return "/"
    return wished


def _wished(scope: Message) -> str:
    """Return the path and query of a request, as they were sent."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return here((raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1"))


def _is_page(scope: Message) -> bool:
    """Return whether a person sees what this request gets, rather than a program."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/gradio_api"):
        return False
    return scope["path"] == "/" or _wants_page(Request(scope))


def _wants_page(request: Request) -> bool:
    return "text/html" in _header(request, "accept")


def _header(request: Request, name: str) -> str:
    return str(request.headers.get(name, "")).lower()


def _cookie(scope: Message) -> str:
    # Browsers keep cookies by host, not by port: two chats on one machine need two names.
    server = scope.get("server") or ("", 0)
    return f"scoqa-session-{server[1]}"


def _spoken(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s'[: seconds != 1]}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s'[: minutes != 1]}"


def _again(wished: str) -> HTMLResponse:
    """Return a page that asks for the login page anew, from here.

    A strict cookie does not come with a link on another site: whoever follows one to a document
    would have to log in each time. It comes with this.
    """
    target = html.escape(f"{LOGIN}?{urlencode({'next': wished})}")
    return HTMLResponse(
        '<!doctype html><html lang="en"><title>scoqa</title>'
        f'<meta http-equiv="refresh" content="0;url={target}"></html>'
    )


def _page(
    wished: str, *, status: int = 200, name: str = "", problem: str | None = None
) -> HTMLResponse:
    """Return the login page; with a name and a problem when it is shown again."""
    return standalone.page(
        "auth/login",
        status,
        next=html.escape(wished),
        name=html.escape(name),
        title="Log in · scoqa" if problem is None else "Not logged in · scoqa",
        problem=(
            ""
            if problem is None
            else f'<p class="problem" id="problem" role="alert">{html.escape(problem)}</p>'
        ),
        # What is to be typed next; after a problem its sentence is read with the field.
        begin="autofocus" if problem is None else "",
        again="" if problem is None else 'autofocus aria-describedby="problem"',
    )
