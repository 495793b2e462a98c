"""scoqa answers questions from a folder of documents with exact, cited quotes, offline.

The public names; models and stores are loaded when they are first used.
"""

__version__ = "0.1.0"

from importlib import import_module
from typing import TYPE_CHECKING, Any

# These two share their names with their rooms: bound here, once, so that the name is always the
# function. Both are light; models and stores load inside them.
from scoqa.evaluate import evaluate
from scoqa.verify import verify

if TYPE_CHECKING:
    from scoqa.assistant import Assistant
    from scoqa.errors import ScoqaError
    from scoqa.types import Answer, Citation, Question
    from scoqa.workspace import Workspace

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Question",
    "ScoqaError",
    "Workspace",
    "evaluate",
    "verify",
]

_ROOMS = {
    "Answer": "types",
    "Assistant": "assistant",
    "Citation": "types",
    "Question": "types",
    "ScoqaError": "errors",
    "Workspace": "workspace",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
