"""The server: a port on this machine, from ready to ended.

Receives a Workspace; hands on the page's address as soon as it answers, and only then has the
models loaded. Ends within seconds when told to, whatever is still open.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scoqa.errors import ScoqaError
from scoqa.ui.app import application
from scoqa.ui.loading import Loading

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

ADDRESS = "127.0.0.1"
_PORTS_TRIED = 100
_GRACE_SECONDS = 1  # pages keep a connection open for ever; it is cut after this
_END_SECONDS = 4.0  # serve() promises to return within 5


def serve(
    workspace: Workspace,
    *,
    port: int = 7860,
    on_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve the chat at 127.0.0.1 until SIGINT, SIGTERM or `stop`, then return within 5 s.

    Takes the next free port if `port` is taken. `on_ready` is called with the address once the
    page answers; the models are loaded after that. Signals are only heard in the main thread;
    elsewhere `stop` ends it.
    Raises ScoqaError when no port is free.
    """
    import uvicorn

    stop = stop or threading.Event()
    loading = Loading(workspace)
    with _listen(port) as listener, _ended_by_signals(stop):
        config = uvicorn.Config(
            application(workspace, loading),
            log_level="warning",
            access_log=False,
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
                on_ready(f"http://{ADDRESS}:{listener.getsockname()[1]}")
                loading.start()
            # A bounded wait: on Windows an endless one would not hear Ctrl-C.
            while thread.is_alive() and not stop.wait(0.2):
                pass
        finally:
            server.should_exit = True
            thread.join(_END_SECONDS)
    if not stop.is_set():
        raise ScoqaError("The page ended by itself. Start it again; the terminal says why.")


def _listen(port: int) -> socket.socket:
    """Return a socket bound to `port` or the next free one. Bound once, so nobody gets between."""
    for candidate in range(port, min(port + _PORTS_TRIED, 65_536)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere this option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, candidate))
            listener.listen()
        except OSError:
            listener.close()
            continue
        return listener
    raise ScoqaError(
        f"No port from {port} to {min(port + _PORTS_TRIED, 65_536) - 1} is free."
        " Name another one with --port."
    )


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
