"""Whether an index was built with the present settings.

Input: a view of an index, the embedder and the passage size. Output: nothing, or an error that
names the settings that differ.
"""

from __future__ import annotations

from scoqa.embed import Embedder
from scoqa.errors import IndexMismatchError, IndexNotFoundError
from scoqa.normalization import TERMS_VERSION
from scoqa.split import splitter_fingerprint
from scoqa.store import View


def index_settings(embedder: Embedder, passage_tokens: int) -> dict[str, str]:
    """Return the settings that an index stores; see `check_embedder` and `check_settings`."""
    return {
        "embedder": embedder.fingerprint,
        "passages": f"{splitter_fingerprint(passage_tokens)}, terms {TERMS_VERSION}",
    }


def check_embedder(view: View, embedder: Embedder, command: str) -> None:
    """Raise IndexMismatchError if the index was built with another embedder."""
    stored = view.settings().get("embedder", embedder.fingerprint)
    if stored != embedder.fingerprint:
        raise IndexMismatchError(
            f"The index was built with the embedder {stored}, but the settings say "
            f"{embedder.fingerprint}. Change the setting back, or rebuild the index with: "
            f"{command} --rebuild"
        )


def check_settings(view: View, embedder: Embedder, passage_tokens: int, command: str) -> None:
    """Raise an error unless a sync with these settings has finished.

    IndexNotFoundError if no sync has finished yet, IndexMismatchError if the settings differ.
    command: the command that updates the index, for the hint.
    """
    check_embedder(view, embedder, command)
    expected = index_settings(embedder, passage_tokens)["passages"]
    stored = view.settings().get("passages")
    if stored is None:
        raise IndexNotFoundError(
            "The index is not finished: it is still being built, or the build was interrupted. "
            f"Wait for it, or resume with: {command}"
        )
    if stored != expected:
        raise IndexMismatchError(
            f"The passages of the index were made with {stored}, but the settings say {expected}. "
            f"Update the index with: {command}"
        )
