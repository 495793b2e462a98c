"""What all tests share: no network, a workspace over the bundled texts, a quick embedder."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from scoqa.embed import Embedder
from scoqa.models import Models
from scoqa.parse import document_id
from scoqa.parse.ahead import AHEAD
from scoqa.parse.sandbox import pool
from scoqa.read import open_reader
from scoqa.types import Document, Parser, Passage, content_id
from scoqa.workspace import Workspace

# They assert too, for tests.
pytest.register_assert_rewrite("commandline", "evaluating", "served", "setfiles")

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile(
    "scoqa", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("scoqa")

T = TypeVar("T")
ROOT = Path(__file__).parent.parent

OFFLINE = ROOT / "tests" / "support" / "offline"
_spec = importlib.util.spec_from_file_location("offline", OFFLINE / "sitecustomize.py")
assert _spec is not None and _spec.loader is not None
offline = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(offline)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Fail the run if anything in it tried to leave this machine; it was refused."""
    yield
    assert offline.tried == []


class QuickEmbedder:
    """An embedder without a model: words hashed into 64 directions. Same contract, no seconds."""

    max_tokens = 256
    loaded = True

    def __init__(self, fingerprint: str = "quick@1") -> None:
        self.fingerprint = fingerprint
        self.embedded: list[str] = []  # every text, in order: to count work done

    def load(self) -> None:
        return None

    def embed(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.casefold()):
                digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
                vectors[row, digest[0] % 64] += 1 if digest[1] % 2 else -1
            vectors[row, 0] += 0.01  # never the zero vector
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]

    def passage_inputs(self, passages: Sequence[Passage]) -> list[str]:
        return [f"{each.heading}\n{each.text}" for each in passages]

    def key(self, model_input: str) -> str:
        return content_id(self.fingerprint, model_input)


def quick_workspace(folder: Path, *, embedder: Embedder | None = None, **options: Any) -> Workspace:
    """Return a workspace over `folder` that needs no model; options: those of Workspace."""
    embedder = QuickEmbedder() if embedder is None else embedder
    models = Models(embedder, open_reader(None, "", embedder.embed))
    return Workspace(folder, models=models, **options)


@contextmanager
def serving(workspace: Any, **options: Any) -> Iterator[str]:
    """Serve the chat of `workspace` from this process until the block ends; give its address."""
    from scoqa.ui import serve

    stop, ready = threading.Event(), threading.Event()
    urls: list[str] = []

    def on_ready(url: str) -> None:
        urls.append(url)
        ready.set()

    thread = threading.Thread(
        target=serve,
        args=(workspace,),
        kwargs={"port": free_port(), "on_ready": on_ready, "stop": stop, **options},
    )
    thread.start()
    try:
        assert ready.wait(60)
        yield urls[0]
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, run in a loop of its own: a browser may hold this thread's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def document_of(text: str, path: str = "notes.txt") -> Document:
    """Return a document holding `text`, as if parsed from `path`."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Document(
        id=document_id(path),
        path=path,
        collection=path.split("/")[0] if "/" in path else "",
        digest=digest,
        text=text,
        text_digest=digest,
        parser=Parser("plain", "1"),
        title=path,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a small workspace folder: two notes about a lighthouse and a harbour."""
    (tmp_path / "lighthouse.txt").write_text(
        "The lighthouse of Varn\n1911-05-02, Varn\n\n"
        "The lighthouse was built in 1887 by Ada Lund. It is 41 metres tall.\n\n"
        "The keeper lights the lamp at dusk. The lamp burns rape oil.\n",
        encoding="utf-8",
    )
    (tmp_path / "harbour.txt").write_text(
        "The harbour of Varn\n\n"
        "The harbour freezes in January. Herring boats leave at dawn, said the harbour master.\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def as_nobody() -> Iterator[Callable[[], Path]]:
    """Return a function that makes a folder and leaves us without any special rights to it.

    Nothing can be closed to root, so root acts as "nobody" until the test ends.
    """
    # What is imported late may lie where nobody else may read.
    import charset_normalizer  # noqa: F401
    import faiss  # noqa: F401
    import filelock  # noqa: F401
    import platformdirs  # noqa: F401

    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    nobody = 65534
    made: list[Path] = []

    def leave_rights() -> Path:
        folder = Path(tempfile.mkdtemp()).resolve()
        made.append(folder)
        if is_root:
            # What reads files starts before: the interpreter may lie where only root may look.
            workers = [pool._workers.take(fresh=True) for _ in range(AHEAD + 1)]
            for worker in workers:
                pool._workers.return_worker(worker)
            os.chown(folder, nobody, nobody)
            os.seteuid(nobody)
        return folder

    yield leave_rights
    if is_root:
        os.seteuid(0)
    for folder in made:
        for place in [folder, *folder.rglob("*")]:
            if place.is_dir():
                place.chmod(0o700)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sco(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the bundled texts, indexed with the real model."""
    root = tmp_path_factory.mktemp("sco")
    shutil.copytree(ROOT / "docs", root / "docs")
    shutil.copy(ROOT / "scoqa.toml", root / "scoqa.toml")
    workspace = Workspace(root)
    workspace.sync()
    return workspace
