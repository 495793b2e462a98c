"""What is refused before Gradio sees it: strange hosts, strange origins, doors nobody uses.

Receives every HTTP and websocket request; hands on those that were meant for this page.
A web page elsewhere could otherwise reach the documents by DNS rebinding.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

# Gradio serves, proxies and takes files there; its past advisories lie on these paths, and the
# chat uses none of them. `stream` is for audio and video, `deep_link` dumps sessions to disk.
_UNUSED = re.compile(
    r"/+(?:gradio_api/+)?"
    r"(?:file|proxy|upload|stream|process_recording|custom_component|deep_link|monitoring"
    r"|run-history|runs|vibe|undo-vibe|dev/)"
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
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case without its port; None if malformed."""
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None


class Guard:
    """ASGI middleware around the whole application, websockets included.

    421 for a Host that is neither local nor in `allowed_hosts`; 403 for a request that another
    site's page sent; 404 for the paths of Gradio that the chat does not use.
    """

    def __init__(self, app: App, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._names = LOCAL_NAMES | {name.lower() for name in allowed_hosts}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and add the security headers to its answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self._names:
            return 421, "This server answers to its own name only."
        for origin in _header(scope, b"origin"):
            match = _ORIGIN.fullmatch(origin)
            # The same host and port; behind a proxy that rewrites Host, a configured name.
            if match is None or not (
                match[1].lower() == hosts[0].lower()
                or host_name(match[1]) in self._names - LOCAL_NAMES
            ):
                return 403, "Requests from other pages are refused."
        if _UNUSED.match(scope["path"]):
            return 404, "Not found."
        return None


def _header(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _refuse(scope: Message, send: Send, status: int, sentence: str) -> None:
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
        *HEADERS,
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
