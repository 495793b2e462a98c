"""Run the web server of the chat from start to shutdown.

Input: a Workspace. Output: the address of the page as soon as it responds; the models are loaded
after that. The server stops within seconds, even if pages are still open.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scoqa.background import BackgroundTask
from scoqa.errors import ScoqaError
from scoqa.ui.address import listen, url_host
from scoqa.ui.app import build_application
from scoqa.ui.auth import passwords
from scoqa.ui.work.model_loader import ModelLoader

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_GRACE_SECONDS = 1  # open pages keep a connection for ever; it is closed after this time
_END_SECONDS = 4.0  # serve() promises to return within 5


def serve(
    workspace: Workspace,
    *,
    port: int = 7860,
    logins: passwords.Logins | None = None,
    on_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve the chat at the host of its settings until SIGINT, SIGTERM or `stop`.

    Returns within 5 s after that. Uses the next free port if `port` is taken. Signals are only
    received in the main thread; in other threads only `stop` ends the server.

    logins: see passwords.find_logins; by default those of the workspace.
    on_ready: called with the address when the page responds; the models are loaded after that.
    Raises LoginError, see passwords.find_logins, and ScoqaError if no port is free.
    """
    import uvicorn

    stop = stop or threading.Event()
    loader = ModelLoader(workspace)
    host = workspace.settings.host
    logins = passwords.find_logins(workspace, given=logins)
    with listen(host, port) as listener, _stop_on_signals(stop):
        config = uvicorn.Config(
            build_application(workspace, loader, logins=logins),
            log_level="warning",
            access_log=False,
            # X-Forwarded-For and -Proto are never trusted: with them, a program on this machine
            # could guess passwords under a new address each time.
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = uvicorn.Server(config)
        page = BackgroundTask("page", lambda _: server.run([listener]))
        page.start()
        try:
            while not server.started and page.is_alive() and not stop.wait(0.01):
                pass
            if server.started:
                on_ready(f"http://{url_host(host)}:{listener.getsockname()[1]}")
                loader.start()
            # A bounded wait: on Windows an unbounded one would not notice Ctrl-C.
            while page.is_alive() and not stop.wait(0.2):
                pass
        finally:
            # uvicorn logs a traceback for every page that is still open. That is not an error.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            server.should_exit = True
            page.join(_END_SECONDS)
    if not stop.is_set():
        raise ScoqaError(
            "The server stopped unexpectedly; see the messages above. Start it again."
        ) from page.error


@contextmanager
def _stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """Make SIGINT and SIGTERM set `stop` inside the block; restore their handlers afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
