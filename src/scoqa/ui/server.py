"""The server: a port on this machine, from ready to ended.

Receives a Workspace; hands on the page's address as soon as it answers, and only then has the
models loaded. Ends within seconds when told to, whatever is still open.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scoqa.errors import ScoqaError
from scoqa.ui.address import in_url, listen
from scoqa.ui.app import application
from scoqa.ui.auth import passwords
from scoqa.ui.work.model_loader import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

_GRACE_SECONDS = 1  # pages keep a connection open for ever; it is cut after this
_END_SECONDS = 4.0  # serve() promises to return within 5


def serve(
    workspace: Workspace,
    *,
    port: int = 7860,
    logins: passwords.Logins | None = None,
    on_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve the chat at the host of its settings until SIGINT, SIGTERM or `stop`, then return
    within 5 s.

    logins: what passwords.find has given already, if the caller has asked it.
    Takes the next free port if `port` is taken. `on_ready` is called with the address once the
    page answers; the models are loaded after that. Signals are only heard in the main thread;
    elsewhere `stop` ends it.
    Raises LoginError, as passwords.find does, and ScoqaError when no port is free.
    """
    import uvicorn

    stop = stop or threading.Event()
    loading = Loading(workspace)
    host = workspace.settings.host
    if not logins:  # also when a caller says there are none: other machines may reach the host
        logins = passwords.find(workspace)
    with listen(host, port) as listener, _ended_by_signals(stop):
        config = uvicorn.Config(
            application(workspace, loading, logins=logins),
            log_level="warning",
            access_log=False,
            # X-Forwarded-For and -Proto are believed of nobody: whoever guesses passwords from
            # this machine would otherwise be somebody else each time.
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, args=([listener],), name="scoqa-page", daemon=True
        )
        thread.start()
        try:
            while not server.started and thread.is_alive() and not stop.wait(0.01):
                pass
            if server.started:
                on_ready(f"http://{in_url(host)}:{listener.getsockname()[1]}")
                loading.start()
            # A bounded wait: on Windows an endless one would not hear Ctrl-C.
            while thread.is_alive() and not stop.wait(0.2):
                pass
        finally:
            # uvicorn writes a trace for every page that is still open. It is no error.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            server.should_exit = True
            thread.join(_END_SECONDS)
    if not stop.is_set():
        raise ScoqaError("The page ended by itself. Start it again; the terminal says why.")


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Have SIGINT and SIGTERM set `stop`; put back what handled them before."""
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
