"""scoqa answers questions from a folder of documents with exact, cited quotes, offline.

The public names; models and stores are loaded when they are first used.
"""

__version__ = "0.1.0"

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scoqa.assistant import Assistant
    from scoqa.errors import ScoqaError
    from scoqa.evaluation import evaluate
    from scoqa.types import Answer, Citation, Question
    from scoqa.verification import verify
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

# Loaded when first used: `import scoqa` imports nothing else. No name is also a module.
_MODULES = {
    "Answer": "types",
    "Assistant": "assistant",
    "Citation": "types",
    "Question": "types",
    "ScoqaError": "errors",
    "Workspace": "workspace",
    "evaluate": "evaluation",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
