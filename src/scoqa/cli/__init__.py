"""The command line: commands that mirror the Python API.

Input: arguments. Output: text or JSON, and an exit code: 0 success, 1 error, 2 usage, 3 silence
with --exit-on-silence, 4 verification failed, 5 worse than --fail-on allows.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from scoqa import __version__
from scoqa.cli.evaluate import evaluate
from scoqa.cli.shared import (
    Collection,
    Download,
    Folder,
    IndexOption,
    Json,
    ReaderOption,
    WorkspaceOption,
    no_documents_error,
    open_workspace,
    sync_index,
)
from scoqa.cli.train import train_reader
from scoqa.errors import IndexLockedError, LoginError, ScoqaError, VerificationError

app = typer.Typer(
    help="Ask questions about a folder of documents; every answer is a quote with its place.",
    epilog="Example: scoqa chat ~/Papers",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; print an expected error as one message and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # Otherwise the tokenizers print a warning when a parser process is started by fork. Only the
    # program sets this; a library leaves the environment to its user.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app(prog_name="scoqa")  # also for python -m scoqa
    except ScoqaError as error:
        if _debug:
            raise
        from scoqa.terminal import print_message

        print_message(f"scoqa: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The program that reads our output has ended (`scoqa search ... | head`).
        sys.stderr.close()
        sys.exit(1)


_debug = False
# With the 4 s that the page takes at most, below the 5 s within which the chat ends.
_STOP_SECONDS = 0.5


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"scoqa {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    global _debug
    _debug = debug


@app.command(epilog="Example: scoqa chat ~/Papers --port 8000")
def chat(
    folder: Folder = None,
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The address to serve at (default: 127.0.0.1, only this machine). An address that "
            "other machines can reach requires a login, see scoqa password.",
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="The first port to try.")] = None,
    reader: ReaderOption = None,
    allow_download: Download = False,
) -> None:
    """Index the folder and serve the chat on this machine."""
    from scoqa.terminal import print_message, print_sync
    from scoqa.ui.auth import passwords

    workspace = open_workspace(
        folder or root,
        index,
        host=host,
        port=port,
        reader=reader,
        allow_download=allow_download,
    )
    logins = passwords.find_logins(workspace)  # first, so that its errors appear immediately
    if workspace.writable:
        try:
            print_sync(sync_index(workspace))
        except IndexLockedError as error:
            if not workspace.has_documents():
                raise  # there is no index to serve yet
            print_message(f"{error} Serving the existing index.")
    else:
        print_message(f"{workspace.index} cannot be written: serving the existing index.")
    if not workspace.summary()[0]:
        print_message(f"{no_documents_error(workspace)} The page can index them later.")
    from scoqa.ui import serve

    for hint in _security_hints(workspace):
        print_message(hint)
    serve(
        workspace,
        port=workspace.settings.port,
        logins=logins,
        on_ready=lambda url: typer.echo(f"scoqa is ready: {url}"),
    )
    _end_background_work()


def _end_background_work() -> None:
    """Stop all background tasks; exit immediately with 0 if one of them does not end.

    A task that is loading a model, or in the middle of a long computation, cannot be stopped. The
    interpreter's shutdown would end it inside torch's C++ code, which aborts with SIGABRT.
    Unfinished work is safe: SQLite tolerates a sudden exit.
    """
    from scoqa.background import stop_tasks

    if stop_tasks(_STOP_SECONDS):
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed, or its reader has ended
                stream.flush()
        os._exit(0)


def _security_hints(workspace: Any) -> list[str]:
    """Return warnings about who can read the logins and reach the chat of `workspace`."""
    import shlex

    from scoqa.ui.address import is_local, is_wildcard
    from scoqa.ui.auth import passwords

    settings, file = workspace.settings, passwords.logins_file(workspace)
    hints = []
    if passwords.is_open_to_others(file):
        hints.append(
            "Other accounts of this machine can access the file with the logins. Restrict it with: "
            f"{shlex.join(['chmod', '600', str(file)])}"
        )
    if not is_local(settings.host):
        hints.append(
            "Passwords and answers are sent unencrypted. Use a TLS proxy in front of the chat, or "
            "an SSH tunnel."
        )
    if is_wildcard(settings.host) and not settings.allowed_hosts:
        hints.append(
            "Other machines are refused until allowed_hosts contains the name or address under "
            'which they reach this one, such as allowed_hosts = ["192.168.1.5"] in scoqa.toml, or '
            "SCOQA_ALLOWED_HOSTS."
        )
    return hints


@app.command(epilog="Example: scoqa password ada --workspace ~/Papers")
def password(
    name: Annotated[str, typer.Argument(help="The login name.")],
    root: WorkspaceOption = Path(),
    file: Annotated[
        Path | None,
        typer.Option("--file", help="The file of the logins (default: that of the settings)."),
    ] = None,
) -> None:
    """Set the password of the login NAME, from a prompt or a line of standard input."""
    # Never an argument: other programs can read those.
    from getpass import getpass

    from scoqa.terminal import print_message
    from scoqa.ui.auth import passwords

    workspace = open_workspace(root, None, logins=None if file is None else str(file))
    if sys.stdin.isatty():
        typed = getpass(f"Password for {name}: ")
        if getpass("Repeat the password: ") != typed:
            raise LoginError("The two passwords differ. Nothing was changed; try again.")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    target = passwords.logins_file(workspace)
    passwords.write_login(target, name, typed)
    print_message(f"{name} can log in after a restart of the chat. Saved in {target}")


@app.command(name="index", epilog="Example: scoqa index ~/Papers")
def index_command(
    folder: Folder = None,
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="Move the existing index aside and build a new one; only vectors are kept.",
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Read every file, not only those whose size, time or inode has changed.",
        ),
    ] = False,
    as_json: Json = False,
    allow_download: Download = False,
) -> None:
    """Bring the index up to date with the documents."""
    from scoqa.terminal import print_json, print_message, print_sync

    workspace = open_workspace(folder or root, index, allow_download=allow_download)
    if unread := workspace.count_unread():
        beside = f"{unread} documents beside it are" if unread > 1 else "1 document beside it is"
        print_message(f'Reads docs/; {beside} not read. Set documents = "." to read all.')
    report = sync_index(workspace, rebuild=rebuild, check=check)
    if as_json:
        print_json(report)
    else:
        print_sync(report)
    if not workspace.summary()[0]:
        raise no_documents_error(workspace)


@app.command(epilog='Example: scoqa ask "Who sponsored the forum?" --json > answer.json')
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    collection: Collection = None,
    reader: ReaderOption = None,
    as_json: Json = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every stage's scores.")] = False,
    exit_on_silence: Annotated[
        bool, typer.Option("--exit-on-silence", help="Exit with 3 if there is no answer.")
    ] = False,
    allow_download: Download = False,
) -> None:
    """Answer a question with quotes and their exact places."""
    from scoqa.terminal import (
        print_answer,
        print_explanation,
        print_json,
        print_message,
        show_status,
    )
    from scoqa.verification import OUTDATED

    workspace = open_workspace(root, index, reader=reader, allow_download=allow_download)
    with show_status("Loading the model, finding passages and reading ..."):
        explanation = workspace.explain(question, collection=collection)
    answer = explanation.answer
    if as_json:
        print_json(explanation if explain else answer)
    else:
        print_answer(answer)
        if explain:
            print_explanation(explanation)
    for path, state in workspace.outdated_files(answer).items():
        update = f"Bring the index up to date: {workspace.index_command}"
        print_message(f"Note: {path} {OUTDATED[state]} {update}")
    if exit_on_silence and not answer.answered:
        raise typer.Exit(3)


@app.command(epilog='Example: scoqa search "annual leave" -k 5')
def search(
    query: Annotated[str, typer.Argument(help='Words, or a "quoted phrase".')],
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    collection: Collection = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="The number of passages.")] = 10,
    as_json: Json = False,
    allow_download: Download = False,
) -> None:
    """Find passages, with their rank and score in each search."""
    from scoqa.terminal import print_hits, print_json, print_message, show_status

    workspace = open_workspace(root, index, allow_download=allow_download)
    with show_status("Loading the model and finding passages ..."):
        hits = workspace.search(query, k=k, collection=collection)
    if as_json:
        print_json(hits)
    elif hits:
        print_hits(hits)
    else:
        print_message("No passage was found.")


@app.command(epilog="Example: scoqa verify answer.json")
def verify(
    answer: Annotated[Path, typer.Argument(help="The output of scoqa ask --json.")],
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    as_json: Json = False,
) -> None:
    """Check the citations of a saved answer against the files; loads no model."""
    from scoqa.serial import answer_from_json
    from scoqa.terminal import print_json, print_message, print_verdicts

    workspace = open_workspace(root, index)
    try:
        record = json.loads(answer.read_text(encoding="utf-8"))
        if isinstance(record, dict) and "answer" in record:
            record = record["answer"]  # saved with --explain
        saved = answer_from_json(record)
    except OSError as error:
        raise VerificationError(f"{answer} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise VerificationError(
            f"{answer} is not a saved answer: {error}. Save one with: scoqa ask QUESTION --json"
        ) from error
    verdicts = workspace.verify(saved)
    if as_json:
        print_json(verdicts)
    else:
        print_verdicts(verdicts)
    wrong = sum(verdict.kind != "true" for verdict in verdicts)
    if wrong:
        raise VerificationError(f"{wrong} of {len(verdicts)} citations are not true any more.")
    count = len(verdicts)
    print_message(f"All {count} citations are true." if count else "The answer has no citations.")


app.command(epilog="Example: scoqa evaluate questions.csv --html report.html")(evaluate)
app.command(
    name="train-reader",
    epilog="Example: scoqa train-reader questions.jsonl --init models/minilm --out my-reader",
)(train_reader)


@app.command(epilog="Example: scoqa doctor ~/Papers")
def doctor(
    folder: Folder = None,
    root: WorkspaceOption = Path(),
    index: IndexOption = None,
    as_json: Json = False,
) -> None:
    """Check models, documents, index and disk, and suggest corrections."""
    from rich.text import Text

    from scoqa.doctor import examine
    from scoqa.terminal import out, print_json, replace_controls

    findings = examine(open_workspace(folder or root, index))
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = "ok " if finding.ok else "!! "
            out.print(Text(f"{mark} {finding.subject}: {replace_controls(finding.message)}"))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
