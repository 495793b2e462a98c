"""Refuse requests before Gradio sees them: unknown hosts and origins, unused paths, large bodies.

Input: every HTTP and websocket request. Output: the requests that are meant for this page, passed
on. Without these checks another web page could read the documents by DNS rebinding.
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

# A question has at most 2,000 characters, which is 24 kB if JSON escapes each as two surrogates.
# The data that Gradio sends with it is smaller.
MOST_BODY_BYTES = 256 * 1024

# A question set is uploaded in one request, to this path only. SQuAD 2.0's development set has
# 4 MB.
UPLOAD = "/evaluate/sets"
MOST_SET_BYTES = 16 * 2**20

# Gradio serves, proxies and receives files on these paths. Its past security advisories concern
# them, and the chat uses none. `stream` is for audio and video, `deep_link` dumps sessions to disk.
_UNUSED = re.compile(
    r"/+(?:gradio_api/+)?"
    r"(?:file|proxy|upload|stream|process_recording|custom_component|deep_link|monitoring"
    r"|run-history|runs|vibe|undo-vibe|dev/|pwa_icon|manifest\.json)"
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::\d{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(.+)", re.IGNORECASE)

# Nothing from other sites is fetched, framed or run, even if a document contains it. Gradio's page
# needs inline scripts and styles, and compiles templates ('unsafe-eval'); event handlers in markup
# (onerror=...) stay disabled.
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
    # Like no-referrer it sends nothing to other sites. But no-referrer would make our own forms
    # send `Origin: null`, which is refused.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case without its port; None if malformed."""
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None


class Refusal(NamedTuple):
    """The status and the sentence with which a request is refused."""

    status: int
    sentence: str


_NO_FILES = Refusal(400, "The chat takes no files.")
_TOO_LARGE = Refusal(413, f"A request has at most {MOST_BODY_BYTES // 1024} KiB.")
_SET_TOO_LARGE = Refusal(413, f"A question set has at most {MOST_SET_BYTES // 2**20} MB here.")


class Guard:
    """ASGI middleware around the complete application, websockets included.

    It responds 421 to a Host that is neither local nor in `allowed_hosts`; 403 to requests from
    pages of other sites; 404 to paths of Gradio that the chat does not use; 413 to a body larger
    than any request of the chat; 400 to a body that describes a file.
    """

    def __init__(self, app: App, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        # An IPv6 address is in brackets in a Host header, but may lack them in the settings.
        self._names = LOCAL_NAMES | {
            f"[{name}]" if name.count(":") > 1 and name[0] != "[" else name
            for name in map(str.lower, allowed_hosts)
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and add the security headers to its response."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._check_request(scope)
        if refusal is not None:
            await refuse(scope, send, *refusal)
            return
        if scope["type"] == "http" and _has_body(scope):
            body = await _read_body(scope, receive)
            if body is None:
                return
            if isinstance(body, Refusal):
                await refuse(scope, send, *body)
                return
            receive = _replay(body, receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Gradio allows pages of other sites to read its responses; we do not.
                own = [
                    header
                    for header in message.get("headers", ())
                    if not header[0].lower().startswith(b"access-control-")
                ]
                message["headers"] = [*own, *HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _check_request(self, scope: Message) -> Refusal | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self._names:
            return Refusal(
                421,
                "This server accepts only its own host names. Its administrator can add this one to"
                " allowed_hosts.",
            )
        for origin in _header(scope, b"origin"):
            match = _ORIGIN.fullmatch(origin)
            # Name and port must both be equal: another port under our name is another site. A
            # proxy must pass the Host header on unchanged.
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


async def _read_body(scope: Message, receive: Receive) -> bytes | Refusal | None:
    """Return the complete body, or a refusal, or None if the client has disconnected.

    The body is read before the request is passed on, so a body that is too large is never parsed
    or stored.
    """
    is_set = _is_upload(scope)
    most, too_large = (MOST_SET_BYTES, _SET_TOO_LARGE) if is_set else (MOST_BODY_BYTES, _TOO_LARGE)
    for length in _header(scope, b"content-length"):
        if not length.isdecimal() or int(length) > most:
            return too_large
    received = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        received += message.get("body", b"")
        if len(received) > most:
            return too_large
        more = message.get("more_body", False)
    body = bytes(received)
    # A question set is handled by our own route, never by Gradio, and is only read as questions.
    return _NO_FILES if not is_set and _describes_file(body) else body


def _is_upload(scope: Message) -> bool:
    return bool(scope["path"] == UPLOAD and scope["method"] == "POST")


def _describes_file(body: bytes) -> bool:
    """Return whether `body` is JSON with a part that Gradio would take for a file.

    For any component, Gradio fetches the address or copies the path in such a part before any of
    our functions is called. `json` parses the body as Gradio's framework does.
    """
    try:
        values = [json.loads(body)]
    except RecursionError:
        return True  # the page never sends anything nested so deeply
    except ValueError:
        return False
    while values:
        value = values.pop()
        if isinstance(value, dict):
            if "_type" in value:  # as in {"_type": "gradio.FileData"}
                return True
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
    return False


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that first returns `body`, as if it had arrived only now."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


async def refuse(scope: Message, send: Send, status: int, sentence: str) -> None:
    """Respond with `status` and `sentence`; a websocket is refused before it is opened."""
    if scope["type"] == "websocket":
        # Without the denial extension a server can only close the websocket, which it sends as 403.
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
        *([(b"connection", b"close")] if status == 413 else []),  # without waiting for the rest
        *HEADERS,
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
