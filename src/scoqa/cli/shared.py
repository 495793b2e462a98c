"""Options and helpers that several commands share.

Input: paths and options. Output: Workspaces, Evaluations and sync reports. Their modules are
imported when needed, because they load slowly.
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
    Path | None,
    typer.Option("--index", help="The folder of the index (default: in the workspace)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, in the schema of the data model.")]
Collection = Annotated[
    str | None, typer.Option("--collection", "-c", help="Ask only in this first-level folder.")
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="NAME",
        help="The reader: span, sentence, or a folder (default: that of the settings).",
    ),
]
Download = Annotated[
    bool,
    typer.Option(
        "--allow-download",
        help="Download a missing model; without this option nothing is downloaded.",
    ),
]


def open_workspace(folder: Path, index: Path | None, **settings: Any) -> Any:
    """Return the Workspace of `folder`; settings: as in scoqa.toml, with precedence over it."""
    from scoqa.workspace import Workspace

    return Workspace(folder, index=index, **settings)


def sync_index(workspace: Any, *, rebuild: bool = False, check: bool = False) -> Any:
    """Bring the index up to date with a progress bar; return the SyncReport.

    Raises typer.Exit with 130 on Ctrl-C.
    """
    from scoqa.terminal import print_message, show_progress

    if not workspace.index.is_relative_to(workspace.root):
        print_message(f"The index is in {workspace.index}")
    try:
        with show_progress("Indexing") as draw:
            return workspace.sync(
                progress=lambda step: draw(step.done, step.total, step.doing),
                rebuild=rebuild,
                check=check,
            )
    except KeyboardInterrupt:
        print_message(f"Stopped. The work so far is saved; resume with: {workspace.index_command}")
        raise typer.Exit(130) from None


def prepare_evaluation(workspace: Any, question_set: QuestionSet) -> Evaluation:
    """Return the Evaluation of a set; show progress while the set's own documents are indexed."""
    from scoqa.evaluation import Evaluation
    from scoqa.terminal import show_progress

    if not question_set.contexts:
        return Evaluation(workspace, question_set)
    with show_progress("Indexing its documents") as draw:
        return Evaluation(
            workspace,
            question_set,
            progress=lambda step: draw(step.done, step.total, step.doing),
        )


def no_documents_error(workspace: Any) -> WorkspaceError:
    """Return the error for a folder without documents."""
    from scoqa.parse import KINDS

    return WorkspaceError(
        f"There are no documents in {workspace.documents}. Put files there ({', '.join(KINDS)}), "
        "or name another folder."
    )
