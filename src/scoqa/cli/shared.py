"""What commands have in common: options, and the workspace they act on.

Receives paths; hands on a Workspace, which is imported when it is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoqa.errors import WorkspaceError

if TYPE_CHECKING:
    from scoqa.evaluation import Evaluation
    from scoqa.evaluation.sets import QuestionSet

Folder = Annotated[
    Path | None, typer.Argument(help="The workspace: a folder with documents (default: here).")
]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="The folder with the documents.")
]
IndexOption = Annotated[
    Path | None, typer.Option("--index", help="Where the index lives (default: in the workspace).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: the types of the data model.")]
Collection = Annotated[
    str | None, typer.Option("--collection", "-c", help="Ask only in this first-level folder.")
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="NAME",
        help="What points at answers: span, sentence, or a folder (default: as the settings say).",
    ),
]
Download = Annotated[
    bool, typer.Option("--allow-download", help="Let a model be fetched; never done otherwise.")
]


def open_workspace(folder: Path, index: Path | None, **settings: Any) -> Any:
    """Return the Workspace of `folder`."""
    from scoqa.workspace import Workspace

    return Workspace(folder, index=index, **settings)


def synced(workspace: Any, *, rebuild: bool) -> Any:
    """Bring the index up to date with a progress bar; return the SyncReport."""
    from scoqa.terminal import progress, say

    if not workspace.index.is_relative_to(workspace.root):
        say(f"The index is in {workspace.index}")
    try:
        with progress("Indexing") as draw:
            return workspace.sync(
                progress=lambda step: draw(step.done, step.total, step.doing), rebuild=rebuild
            )
    except KeyboardInterrupt:
        say(f"Stopped. What was done is kept; go on with: {workspace.store.command}")
        raise typer.Exit(130) from None


def made_ready(workspace: Any, question_set: QuestionSet) -> Evaluation:
    """Return the set made ready, with a bar where it brings documents that are to be indexed."""
    from scoqa.evaluation import Evaluation
    from scoqa.terminal import progress

    if not question_set.contexts:
        return Evaluation(workspace, question_set)
    with progress("Indexing its documents") as draw:
        return Evaluation(
            workspace,
            question_set,
            progress=lambda step: draw(step.done, step.total, step.doing),
        )


def nothing_to_read(workspace: Any) -> WorkspaceError:
    """Return the error of a folder without documents."""
    from scoqa.parse import KINDS

    return WorkspaceError(
        f"There are no documents in {workspace.documents}. Put files there ({', '.join(KINDS)}), "
        "or name another folder."
    )
