"""What is refused before Gradio sees it: strange hosts and origins, doors nobody uses, floods.

Receives every HTTP and websocket request; hands on those that were meant for this page.
A web page elsewhere could otherwise reach the documents by DNS rebinding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, NamedTuple

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

# A question has at most 2,000 characters, 24 kB if JSON escapes every one as two surrogates; what
# Gradio sends around it is smaller still.
MOST_BODY_BYTES = 256 * 1024

# A question set comes whole, and to this one path: SQuAD 2.0's for development has 4 MB.
UPLOAD = "/evaluate/sets"
MOST_SET_BYTES = 16 * 2**20

# Gradio serves, proxies and takes files there; its past advisories lie on these paths, and the
# chat uses none of them. `stream` is for audio and video, `deep_link` dumps sessions to disk.
_UNUSED = re.compile(
    r"/+(?:gradio_api/+)?"
    r"(?:file|proxy|upload|stream|process_recording|custom_component|deep_link|monitoring"
    r"|run-history|runs|vibe|undo-vibe|dev/|pwa_icon|manifest\.json)"
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::\d{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(.+)", re.IGNORECASE)

# Nothing from elsewhere is fetched, framed or run, whatever stands in a document. Gradio's own
# page needs inline scripts and styles, and compiles templates ('unsafe-eval'); handlers written
# into markup (onerror=...) stay off.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",  # logging in and out
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Nothing goes elsewhere, as with no-referrer; but that would also make a form of our own say
    # `Origin: null`, which is refused.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case without its port; None if malformed."""
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None


class Refusal(NamedTuple):
    """How a request is refused: its status, and one sentence."""

    status: int
    sentence: str


_A_FILE = Refusal(400, "The chat takes no files.")
_TOO_LARGE = Refusal(413, f"A request has at most {MOST_BODY_BYTES // 1024} KiB.")
_TOO_LARGE_A_SET = Refusal(413, f"A question set has at most {MOST_SET_BYTES // 2**20} MB here.")


class Guard:
    """ASGI middleware around the whole application, websockets included.

    421 for a Host that is neither local nor in `allowed_hosts`; 403 for a request that another
    site's page sent; 404 for the paths of Gradio that the chat does not use; 413 for a body larger
    than any request of the chat; 400 for one that names a file.
    """

    def __init__(self, app: App, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        # An IPv6 address stands in brackets in a Host header, not in everybody's settings.
        self._names = LOCAL_NAMES | {
            f"[{name}]" if name.count(":") > 1 and name[0] != "[" else name
            for name in map(str.lower, allowed_hosts)
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and add the security headers to its answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refuse(scope, send, *refusal)
            return
        if scope["type"] == "http" and _has_body(scope):
            body = await _body(scope, receive)
            if body is None:
                return
            if isinstance(body, Refusal):
                await refuse(scope, send, *body)
                return
            receive = _replay(body, receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Gradio lets pages elsewhere read its answers; nobody there has to read ours.
                own = [
                    header
                    for header in message.get("headers", ())
                    if not header[0].lower().startswith(b"access-control-")
                ]
                message["headers"] = [*own, *HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Message) -> Refusal | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self._names:
            return Refusal(
                421,
                "This server answers to its own names only. Whoever runs it can add this one to"
                " allowed_hosts.",
            )
        for origin in _header(scope, b"origin"):
            match = _ORIGIN.fullmatch(origin)
            # The same name and the same port: whatever else is served under our name is another
            # page. A proxy has to pass Host on as it came.
            if match is None or match[1].lower() != hosts[0].lower():
                return Refusal(403, "Requests from other pages are refused.")
        if _UNUSED.match(scope["path"]):
            return Refusal(404, "Not found.")
        return None


def _header(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _has_body(scope: Message) -> bool:
    return any(
        _header(scope, name) not in ([], ["0"])
        for name in (b"content-length", b"transfer-encoding")
    )


async def _body(scope: Message, receive: Receive) -> bytes | Refusal | None:
    """Return the whole body, or how it is refused; None when the sender has gone.

    Taken before anybody else sees the request: so what is too large is never parsed or kept.
    """
    is_set = _is_upload(scope)
    most, too_large = (
        (MOST_SET_BYTES, _TOO_LARGE_A_SET) if is_set else (MOST_BODY_BYTES, _TOO_LARGE)
    )
    for length in _header(scope, b"content-length"):
        if not length.isdecimal() or int(length) > most:
            return too_large
    taken = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        taken += message.get("body", b"")
        if len(taken) > most:
            return too_large
        more = message.get("more_body", False)
    body = bytes(taken)
    # A set goes to a room of our own, never to Gradio: whatever it says, it is read as questions.
    return _A_FILE if not is_set and _names_a_file(body) else body


def _is_upload(scope: Message) -> bool:
    return bool(scope["path"] == UPLOAD and scope["method"] == "POST")


def _names_a_file(body: bytes) -> bool:
    """Return whether `body` is JSON that Gradio would take for a file somewhere in it.

    Of whatever input, it fetches the address or copies the path named there, before any function
    of ours sees it. `json` reads the body as Gradio's framework does.
    """
    try:
        values = [json.loads(body)]
    except RecursionError:
        return True  # nothing that the page sends is nested so deeply
    except ValueError:
        return False
    while values:
        value = values.pop()
        if isinstance(value, dict):
            if "_type" in value:  # of "gradio.FileData"
                return True
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
    return False


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` first, as if it had come just now."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def refuse(scope: Message, send: Send, status: int, sentence: str) -> None:
    """Answer with `status`; a websocket is refused before it is opened."""
    if scope["type"] == "websocket":
        # Without the denial extension a server can only close, which it sends as 403.
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    else:
        kind = "http.response"
    body = sentence.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *([(b"connection", b"close")] if status == 413 else []),  # the rest is not waited for
        *HEADERS,
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
