"""The command line: commands that mirror the Python names.

Receives arguments; hands on text or JSON and an exit code: 0 done, 1 error, 2 usage,
3 silence with --exit-on-silence, 4 verification failed, 5 worse than --fail-on allows.
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
    nothing_to_read,
    open_workspace,
    synced,
)
from scoqa.cli.train import train_reader
from scoqa.errors import IndexLockedError, LoginError, ScoqaError, VerificationError

app = typer.Typer(
    help="Ask a folder of documents; every answer is a quote with the place it came from.",
    epilog="Example: scoqa chat ~/Papers",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; every expected error is one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="scoqa")  # whichever way it was started
    except ScoqaError as error:
        if _debug:
            raise
        from scoqa.terminal import say

        say(f"scoqa: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has left (`scoqa search ... | head`): nothing more to say.
        sys.stderr.close()
        sys.exit(1)


_debug = False


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scoqa {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    global _debug
    _debug = debug


@app.command(epilog="Example: scoqa chat ~/Papers --port 8000")
def chat(
    folder: Folder = None,
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The address to serve at (default: 127.0.0.1, this machine alone); any that "
            "other machines reach needs a login, see scoqa password.",
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="The first port to try.")] = None,
    reader: ReaderOption = None,
    allow_download: Download = False,
) -> None:
    """Index the folder and serve the chat on this machine."""
    from scoqa.terminal import print_sync, say
    from scoqa.ui.auth import passwords

    opened = open_workspace(
        folder or workspace,
        index,
        host=host,
        port=port,
        reader=reader,
        allow_download=allow_download,
    )
    logins = passwords.find(opened)  # before anything that takes time
    if opened.store.writable:
        try:
            print_sync(synced(opened, rebuild=False))
        except IndexLockedError as error:
            if not opened.store.exists() or not opened.summary()[0]:
                raise  # nothing to serve yet
            say(f"{error} Serving the index as it is.")
    else:
        say(f"{opened.index} cannot be written: serving the index as it is.")
    if not opened.summary()[0]:
        say(f"{nothing_to_read(opened)} The page waits for them.")
    from scoqa.ui import serve

    for hint in _hints(opened):
        say(hint)
    serve(
        opened,
        port=opened.settings.port,
        logins=logins,
        on_ready=lambda url: typer.echo(f"scoqa is ready: {url}"),
    )
    _leave_the_models()


def _leave_the_models() -> None:
    """End the program with 0 at once, if one of our threads is still at work.

    Python's own end would take the thread out of the middle of torch's C++, which answers with
    SIGABRT. Whatever is half done is in SQLite, which a sudden end is nothing new to.
    """
    import threading

    if any(each.name.startswith("scoqa-") for each in threading.enumerate()):
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it any more
                stream.flush()
        os._exit(0)


def _hints(workspace: Any) -> list[str]:
    """Return what to know before others reach the chat of `workspace`, or its logins."""
    import shlex

    from scoqa.ui.address import is_every, is_local
    from scoqa.ui.auth import passwords

    settings, file = workspace.settings, passwords.file_of(workspace)
    hints = []
    if passwords.is_open_to_others(file):
        hints.append(
            "Other accounts of this machine may open the file of the logins. Keep it to yourself "
            f"with: {shlex.join(['chmod', '600', str(file)])}"
        )
    if not is_local(settings.host):
        hints.append(
            "Passwords and answers are sent unencrypted. Put a proxy with TLS in front, or use an "
            "SSH tunnel."
        )
    if is_every(settings.host) and not settings.allowed_hosts:
        hints.append(
            "Other machines are refused until allowed_hosts names this one as they call it, such "
            'as allowed_hosts = ["192.168.1.5"] in scoqa.toml, or SCOQA_ALLOWED_HOSTS.'
        )
    return hints


@app.command(epilog="Example: scoqa password ada --workspace ~/Papers")
def password(
    name: Annotated[str, typer.Argument(help="Who logs in.")],
    workspace: WorkspaceOption = Path(),
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Where the logins stand (default: as the settings say)."),
    ] = None,
) -> None:
    """Ask for a password, or read a line of standard input, and let NAME log in with it."""
    # Never an argument: other programs see those.
    from getpass import getpass

    from scoqa.terminal import say
    from scoqa.ui.auth import passwords

    opened = open_workspace(workspace, None, logins=None if file is None else str(file))
    if sys.stdin.isatty():
        typed = getpass(f"Password for {name}: ")
        if getpass("Once more: ") != typed:
            raise LoginError("The two passwords differ. Nothing was changed; try again.")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    place = passwords.file_of(opened)
    passwords.write(place, name, typed)
    say(f"{name} can log in, once the chat is started again. Kept in {place}")


@app.command(name="index", epilog="Example: scoqa index ~/Papers")
def index_command(
    folder: Folder = None,
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Set the present index aside and build a new one.")
    ] = False,
    as_json: Json = False,
    allow_download: Download = False,
) -> None:
    """Bring the index up to date with the documents."""
    from scoqa.terminal import print_json, print_sync

    opened = open_workspace(folder or workspace, index, allow_download=allow_download)
    report = synced(opened, rebuild=rebuild)
    if as_json:
        print_json(report)
    else:
        print_sync(report)
    if not opened.summary()[0]:
        raise nothing_to_read(opened)


@app.command(epilog='Example: scoqa ask "Who sponsored the forum?" --json > answer.json')
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    collection: Collection = None,
    reader: ReaderOption = None,
    as_json: Json = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every stage's scores.")] = False,
    exit_on_silence: Annotated[
        bool, typer.Option("--exit-on-silence", help="End with 3 when nothing answers.")
    ] = False,
    allow_download: Download = False,
) -> None:
    """Answer a question with quotes and their exact places."""
    from scoqa.terminal import print_answer, print_explanation, print_json, say, waiting

    opened = open_workspace(workspace, index, reader=reader, allow_download=allow_download)
    with waiting("Loading the model, finding passages and reading ..."):
        explained = opened.explain(question, collection=collection)
    answer = explained.answer
    if as_json:
        print_json(explained if explain else answer)
    else:
        print_answer(answer)
        if explain:
            print_explanation(explained)
    for verdict in opened.verify(answer):
        if verdict.kind != "true":
            say(f"Note: {verdict.message} Bring the index up to date: {opened.store.command}")
    if exit_on_silence and not answer.answered:
        raise typer.Exit(3)


@app.command(epilog='Example: scoqa search "annual leave" -k 5')
def search(
    query: Annotated[str, typer.Argument(help='Words, or a "quoted phrase".')],
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    collection: Collection = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    as_json: Json = False,
    allow_download: Download = False,
) -> None:
    """Find passages only, with what found them."""
    from scoqa.terminal import print_hits, print_json, say, waiting

    opened = open_workspace(workspace, index, allow_download=allow_download)
    with waiting("Loading the model and finding passages ..."):
        hits = opened.search(query, k=k, collection=collection)
    if as_json:
        print_json(hits)
    elif hits:
        print_hits(hits)
    else:
        say("No passage was found.")


@app.command(epilog="Example: scoqa verify answer.json")
def verify(
    answer: Annotated[Path, typer.Argument(help="What scoqa ask --json wrote.")],
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    as_json: Json = False,
) -> None:
    """Replay a saved answer against the files; no model is loaded."""
    from scoqa.serial import answer_from_json
    from scoqa.terminal import print_json, print_verdicts, say

    opened = open_workspace(workspace, index)
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
    verdicts = opened.verify(saved)
    if as_json:
        print_json(verdicts)
    else:
        print_verdicts(verdicts)
    wrong = sum(verdict.kind != "true" for verdict in verdicts)
    if wrong:
        raise VerificationError(f"{wrong} of {len(verdicts)} citations are not true any more.")
    say(f"All {len(verdicts)} citations are true." if verdicts else "The answer cites nothing.")


app.command(epilog="Example: scoqa evaluate questions.csv --html report.html")(evaluate)
app.command(
    name="train-reader",
    epilog="Example: scoqa train-reader questions.jsonl --init models/minilm --out my-reader",
)(train_reader)


@app.command(epilog="Example: scoqa doctor ~/Papers")
def doctor(
    folder: Folder = None,
    workspace: WorkspaceOption = Path(),
    index: IndexOption = None,
    as_json: Json = False,
) -> None:
    """Check models, index and disk, and say what to do."""
    from rich.text import Text

    from scoqa.doctor import examine
    from scoqa.terminal import out, print_json, visible

    findings = examine(open_workspace(folder or workspace, index))
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = "ok " if finding.ok else "!! "
            out.print(Text(f"{mark} {finding.subject}: {visible(finding.message)}"))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
